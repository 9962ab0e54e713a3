// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Splitting a row region's body at its reductions.
#include "codegen/cpu/RowPlan.h"

using namespace mlir;

namespace dit::codegen::cpu {

int64_t widthOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape().back();
}

RowPlan::RowPlan(FusedOp op) {
  Block &body = op.getBody().front();
  for (auto [i, value] : llvm::enumerate(body.getTerminator()->getOperands())) {
    if (isa<BlockArgument>(value) && !results.contains(value))
      order.push_back(value);
    results[value].push_back(i);
  }
  for (Operation &inner : body.without_terminator())
    order.push_back(inner.getResult(0));
  findPasses();
  findNeeds();
  for (Value value : order)
    if (isKept(value) && !results.contains(value)) {
      scratch[value] = scratchFloats;
      scratchFloats += llvm::alignTo(widthOf(value), 16);
    }
}

void RowPlan::findPasses() {
  for (Value value : order) {
    Operation *op = value.getDefiningOp();
    if (!op)
      continue;
    int pass = 0;
    for (Value operand : op->getOperands())
      pass = std::max(pass, made.lookup(operand));
    if (isa<LayerNormOp>(op)) {
      sums.push_back({op, pass++, /*centred=*/false, /*squared=*/false});
      sums.push_back({op, pass++, /*centred=*/true, /*squared=*/true});
    } else if (isa<RMSNormOp>(op)) {
      sums.push_back({op, pass++, /*centred=*/false, /*squared=*/true});
    }
    made[value] = pass;
    passes = std::max(passes, pass + 1);
  }
}

void RowPlan::findNeeds() {
  for (auto &[value, indices] : results)
    needs[value].insert(passOf(value));
  for (const RowSum &sum : sums)
    needs[sum.x()].insert(sum.pass);
  // Users come first, so that a value's needs are complete when it is met.
  for (Value value : llvm::reverse(order)) {
    Operation *op = value.getDefiningOp();
    std::set<int> computedIn = needs.lookup(value);
    if (!op || computedIn.empty())
      continue;
    if (isKept(value)) {
      needs[value].insert(passOf(value));
      computedIn = {passOf(value)};
    }
    for (Value operand : op->getOperands())
      needs[operand].insert(computedIn.begin(), computedIn.end());
  }
}

SmallVector<RowSum> RowPlan::sumsOf(int pass, int64_t width) const {
  return llvm::filter_to_vector(sums, [&](const RowSum &sum) {
    return sum.pass == pass && widthOf(sum.x()) == width;
  });
}

std::set<int64_t> RowPlan::widthsOf(int pass) const {
  std::set<int64_t> widths;
  for (Value value : order)
    if (isNeeded(value, pass))
      widths.insert(widthOf(value));
  for (const RowSum &sum : sums)
    if (sum.pass == pass)
      widths.insert(widthOf(sum.x()));
  return widths;
}

bool RowPlan::isNeeded(Value value, int pass) const {
  auto it = needs.find(value);
  return it != needs.end() && it->second.count(pass);
}

bool RowPlan::isKept(Value value) const {
  auto it = needs.find(value);
  return value.getDefiningOp() && it != needs.end() && it->second.size() > 1;
}

ArrayRef<unsigned> RowPlan::resultsOf(Value value) const {
  auto it = results.find(value);
  return it == results.end() ? ArrayRef<unsigned>() : it->second;
}

} // namespace dit::codegen::cpu
