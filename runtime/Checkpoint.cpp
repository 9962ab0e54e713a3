// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors under other names put together; what does not fit is collected.
#include "runtime/Checkpoint.h"

#include "runtime/Error.h"
#include "runtime/ShardedFile.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

namespace dit::runtime {

namespace fs = std::filesystem;

int64_t CheckpointTensor::elements() const {
  int64_t sum = 0;
  for (const CheckpointPart &part : parts)
    sum += part.count;
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

Checkpoint::Checkpoint(const std::string &whole, const Manifest &manifest,
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
  chooseLayout(manifest);
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

LayoutExpression Checkpoint::expressionOf(const std::string &weight,
                                          const Expressions &of) const {
  auto it = of.find(weight);
  return it == of.end() ? LayoutExpression::tensor(weight) : it->second;
}

bool Checkpoint::has(const LayoutExpression &e) const {
  bool hasAll = true;
  e.visitNames([&](const std::string &name) {
    hasAll &= chosen.contains(name) || !matching(name).empty();
  });
  return hasAll;
}

std::vector<const StoredTensor *>
Checkpoint::matching(const std::string &pattern) const {
  std::vector<const StoredTensor *> found;
  if (pattern.find('*') != pattern.npos)
    for (const auto &[name, stored] : chosen)
      if (matchesPattern(pattern, name))
        found.push_back(stored);
  return found;
}

/// Takes the layout of which most is there, the first of several: the model's
/// own names come before the manifest's layouts.
void Checkpoint::chooseLayout(const Manifest &manifest) {
  std::vector<std::pair<std::string, Expressions>> layouts{{"", {}}};
  for (const Layout &layout : manifest.layouts) {
    auto &[name, all] = layouts.emplace_back(layout.name, Expressions());
    for (const LayoutWeight &weight : layout.weights)
      all[weight.name] = parseLayoutExpression(weight.expression);
  }
  std::vector<std::string> names;
  for (const WeightEntry &weight : manifest.weights)
    names.push_back(weight.name);
  auto countOf = [&](const Expressions &layout) {
    return std::count_if(names.begin(), names.end(), [&](const auto &name) {
      return has(expressionOf(name, layout));
    });
  };
  auto size = static_cast<int64_t>(names.size());
  std::vector<const std::pair<std::string, Expressions> *> fitting;
  for (const auto &layout : layouts) {
    int64_t count = countOf(layout.second);
    if (count == size)
      fitting.push_back(&layout);
    if (&layout == layouts.data() || count > found) {
      found = count;
      layoutName = layout.first;
      expressions = layout.second;
    }
  }
  names.insert(names.end(), manifest.ignoredWeights.begin(),
               manifest.ignoredWeights.end());
  if (fitting.empty())
    fitting = {nullptr};
  unread = chosen;
  for (const auto *layout : fitting)
    for (const std::string &name : names)
      expressionOf(name, layout ? layout->second : expressions)
          .visitNames([&](const std::string &stored) {
            unread.erase(stored);
            if (stored.find('*') != stored.npos)
              std::erase_if(unread, [&](const auto &entry) {
                return matchesPattern(stored, entry.first);
              });
          });
  for (const std::string &name : names)
    if (auto tensor = evaluate(expressionOf(name, expressions), name))
      entries[name] = std::move(*tensor);
  for (const auto *layout : fitting)
    if (layout && layout->first != layoutName)
      checkSame(names, layout->second, layout->first);
}

/// Of what the file has under the names of two layouts.
void Checkpoint::checkSame(const std::vector<std::string> &weights,
                           const Expressions &other,
                           std::string_view otherName) {
  for (const std::string &weight : weights) {
    LayoutExpression here = expressionOf(weight, expressions),
                     there = expressionOf(weight, other);
    if (here.text() == there.text() || !has(here) || !has(there))
      continue;
    auto a = evaluate(here, weight), b = evaluate(there, weight);
    if (!a || !b)
      continue;
    std::vector<float> one = valuesOf(*a), two = valuesOf(*b);
    if (a->shape == b->shape &&
        std::memcmp(one.data(), two.data(), one.size() * sizeof(float)) == 0)
      continue;
    errors.push_back(fmt::format(
        "has {} in two layouts, {} and {}, which differ", inQuotes(weight),
        layoutName.empty() ? "its own" : inQuotes(layoutName),
        inQuotes(otherName)));
    return;
  }
}

void Checkpoint::explain(const std::string &weight, std::string sentence) {
  explained.insert(weight);
  errors.push_back(std::move(sentence));
}

/// What an expression is called in a sentence.
static std::string shown(const LayoutExpression &e) {
  using Kind = LayoutExpression::Kind;
  std::string all;
  if (e.kind != Kind::Concat && e.kind != Kind::Same)
    return inQuotes(e.text());
  for (const LayoutExpression &operand : e.operands)
    all += (all.empty() ? "" : " + ") + shown(operand);
  return all;
}

std::optional<CheckpointTensor>
Checkpoint::evaluate(const LayoutExpression &e, const std::string &weight) {
  using Kind = LayoutExpression::Kind;
  if (e.kind == Kind::Concat)
    return concat(e, weight);
  if (e.kind == Kind::Same)
    return copies(e, weight);
  if (e.kind == Kind::Name) {
    auto it = chosen.find(e.name);
    if (it == chosen.end())
      return std::nullopt;
    const StoredTensor *t = it->second;
    return CheckpointTensor{t->dtype, t->shape, {{t, 0, t->elements()}}};
  }
  auto t = evaluate(e.operands[0], weight);
  if (!t)
    return std::nullopt;
  int64_t rows = t->shape.empty() ? 1 : t->shape[0];
  auto slice = [&](int64_t from, int64_t to) {
    int64_t perRow = rows == 0 ? 0 : t->elements() / rows, at = 0;
    std::vector<CheckpointPart> parts;
    for (const CheckpointPart &part : t->parts) {
      int64_t begin = std::max(at, from * perRow),
              end = std::min(at + part.count, to * perRow);
      if (begin < end)
        parts.push_back({part.stored, part.begin + begin - at, end - begin});
      at += part.count;
    }
    return parts;
  };
  if (e.kind == Kind::Swap) {
    if (rows % 2 != 0) {
      explain(weight, fmt::format("{} is {}, which has no two halves",
                                  shown(e.operands[0]), showShape(t->shape)));
      return std::nullopt;
    }
    std::vector<CheckpointPart> parts = slice(rows / 2, rows);
    for (const CheckpointPart &part : slice(0, rows / 2))
      parts.push_back(part);
    t->parts = std::move(parts);
    return t;
  }
  int64_t from = rowOf(e.from), to = rowOf(e.to);
  if (from > to || to > rows || t->shape.empty()) {
    explain(weight,
            fmt::format("{} is {}, which has no rows from {} to {}",
                        shown(e.operands[0]), showShape(t->shape), from, to));
    return std::nullopt;
  }
  t->parts = slice(from, to);
  t->shape[0] = to - from;
  return t;
}

std::optional<CheckpointTensor> Checkpoint::concat(const LayoutExpression &e,
                                                   const std::string &weight) {
  std::vector<std::optional<CheckpointTensor>> operands;
  for (const LayoutExpression &operand : e.operands)
    operands.push_back(evaluate(operand, weight));
  size_t present = 0;
  while (present < operands.size() && !operands[present])
    ++present;
  if (present == operands.size())
    return std::nullopt;
  const CheckpointTensor &model = *operands[present];
  CheckpointTensor whole{model.dtype, model.shape, {}};
  if (whole.shape.empty())
    whole.shape = {0};
  whole.shape[0] = 0;
  auto inner = [](const std::vector<int64_t> &shape) {
    return std::vector<int64_t>(shape.begin() + !shape.empty(), shape.end());
  };
  bool fits = true;
  for (size_t i = 0; i < operands.size(); ++i) {
    const auto &operand = operands[i];
    if (operand && operand->dtype == model.dtype &&
        operand->shape.size() == model.shape.size() &&
        inner(operand->shape) == inner(model.shape)) {
      whole.shape[0] += operand->shape.empty() ? 1 : operand->shape[0];
      whole.parts.insert(whole.parts.end(), operand->parts.begin(),
                         operand->parts.end());
      continue;
    }
    fits = false;
    explain(weight,
            fmt::format("{} {}, but {} is {} of {}", shown(e.operands[i]),
                        operand ? fmt::format("is {} of {}",
                                              showShape(operand->shape),
                                              operand->dtype)
                                : "is missing",
                        shown(e.operands[present]), showShape(model.shape),
                        model.dtype));
  }
  return fits ? std::optional(std::move(whole)) : std::nullopt;
}

/// The first of the copies is kept, the others must be equal.
std::optional<CheckpointTensor> Checkpoint::copies(const LayoutExpression &e,
                                                   const std::string &weight) {
  auto bytesOf = [&](const StoredTensor &stored) {
    std::string bytes(stored.bytes, '\0');
    file->readBytes(stored, bytes.data());
    return bytes;
  };
  const std::string &pattern = e.operands[0].name;
  std::optional<CheckpointTensor> kept;
  std::string bytes;
  for (const auto &[name, t] : chosen) {
    if (!matchesPattern(pattern, name))
      continue;
    if (!kept) {
      kept = CheckpointTensor{t->dtype, t->shape, {{t, 0, t->elements()}}};
      bytes = bytesOf(*t);
    } else if (kept->dtype != t->dtype || kept->shape != t->shape ||
               bytes != bytesOf(*t)) {
      errors.push_back(fmt::format("{} differs from the other copies of {}, "
                                   "one model has one",
                                   inQuotes(name), inQuotes(weight)));
    }
  }
  return kept;
}

const CheckpointTensor *Checkpoint::find(const std::string &weight) const {
  auto it = entries.find(weight);
  return it == entries.end() ? nullptr : &it->second;
}

std::vector<std::string>
Checkpoint::storedNames(const std::string &weight) const {
  std::vector<std::string> names;
  expressionOf(weight, expressions).visitNames([&](const std::string &name) {
    names.push_back(name);
  });
  return names;
}

std::string Checkpoint::shownName(const std::string &weight) const {
  LayoutExpression e = expressionOf(weight, expressions);
  return e.kind == LayoutExpression::Kind::Name && e.name == weight
             ? inQuotes(weight)
             : fmt::format("{} ({})", shown(e), weight);
}

std::vector<float> Checkpoint::valuesOf(const CheckpointTensor &t) const {
  std::vector<float> values(static_cast<size_t>(t.elements()));
  read(t, values.data());
  return values;
}

void Checkpoint::read(const CheckpointTensor &t, float *to) const {
  for (const CheckpointPart &part : t.parts) {
    if (part.isWhole()) {
      readFloats(*file, *part.stored, to);
    } else {
      std::vector<float> all(static_cast<size_t>(part.stored->elements()));
      readFloats(*file, *part.stored, all.data());
      std::copy_n(all.begin() + part.begin, part.count, to);
    }
    to += part.count;
  }
}

void Checkpoint::visit(
    const CheckpointTensor &t,
    const std::function<void(std::string_view)> &take) const {
  for (const CheckpointPart &part : t.parts) {
    std::string bytes(part.stored->bytes, '\0');
    file->readBytes(*part.stored, bytes.data());
    int64_t elements = std::max<int64_t>(part.stored->elements(), 1);
    size_t each = bytes.size() / static_cast<size_t>(elements);
    take(
        std::string_view(bytes).substr(static_cast<size_t>(part.begin) * each,
                                       static_cast<size_t>(part.count) * each));
  }
}

} // namespace dit::runtime
