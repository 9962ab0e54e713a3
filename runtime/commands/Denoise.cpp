// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc denoise: one evaluation of the network on given tensors.
#include "runtime/commands/Commands.h"

#include "runtime/Denoiser.h"
#include "runtime/Error.h"
#include "runtime/OutputFile.h"
#include "runtime/Safetensors.h"
#include "runtime/commands/InputTensors.h"
#include "runtime/commands/Messages.h"

#include <fmt/ranges.h>

namespace dit::runtime {
namespace {

struct DenoiseFlags {
  std::string model, input, output;
  std::optional<std::string> weights;
  CheckpointOptions checkpoint;
  uint64_t seed = 0;
  DeviceOptions device;
};

/// What the network is told, as its manifest lists it.
struct Inputs {
  std::map<std::string, InputRows> values;
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
    InputRows &values = in.values[input.name];
    values = readRows(file, input, t);
    in.views[input.name] = {values.values.data(), rows};
  }
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
