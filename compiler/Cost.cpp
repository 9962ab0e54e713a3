// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Counts by walking; a dimension that is the batch counts once.
#include "compiler/Cost.h"
#include "passes/Cost.h"
#include "passes/Phase.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace dit;

namespace {

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
    bool toItself =
        viewedValue(attention.getQ()) == viewedValue(attention.getK());
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

OpCost opCostOf(Operation *op, int64_t inputChannels, int64_t batch) {
  OpCost cost;
  cost.kind = op->getName().stripDialect().str();
  cost.name = nameOf(op->getLoc()).str();
  if (cost.name.empty())
    cost.name = cost.kind;
  cost.macsPaper = macsAsInPaper(op, inputChannels);
  Cost counted = costOf(op, batch);
  cost.macs = counted.macs;
  cost.bytesRead = counted.bytesRead, cost.bytesWritten = counted.bytesWritten;
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
    OpCost cost = opCostOf(op, channels, batch);
    for (Value operand : op->getOperands())
      if (auto weight = viewedValue(operand).getDefiningOp<WeightOp>())
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
