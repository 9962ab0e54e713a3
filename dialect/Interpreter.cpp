// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Walks a module's functions and their blocks; what an op computes is in
// Semantics*.cpp, where a planned value lies in ShadowArena.cpp.
#include "dialect/Interpreter.h"
#include "dialect/Semantics.h"
#include "dialect/ShadowArena.h"

#include <fmt/format.h>
#include <memory>
#include <optional>

using namespace mlir;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using mlir::func::FuncOp;

namespace dit {

using TensorRef = std::shared_ptr<const Tensor>;

Tensor::Tensor(ArrayRef<int64_t> shape, Type elementType)
    : shape(shape), elementType(elementType) {
  int64_t size = 1;
  for (int64_t dim : shape)
    size *= dim;
  values.resize(size);
}

Tensor::Tensor(ArrayRef<int64_t> shape, Type elementType,
               ArrayRef<float> floats)
    : shape(shape), elementType(elementType),
      values(floats.begin(), floats.end()) {}

std::string showShape(ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t dim : shape)
    text += (text.empty() ? "" : "x") +
            (ShapedType::isDynamic(dim) ? "?" : std::to_string(dim));
  return shape.empty() ? "a scalar" : text;
}

std::string argumentName(FuncOp function, unsigned i) {
  auto name = function.getArgAttrOfType<StringAttr>(i, kNameAttr);
  return name ? name.str() : fmt::format("arg{}", i);
}

std::string resultName(FuncOp function, unsigned i) {
  auto name = function.getResultAttrOfType<StringAttr>(i, kNameAttr);
  return name ? name.str() : fmt::format("result{}", i);
}

namespace {

/// What an op is called in messages: its location's name, else its own.
std::string describe(Operation *op) {
  StringRef name = nameOf(op->getLoc());
  return name.empty() ? op->getName().getStringRef().str() : name.str();
}

int64_t roundUpTo64(int64_t bytes) { return (bytes + 63) / 64 * 64; }

/// One run of one function, all regions included.
class Run {
public:
  Run(FuncOp function, const WeightSource &weights,
      const InterpreterOptions &options)
      : function(function), weights(weights), options(options) {}

  Expected<std::vector<TensorRef>> operator()(ArrayRef<TensorRef> arguments);

private:
  /// The values of one block while it runs: held as tensors, or in the arena.
  struct Frame {
    DenseMap<Value, TensorRef> tensors;
    DenseMap<Value, Span> spans;
    DenseMap<Operation *, SmallVector<Value>> dying; ///< last read by this op
    bool inArena = false;
  };

  Error bindBatch(ArrayRef<TensorRef> arguments);
  Error makeArena();
  Expected<std::vector<TensorRef>>
  runBlock(Block &block, ArrayRef<TensorRef> arguments, bool inArena);
  Error runOp(Operation *op, Frame &frame);
  Error runWeight(WeightOp op, Frame &frame);
  Error runFused(FusedOp op, Frame &frame);
  Expected<TensorRef> read(Value value, Frame &frame);
  Error define(Value value, TensorRef tensor, Frame &frame,
               std::optional<int64_t> offset = {});
  Span spanOf(Value value, int64_t offset);
  Error throughTable(std::vector<TensorRef> &results);

  FuncOp function;
  const WeightSource &weights;
  const InterpreterOptions &options;
  int64_t batch = 1;
  std::unique_ptr<ShadowArena> arena; ///< null unless options.useArena
};

/// Where each value is read last. Views have no moment of their own: what they
/// read is read by their users.
DenseMap<Operation *, SmallVector<Value>> findLastReads(Block &block) {
  DenseMap<Value, Operation *> last;
  std::function<void(Value, Operation *)> reads = [&](Value value,
                                                      Operation *by) {
    last[value] = by;
    if (Operation *op = value.getDefiningOp(); op && isView(op))
      for (Value operand : op->getOperands())
        reads(operand, by);
  };
  for (Operation &op : block) {
    if (isView(&op))
      continue;
    for (Value result : op.getResults())
      last[result] = &op;
    for (Value operand : op.getOperands())
      reads(operand, &op);
  }
  DenseMap<Operation *, SmallVector<Value>> dying;
  for (auto [value, op] : last)
    dying[op].push_back(value);
  return dying;
}

Error Run::bindBatch(ArrayRef<TensorRef> arguments) {
  if (arguments.size() != function.getNumArguments())
    return createStringError(
        fmt::format("@{} takes {} arguments, got {}", function.getName().str(),
                    function.getNumArguments(), arguments.size()));
  std::optional<int64_t> known;
  for (auto [i, argument] : llvm::enumerate(arguments)) {
    auto type = dyn_cast<RankedTensorType>(function.getArgumentTypes()[i]);
    if (!type)
      return createStringError(fmt::format("@{}: argument {} is not a tensor",
                                           function.getName().str(), i));
    if (type.getRank() && type.isDynamicDim(0) && !argument->shape.empty()) {
      known = known ? known : argument->shape[0];
      batch = *known;
    }
    if (batch < 1 || argument->shape != shapeWithBatch(type, batch))
      return createStringError(fmt::format(
          "@{}: '{}' must be {}{}, got {}", function.getName().str(),
          argumentName(function, i), showShape(type.getShape()),
          type.hasStaticShape() ? "" : fmt::format(" with {} samples", batch),
          showShape(argument->shape)));
  }
  return Error::success();
}

Error Run::makeArena() {
  auto bytes = function->getAttrOfType<IntegerAttr>(kArenaAttr);
  if (!bytes)
    return createStringError(fmt::format("@{} has no dit.arena_bytes: only a "
                                         "module at phase planned has an arena",
                                         function.getName().str()));
  arena = std::make_unique<ShadowArena>("@" + function.getName().str(),
                                        batch * bytes.getInt());
  return Error::success();
}

Expected<std::vector<TensorRef>>
Run::operator()(ArrayRef<TensorRef> arguments) {
  if (Error error = bindBatch(arguments))
    return error;
  if (options.useArena)
    if (Error error = makeArena())
      return error;
  auto results =
      runBlock(function.getBody().front(), arguments, options.useArena);
  if (results && options.useArena && function->hasAttr(kRowFloatsAttr))
    if (Error error = throughTable(*results))
      return error;
  return results;
}

Expected<std::vector<TensorRef>>
Run::runBlock(Block &block, ArrayRef<TensorRef> arguments, bool inArena) {
  Frame frame;
  frame.inArena = inArena;
  frame.dying = findLastReads(block);
  for (auto [argument, tensor] : llvm::zip(block.getArguments(), arguments))
    frame.tensors[argument] = tensor;
  for (Operation &op : block.without_terminator()) {
    if (isView(&op))
      continue; // evaluated by whoever reads it
    if (Error error = runOp(&op, frame))
      return error;
    for (Value value : frame.dying[&op]) {
      frame.tensors.erase(value);
      if (auto it = frame.spans.find(value); it != frame.spans.end())
        arena->release(it->second);
    }
  }
  std::vector<TensorRef> results;
  for (Value value : block.getTerminator()->getOperands()) {
    auto tensor = read(value, frame);
    if (!tensor)
      return tensor.takeError();
    results.push_back(*tensor);
  }
  return results;
}

Error Run::runOp(Operation *op, Frame &frame) {
  if (auto weight = dyn_cast<WeightOp>(op))
    return runWeight(weight, frame);
  if (auto fused = dyn_cast<FusedOp>(op))
    return runFused(fused, frame);
  if (frame.inArena)
    return createStringError(fmt::format(
        "'{}' is outside of a dit.fused, so it has no place in the arena",
        op->getName().getStringRef().str()));
  SmallVector<TensorRef> held;
  SmallVector<const Tensor *> operands;
  for (Value operand : op->getOperands()) {
    auto tensor = read(operand, frame);
    if (!tensor)
      return tensor.takeError();
    operands.push_back(held.emplace_back(*tensor).get());
  }
  auto result = evaluate(op, operands, batch, options.exact);
  if (!result)
    return createStringError(describe(op) + ": " +
                             llvm::toString(result.takeError()));
  return define(op->getResult(0),
                std::make_shared<const Tensor>(std::move(*result)), frame);
}

Error Run::runWeight(WeightOp op, Frame &frame) {
  auto tensor = weights(op.getName(), op.getType().getShape());
  if (!tensor)
    return tensor.takeError();
  if (tensor->shape != shapeWithBatch(op.getType(), batch))
    return createStringError(fmt::format(
        "'{}' is {}, the model expects {}", op.getName().str(),
        showShape(tensor->shape), showShape(op.getType().getShape())));
  tensor->elementType = op.getType().getElementType();
  return define(op.getResult(),
                std::make_shared<const Tensor>(std::move(*tensor)), frame);
}

Error Run::runFused(FusedOp op, Frame &frame) {
  std::vector<TensorRef> inputs;
  for (Value input : op.getInputs()) {
    auto tensor = read(input, frame);
    if (!tensor)
      return tensor.takeError();
    inputs.push_back(*tensor);
  }
  if (frame.inArena && !op.getOffsets())
    return createStringError(describe(op) +
                             ": a planned dit.fused must have offsets");
  auto results = runBlock(op.getBody().front(), inputs, /*inArena=*/false);
  if (!results)
    return results.takeError();
  for (auto [i, value] : llvm::enumerate(op.getResults())) {
    std::optional<int64_t> offset;
    if (frame.inArena && (*op.getOffsets())[i] != -1)
      offset = (*op.getOffsets())[i];
    if (Error error = define(value, (*results)[i], frame, offset))
      return error;
  }
  return Error::success();
}

Error Run::define(Value value, TensorRef tensor, Frame &frame,
                  std::optional<int64_t> offset) {
  if (options.observe)
    options.observe(nameOf(value.getLoc()), *tensor);
  if (!offset) {
    frame.tensors[value] = std::move(tensor);
    return Error::success();
  }
  Span span = frame.spans[value] = spanOf(value, *offset);
  return arena->store(describe(value.getDefiningOp()), span, tensor->values);
}

Expected<TensorRef> Run::read(Value value, Frame &frame) {
  if (auto it = frame.tensors.find(value); it != frame.tensors.end())
    return it->second;
  auto type = cast<RankedTensorType>(value.getType());
  if (auto it = frame.spans.find(value); it != frame.spans.end()) {
    auto tensor = std::make_shared<Tensor>(shapeWithBatch(type, batch),
                                           type.getElementType());
    arena->load(it->second, tensor->values);
    return tensor;
  }
  Operation *view = value.getDefiningOp();
  auto x = read(view->getOperand(0), frame);
  if (!x)
    return x.takeError();
  auto result = evaluate(view, x->get(), batch, options.exact);
  if (!result)
    return result.takeError();
  if (options.observe)
    options.observe(nameOf(value.getLoc()), *result);
  return std::make_shared<const Tensor>(std::move(*result));
}

/// dialect/README.md, phase planned: N * offset, taking the bytes of a sample
/// rounded up to 64, N times; elements follow one another without gaps.
Span Run::spanOf(Value value, int64_t offset) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t step = type.getElementTypeBitWidth() / 8, elements = 1;
  for (int64_t dim : shapeWithBatch(type, 1))
    elements *= dim;
  return {batch * offset, batch * roundUpTo64(elements * step), step};
}

/// Writes @condition's results to the rows of a condition table and reads them
/// back: two results that share floats of a row are found here.
Error Run::throughTable(std::vector<TensorRef> &results) {
  int64_t rowBytes =
      4 * function->getAttrOfType<IntegerAttr>(kRowFloatsAttr).getInt();
  ShadowArena table("condition table", batch * rowBytes);
  std::vector<std::pair<Tensor, int64_t>>
      placed; // and their first byte in a row
  for (auto [i, result] : llvm::enumerate(results)) {
    auto slot = function.getResultAttrOfType<IntegerAttr>(i, kSlotAttr);
    if (!slot)
      return createStringError(fmt::format("@{}: result '{}' has no dit.slot",
                                           function.getName().str(),
                                           resultName(function, i)));
    placed.emplace_back(*result, 4 * slot.getInt());
  }
  auto forEachRow = [&](auto act) {
    for (auto [i, item] : llvm::enumerate(placed))
      for (int64_t n = 0, size = item.first.size() / batch; n < batch; ++n)
        act(i, Span{n * rowBytes + item.second, 4 * size, 4},
            MutableArrayRef(item.first.values).slice(n * size, size));
  };
  Error error = Error::success();
  forEachRow([&](size_t i, Span span, ArrayRef<double> row) {
    if (!error)
      error = table.store(resultName(function, i), span, row);
  });
  if (error)
    return error;
  forEachRow([&](size_t i, Span span, MutableArrayRef<double> row) {
    table.load(span, row);
  });
  for (auto [result, item] : llvm::zip(results, placed))
    result = std::make_shared<const Tensor>(std::move(item.first));
  return error;
}

/// A tensor that the caller keeps alive.
TensorRef borrow(const Tensor &tensor) {
  return TensorRef(&tensor, [](const Tensor *) {});
}

} // namespace

Expected<std::vector<Tensor>>
interpretFunction(FuncOp function, ArrayRef<Tensor> arguments,
                  const WeightSource &weights,
                  const InterpreterOptions &options) {
  auto refs = llvm::map_to_vector(arguments, borrow);
  auto results = Run(function, weights, options)(refs);
  if (!results)
    return results.takeError();
  std::vector<Tensor> tensors;
  for (const TensorRef &result : *results)
    tensors.push_back(*result);
  return tensors;
}

Expected<TensorMap> interpret(ModuleOp module, const WeightSource &weights,
                              const TensorMap &inputs,
                              const InterpreterOptions &options) {
  if (!module.lookupSymbol<FuncOp>("denoise"))
    return createStringError("the module has no @denoise");
  std::map<std::string, std::map<std::string, TensorRef>> known; // by dit.from
  for (const auto &[name, tensor] : inputs)
    known["input"][name] = borrow(tensor);
  for (std::string phase : {"prepare", "condition", "denoise"}) {
    auto function = module.lookupSymbol<FuncOp>(phase);
    if (!function)
      continue;
    std::vector<TensorRef> arguments;
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      auto attr = function.getArgAttrOfType<StringAttr>(i, kFromAttr);
      std::string from = attr ? attr.str() : "input";
      TensorRef value = known[from][argumentName(function, i)];
      if (!value)
        return createStringError(
            fmt::format("@{} reads '{}' from {}, but there is no such value",
                        phase, argumentName(function, i), from));
      arguments.push_back(value);
    }
    auto results = Run(function, weights, options)(arguments);
    if (!results)
      return results.takeError();
    for (auto [i, result] : llvm::enumerate(*results))
      known[phase][resultName(function, i)] = result;
  }
  TensorMap results;
  for (const auto &[name, tensor] : known["denoise"])
    results[name] = *tensor;
  return results;
}

} // namespace dit
