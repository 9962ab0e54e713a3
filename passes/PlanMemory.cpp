// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PlanMemory: liveness of what regions make, and its place in the arena; in
// @prepare what the weights make lies before the tables that they do not. The
// placing itself is Arena.h.
#include "dialect/Rate.h"
#include "dialect/Sizes.h"
#include "passes/Arena.h"
#include "passes/Passes.h"
#include "passes/Phase.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace dit {
#define GEN_PASS_DEF_PLANMEMORY
#include "passes/Passes.h.inc"

namespace {

constexpr int64_t kAlign = 64;
constexpr StringLiteral kLiveAttr = "dit.live_bytes";

/// What a value takes in an arena.
int64_t spaceOf(Value value) {
  return llvm::alignTo(bytesOf(value.getType()), kAlign);
}

/// True when `returned` has all elements of `made` in the same order, so that
/// the region can write the caller's memory.
bool isWhole(Value returned, Value made) {
  for (Value value = returned; value != made;
       value = value.getDefiningOp()->getOperand(0))
    if (!isa<ReshapeOp>(value.getDefiningOp()))
      return false;
  return true;
}

class MemoryPlanner {
public:
  MemoryPlanner(func::FuncOp function, int64_t tablesAt)
      : function(function), rate(rateOf(function)),
        isPrepare(rate == Rate::Load), tablesAt(tablesAt) {}

  LogicalResult run() {
    if (failed(findLives()) || failed(findReturned()))
      return failure();
    place();
    bool makesTable = rate == Rate::Prompt || rate == Rate::Condition;
    return makesTable ? placeSlots() : success();
  }

private:
  LogicalResult findLives();
  LogicalResult findReturned();
  void findShared();
  void place();
  ArenaPlan placePart(bool isShared, int64_t begin);
  void setOffsets();
  LogicalResult placeSlots();

  func::FuncOp function;
  Rate rate;
  bool isPrepare;
  int64_t tablesAt, steps = 0;
  llvm::MapVector<Value, Life> lives; // what regions make, in order
  llvm::SmallPtrSet<Value, 16> returned;
  /// Of @prepare: the regions that depend on a weight or are read by one that
  /// does.
  llvm::SmallPtrSet<Operation *, 16> shared;
  DenseMap<Value, int64_t> offsets;
};

LogicalResult MemoryPlanner::findLives() {
  for (Operation &op : function.getBody().front()) {
    if (isView(&op) || isa<WeightOp, func::ReturnOp>(op))
      continue;
    if (!isa<FusedOp>(op))
      return op.emitError(
          "must be in a dit.fused; run --dit-wrap-kernels first");
    for (Value operand : op.getOperands())
      if (auto life = lives.find(viewedValue(operand)); life != lives.end())
        life->second.last = steps;
    for (Value result : op.getResults())
      lives[result] = {steps, steps, spaceOf(result)};
    ++steps;
  }
  return success();
}

LogicalResult MemoryPlanner::findReturned() {
  Operation *end = function.getBody().front().getTerminator();
  for (auto [index, value] : llvm::enumerate(end->getOperands())) {
    Value made = viewedValue(value);
    if (!lives.count(made) || !isWhole(value, made) ||
        !returned.insert(made).second)
      return end->emitError("result ") << index << " of @" << function.getName()
                                       << " must be all of what one dit.fused "
                                          "makes, and be returned once";
    lives[made].last = steps;
  }
  return success();
}

/// Weights reach forward through what reads them; what they are computed with
/// must be there before the tables are.
void MemoryPlanner::findShared() {
  for (auto fused : function.getOps<FusedOp>())
    if (llvm::any_of(fused.getInputs(), [&](Value input) {
          Operation *maker = viewedValue(input).getDefiningOp();
          return isa_and_nonnull<WeightOp>(maker) || shared.contains(maker);
        }))
      shared.insert(fused);
  for (Operation &op : llvm::reverse(function.getBody().front()))
    if (shared.contains(&op))
      for (Value operand : op.getOperands())
        if (auto maker = viewedValue(operand).getDefiningOp<FusedOp>())
          shared.insert(maker);
}

/// Offsets from `begin` on, for one part of @prepare or all of another
/// function.
ArenaPlan MemoryPlanner::placePart(bool isShared, int64_t begin) {
  SmallVector<Life> placed;
  SmallVector<Value> values;
  for (auto &[value, life] : lives) {
    bool isHere = isPrepare ? shared.contains(value.getDefiningOp()) == isShared
                            : !returned.contains(value);
    if (isHere)
      placed.push_back(life), values.push_back(value);
  }
  ArenaPlan plan = planArena(placed);
  for (auto [value, offset] : llvm::zip(values, plan.offsets))
    offsets[value] = begin + offset;
  return plan;
}

void MemoryPlanner::setOffsets() {
  for (auto fused : function.getOps<FusedOp>()) {
    SmallVector<int64_t> own;
    for (Value result : fused.getResults())
      own.push_back(offsets.count(result) ? offsets[result] : -1);
    fused.setOffsets(own);
  }
}

void MemoryPlanner::place() {
  Builder builder(function.getContext());
  findShared();
  ArenaPlan plan = placePart(/*isShared=*/isPrepare, 0);
  if (isPrepare) {
    function->setAttr(kSharedAttr, builder.getI64IntegerAttr(plan.bytes));
    int64_t begin =
        std::max<int64_t>(llvm::alignTo(tablesAt, kAlign), plan.bytes);
    ArenaPlan tables = placePart(/*isShared=*/false, begin);
    if (tables.bytes > 0)
      plan.bytes = begin + tables.bytes;
    plan.liveBytes += tables.liveBytes;
  }
  setOffsets();
  function->setAttr(kArenaAttr, builder.getI64IntegerAttr(plan.bytes));
  function->setAttr(kLiveAttr, builder.getI64IntegerAttr(plan.liveBytes));
  remark::analysis(function.getLoc(), remark::RemarkOpts::name("plan-memory")
                                          .category("memory")
                                          .function(function.getName()))
      << remark::add("arena of @{0}: {1} bytes, {2:F3} times the largest sum "
                     "of live bytes",
                     function.getName(), plan.bytes,
                     plan.liveBytes ? double(plan.bytes) / plan.liveBytes
                                    : 1.0);
}

/// The results side by side in a row of the function's table, in order.
LogicalResult MemoryPlanner::placeSlots() {
  Builder builder(function.getContext());
  Operation *end = function.getBody().front().getTerminator();
  int64_t floats = 0;
  for (auto [index, value] : llvm::enumerate(end->getOperands())) {
    Type element = cast<RankedTensorType>(value.getType()).getElementType();
    if (!element.isF32())
      return end->emitError("result ")
             << index << " of @" << function.getName()
             << " must be f32, as a row of its table is, but is " << element;
    function.setResultAttr(index, kSlotAttr, builder.getI64IntegerAttr(floats));
    floats += spaceOf(value) / sizeof(float);
  }
  function->setAttr(kRowFloatsAttr, builder.getI64IntegerAttr(floats));
  return success();
}

struct PlanMemory : impl::PlanMemoryBase<PlanMemory> {
  using PlanMemoryBase::PlanMemoryBase;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(MemoryPlanner(function, tablesAt).run()))
        return signalPassFailure();
    getOperation()->setAttr(kPhaseAttr,
                            StringAttr::get(&getContext(), "planned"));
  }
};

} // namespace
} // namespace dit
