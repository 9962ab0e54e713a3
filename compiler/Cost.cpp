// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Counts by walking; a dimension that is the batch counts once.
#include "compiler/Cost.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace dit;

namespace {

int64_t elementsPerSample(Value value) {
  int64_t count = 1;
  for (int64_t dim : cast<RankedTensorType>(value.getType()).getShape())
    count *= ShapedType::isDynamic(dim) ? 1 : dim;
  return count;
}

int64_t macsOfOne(Operation *op) {
  if (auto linear = dyn_cast<LinearOp>(op)) {
    auto x = cast<RankedTensorType>(linear.getX().getType());
    return elementsPerSample(linear.getResult()) * x.getShape().back();
  }
  if (auto attention = dyn_cast<AttentionOp>(op)) // scores, then their sum of v
    return 2 * elementsPerSample(attention.getQ()) *
           attention.getK().getType().getDimSize(1);
  return 0;
}

int64_t bytesOf(Value value, int64_t batch) {
  auto type = cast<RankedTensorType>(value.getType());
  bool batched = type.getRank() && type.isDynamicDim(0);
  return elementsPerSample(value) * (batched ? batch : 1) *
         (type.getElementTypeBitWidth() / 8);
}

/// What a chain of views looks at.
Value viewed(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isView(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// Channels of the network's input; 0 where nothing is patchified.
int64_t inputChannels(ModuleOp module) {
  int64_t channels = 0;
  module.walk([&](PatchifyOp patchify) {
    channels = cast<RankedTensorType>(patchify.getX().getType()).getDimSize(1);
  });
  return channels;
}

/// The rule at OpCost::macsPaper.
int64_t macsAsInPaper(Operation *op, int64_t inputChannels) {
  int64_t macs = macsOf(op);
  if (auto embedding = dyn_cast<EmbeddingOp>(op))
    return elementsPerSample(embedding.getTable());
  if (auto attention = dyn_cast<AttentionOp>(op)) {
    // A block attends to its own tokens once, in every design.
    bool toItself = viewed(attention.getQ()) == viewed(attention.getK());
    return macs + (toItself ? elementsPerSample(attention.getQ()) * 5 / 2 : 0);
  }
  if (isa<LinearOp>(op) && inputChannels)
    for (Operation *user : op->getUsers())
      if (auto image = dyn_cast<UnpatchifyOp>(user)) {
        auto type = cast<RankedTensorType>(image.getResult().getType());
        return macs / type.getDimSize(1) * inputChannels;
      }
  return macs;
}

OpCost costOf(Operation *op, int64_t inputChannels, int64_t batch) {
  OpCost cost;
  cost.kind = op->getName().stripDialect().str();
  cost.name = nameOf(op->getLoc()).str();
  if (cost.name.empty())
    cost.name = cost.kind;
  cost.macs = macsOf(op);
  cost.macsPaper = macsAsInPaper(op, inputChannels);
  for (Value operand : op->getOperands())
    cost.bytesRead += bytesOf(operand, batch);
  for (Value result : op->getResults())
    cost.bytesWritten += bytesOf(result, batch);
  if (auto table = dyn_cast<EmbeddingOp>(op)) // one row a sample is read
    cost.bytesRead = bytesOf(table.getIndex(), batch) + cost.bytesWritten;
  return cost;
}

/// `blocks[3].qkv` -> `blocks[i].qkv`
std::string withoutNumber(StringRef name) {
  auto [head, tail] = name.split('[');
  auto [number, rest] = tail.split(']');
  unsigned value;
  if (number.getAsInteger(10, value))
    return name.str();
  return (head + "[i]" + rest).str();
}

bool costTheSame(const OpCost &a, const OpCost &b) {
  return a.kind == b.kind && a.parameters == b.parameters && a.macs == b.macs &&
         a.macsPaper == b.macsPaper && a.bytesRead == b.bytesRead &&
         a.bytesWritten == b.bytesWritten;
}

} // namespace

int64_t dit::macsOf(Operation *op) {
  int64_t sum = 0;
  op->walk([&](Operation *inner) { sum += macsOfOne(inner); });
  return sum;
}

std::map<std::string, SmallVector<int64_t>> dit::weightsOf(ModuleOp module) {
  std::map<std::string, SmallVector<int64_t>> weights;
  module.walk([&](WeightOp weight) {
    weights[weight.getName().str()] =
        SmallVector<int64_t>(weight.getType().getShape());
  });
  return weights;
}

int64_t dit::parametersOf(ModuleOp module) {
  int64_t sum = 0;
  for (auto &[name, shape] : weightsOf(module))
    sum += ShapedType::getNumElements(shape);
  return sum;
}

OpCost &OpCost::operator+=(const OpCost &other) {
  count += other.count;
  parameters += other.parameters;
  macs += other.macs;
  macsPaper += other.macsPaper;
  bytesRead += other.bytesRead;
  bytesWritten += other.bytesWritten;
  return *this;
}

double OpCost::flopsPerByte(int64_t batch) const {
  double bytes = double(bytesRead) + double(bytesWritten);
  return bytes == 0 ? 0 : 2.0 * double(macs) * double(batch) / bytes;
}

std::vector<OpCost> dit::costsOf(ModuleOp module, int64_t batch) {
  std::vector<OpCost> costs;
  llvm::StringSet<> counted;
  int64_t channels = inputChannels(module);
  module.walk([&](Operation *op) {
    if (!isa<DiTDialect>(op->getDialect()) || isView(op) ||
        op->getNumOperands() == 0)
      return;
    OpCost cost = costOf(op, channels, batch);
    for (Value operand : op->getOperands())
      if (auto weight = viewed(operand).getDefiningOp<WeightOp>())
        if (counted.insert(weight.getName()).second)
          cost.parameters += weight.getType().getNumElements();
    costs.push_back(std::move(cost));
  });
  return costs;
}

std::vector<OpCost> dit::joinBlocks(const std::vector<OpCost> &costs) {
  std::vector<OpCost> joined;
  std::vector<const OpCost *> firsts; // of each group
  for (const OpCost &cost : costs) {
    std::string name = withoutNumber(cost.name);
    size_t i = 0;
    while (i < joined.size() &&
           (joined[i].name != name || !costTheSame(*firsts[i], cost)))
      ++i;
    if (i < joined.size()) {
      joined[i] += cost;
      continue;
    }
    joined.push_back(cost);
    joined.back().name = name;
    firsts.push_back(&cost);
  }
  return joined;
}

OpCost dit::totalOf(const std::vector<OpCost> &costs) {
  OpCost total{"total", ""};
  total.count = 0;
  for (const OpCost &cost : costs)
    total += cost;
  return total;
}
