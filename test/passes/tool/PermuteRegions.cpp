// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every region of a module with its operands and results in another order, some
// of them twice, and some that nothing reads.
#include "test/passes/tool/PermuteRegions.h"
#include "dialect/DiTDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/Pass/Pass.h"
#include <random>

using namespace mlir;
using namespace dit;

namespace {

/// One region while it is written anew.
class Rewrite {
public:
  Rewrite(FusedOp op, std::mt19937_64 &random, bool alias, bool unread)
      : op(op), body(op.getBody().front()), random(random), alias(alias),
        unread(unread), inputs(op.getInputs()),
        isPlanned(op.getOffsets().has_value()) {
    if (isPlanned)
      offsets.assign(op.getOffsets()->begin(), op.getOffsets()->end());
    llvm::append_range(yields, body.getTerminator()->getOperands());
    for (Value result : op.getResults())
      readers.push_back(usesOf(result));
  }

  void run() {
    if (alias)
      readOneForAnother();
    readTwice();
    mergeEqual();
    readUnused();
    if (mayGiveMore()) {
      giveTwice();
      giveOperand();
    }
    write();
  }

private:
  static SmallVector<OpOperand *> usesOf(Value value) {
    return llvm::to_vector(llvm::make_pointer_range(value.getUses()));
  }
  bool chance(unsigned oneIn) { return random() % oneIn == 0; }
  BlockArgument add(Value input) {
    inputs.push_back(input);
    return body.addArgument(input.getType(), input.getLoc());
  }

  /// Another operand of the same type in the place of one: the only change of
  /// what the region computes. q, k and v may become one, or shift the scale.
  void readOneForAnother() {
    for (BlockArgument arg : body.getArguments()) {
      unsigned other = random() % body.getNumArguments();
      if (other == arg.getArgNumber() || chance(2) ||
          body.getArgument(other).getType() != arg.getType())
        continue;
      if (chance(2))
        arg.replaceAllUsesWith(body.getArgument(other));
      else
        inputs[arg.getArgNumber()] = inputs[other];
    }
  }

  /// An operand again, behind the others, for some of its uses.
  void readTwice() {
    for (unsigned i = 0, count = inputs.size(); i < count; ++i) {
      if (chance(2))
        continue;
      BlockArgument again = add(inputs[i]);
      for (OpOperand *use : usesOf(body.getArgument(i)))
        if (chance(2))
          use->set(again);
    }
  }

  void mergeEqual() {
    for (unsigned i = 0; i < inputs.size(); ++i)
      for (unsigned j = i + 1; j < inputs.size(); ++j)
        if (inputs[i] == inputs[j] && chance(2))
          body.getArgument(j).replaceAllUsesWith(body.getArgument(i));
  }

  /// A value of the function's caller that the body does not read, or none
  /// where there is no such value.
  void readUnused() {
    auto function = op->getParentOfType<func::FuncOp>();
    if (function.getNumArguments() && chance(2))
      add(function.getArgument(random() % function.getNumArguments()));
  }

  /// Memory is planned for the results that there are, and the other kinds, and
  /// a sinusoid, have one.
  bool mayGiveMore() {
    return !isPlanned && op.getKind() == KernelKind::Row &&
           !isSinusoid(&body.front());
  }

  void give(Value value, ArrayRef<OpOperand *> uses) {
    yields.push_back(value);
    SmallVector<OpOperand *> &mine = readers.emplace_back();
    for (OpOperand *use : uses)
      if (chance(2))
        mine.push_back(use);
    for (auto &others : MutableArrayRef(readers).drop_back())
      llvm::erase_if(others, [&](OpOperand *use) {
        return llvm::is_contained(mine, use);
      });
  }

  /// A result once more, for some of its readers.
  void giveTwice() {
    for (unsigned i = 0, count = yields.size(); i < count; ++i)
      if (chance(2))
        give(yields[i], SmallVector<OpOperand *>(readers[i]));
  }

  /// Some that read an operand behind the region read it as a result.
  void giveOperand() {
    auto rowsOf = [](Type type) {
      return cast<RankedTensorType>(type).getShape().drop_back();
    };
    Type like = yields.front().getType();
    for (auto [arg, input] : llvm::zip(body.getArguments(), inputs)) {
      auto type = cast<RankedTensorType>(arg.getType());
      if (!type.getElementType().isF32() || type.getRank() < 2 ||
          rowsOf(type) != rowsOf(like) || chance(2))
        continue;
      SmallVector<OpOperand *> later = usesOf(input);
      llvm::erase_if(later, [&](OpOperand *use) {
        Operation *user = use->getOwner();
        return user->getBlock() != op->getBlock() || !op->isBeforeInBlock(user);
      });
      give(arg, later);
    }
  }

  std::vector<unsigned> shuffled(size_t count) {
    std::vector<unsigned> order(count);
    for (size_t i = 0; i < count; ++i)
      order[i] = i;
    for (size_t i = count; i > 1; --i)
      std::swap(order[i - 1], order[random() % i]);
    return order;
  }

  /// The new region, in the place of the old one.
  void write() {
    std::vector<unsigned> in = shuffled(inputs.size()),
                          out = shuffled(yields.size());
    // What nothing reads any more goes, now and then.
    llvm::erase_if(in, [&](unsigned i) {
      Value arg = body.getArgument(i);
      return arg.use_empty() && !llvm::is_contained(yields, arg) &&
             (!unread || chance(3));
    });
    SmallVector<Value> newInputs, newYields;
    for (unsigned i : in)
      newInputs.push_back(inputs[i]);
    SmallVector<int64_t> newOffsets;
    for (unsigned i : out) {
      newYields.push_back(yields[i]);
      if (isPlanned)
        newOffsets.push_back(offsets[i]);
    }
    OpBuilder builder(op);
    auto made =
        FusedOp::create(builder, op.getLoc(), ValueRange(newYields).getTypes(),
                        op.getKind(), newInputs,
                        isPlanned ? builder.getDenseI64ArrayAttr(newOffsets)
                                  : DenseI64ArrayAttr());
    Block &block = made.getBody().emplaceBlock();
    for (unsigned i : in)
      body.getArgument(i).replaceAllUsesWith(
          block.addArgument(inputs[i].getType(), inputs[i].getLoc()));
    // The yields may be operands, which have just been replaced.
    for (auto [value, i] : llvm::zip(newYields, out))
      if (auto arg = dyn_cast<BlockArgument>(value);
          arg && arg.getOwner() == &body)
        value =
            block.getArgument(llvm::find(in, arg.getArgNumber()) - in.begin());
    body.getTerminator()->erase();
    block.getOperations().splice(block.end(), body.getOperations());
    builder.setInsertionPointToEnd(&block);
    YieldOp::create(builder, op.getLoc(), newYields);
    for (auto [result, i] : llvm::zip(made.getResults(), out))
      for (OpOperand *use : readers[i])
        use->set(result);
    op.erase();
  }

  FusedOp op;
  Block &body;
  std::mt19937_64 &random;
  bool alias, unread;
  SmallVector<Value> inputs, yields;
  bool isPlanned;
  SmallVector<int64_t> offsets;
  std::vector<SmallVector<OpOperand *>> readers; ///< of each result
};

struct PermuteRegions : PassWrapper<PermuteRegions, OperationPass<ModuleOp>> {
  PermuteRegions() = default;
  PermuteRegions(const PermuteRegions &other) : PassWrapper(other) {}

  StringRef getArgument() const override { return "dit-test-permute-regions"; }
  StringRef getDescription() const override {
    return "permutes, doubles and merges what regions read and give";
  }

  void runOnOperation() override {
    std::mt19937_64 random(seed);
    SmallVector<FusedOp> regions;
    getOperation().walk([&](FusedOp op) { regions.push_back(op); });
    for (FusedOp op : regions)
      Rewrite(op, random, alias, unread).run();
  }

  Option<uint64_t> seed{*this, "seed", llvm::cl::desc("which of all ways"),
                        llvm::cl::init(0)};
  Option<bool> alias{
      *this, "alias",
      llvm::cl::desc("let regions read one operand for another of its type"),
      llvm::cl::init(false)};
  Option<bool> unread{*this, "unread",
                      llvm::cl::desc("operands that no op of a region reads"),
                      llvm::cl::init(true)};
};

} // namespace

void dit::test::registerPermuteRegions() { PassRegistration<PermuteRegions>(); }
