// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A checkpoint matched against the manifest. Tensors that need conversion
// get their own pages of one reserved range of addresses: reading cannot fail,
// and only what is in use takes memory.
#include "runtime/Weights.h"

#include "runtime/Checkpoint.h"
#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/SeededWeights.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <set>

namespace dit::runtime {
namespace {

/// Address space for tensors that are made rather than mapped.
class TensorPages {
public:
  void add(int64_t elements) {
    auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    offsets.push_back(total);
    total += (static_cast<size_t>(elements) * sizeof(float) + page - 1) / page *
             page;
  }
  void reserve() {
    if (total == 0)
      return;
    void *mapped = mmap(nullptr, total, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED)
      fail("{} of addresses for weights cannot be had",
           showBytes(static_cast<double>(total)));
    base = static_cast<char *>(mapped);
  }
  ~TensorPages() {
    if (base)
      munmap(base, total);
  }
  float *at(size_t index) const {
    return reinterpret_cast<float *>(base + offsets[index]);
  }
  void release(size_t index) noexcept {
    size_t end = index + 1 < offsets.size() ? offsets[index + 1] : total;
    if (end > offsets[index])
      madvise(base + offsets[index], end - offsets[index], MADV_DONTNEED);
  }

private:
  std::vector<size_t> offsets;
  size_t total = 0;
  char *base = nullptr;
};

class StoredWeights : public WeightSource {
public:
  StoredWeights(const std::string &path, const Manifest &manifest)
      : checkpoint(path) {
    match(manifest);
    for (const WeightEntry &w : manifest.weights) {
      const CheckpointTensor *t = checkpoint.find(w.name);
      tensors.push_back(t);
      pages.add(checkpoint.inPlace(*t) ? 0 : t->elements());
    }
    pages.reserve();
  }

  const float *read(int32_t index) noexcept override {
    if (index < 0 || static_cast<size_t>(index) >= tensors.size())
      return nullptr;
    const CheckpointTensor &t = *tensors[index];
    if (const float *values = checkpoint.inPlace(t))
      return values;
    checkpoint.read(t, pages.at(index));
    return pages.at(index);
  }

  void release(int32_t index) noexcept override {
    if (index < 0 || static_cast<size_t>(index) >= tensors.size())
      return;
    checkpoint.forget(*tensors[index]);
    pages.release(index);
  }

private:
  void match(const Manifest &manifest) const;

  Checkpoint checkpoint;
  std::vector<const CheckpointTensor *> tensors; ///< by manifest index
  TensorPages pages;
};

/// Throws all differences between the file and the manifest at once.
void StoredWeights::match(const Manifest &manifest) const {
  std::vector<std::string> errors = checkpoint.mismatches();
  auto reportTensor = [&](const std::string &name, const std::string &what) {
    errors.push_back(fmt::format("{} {}", checkpoint.shownName(name), what));
  };
  std::set<std::string> known(manifest.ignoredWeights.begin(),
                              manifest.ignoredWeights.end());
  for (const WeightEntry &w : manifest.weights) {
    known.insert(w.name);
    const CheckpointTensor *t = checkpoint.find(w.name);
    if (!t && !checkpoint.isExplained(w.name))
      reportTensor(w.name, fmt::format("is missing, the model expects {}",
                                       showShape(w.shape)));
    if (!t)
      continue;
    if (t->shape != w.shape)
      reportTensor(w.name,
                   fmt::format("is {}, the model expects {}",
                               showShape(t->shape), showShape(w.shape)));
    else if (t->dtype != "F32" && t->dtype != "F16" && t->dtype != "BF16")
      reportTensor(w.name,
                   fmt::format("is of dtype {}, weights are F32, F16 or BF16",
                               t->dtype));
  }
  for (const auto &[name, t] : checkpoint.tensors())
    if (!known.contains(name))
      reportTensor(name,
                   fmt::format("({}) is not a weight of the model {}",
                               showShape(t.shape), inQuotes(manifest.name)));
  if (!errors.empty())
    throwMismatches(checkpoint.path(), errors);
}

class RandomWeights : public WeightSource {
public:
  RandomWeights(uint64_t seed, const Manifest &manifest)
      : seed(seed), entries(manifest.weights) {
    for (const WeightEntry &w : entries)
      pages.add(w.elements());
    pages.reserve();
  }

  const float *read(int32_t index) noexcept override {
    if (index < 0 || static_cast<size_t>(index) >= entries.size())
      return nullptr;
    const WeightEntry &w = entries[index];
    float *to = pages.at(index);
    fillSeeded(w.name, w.shape, seed, {to, static_cast<size_t>(w.elements())});
    return to;
  }

  void release(int32_t index) noexcept override {
    if (index >= 0 && static_cast<size_t>(index) < entries.size())
      pages.release(index);
  }

private:
  uint64_t seed;
  std::vector<WeightEntry> entries;
  TensorPages pages;
};

} // namespace

std::unique_ptr<WeightSource> openWeights(const std::string &path,
                                          const Manifest &manifest) {
  return std::make_unique<StoredWeights>(path, manifest);
}

std::unique_ptr<WeightSource> randomWeights(uint64_t seed,
                                            const Manifest &manifest) {
  return std::make_unique<RandomWeights>(seed, manifest);
}

} // namespace dit::runtime
