// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calls an artifact's functions in order and owns the memory they work in.
#include "runtime/Denoiser.h"

#include "runtime/Error.h"
#include "runtime/Evaluation.h"

namespace dit::runtime {

int64_t rowBytes(int64_t rows, int64_t bytesPerRow, const char *what) {
  int64_t bytes;
  if (__builtin_mul_overflow(rows, bytesPerRow, &bytes))
    fail("{} of {} rows of {} bytes exceeds what a machine has", what, rows,
         bytesPerRow);
  return bytes;
}

Plan::Plan(Denoiser &denoiser, int64_t rows) : denoiser(denoiser), count(rows) {
  auto turn = denoiser.takeTurn();
  Device &device = denoiser.device();
  const Manifest &manifest = device.manifest();
  device.settle(manifest.functions.size() - 1, rows);
  arena = device.allocate(
      rowBytes(rows, manifest.network().arenaPerRow, "a workspace"),
      "the workspace");
}

void Plan::run(std::span<const void *const> inputs,
               std::span<const DitTable> tables,
               std::span<void *const> outputs) {
  auto turn = denoiser.takeTurn();
  denoiser.call(denoiser.manifest().functions.size() - 1,
                {&denoiser.device().host(), count,
                 denoiser.prepared->memory.data(), arena.data(), inputs.data(),
                 tables.data(), outputs.data()});
}

Denoiser::Denoiser(std::shared_ptr<const Artifact> loaded,
                   std::unique_ptr<Device> device, WeightSource &weights)
    : artifact(std::move(loaded)), prepared(std::make_shared<Prepared>()),
      runner(std::move(device)) {
  prepared->memory = runner->allocateShared(artifact->preparedBytes(manifest()),
                                            "the packed weights");
  runner->bindWeights(&weights);
  for (size_t i = 0; i < manifest().functions.size(); ++i)
    if (entry(i).every == kEveryLoad && entry(i).readsWeights)
      runOnce(i);
  weights.check();
  runner->bindWeights(nullptr);
  makePrepared();
}

Denoiser::Denoiser(const Denoiser &first, const DeviceOptions &options)
    : artifact(first.artifact), prepared(first.prepared),
      runner(first.runner->beside(
          artifact->alternativeOf(first.manifest(), options.size), options)) {
  makePrepared();
}

Denoiser::Denoiser(std::shared_ptr<const Artifact> loaded,
                   WeightSource &weights, int threads)
    : Denoiser(loaded, openDevice(*loaded, {.threads = threads}), weights) {}

Denoiser::~Denoiser() { lastEvaluation.reset(); }

DitStatus Denoiser::call(FunctionIndex function, const DitCall &call) {
  runner->enter(function, call.rows);
  DitStatus status = runner->call(function, call);
  runner->leave();
  artifact->check(status, entry(function).name);
  return status;
}

/// Done on return: whatever shares what is prepared need not wait for this
/// device.
void Denoiser::runOnce(FunctionIndex function) {
  runner->settle(function, 1);
  call(function, {&runner->host(), 1, prepared->memory.data(), nullptr, nullptr,
                  nullptr, nullptr});
  runner->synchronize();
}

/// What this size has of its own, unless somebody who shares the weights has
/// made it.
void Denoiser::makePrepared() {
  std::lock_guard lock(prepared->turn);
  if (!prepared->tables.insert(manifest().resolution()).second)
    return;
  for (size_t i = 0; i < manifest().functions.size(); ++i)
    if (entry(i).every == kEveryLoad && !entry(i).readsWeights)
      runOnce(i);
}

DeviceMemory &Denoiser::grow(DeviceMemory &memory, int64_t bytes,
                             const char *what) {
  if (!memory.data() || memory.bytes() < bytes) {
    memory = DeviceMemory();
    memory = runner->allocate(bytes, what);
  }
  return memory;
}

void Denoiser::checkInputs(const InputMap &inputs, int64_t rows) const {
  for (const PortEntry &port : manifest().inputs) {
    auto found = inputs.find(port.name);
    if (found == inputs.end())
      fail("the input {} is missing: the model reads {} of {} a sample",
           inQuotes(port.name), port.dtype, showShape(port.shape));
    if (found->second.rows != rows && found->second.rows != 1)
      fail("the input {} has {} rows, but the batch {}", inQuotes(port.name),
           found->second.rows, rows);
  }
}

Evaluation &Denoiser::evaluationOf(int64_t rows) {
  if (!lastEvaluation || lastEvaluation->rows() != rows) {
    lastEvaluation.reset();
    lastEvaluation = std::make_unique<Evaluation>(*this, rows);
  }
  return *lastEvaluation;
}

void Denoiser::evaluateOnDevice(const float *x, std::span<const float> t,
                                std::span<const int32_t> y, float *out) {
  auto rows = static_cast<int64_t>(t.size());
  InputMap inputs{
      {"x", {x, rows}}, {"t", {t.data(), rows}}, {"y", {y.data(), rows}}};
  checkInputs(inputs, rows);
  auto lock = takeTurn(); // of what is kept from one evaluation to the next
  Evaluation &evaluation = evaluationOf(rows);
  evaluation.tell(inputs);
  evaluation.run(x, out);
}

void Denoiser::evaluate(const InputMap &inputs, int64_t rows, float *out) {
  checkInputs(inputs, rows);
  auto lock = takeTurn();
  Evaluation &evaluation = evaluationOf(rows);
  evaluation.tell(inputs);
  const InputValues &x = inputs.find("x")->second;
  int64_t floats = manifest().sampleFloats();
  int64_t inBytes = rowBytes(rows, floats * 4, "an input");
  int64_t outBytes =
      rowBytes(rows, manifest().outputFloats() * 4, "a prediction");
  if (runner->isHost() && x.rows == rows) {
    evaluation.run(static_cast<const float *>(x.data), out);
    return;
  }
  grow(input, inBytes, "the states of a batch");
  grow(output, outBytes, "the predictions of a batch");
  for (int64_t i = 0; i < rows; i += x.rows)
    runner->upload(input.as<float>() + i * floats, x.data, x.rows * floats * 4);
  evaluation.run(input.as<float>(), output.as<float>());
  runner->download(out, output.data(), outBytes);
}

void Denoiser::evaluate(const float *x, std::span<const float> t,
                        std::span<const int32_t> y, float *out) {
  auto rows = static_cast<int64_t>(t.size());
  evaluate(InputMap{{"x", {x, rows}},
                    {"t", {t.data(), rows}},
                    {"y", {y.data(), rows}}},
           rows, out);
}

int64_t evaluationBytes(const Manifest &manifest, int64_t rows) {
  return rowBytes(rows,
                  manifest.network().arenaPerRow + manifest.tableArenaPerRow() +
                      4 * (manifest.rowFloats() + manifest.sampleFloats() +
                           manifest.outputFloats()),
                  "a workspace");
}

} // namespace dit::runtime
