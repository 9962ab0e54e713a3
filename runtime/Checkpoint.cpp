// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors under other names put together; what does not fit is collected.
#include "runtime/Checkpoint.h"

#include "runtime/DiffusersNames.h"
#include "runtime/Error.h"
#include "runtime/Manifest.h"
#include "runtime/ShardedFile.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

namespace dit::runtime {

namespace fs = std::filesystem;

int64_t CheckpointTensor::elements() const {
  int64_t sum = 0;
  for (const StoredTensor *part : parts)
    sum += part->elements();
  return sum;
}

std::string diffusersFolder(const std::string &path) {
  std::error_code ignored;
  fs::path inner = fs::path(path) / "transformer";
  return fs::is_directory(inner, ignored) ? inner.string() : path;
}

/// The files of tensors in a folder, without the one that others are a variant
/// of ("fp16").
static std::vector<std::string> variantsIn(const fs::path &folder) {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto &entry : fs::directory_iterator(folder, ignored)) {
    std::string name = entry.path().filename().string();
    bool isShard = name.find("-of-") != std::string::npos;
    if (name.starts_with("diffusion_pytorch_model.") && !isShard &&
        (name.ends_with(".safetensors") || name.ends_with(".bin") ||
         name.ends_with(ShardedFile::ending)))
      found.push_back(name);
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// The file of tensors in a folder.
static std::string fileIn(const std::string &path,
                          const CheckpointOptions &options) {
  fs::path folder = diffusersFolder(path);
  std::error_code ignored;
  for (const char *format : {".safetensors", ".bin"})
    for (std::string_view ending : {std::string_view(), ShardedFile::ending})
      if (fs::path at = folder / fmt::format("diffusion_pytorch_model{}{}",
                                             format, ending);
          fs::exists(at, ignored))
        return at.string();
  std::vector<std::string> others = variantsIn(folder);
  if (others.empty())
    fail("{}: is a directory without diffusion_pytorch_model.safetensors, "
         "which a model of diffusers has",
         folder.string());
  if (others.size() > 1)
    fail("{}: has several weights, {}: give the path of one", folder.string(),
         fmt::join(others, ", "));
  if (options.notice)
    options.notice(
        fmt::format("{}: the weights are {}", folder.string(), others[0]));
  return (folder / others[0]).string();
}

/// "train.pt" and "ema" of "train.pt#ema", where there is no file of that whole
/// name.
static std::pair<std::string, std::string> splitKey(const std::string &path) {
  std::error_code ignored;
  size_t at = path.rfind('#');
  if (at == std::string::npos || fs::exists(path, ignored))
    return {path, ""};
  return {path.substr(0, at), path.substr(at + 1)};
}

Checkpoint::Checkpoint(const std::string &whole,
                       const CheckpointOptions &options) {
  auto [path, key] = splitKey(whole);
  std::error_code ignored;
  if (fs::is_directory(path, ignored))
    givenFolder = diffusersFolder(path);
  file =
      openTensorFile(givenFolder.empty() ? path : fileIn(path, options), key);
  if (options.notice)
    for (const std::string &remark : file->remarks())
      options.notice(fmt::format("{}: {}", file->path(), remark));
  choose(options);
  isDiffusers = chosen.contains("pos_embed.proj.weight");
  if (isDiffusers) {
    addDiffusers();
    return;
  }
  for (const auto &[name, t] : chosen)
    entries[name] = {t->dtype, t->shape, {t}};
}

bool matchesPattern(std::string_view pattern, std::string_view name) {
  size_t star = pattern.find('*');
  if (star == std::string_view::npos)
    return pattern == name;
  if (!name.starts_with(pattern.substr(0, star)))
    return false;
  pattern.remove_prefix(star + 1);
  for (size_t at = star; at <= name.size(); ++at)
    if (matchesPattern(pattern, name.substr(at)))
      return true;
  return false;
}

/// Of REPA's training; of torch's AveragedModel; of averages kept as modules.
constexpr const char *kOfTraining[] = {
    "projectors.*", "n_averaged", "num_updates", "decay", "initted", "step"};

/// Of DataParallel; of torch.compile; of Lightning and of latent diffusion; of
/// averages kept as modules.
constexpr std::string_view kWrappers[] = {
    "module.",    "_orig_mod.", "model.", "diffusion_model.",
    "ema_model.", "ema.",       "net."};

/// What all of the names begin with, of the wrappers.
static std::string wrapperOf(const std::vector<std::string_view> &names) {
  std::string prefix;
  for (bool isLonger = !names.empty(); isLonger;) {
    isLonger = false;
    for (std::string_view wrapper : kWrappers) {
      std::string longer = prefix + std::string(wrapper);
      isLonger = std::all_of(names.begin(), names.end(), [&](auto name) {
        return name.starts_with(longer);
      });
      if (!isLonger)
        continue;
      prefix = longer;
      break;
    }
  }
  return prefix;
}

void Checkpoint::choose(const CheckpointOptions &options) {
  std::vector<std::string> patterns(std::begin(kOfTraining),
                                    std::end(kOfTraining));
  patterns.insert(patterns.end(), options.ignored.begin(),
                  options.ignored.end());
  std::map<std::string, int64_t> left; // out, by the pattern
  auto leaves = [&](const std::string &name) {
    for (const std::string &pattern : patterns)
      if (matchesPattern(pattern, name)) {
        ++left[pattern];
        return true;
      }
    return false;
  };
  std::vector<std::string_view> names;
  for (const auto &[name, t] : file->tensors())
    if (!leaves(name))
      names.push_back(name);
  std::string prefix = wrapperOf(names);
  for (std::string_view name : names) {
    std::string inner(name.substr(prefix.size()));
    if (prefix.empty() || !leaves(inner))
      chosen[inner] = file->find(std::string(name));
  }
  if (!options.notice)
    return;
  if (!prefix.empty())
    options.notice(fmt::format("{}: all names begin with {}, which is taken "
                               "off",
                               file->path(), inQuotes(prefix)));
  for (const auto &[pattern, count] : left)
    options.notice(fmt::format("{}: {} {} left out, {}", file->path(), count,
                               count == 1 ? "tensor is" : "tensors are",
                               inQuotes(pattern)));
  for (const std::string &pattern : options.ignored)
    if (!left.contains(pattern))
      options.notice(fmt::format("{}: has no tensor {}, which was to be left "
                                 "out",
                                 file->path(), inQuotes(pattern)));
}

void Checkpoint::addDiffusers() {
  for (const auto &[name, stored] : chosen) {
    const StoredTensor &t = *stored;
    std::optional<OfficialName> to = officialName(name);
    if (!to) {
      entries[name] = {t.dtype, t.shape, {&t}};
    } else if (to->isRepeated) {
      addCopy(name, t, to->name);
    } else {
      auto &parts = joined[to->name];
      parts.resize(to->parts);
      parts[to->part] = &t;
    }
  }
  for (const auto &[official, parts] : joined)
    join(official);
}

/// The first of the copies is kept, the others must be equal.
void Checkpoint::addCopy(const std::string &name, const StoredTensor &t,
                         const std::string &official) {
  auto [it, isFirst] =
      entries.try_emplace(official, CheckpointTensor{t.dtype, t.shape, {&t}});
  if (isFirst)
    return;
  const StoredTensor &first = *it->second.parts[0];
  auto bytesOf = [&](const StoredTensor &stored) {
    std::string bytes(stored.bytes, '\0');
    file->readBytes(stored, bytes.data());
    return bytes;
  };
  if (first.dtype != t.dtype || first.shape != t.shape ||
      bytesOf(first) != bytesOf(t))
    errors.push_back(fmt::format("{} differs from the other blocks' copies of "
                                 "{}, one model has one",
                                 inQuotes(name), inQuotes(official)));
}

void Checkpoint::join(const std::string &official) {
  const auto &parts = joined[official];
  std::vector<std::string> names = diffusersNames(official);
  auto present = std::find_if(parts.begin(), parts.end(),
                              [](const auto *part) { return part; });
  CheckpointTensor whole{(*present)->dtype, (*present)->shape, parts};
  bool fits = true;
  for (size_t i = 0; i < parts.size(); ++i) {
    const StoredTensor *part = parts[i];
    if (part && part->dtype == whole.dtype && part->shape == (*present)->shape)
      continue;
    fits = false;
    errors.push_back(fmt::format(
        "{} {}, but {} is {} of {}", inQuotes(names[i]),
        part ? fmt::format("is {} of {}", showShape(part->shape), part->dtype)
             : "is missing",
        inQuotes(names[present - parts.begin()]), showShape(whole.shape),
        whole.dtype));
  }
  if (entries.contains(official))
    errors.push_back(fmt::format("{} is there a second time, as {}",
                                 inQuotes(official), inQuotes(names[0])));
  if (!fits)
    return;
  if (parts.size() > 1 && whole.shape.empty())
    whole.shape = {1};
  if (parts.size() > 1)
    whole.shape[0] *= static_cast<int64_t>(parts.size());
  entries[official] = std::move(whole);
}

const CheckpointTensor *Checkpoint::find(const std::string &official) const {
  auto it = entries.find(official);
  return it == entries.end() ? nullptr : &it->second;
}

bool Checkpoint::isExplained(const std::string &official) const {
  return joined.contains(official) && !entries.contains(official);
}

std::string Checkpoint::shownName(const std::string &official) const {
  std::vector<std::string> names;
  if (isDiffusers)
    names = diffusersNames(official);
  if (names.empty())
    return inQuotes(official);
  for (std::string &name : names)
    name = inQuotes(name);
  return fmt::format("{} ({})", fmt::join(names, " + "), official);
}

void Checkpoint::read(const CheckpointTensor &t, float *to) const {
  for (const StoredTensor *part : t.parts) {
    readFloats(*file, *part, to);
    to += part->elements();
  }
}

void Checkpoint::visit(
    const CheckpointTensor &t,
    const std::function<void(std::string_view)> &take) const {
  for (const StoredTensor *part : t.parts) {
    std::string bytes(part->bytes, '\0');
    file->readBytes(*part, bytes.data());
    take(bytes);
  }
}

} // namespace dit::runtime
