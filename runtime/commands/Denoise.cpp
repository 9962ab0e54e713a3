// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc denoise: one evaluation of the network on given tensors.
#include "runtime/commands/Commands.h"

#include "runtime/Denoiser.h"
#include "runtime/Error.h"
#include "runtime/OutputFile.h"
#include "runtime/Safetensors.h"
#include "runtime/commands/Messages.h"

#include <fmt/ranges.h>

#include <bit>
#include <cmath>
#include <cstring>

namespace dit::runtime {
namespace {

struct DenoiseFlags {
  std::string model, input, output;
  std::optional<std::string> weights;
  CheckpointOptions checkpoint;
  uint64_t seed = 0;
  DeviceOptions device;
};

/// What the network is told, as its manifest lists it: 32-bit elements, row
/// after row.
struct Inputs {
  std::map<std::string, std::vector<uint32_t>> values;
  InputMap views;
  int64_t rows = 1;
};

const StoredTensor &require(const SafetensorsFile &file, const Manifest &m,
                            const std::string &name) {
  if (const StoredTensor *t = file.find(name))
    return *t;
  std::vector<std::string> names;
  for (const PortEntry &input : m.inputs)
    names.push_back(input.name);
  fail("{}: the tensor '{}' is missing; {} are needed", file.path(), name,
       fmt::join(names, ", "));
}

/// The leading dimension of `t`, whose others are the input's.
int64_t rowsOf(const SafetensorsFile &file, const PortEntry &input,
               const StoredTensor &t) {
  int64_t rows = t.shape.empty() ? 0 : t.shape[0];
  std::vector<int64_t> expected{rows};
  expected.insert(expected.end(), input.shape.begin(), input.shape.end());
  if (rows < 1 || t.shape != expected)
    fail("{}: '{}' is {}, the model expects N{}{}", file.path(), input.name,
         showShape(t.shape), input.shape.empty() ? "" : "x",
         input.shape.empty() ? "" : showShape(input.shape));
  return rows;
}

std::vector<uint32_t> floatsOf(const SafetensorsFile &file,
                               const PortEntry &input, const StoredTensor &t) {
  // What is one number a sample may be written as a whole one.
  bool integersToo = input.shape.empty();
  if (!isFloatDtype(t.dtype) && !(integersToo && isIntegerDtype(t.dtype)))
    fail("{}: '{}' must be of dtype {}{}, but is {}", file.path(), input.name,
         kFloatDtypes, integersToo ? ", I32 or I64" : "", t.dtype);
  std::vector<uint32_t> values(t.elements());
  readFloats(file, t, reinterpret_cast<float *>(values.data()));
  return values;
}

std::vector<uint32_t> readIntegers(const SafetensorsFile &file,
                                   const Manifest &manifest,
                                   const PortEntry &input,
                                   const StoredTensor &t) {
  if (!isIntegerDtype(t.dtype))
    fail("{}: '{}' must be of dtype I32 or I64, but is {}", file.path(),
         input.name, t.dtype);
  int64_t lowest = INT32_MIN, highest = INT32_MAX;
  if (input.name == "y") {
    lowest = 0;
    highest = manifest.classes - (manifest.labelDropout ? 0 : 1);
  }
  std::string bytes(t.bytes, '\0');
  file.readBytes(t, bytes.data());
  std::vector<uint32_t> values;
  for (int64_t i = 0; i < t.elements(); ++i) {
    int64_t value = 0;
    if (t.dtype == "I64") {
      std::memcpy(&value, bytes.data() + i * 8, 8);
    } else {
      int32_t narrow;
      std::memcpy(&narrow, bytes.data() + i * 4, 4);
      value = narrow;
    }
    if (value < lowest || value > highest)
      fail("{}: '{}' has {} at {}, outside {} .. {}", file.path(), input.name,
           value, i, lowest, highest);
    values.push_back(static_cast<uint32_t>(value));
  }
  return values;
}

/// A model that learned an embedding for each timestep has a row of a table for
/// whole ones alone.
void checkTimesteps(const SafetensorsFile &file, const Manifest &manifest,
                    const Inputs &in) {
  auto t = in.values.find("t");
  for (const WeightEntry &weight : manifest.weights)
    if (weight.name == "t_embedder.embedding_table.weight" &&
        t != in.values.end())
      for (size_t i = 0; i < t->second.size(); ++i) {
        float time = std::bit_cast<float>(t->second[i]);
        if (!(time >= 0 && time < weight.shape[0] && time == std::floor(time)))
          fail("{}: 't' has {} at {}, which is none of the timesteps 0 .. {} "
               "that the model learned",
               file.path(), time, i, weight.shape[0] - 1);
      }
}

Inputs readInputs(const std::string &path, const Manifest &m) {
  SafetensorsFile file(path);
  Inputs in;
  for (const PortEntry &input : m.inputs)
    in.rows =
        std::max(in.rows, rowsOf(file, input, require(file, m, input.name)));
  for (const PortEntry &input : m.inputs) {
    const StoredTensor &t = require(file, m, input.name);
    int64_t rows = rowsOf(file, input, t);
    if (rows != 1 && rows != in.rows)
      fail("{}: '{}' is {}, but another input has {} samples", path, input.name,
           showShape(t.shape), in.rows);
    auto &values = in.values[input.name];
    values = input.dtype == "i32" ? readIntegers(file, m, input, t)
                                  : floatsOf(file, input, t);
    in.views[input.name] = {values.data(), rows};
  }
  checkTimesteps(file, m, in);
  return in;
}

void denoiseCommand(DenoiseFlags flags) {
  auto artifact = std::make_shared<Artifact>(flags.model);
  const Manifest &m = artifact->manifest(flags.device.size);
  Inputs in = readInputs(flags.input, m);
  const int64_t rows = in.rows;
  auto weights = weightsOf(flags.weights, flags.seed, m, flags.checkpoint);
  OutputFile file(flags.output, rows * m.outputFloats() * 4 + 4096);
  flags.device.rows = rows;
  std::unique_ptr<Device> device = openDevice(*artifact, flags.device);
  if (!device->isHost())
    say("{}: {}\n", m.name,
        describeMemory(*artifact, *device,
                       evaluationBytes(device->manifest(), rows)));
  Denoiser denoiser(artifact, std::move(device), *weights);
  weights.reset();
  std::vector<float> out(rows * m.outputFloats());
  denoiser.evaluate(in.views, rows, out.data());
  writeSafetensors(
      file, {{"out", {rows, m.outputChannels, m.height, m.width}, out}}, {});
  file.commit();
  announce(flags.output, "out {}x{}x{}x{}\n", rows, m.outputChannels, m.height,
           m.width);
}

} // namespace

void addDenoiseCommand(CLI::App &app) {
  auto flags = std::make_shared<DenoiseFlags>();
  CLI::App *c =
      app.add_subcommand("denoise", "evaluate a compiled model's network once");
  c->add_option("model", flags->model, "the artifact, MODEL.so")->required();
  addWeightsFlag(*c, flags->weights, flags->checkpoint);
  c->add_option("--input", flags->input,
                ".safetensors with a tensor for each input that inspect lists: "
                "x (N,C,H,W), t (N), y (N), ..; or one row for all samples")
      ->required();
  c->add_option("-o,--output", flags->output,
                ".safetensors for out (N,C_out,H,W)")
      ->required();
  addSeedFlag(*c, flags->seed);
  addDeviceFlags(*c, flags->device);
  c->callback([flags] { denoiseCommand(*flags); });
}

} // namespace dit::runtime
