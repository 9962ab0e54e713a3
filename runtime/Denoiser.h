// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A model ready to be evaluated: an artifact's code with packed weights, on a
// device.
#ifndef DIT_RUNTIME_DENOISER_H
#define DIT_RUNTIME_DENOISER_H

#include "runtime/Artifact.h"
#include "runtime/Device.h"
#include "runtime/Memory.h"
#include "runtime/Weights.h"

#include <memory>
#include <mutex>
#include <set>
#include <span>

namespace dit::runtime {

class Denoiser;

/// An artifact's plan for a number of rows, and the memory it works in. Must
/// not outlive its Denoiser.
class Plan {
public:
  Plan(Denoiser &denoiser, int64_t rows);
  ~Plan();
  Plan(const Plan &) = delete;
  Plan &operator=(const Plan &) = delete;

  int64_t rows() const { return count; }
  /// out (rows, C_out, H, W) = network(x (rows, C, H, W)); row i is conditioned
  /// by row rowIndex[i] of `table`. All in the device's memory.
  void denoise(const float *x, const int32_t *rowIndex, const float *table,
               float *out);

private:
  Denoiser &denoiser;
  int64_t count;
  DeviceMemory arena;
  Memory plan;
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

  /// Fills one row of `table` (t.size(), condition_row_floats), which is the
  /// device's memory, for each (t[i], y[i]). t and y have one length; y must be
  /// a label of the model.
  void condition(std::span<const float> t, std::span<const int32_t> y,
                 float *table);
  /// One evaluation as the network is written: x (N, C, H, W), t (N), y (N),
  /// out (N, C_out, H, W). Equal pairs (t, y) are conditioned once.
  void evaluate(const float *x, std::span<const float> t,
                std::span<const int32_t> y, float *out);
  /// The same with x and out in the device's memory. What a GPU does of it may
  /// not be done on return; it is in the order of the device's stream.
  void evaluateOnDevice(const float *x, std::span<const float> t,
                        std::span<const int32_t> y, float *out);

private:
  friend class Plan;
  void pack(WeightSource &weights);
  void tabulate();
  DeviceMemory &grow(DeviceMemory &memory, int64_t bytes, const char *what);

  std::shared_ptr<const Artifact> artifact;
  std::shared_ptr<Prepared> prepared; // until the device's work is done
  std::unique_ptr<Device> runner;
  Memory state;
  DeviceMemory conditionArena, conditionInputs;
  // Of evaluate.
  std::unique_ptr<Plan> lastPlan;
  DeviceMemory table, rowIndex, input, output;
  std::recursive_mutex turn;
};

/// Bytes that an evaluation of `rows` takes beside the packed weights, where
/// the device's memory is not the host's.
int64_t evaluationBytes(const Manifest &manifest, int64_t rows);

} // namespace dit::runtime

#endif // DIT_RUNTIME_DENOISER_H
