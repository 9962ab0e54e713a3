// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc interpret: one network evaluation by the reference interpreter, tensors
// in and out as safetensors.
#include "compiler/Session.h"
#include "compiler/commands/Commands.h"
#include "dialect/DiTDialect.h"
#include "dialect/Interpreter.h"
#include "runtime/Checkpoint.h"
#include "runtime/Error.h"
#include "runtime/OutputFile.h"
#include "runtime/Safetensors.h"
#include "runtime/commands/Commands.h"

#include <set>

using namespace mlir;
using namespace dit;

namespace {

struct InterpretOptions {
  std::string input, weights, tensors, output;
  runtime::CheckpointOptions checkpoint;
  std::optional<Resolution> size;
  std::vector<Setting> settings;
  bool exact = false, poisonArena = false;
};

Tensor toTensor(const runtime::SafetensorsFile &file, const std::string &name,
                Type elementType) {
  const runtime::StoredTensor *stored = file.find(name);
  if (!stored)
    runtime::fail("{}: tensor '{}' is missing", file.path(), name);
  if (!runtime::isFloatDtype(stored->dtype) &&
      !runtime::isIntegerDtype(stored->dtype))
    runtime::fail("{}: '{}' has dtype {}, which is not read", file.path(), name,
                  stored->dtype);
  std::vector<float> floats(stored->elements());
  runtime::readFloats(file, *stored, floats.data());
  return Tensor(stored->shape, elementType, floats);
}

Tensor readWeight(const runtime::Checkpoint &checkpoint,
                  const std::string &name, Type elementType) {
  const runtime::CheckpointTensor *stored = checkpoint.find(name);
  if (!stored)
    runtime::fail("{}: tensor {} is missing", checkpoint.path(),
                  checkpoint.shownName(name));
  std::vector<float> floats(stored->elements());
  checkpoint.read(*stored, floats.data());
  return Tensor(stored->shape, elementType, floats);
}

/// What of a manifest says which tensors are the weights.
runtime::Manifest describeWeights(const Input &input) {
  runtime::Manifest manifest;
  std::set<std::string> names;
  input.module.get().walk(
      [&](WeightOp op) { names.insert(op.getName().str()); });
  for (const std::string &name : names)
    manifest.weights.push_back({name, {}});
  manifest.layouts = input.spec.layouts;
  return manifest;
}

/// The tensors that the module's functions want of the caller, by name.
TensorMap readInputs(ModuleOp module, const runtime::SafetensorsFile &file) {
  TensorMap inputs;
  for (auto func : module.getOps<func::FuncOp>())
    for (unsigned i = 0; i < func.getNumArguments(); ++i) {
      auto from = func.getArgAttrOfType<StringAttr>(i, kFromAttr);
      std::string name = nameOfArgument(func, i);
      auto type = cast<RankedTensorType>(func.getArgumentTypes()[i]);
      if (from && from.getValue() == "input" && !inputs.count(name))
        inputs[name] = toTensor(file, name, type.getElementType());
    }
  return inputs;
}

void writeOutputs(const TensorMap &outputs, const std::string &path) {
  std::vector<runtime::TensorToWrite> tensors;
  std::vector<std::vector<float>> values;
  values.reserve(outputs.size());
  for (const auto &[name, tensor] : outputs) {
    values.emplace_back(tensor.values.begin(), tensor.values.end());
    tensors.push_back(
        {name, {tensor.shape.begin(), tensor.shape.end()}, values.back()});
  }
  runtime::OutputFile file(path);
  runtime::writeSafetensors(file, tensors, {});
  file.commit();
}

LogicalResult run(Session &session, const InterpretOptions &options) {
  auto input = session.load(options.input, options.size, options.settings);
  if (failed(input))
    return failure();
  if (options.poisonArena && input->phase != Phase::Planned)
    return session.error("--poison-arena needs IR of phase planned, but " +
                         options.input + " has reached phase " +
                         infoOf(input->phase).name);
  try {
    runtime::Checkpoint weights(options.weights, describeWeights(*input),
                                options.checkpoint);
    runtime::SafetensorsFile tensors(options.tensors);
    Type f32 = Float32Type::get(&session.context());
    auto source = [&](StringRef name,
                      ArrayRef<int64_t>) -> llvm::Expected<Tensor> {
      return readWeight(weights, name.str(), f32);
    };
    InterpreterOptions how;
    how.exact = options.exact;
    how.useArena = options.poisonArena;
    auto outputs = interpret(*input->module, source,
                             readInputs(*input->module, tensors), how);
    if (!outputs)
      return session.error(llvm::toString(outputs.takeError()));
    writeOutputs(*outputs, options.output);
    return success();
  } catch (const runtime::Error &error) {
    for (const std::string &sentence : error.sentences())
      (void)session.error(sentence);
    return failure();
  }
}

} // namespace

void dit::addInterpret(CLI::App &app, int &exitCode) {
  auto *command = app.add_subcommand(
      "interpret", "evaluate a network by the reference interpreter");
  auto options = std::make_shared<InterpretOptions>();
  command
      ->add_option("INPUT", options->input,
                   "SPEC.yaml, or IR.mlir of any phase")
      ->required();
  command
      ->add_option("--weights", options->weights,
                   "weights, .safetensors or .pt, or a diffusers folder; "
                   "FILE#KEY for a part of a checkpoint")
      ->required();
  command
      ->add_option("--input", options->tensors,
                   "a safetensors file with x (N,C,H,W), t (N), y (N)")
      ->required();
  command
      ->add_option("-o,--output", options->output,
                   "the safetensors file to write, with out (N,C_out,H,W)")
      ->required();
  addSize(*command, options->size);
  addSet(*command, options->settings);
  command->add_flag("--exact", options->exact,
                    "round nowhere, not even in dit.cast");
  command->add_flag(
      "--poison-arena", options->poisonArena,
      "for planned IR: keep values at their offsets, and NaN everywhere else");
  options->checkpoint.notice = runtime::noticeOf(*command);
  command->callback([options, &exitCode] {
    Session session("ditc interpret");
    exitCode = session.exitCode(run(session, *options));
  });
}
