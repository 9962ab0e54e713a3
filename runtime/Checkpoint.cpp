// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors under other names put together; what does not fit is collected.
#include "runtime/Checkpoint.h"

#include "runtime/DiffusersNames.h"
#include "runtime/Error.h"
#include "runtime/Manifest.h"
#include "runtime/Safetensors.h"
#include "runtime/ShardedFile.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
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

/// The file of tensors in a folder.
static std::string fileIn(const std::string &path) {
  fs::path folder = diffusersFolder(path);
  std::error_code ignored;
  for (const char *format : {".safetensors", ".bin"})
    for (std::string_view ending : {std::string_view(), ShardedFile::ending})
      if (fs::path at = folder / fmt::format("diffusion_pytorch_model{}{}",
                                             format, ending);
          fs::exists(at, ignored))
        return at.string();
  fail("{}: is a directory without diffusion_pytorch_model.safetensors, which "
       "a model of diffusers has",
       folder.string());
}

Checkpoint::Checkpoint(const std::string &path) {
  std::error_code ignored;
  file = openTensorFile(fs::is_directory(path, ignored) ? fileIn(path) : path);
  isDiffusers = file->find("pos_embed.proj.weight") != nullptr;
  if (isDiffusers) {
    addDiffusers();
    return;
  }
  for (const auto &[name, t] : file->tensors())
    entries[name] = {t.dtype, t.shape, {&t}};
}

void Checkpoint::addDiffusers() {
  for (const auto &[name, t] : file->tensors()) {
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
  if (first.dtype != t.dtype || first.shape != t.shape ||
      std::memcmp(file->bytes(first), file->bytes(t), t.bytes) != 0)
    errors.push_back(fmt::format("{} differs from the other blocks' copies of "
                                 "{}, one model has one",
                                 inQuotes(name), inQuotes(official)));
  file->forget(t);
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

const float *Checkpoint::inPlace(const CheckpointTensor &t) const {
  const char *bytes = file->bytes(*t.parts[0]);
  if (t.parts.size() > 1 || t.dtype != "F32" ||
      reinterpret_cast<uintptr_t>(bytes) % alignof(float) != 0)
    return nullptr;
  return reinterpret_cast<const float *>(bytes);
}

void Checkpoint::read(const CheckpointTensor &t, float *to) const {
  for (const StoredTensor *part : t.parts) {
    convertToFloat(t.dtype, file->bytes(*part), part->elements(), to);
    to += part->elements();
    file->forget(*part);
  }
}

void Checkpoint::forget(const CheckpointTensor &t) const noexcept {
  for (const StoredTensor *part : t.parts)
    file->forget(*part);
}

} // namespace dit::runtime
