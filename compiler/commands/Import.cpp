// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc import: the config.json of a model in, the spec of the same network out.
// What it says of it is the designs' `import`.
#include "compiler/network/Import.h"
#include "compiler/Session.h"
#include "compiler/commands/Commands.h"
#include "compiler/network/Designs.h"
#include "runtime/Checkpoint.h"
#include "runtime/Error.h"
#include "runtime/InputFile.h"
#include "runtime/Json.h"
#include "runtime/OutputFile.h"

#include <fmt/ranges.h>

#include <cctype>
#include <filesystem>

using namespace dit;
using nlohmann::json;

namespace {

/// A folder's name as a plain YAML text.
std::string plainName(const std::string &folder) {
  std::filesystem::path path =
      std::filesystem::absolute(folder).lexically_normal();
  if (!path.has_filename())
    path = path.parent_path();
  std::string name = path.filename().string().substr(0, 80);
  for (char &c : name)
    if (!isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_' &&
        c != '.')
      c = '-';
  return "diffusers/" + name;
}

/// What a config.json becomes a spec by.
struct Source {
  DesignImport design; ///< of `--spec` with its import alone
  std::string file;    ///< of `--spec`
};

/// The keys that `config` says; throws an Error of what no source reads.
YamlNode keysOf(const json &config, const std::vector<Source> &sources,
                const Source *&taken) {
  json name = config.value("_class_name", json());
  std::vector<std::string> known;
  std::vector<std::string> errors;
  for (const Source &source : sources) {
    const YamlNode &import = source.design.import;
    const YamlNode &classes = *import.at("class");
    if (classes.kind == YamlNode::Scalar)
      known.push_back(classes.text);
    for (const YamlEntry &entry : classes.entries)
      known.push_back(entry.value.text);
    // Some configs have no class: they are of the only one there is.
    bool isOnly = name.is_null() && sources.size() == 1;
    if (!isOnly && !(name.is_string() &&
                     isOfClass(import, name.get_ref<const std::string &>())))
      continue;
    try {
      YamlNode keys = importConfig(import, config);
      taken = &source;
      return keys;
    } catch (const runtime::Error &error) {
      errors = error.sentences(); // of the last one of this class
    }
  }
  if (errors.empty())
    runtime::fail("the config key '_class_name' must be {}, but is {}",
                  fmt::join(known, " or "), runtime::shown(name));
  throw runtime::Error(std::move(errors));
}

std::string specOf(const json &config, const std::vector<Source> &sources,
                   const std::string &name) {
  const Source *source = nullptr;
  YamlNode keys = keysOf(config, sources, source);
  YamlNode spec = YamlNode::make(YamlNode::Mapping);
  if (!source->file.empty())
    spec.add("extends", YamlNode::scalar(source->file));
  spec.add("name", YamlNode::scalar(name));
  if (source->file.empty() && !source->design.isDefault)
    spec.add(source->design.key, YamlNode::scalar(source->design.value));
  for (const YamlEntry &entry : keys.entries)
    spec.add(entry.key, entry.value);
  return printYaml(spec);
}

struct ImportOptions {
  std::string folder, output, spec;
  std::vector<Setting> settings;
};

llvm::LogicalResult import(Session &session, const ImportOptions &options) {
  const auto &[folder, output, like, settings] = options;
  std::vector<Source> sources;
  if (like.empty())
    for (DesignImport &design : importsOfDesigns(&session.context()))
      sources.push_back({std::move(design), ""});
  else if (auto input = session.load(like, std::nullopt, {}); failed(input))
    return llvm::failure();
  else if (const YamlNode *import = input->spec.network
                                        ? input->spec.network->at("import")
                                        : nullptr)
    sources.push_back(
        {{"", "", false, *import}, std::filesystem::absolute(like).string()});
  else
    return session.error(like + ": has no `import`, which says what of a "
                                "config its keys are");
  std::string path = runtime::diffusersFolder(folder) + "/config.json";
  constexpr size_t longest = 1 << 20;
  std::string text = runtime::InputFile(path).all(longest);
  std::string spec;
  try {
    json config = runtime::parseJson(text, "the config");
    if (!config.is_object())
      runtime::fail("the config must be an object, but is {}",
                    runtime::shown(config));
    spec = specOf(config, sources, plainName(folder));
  } catch (const runtime::Error &error) {
    std::vector<std::string> sentences;
    for (const std::string &sentence : error.sentences())
      sentences.push_back(path + ": " + sentence);
    throw runtime::Error(std::move(sentences));
  }
  auto input = session.loadText(output, spec, {}, settings);
  if (llvm::failed(input))
    return llvm::failure();
  if (!settings.empty())
    spec = input->spec.text;
  runtime::OutputFile out(output);
  out.write(spec);
  out.commit();
  return llvm::success();
}

} // namespace

void dit::addImport(CLI::App &app, int &exitCode) {
  auto *command =
      app.add_subcommand("import", "write the spec of a diffusers model");
  auto options = std::make_shared<ImportOptions>();
  command
      ->add_option("FOLDER", options->folder,
                   "with config.json, or with a folder transformer with it")
      ->required();
  command->add_option("-o,--output", options->output, "the spec to write")
      ->required();
  command
      ->add_option("--spec", options->spec,
                   "a spec whose `import` reads the config, and which the "
                   "written one extends; by default the designs'")
      ->type_name("SPEC.yaml");
  addSet(*command, options->settings);
  command->callback([options, &exitCode] {
    Session session("ditc import");
    exitCode = session.exitCode(import(session, *options));
  });
}
