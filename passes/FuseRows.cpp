// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// FuseRows: row kernels of which one alone reads what another makes are one.
#include "passes/Grammar.h"
#include "passes/Passes.h"
#include "passes/Region.h"

using namespace mlir;

namespace dit {
#define GEN_PASS_DEF_FUSEROWS
#include "passes/Passes.h.inc"

namespace {

constexpr StringLiteral kPass = "fuse-rows";

/// The unit that makes `value`, if it is rows and `reader`, a row unit of its
/// function, reads it alone.
Operation *soleMaker(Operation *reader, Value value) {
  Operation *maker = definerOf(value);
  if (!maker || !isRowUnit(unitOf(maker)))
    return nullptr;
  Operation *unit = unitOf(maker);
  bool isSole = llvm::all_of(
      usersOf(value), [&](Operation *user) { return unitOf(user) == reader; });
  return isSole && unit != reader && unit->getBlock() == reader->getBlock()
             ? unit
             : nullptr;
}

/// Joins what feeds the unit of `op` until nothing more does.
void fuseRows(RewriterBase &rewriter, Operation *op) {
  for (bool joined = true; joined;) {
    joined = false;
    Operation *unit = unitOf(op);
    for (Operation *reader : opsOf(unit))
      for (Value operand : reader->getOperands()) {
        Operation *maker = joined ? nullptr : soleMaker(unit, operand);
        if (!maker)
          continue;
        SmallVector<Operation *> ops = opsOf(maker);
        llvm::append_range(ops, opsOf(unit));
        if (std::string fault = rowsFault(ops); !fault.empty()) {
          remarkMissed(reader, kPass, fault);
          continue;
        }
        fuseWithRemark(rewriter, KernelKind::Row, {maker, unit}, reader, kPass);
        joined = unitOf(op) != unit;
      }
  }
}

struct FuseRows : impl::FuseRowsBase<FuseRows> {
  void runOnOperation() override {
    SmallVector<Operation *> rows;
    getOperation()->walk([&](Operation *op) {
      if (isRowOp(op) && isRowUnit(unitOf(op)))
        rows.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (Operation *op : rows)
      fuseRows(rewriter, op);
  }
};

} // namespace
} // namespace dit
