// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads a spec: its designs, its keys (SpecKeys.h) and its network; what must
// hold between keys is in SpecChecks.cpp.
#include "compiler/SpecChecks.h"
#include "compiler/SpecKeys.h"
#include "compiler/network/Designs.h"
#include "compiler/network/NetworkReader.h"
#include "runtime/Error.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"
#include <set>

using namespace mlir;
using namespace dit;

namespace {

constexpr size_t kMaxExtends = 8;

/// Defaults that follow from other keys.
void deriveDefaults(Spec &spec) {
  auto derive = [](auto &key, auto value) {
    if (!key.isWritten())
      key.value = value;
  };
  derive(spec.diffusion.variance,
         spec.learnSigma ? Variance::LearnedRange : Variance::FixedLarge);
  if (spec.isFlow())
    derive(spec.diffusion.sampler, Sampler::Euler);
  else
    derive(spec.diffusion.sampleSteps,
           std::min<int64_t>(spec.diffusion.sampleSteps, spec.diffusion.steps));
  derive(spec.diffusion.velocity,
         spec.diffusion.noiseAt == 1 ? Velocity::ToNoise : Velocity::ToData);
  derive(spec.guidance.scale, spec.scaleOfNoGuidance());
  derive(spec.diffusion.clipX0, spec.space == Space::Pixel);
  bool asPublished =
      spec.latent.channels == 4 && spec.compat == Compat::Official;
  derive(spec.guidance.channels,
         asPublished ? int64_t(3) : spec.latent.channels.value);
  derive(spec.norm.mlpEps, spec.norm.eps.value);
}

/// Passes each diagnostic on once: what several blocks share is read and built
/// for each of them.
class OnceEach : public ScopedDiagnosticHandler {
public:
  explicit OnceEach(MLIRContext *context) : ScopedDiagnosticHandler(context) {
    setHandler([this](Diagnostic &diagnostic) {
      bool isNew = said.insert({diagnostic.getLocation().getAsOpaquePointer(),
                                diagnostic.str()})
                       .second;
      return success(!isNew);
    });
  }

private:
  std::set<std::pair<const void *, std::string>> said;
};

FailureOr<Spec> readMapping(const YamlNode &written, StringRef text,
                            StringRef file) {
  MLIRContext *context = written.loc.getContext();
  Spec spec;
  spec.file = file;
  spec.text = text;
  spec.loc = written.loc;
  const YamlNode *width = written.at("width");
  spec.places.setDefault(width ? width->loc : written.loc);
  auto root = overDesigns(context, written, spec.places);
  if (failed(root))
    return failure();
  MappingReader in(*root, "");
  visitKeys(in, spec);
  if (!hasOwnNetwork(written))
    in.require({"depth", "width", "heads", "patch_size", "classes"});
  else if (spec.conditioning.isWritten())
    in.error(spec.conditioning.loc)
        << "conditioning picks a design, but the spec has streams, blocks "
           "and final of its own";
  deriveDefaults(spec);
  bool failed = in.failed();
  OnceEach onceEach(context);
  auto network = NetworkReader(*root, spec.places).read();
  failed |= mlir::failed(network) || mlir::failed(checkSpec(spec));
  if (failed)
    return failure();
  spec.network = std::make_shared<YamlNode>(std::move(*network));
  if (mlir::failed(checkNetwork(spec)))
    return failure();
  return spec;
}

/// The file's mapping over the mapping of the file it extends. `chain` is the
/// files that led here, the first one first.
FailureOr<YamlNode> readExtended(MLIRContext *context, YamlNode mapping,
                                 std::vector<std::string> chain) {
  const YamlEntry *extends = mapping.find("extends");
  if (!extends)
    return mapping;
  const YamlNode &value = extends->value;
  auto error = [&] { return emitError(Location(value.loc)); };
  if (value.kind != YamlNode::Scalar || value.text.empty())
    return error() << "extends must be the name of a YAML file";
  SmallString<128> path = llvm::sys::path::parent_path(chain.back());
  if (llvm::sys::path::is_absolute(value.text))
    path.clear();
  llvm::sys::path::append(path, value.text);
  llvm::sys::path::remove_dots(path, /*remove_dot_dot=*/true);
  if (llvm::is_contained(chain, path.str()))
    return error() << "extends must not lead back to where it began, but "
                   << chain.back() << " extends " << path.str().str();
  if (chain.size() > kMaxExtends)
    return error() << "extends may be followed through at most " << kMaxExtends
                   << " files, but this is one more";
  auto text = readTextFile(path, kMaxSpecBytes);
  if (!text)
    return error() << "cannot extend " << llvm::toString(text.takeError());
  auto base = parseYaml(context, *text, path);
  if (failed(base))
    return failure();
  chain.push_back(path.str().str());
  auto resolved = readExtended(context, std::move(*base), chain);
  if (failed(resolved))
    return failure();
  llvm::erase_if(mapping.entries,
                 [](const YamlEntry &entry) { return entry.key == "extends"; });
  return mergeYaml(*resolved, mapping);
}

/// Columns count from the key; the text that was parsed has a space more.
void moveIntoSetting(YamlNode &node, StringRef file, unsigned valueColumn) {
  auto move = [&](LocationAttr &loc) {
    auto place = dyn_cast_if_present<FileLineColLoc>(loc);
    unsigned column = place ? place.getColumn() : 1;
    loc = FileLineColLoc::get(node.loc.getContext(), file, 1,
                              column - (column > valueColumn));
  };
  for (YamlEntry &entry : node.entries) {
    moveIntoSetting(entry.value, file, valueColumn);
    if (entry.keyLoc)
      move(entry.keyLoc);
  }
  move(node.loc);
}

/// `latent.height=24` as {latent: {height: 24}}.
FailureOr<YamlNode> readSetting(MLIRContext *context, const Setting &setting) {
  auto [path, value] = StringRef(setting.text).split('=');
  std::string file = setting.file();
  auto parsed = parseYaml(context, (path + ": " + value).str(), file);
  if (failed(parsed))
    return failure();
  moveIntoSetting(*parsed, file, path.size() + 1);
  const YamlEntry &entry = parsed->entries.front();
  if (entry.key == "extends")
    return emitError(Location(entry.keyLoc)) << "extends cannot be set";
  SmallVector<StringRef> keys;
  StringRef(entry.key).split(keys, '.');
  YamlNode node = entry.value;
  for (StringRef key : llvm::reverse(keys)) {
    YamlNode outer = YamlNode::make(YamlNode::Mapping, node.loc);
    outer.entries.push_back({key.str(), entry.keyLoc, std::move(node)});
    node = std::move(outer);
  }
  return node;
}

} // namespace

Spec Spec::at(Resolution size) const {
  Spec spec = *this;
  spec.resolutions.clear();
  if (size == this->size())
    return spec;
  LocationAttr loc = latent.height.loc;
  for (const Located<Resolution> &other : resolutions)
    if (other.value == size)
      loc = other.loc;
  spec.latent.height = {size.height, loc};
  spec.latent.width = {size.width, loc};
  return spec;
}

FailureOr<Spec> dit::parseSpec(MLIRContext *context, StringRef text,
                               StringRef file, ArrayRef<Setting> settings) {
  auto mapping = parseYaml(context, text, file);
  if (failed(mapping))
    return failure();
  if (!mapping->find("extends") && settings.empty())
    return readMapping(*mapping, text, file);
  SmallString<128> plain(file);
  llvm::sys::path::remove_dots(plain, /*remove_dot_dot=*/true);
  auto resolved =
      readExtended(context, std::move(*mapping), {plain.str().str()});
  for (const Setting &setting : settings) {
    auto over = readSetting(context, setting);
    if (failed(over) || failed(resolved))
      return failure();
    LocationAttr loc = resolved->loc;
    resolved = mergeYaml(*resolved, *over);
    resolved->loc = loc;
  }
  if (failed(resolved))
    return failure();
  return readMapping(*resolved, printYaml(*resolved), file);
}
