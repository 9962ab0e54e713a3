// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A model ready to be evaluated: an artifact's code with packed weights, on a
// device. Its inputs go by name; what changes more rarely than a step is
// computed once for rows that are told the same.
#ifndef DIT_RUNTIME_DENOISER_H
#define DIT_RUNTIME_DENOISER_H

#include "runtime/Artifact.h"
#include "runtime/Device.h"
#include "runtime/Memory.h"
#include "runtime/ToldRows.h"
#include "runtime/Weights.h"

#include <memory>
#include <mutex>
#include <set>
#include <span>

namespace dit::runtime {

class Denoiser;
class Evaluation;

/// `rows * bytesPerRow`; throws where a flag has made it too large.
int64_t rowBytes(int64_t rows, int64_t bytesPerRow, const char *what);

/// The memory that the network's function works in, for a number of rows. Must
/// not outlive its Denoiser.
class Plan {
public:
  Plan(Denoiser &denoiser, int64_t rows);

  int64_t rows() const { return count; }
  /// The network's function: `inputs`, `tables` and `outputs` as its
  /// FunctionEntry lists them, all in the device's memory.
  void run(std::span<const void *const> inputs,
           std::span<const DitTable> tables, std::span<void *const> outputs);

private:
  Denoiser &denoiser;
  int64_t count;
  DeviceMemory arena;
};

/// The packed weights of an artifact and the tables of its sizes, in one piece
/// of a device's memory. The Denoisers of several sizes share one.
struct Prepared {
  DeviceMemory memory;
  std::mutex turn;             ///< of whoever computes tables
  std::set<Resolution> tables; ///< the sizes whose tables are there
};

/// Packs the weights once and evaluates the network. Its functions may be
/// called from several threads, which then take turns; the results do not
/// depend on the number of threads.
class Denoiser {
public:
  /// On a device that openDevice() made for `artifact`. Reads all of `weights`,
  /// and needs them no more afterwards.
  Denoiser(std::shared_ptr<const Artifact> artifact,
           std::unique_ptr<Device> device, WeightSource &weights);
  /// The model of `first` at options.size, on the same GPU and with the same
  /// packed weights: nothing is read, and what is computed is a size's tables,
  /// once. The two need nothing of each other afterwards: they may be used by
  /// two threads at once, also while this is made, and end in any order. Throws
  /// a FlagError for a size that the artifact does not have.
  Denoiser(const Denoiser &first, const DeviceOptions &options);
  /// On the artifact's device, with `threads` of the host.
  Denoiser(std::shared_ptr<const Artifact> artifact, WeightSource &weights,
           int threads);
  ~Denoiser();
  Denoiser(const Denoiser &) = delete;
  Denoiser &operator=(const Denoiser &) = delete;

  /// Of the alternative that the device runs.
  const Manifest &manifest() const { return runner->manifest(); }
  Device &device() { return *runner; }
  /// Keeps other threads from the device for as long as it lives; a thread may
  /// hold several.
  std::unique_lock<std::recursive_mutex> takeTurn() {
    return std::unique_lock(turn);
  }

  /// Throws an Error that names what `inputs` lacks of the model's inputs, what
  /// it has that is none of them, and what is neither of `rows` rows nor of
  /// one.
  void checkInputs(const InputMap &inputs, int64_t rows) const;
  /// One evaluation of the network as it is written, for `rows` samples. Rows
  /// that are told the same are conditioned, and prompted, once.
  void evaluate(const InputMap &inputs, int64_t rows, float *out);
  /// The same of a model that is told x (N, C, H, W), t (N) and y (N) alone;
  /// out is (N, C_out, H, W).
  void evaluate(const float *x, std::span<const float> t,
                std::span<const int32_t> y, float *out);
  /// The same with x and out in the device's memory. What a GPU does of it may
  /// not be done on return; it is in the order of the device's stream.
  void evaluateOnDevice(const float *x, std::span<const float> t,
                        std::span<const int32_t> y, float *out);

private:
  friend class Plan;
  friend class ConditionTables;
  friend class Evaluation;

  void makePrepared();
  void runOnce(FunctionIndex function);
  DitStatus call(FunctionIndex function, const DitCall &call);
  Evaluation &evaluationOf(int64_t rows);
  const FunctionEntry &entry(FunctionIndex function) const {
    return manifest().functions[function];
  }
  DeviceMemory &grow(DeviceMemory &memory, int64_t bytes, const char *what);

  std::shared_ptr<const Artifact> artifact;
  std::shared_ptr<Prepared> prepared; // until the device's work is done
  std::unique_ptr<Device> runner;
  // Of evaluate.
  std::unique_ptr<Evaluation> lastEvaluation;
  DeviceMemory input, output;
  std::recursive_mutex turn;
};

/// Bytes that an evaluation of `rows` takes beside the packed weights, where
/// the device's memory is not the host's.
int64_t evaluationBytes(const Manifest &manifest, int64_t rows);

} // namespace dit::runtime

#endif // DIT_RUNTIME_DENOISER_H
