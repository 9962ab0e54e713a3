// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From an artifact and a GPU's number to a device. Where the model was made
// with different matmuls, each way is timed, once for a GPU, model and batch.
#include "runtime/Error.h"
#include "runtime/SeededWeights.h"
#include "runtime/Sha256.h"
#include "runtime/cuda/Alternatives.h"
#include "runtime/cuda/CublasLt.h"
#include "runtime/cuda/CudaDevice.h"
#include "runtime/cuda/TuningCache.h"

#include <algorithm>
#include <bit>

namespace dit::runtime::cuda {

namespace {

/// Memory with values like those of a model, whether it is read as bfloat16 or
/// as float32: below 1/16 and of either sign. Zeros would need less power, and
/// so less time.
DeviceMemory valuesFor(CudaDevice &device, int64_t bytes, const char *what) {
  constexpr int64_t kWords = 1 << 16;
  std::vector<float> values(kWords);
  fillUniform("values", 0, values);
  std::vector<uint16_t> words;
  for (float value : values)
    words.push_back(std::bit_cast<uint32_t>(value / 16) >> 16);
  DeviceMemory memory = device.allocate(bytes, what);
  int64_t filled = std::min<int64_t>(bytes, 2 * kWords);
  device.upload(memory.data(), words.data(), filled);
  while (filled < bytes) { // twice as many each time
    const int64_t more = std::min(filled, bytes - filled);
    device.copy(memory.as<char>() + filled, memory.data(), more);
    filled += more;
  }
  return memory;
}

/// Seconds of one evaluation of `rows`.
double timeOf(CudaDevice &device, int64_t rows) {
  const Manifest &manifest = device.manifest();
  const FunctionEntry &network = manifest.network();
  const FunctionIndex index = manifest.functions.size() - 1;
  std::vector<DeviceMemory> memory;
  auto take = [&](int64_t bytes, const char *what) {
    memory.push_back(valuesFor(device, std::max<int64_t>(bytes, 64), what));
    return memory.back().data();
  };
  void *prepared = take(manifest.memory.prepared, "the packed weights");
  void *arena = take(rows * network.arenaPerRow, "the workspace");
  DeviceMemory rowIndex = device.allocate(rows * 4, "the rows of a batch");
  device.clear(rowIndex.data(), rows * 4);
  std::vector<DitTable> tables;
  for (const std::string &maker : network.tables) {
    auto &function = manifest.functions[*manifest.findFunction(maker)];
    tables.push_back(
        {static_cast<float *>(take(function.rowFloats * 4, "a row of a table")),
         rowIndex.as<int32_t>()});
  }
  std::vector<const void *> inputs;
  for (const std::string &name : network.inputs)
    inputs.push_back(take(rows * manifest.findInput(name)->elements() * 4,
                          "the states of a batch"));
  std::vector<void *> outputs;
  for (const PortEntry &output : manifest.outputs)
    outputs.push_back(
        take(rows * output.elements() * 4, "the predictions of a batch"));
  const DitCall call{&device.host(), rows,          prepared,      arena,
                     inputs.data(),  tables.data(), outputs.data()};
  device.settle(index, rows);
  auto recording = device.record([&] {
    device.enter(index, rows);
    device.call(index, call);
    device.leave();
  });
  double best = recording->time(); // the first one also warms up
  for (int i = 0; i < 5; ++i)
    best = std::min(best, recording->time());
  return best;
}

/// All that the choice among `candidates` depends on.
std::string tuningKey(const std::vector<const Alternative *> &candidates,
                      const Gpu &gpu, int64_t rows) {
  std::string code;
  for (const Alternative *candidate : candidates)
    code += sha256({static_cast<const char *>(candidate->functions->code),
                    candidate->functions->code_bytes});
  int64_t library = 0;
  try {
    library = CublasLt::open().version;
  } catch (const Error &) { // whoever needs it will say so
  }
  const Manifest &manifest = candidates[0]->manifest;
  return fmt::format("{}, cuBLASLt {}, driver {}, {} at {} of {} rows, code {}",
                     gpu.name, library, gpu.driver.version, manifest.name,
                     manifest.resolution().show(), rows,
                     sha256(code).substr(0, 16));
}

/// The fastest of `candidates`, or the one that can be had: a library that a
/// candidate needs may be missing.
std::unique_ptr<CudaDevice>
fastest(const std::vector<const Alternative *> &candidates,
        const std::shared_ptr<const Gpu> &gpu, const DeviceOptions &options) {
  TuningCache tuning(TuningCache::userPath(), options.notice);
  const std::string key = tuningKey(candidates, *gpu, options.rows);
  if (auto kept = tuning.find(key))
    for (const Alternative *candidate : candidates)
      if (candidate->manifest.matmul == kept->choice)
        return std::make_unique<CudaDevice>(*candidate, gpu, options);

  std::unique_ptr<CudaDevice> best;
  double bestSeconds = 0;
  std::exception_ptr problem;
  for (const Alternative *candidate : candidates) {
    try {
      auto device = std::make_unique<CudaDevice>(*candidate, gpu, options);
      double seconds = timeOf(*device, options.rows);
      if (!best || seconds < bestSeconds) {
        best = std::move(device);
        bestSeconds = seconds;
      }
    } catch (const Error &error) {
      problem = std::current_exception();
      if (options.notice)
        options.notice(
            fmt::format("the plan whose matmuls are {} cannot be tried: {}",
                        candidate->manifest.matmul, error.what()));
    }
  }
  if (!best)
    std::rethrow_exception(problem);
  if (!problem) { // what failed may be there the next time
    tuning.put(key, {best->manifest().matmul, bestSeconds * 1e6});
    tuning.save();
  }
  return best;
}

} // namespace

std::unique_ptr<CudaDevice> openCudaDevice(const Artifact &artifact,
                                           const DeviceOptions &options) {
  auto gpu = std::make_shared<const Gpu>(options.device.value_or(0));
  std::vector<const Alternative *> ofSize = artifact.alternatives(options.size);
  std::vector<const Alternative *> candidates =
      fitting(ofSize, gpu->major, gpu->minor);
  if (candidates.empty())
    fail("{}: compiled for {}, but GPU {} is {}", artifact.path(),
         showArchs(ofSize), options.device.value_or(0), gpu->describe());
  if (candidates.size() == 1)
    return std::make_unique<CudaDevice>(*candidates[0], gpu, options);
  return fastest(candidates, gpu, options);
}

} // namespace dit::runtime::cuda
