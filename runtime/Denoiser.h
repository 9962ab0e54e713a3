// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A model ready to be evaluated: an artifact's code with packed weights, on a
// device. Its inputs go by name; what changes more rarely than a step is
// computed once for rows that are told the same.
#ifndef DIT_RUNTIME_DENOISER_H
#define DIT_RUNTIME_DENOISER_H

#include "runtime/Artifact.h"
#include "runtime/Device.h"
#include "runtime/Memory.h"
#include "runtime/Weights.h"

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>

namespace dit::runtime {

class Denoiser;

/// Values of one input for `rows` samples, or of one for all: elements as the
/// manifest's PortEntry says, row after row.
struct InputValues {
  const void *data = nullptr;
  int64_t rows = 1;
};

/// By name.
using InputMap = std::map<std::string, InputValues, std::less<>>;

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
  /// The same of a model that reads x and one table at every step: out (rows,
  /// C_out, H, W) = network(x (rows, C, H, W)); row i is conditioned by row
  /// rowIndex[i] of `table`.
  void denoise(const float *x, const int32_t *rowIndex, const float *table,
               float *out);

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
  /// Of a model that is told x, t and y alone: fills one row of the condition's
  /// `table` (t.size(), its row_floats), which is the device's memory, for each
  /// (t[i], y[i]). t and y have one length; y must be a label of the model.
  void condition(std::span<const float> t, std::span<const int32_t> y,
                 float *table);
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
  /// Rows of a function's table that differ, and which of them is each
  /// sample's.
  struct Table {
    DeviceMemory rows;
    std::vector<int32_t> rowOf; ///< one a sample
    DeviceMemory rowIndex;      ///< the same, on the device
    int64_t capacity = 0;
  };

  void makePrepared();
  void runOnce(FunctionIndex function);
  DitStatus call(FunctionIndex function, const DitCall &call);
  void fillTables(const InputMap &inputs, int64_t rows);
  /// Runs a function that fills a table, for rows whose inputs and row_index
  /// are the host's, in pieces that bound the memory.
  void fillTable(FunctionIndex function, int64_t rows,
                 std::span<const void *const> inputs,
                 std::span<const std::vector<int32_t>> rowsOfTables,
                 float *table);
  void evaluateNetwork(const InputMap &inputs, const float *x, int64_t rows,
                       float *out);
  const FunctionEntry &entry(FunctionIndex function) const {
    return manifest().functions[function];
  }
  int64_t rowBytesOf(std::string_view input) const;
  DeviceMemory &grow(DeviceMemory &memory, int64_t bytes, const char *what);

  std::shared_ptr<const Artifact> artifact;
  std::shared_ptr<Prepared> prepared; // until the device's work is done
  std::unique_ptr<Device> runner;
  DeviceMemory tableArena;
  std::vector<DeviceMemory> tableInputs; ///< of fillTable, on the device
  // Of evaluate.
  std::unique_ptr<Plan> lastPlan;
  std::vector<Table> tables; ///< one a function
  std::vector<DeviceMemory> networkInputs;
  DeviceMemory input, output;
  std::recursive_mutex turn;
};

/// Bytes that an evaluation of `rows` takes beside the packed weights, where
/// the device's memory is not the host's.
int64_t evaluationBytes(const Manifest &manifest, int64_t rows);

} // namespace dit::runtime

#endif // DIT_RUNTIME_DENOISER_H
