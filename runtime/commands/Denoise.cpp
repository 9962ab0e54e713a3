// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc denoise: one evaluation of the network on given tensors.
#include "runtime/commands/Commands.h"

#include "runtime/Denoiser.h"
#include "runtime/Error.h"
#include "runtime/OutputFile.h"
#include "runtime/Safetensors.h"

#include <cmath>
#include <cstring>

namespace dit::runtime {
namespace {

struct DenoiseFlags {
  std::string model, input, output;
  std::optional<std::string> weights;
  uint64_t seed = 0;
  DeviceOptions device;
};

/// x (N, C, H, W), t (N) and y (N) of the input file.
struct Inputs {
  std::vector<float> x, t;
  std::vector<int32_t> y;
};

const StoredTensor &require(const SafetensorsFile &file, const char *name) {
  const StoredTensor *t = file.find(name);
  if (!t)
    fail("{}: the tensor '{}' is missing; x, t and y are needed", file.path(),
         name);
  return *t;
}

std::vector<float> readFloats(const SafetensorsFile &file, const char *name,
                              bool integersToo) {
  const StoredTensor &t = require(file, name);
  if (!isFloatDtype(t.dtype) && !(integersToo && isIntegerDtype(t.dtype)))
    fail("{}: '{}' must be of dtype F32, F16, BF16, F64{}, but is {}",
         file.path(), name, integersToo ? ", I32 or I64" : "", t.dtype);
  std::vector<float> values(t.elements());
  convertToFloat(t.dtype, file.bytes(t), t.elements(), values.data());
  return values;
}

std::vector<int32_t> readLabels(const SafetensorsFile &file,
                                const Manifest &manifest) {
  const StoredTensor &t = require(file, "y");
  if (!isIntegerDtype(t.dtype))
    fail("{}: 'y' must be of dtype I32 or I64, but is {}", file.path(),
         t.dtype);
  int64_t highest = manifest.classes - (manifest.labelDropout ? 0 : 1);
  std::vector<int32_t> labels;
  for (int64_t i = 0; i < t.elements(); ++i) {
    int64_t label = 0;
    if (t.dtype == "I64") {
      std::memcpy(&label, file.bytes(t) + i * 8, 8);
    } else {
      int32_t narrow;
      std::memcpy(&narrow, file.bytes(t) + i * 4, 4);
      label = narrow;
    }
    if (label < 0 || label > highest)
      fail("{}: 'y' has {} at {}, outside 0 .. {}", file.path(), label, i,
           highest);
    labels.push_back(static_cast<int32_t>(label));
  }
  return labels;
}

/// A model that learned an embedding for each timestep has a row of a table for
/// whole ones alone.
std::vector<float> readTimesteps(const SafetensorsFile &file,
                                 const Manifest &manifest) {
  std::vector<float> times = readFloats(file, "t", true);
  for (const WeightEntry &weight : manifest.weights)
    if (weight.name == "t_embedder.embedding_table.weight")
      for (size_t i = 0; i < times.size(); ++i)
        if (!(times[i] >= 0 && times[i] < weight.shape[0] &&
              times[i] == std::floor(times[i])))
          fail("{}: 't' has {} at {}, which is none of the timesteps 0 .. {} "
               "that the model learned",
               file.path(), times[i], i, weight.shape[0] - 1);
  return times;
}

Inputs readInputs(const std::string &path, const Manifest &m) {
  SafetensorsFile file(path);
  const StoredTensor &x = require(file, "x");
  int64_t rows = x.shape.empty() ? 0 : x.shape[0];
  if (x.shape != std::vector<int64_t>{rows, m.channels, m.height, m.width} ||
      rows < 1)
    fail("{}: 'x' is {}, the model expects Nx{}x{}x{}", path,
         showShape(x.shape), m.channels, m.height, m.width);
  for (const char *name : {"t", "y"})
    if (const StoredTensor &v = require(file, name);
        v.shape != std::vector{rows})
      fail("{}: '{}' is {}, but 'x' has {} samples", path, name,
           showShape(v.shape), rows);
  return {readFloats(file, "x", false), readTimesteps(file, m),
          readLabels(file, m)};
}

void denoiseCommand(DenoiseFlags flags) {
  auto artifact = std::make_shared<Artifact>(flags.model);
  const Manifest &m = artifact->manifest(flags.device.size);
  Inputs in = readInputs(flags.input, m);
  auto rows = static_cast<int64_t>(in.t.size());
  OutputFile file(flags.output, rows * m.outputFloats() * 4 + 4096);
  flags.device.rows = rows;
  std::unique_ptr<Device> device = openDevice(*artifact, flags.device);
  auto weights = weightsOf(flags.weights, flags.seed, m);
  if (!device->isHost())
    fmt::print(stderr, "{}: {}\n", m.name,
               describeMemory(*artifact, *device,
                              evaluationBytes(device->manifest(), rows)));
  Denoiser denoiser(artifact, std::move(device), *weights);
  weights.reset();
  std::vector<float> out(rows * m.outputFloats());
  denoiser.evaluate(in.x.data(), in.t, in.y, out.data());
  writeSafetensors(
      file, {{"out", {rows, m.outputChannels, m.height, m.width}, out}}, {});
  file.commit();
  fmt::print("{}: out {}x{}x{}x{}\n", flags.output, rows, m.outputChannels,
             m.height, m.width);
}

} // namespace

void addDenoiseCommand(CLI::App &app) {
  auto flags = std::make_shared<DenoiseFlags>();
  CLI::App *c =
      app.add_subcommand("denoise", "evaluate a compiled model's network once");
  c->add_option("model", flags->model, "the artifact, MODEL.so")->required();
  addWeightsFlag(*c, flags->weights);
  c->add_option("--input", flags->input,
                ".safetensors with x (N,C,H,W), t (N), y (N)")
      ->required();
  c->add_option("-o,--output", flags->output,
                ".safetensors for out (N,C_out,H,W)")
      ->required();
  addSeedFlag(*c, flags->seed);
  addDeviceFlags(*c, flags->device);
  c->callback([flags] { denoiseCommand(*flags); });
}

} // namespace dit::runtime
