// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A checkpoint held to the manifest. Tensors get their own pages of one
// reserved range of addresses: no allocation can fail, and only what is in use
// takes memory.
#include "runtime/Weights.h"

#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/SeededWeights.h"
#include "runtime/Sha256.h"
#include "runtime/WeightMatch.h"

#include <sys/mman.h>
#include <unistd.h>

#include <exception>

namespace dit::runtime {
namespace {

/// Address space for the tensors' values.
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
  StoredWeights(const std::string &path, const Manifest &manifest,
                const CheckpointOptions &options)
      : checkpoint(path, manifest, options), entries(manifest.weights) {
    checkWeights(checkpoint, manifest, options.notice);
    for (const WeightEntry &w : entries) {
      tensors.push_back(checkpoint.find(w.name));
      pages.add(w.elements());
    }
    pages.reserve();
  }

  const float *read(int32_t index) noexcept override {
    if (index < 0 || static_cast<size_t>(index) >= tensors.size())
      return nullptr;
    try {
      if (!failure)
        checkpoint.read(*tensors[index], pages.at(index));
    } catch (...) {
      failure = std::current_exception();
    }
    return pages.at(index);
  }

  void release(int32_t index) noexcept override {
    if (index >= 0 && static_cast<size_t>(index) < tensors.size())
      pages.release(index);
  }

  void check() const override {
    if (failure)
      std::rethrow_exception(failure);
  }

  std::string identity() const override {
    std::string all;
    for (size_t i = 0; i < entries.size(); ++i) {
      all += fmt::format("{} {} {}", entries[i].name, tensors[i]->dtype,
                         showShape(entries[i].shape));
      checkpoint.visit(*tensors[i], [&](std::string_view bytes) {
        all += " " + sha256(bytes);
      });
      all += "\n";
    }
    return sha256(all);
  }

private:
  Checkpoint checkpoint;
  std::vector<WeightEntry> entries;
  std::vector<const CheckpointTensor *> tensors; ///< by manifest index
  TensorPages pages;
  std::exception_ptr failure; ///< of the first read that failed
};

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
                                          const Manifest &manifest,
                                          const CheckpointOptions &options) {
  return std::make_unique<StoredWeights>(path, manifest, options);
}

std::unique_ptr<WeightSource> randomWeights(uint64_t seed,
                                            const Manifest &manifest) {
  return std::make_unique<RandomWeights>(seed, manifest);
}

} // namespace dit::runtime
