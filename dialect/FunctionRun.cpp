// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Walks a function's block, and the blocks of its regions, op by op.
#include "dialect/FunctionRun.h"
#include "dialect/Semantics.h"

#include <fmt/format.h>

using namespace mlir;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;

namespace dit {

/// What an op is called in messages: its location's name, else its own.
static std::string describe(Operation *op) {
  StringRef name = nameOf(op->getLoc());
  return name.empty() ? op->getName().getStringRef().str() : name.str();
}

static int64_t roundUpTo64(int64_t bytes) { return (bytes + 63) / 64 * 64; }

/// True when `value`, or a view of it, is returned by its function.
static bool isReturned(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    return user->hasTrait<OpTrait::IsTerminator>() ||
           (isView(user) && isReturned(user->getResult(0)));
  });
}

/// Where each value is read last. Views have no moment of their own: what they
/// read is read by their users.
static DenseMap<Operation *, SmallVector<Value>> findLastReads(Block &block) {
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

Error FunctionRun::bindBatch(ArrayRef<TensorRef> arguments) {
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
          nameOfArgument(function, i), showShape(type.getShape()),
          type.hasStaticShape() ? "" : fmt::format(" with {} samples", batch),
          showShape(argument->shape)));
  }
  return Error::success();
}

Error FunctionRun::makeArena() {
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
FunctionRun::operator()(ArrayRef<TensorRef> arguments) {
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
FunctionRun::runBlock(Block &block, ArrayRef<TensorRef> arguments,
                      bool inArena) {
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

Error FunctionRun::runOp(Operation *op, Frame &frame) {
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

Error FunctionRun::runWeight(WeightOp op, Frame &frame) {
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

Error FunctionRun::runFused(FusedOp op, Frame &frame) {
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
    if (frame.inArena && !offset && !isReturned(value))
      return createStringError(fmt::format(
          "{}: result {} has offset -1, but is not returned", describe(op), i));
    if (Error error = define(value, (*results)[i], frame, offset))
      return error;
  }
  return Error::success();
}

Error FunctionRun::define(Value value, TensorRef tensor, Frame &frame,
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

Expected<TensorRef> FunctionRun::read(Value value, Frame &frame) {
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
Span FunctionRun::spanOf(Value value, int64_t offset) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t step = type.getElementTypeBitWidth() / 8, elements = 1;
  for (int64_t dim : shapeWithBatch(type, 1))
    elements *= dim;
  return {batch * offset, batch * roundUpTo64(elements * step), step};
}

/// Writes @condition's results to the rows of a condition table and reads them
/// back: two results that share floats of a row are found here.
Error FunctionRun::throughTable(std::vector<TensorRef> &results) {
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
                                           nameOfResult(function, i)));
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
      error = table.store(nameOfResult(function, i), span, row);
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

} // namespace dit
