// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JoinLinears: linears over one x become one linear over the weights' concat.
#include "passes/Passes.h"
#include "passes/Phase.h"
#include "passes/Region.h"

#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace dit {
#define GEN_PASS_DEF_JOINLINEARS
#include "passes/Passes.h.inc"

namespace {

constexpr StringLiteral kPass = "join-linears";

/// What linears must agree on to be joined: x, whether there is a bias, types,
/// and how they are multiplied.
using JoinKey = std::tuple<Value, Type, Type, Type, MatmulAttr>;

/// Moves `value`'s ops in front of `anchor`; they read no argument.
void hoist(RewriterBase &rewriter, Value value, Operation *anchor) {
  Operation *op = value.getDefiningOp();
  if (op->getBlock() != anchor->getBlock() || op->isBeforeInBlock(anchor))
    return;
  for (Value operand : op->getOperands())
    hoist(rewriter, operand, anchor);
  rewriter.moveOpBefore(op, anchor);
}

/// `adaln` for blocks[0].adaln, blocks[1].adaln; `blocks[0].q+k+v` for three
/// projections of one block.
std::string joinedName(ArrayRef<LinearOp> linears) {
  SmallVector<StringRef> fronts, backs;
  for (LinearOp linear : linears) {
    StringRef name = nameOf(linear.getLoc());
    size_t dot = name.rfind('.');
    fronts.push_back(dot == StringRef::npos ? "" : name.take_front(dot + 1));
    StringRef back = dot == StringRef::npos ? name : name.drop_front(dot + 1);
    if (!llvm::is_contained(backs, back))
      backs.push_back(back);
  }
  std::string last = backs.size() > 4 ? "joined" : llvm::join(backs, "+");
  return llvm::all_equal(fronts) ? fronts[0].str() + last : last;
}

Value concat(RewriterBase &rewriter, Location loc, ArrayRef<Value> parts) {
  auto type = cast<RankedTensorType>(parts[0].getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[0] = 0;
  for (Value part : parts)
    shape[0] += cast<RankedTensorType>(part.getType()).getDimSize(0);
  return ConcatOp::create(rewriter, loc, type.clone(shape), parts, /*dim=*/0);
}

/// Every reader of `linear` reads [offset, offset + M) of `joined` instead; a
/// slice of the old result becomes one slice of the new.
void sliceForUsers(RewriterBase &rewriter, LinearOp linear, LinearOp joined,
                   int64_t offset) {
  int64_t dim = linear.getType().getRank() - 1;
  for (Operation *user :
       llvm::make_early_inc_range(linear.getResult().getUsers())) {
    auto slice = dyn_cast<SliceOp>(user);
    if (!slice || (int64_t)slice.getDim() != dim)
      continue;
    rewriter.setInsertionPoint(slice);
    rewriter.replaceOpWithNewOp<SliceOp>(slice, slice.getType(), joined, dim,
                                         offset + slice.getOffset());
  }
  if (!linear->use_empty()) {
    rewriter.setInsertionPointAfter(joined);
    Value part = SliceOp::create(rewriter, linear.getLoc(), linear.getType(),
                                 joined, dim, offset);
    rewriter.replaceAllUsesWith(linear.getResult(), part);
  }
  rewriter.eraseOp(linear);
}

void join(RewriterBase &rewriter, ArrayRef<LinearOp> linears) {
  LinearOp first = linears[0];
  SmallVector<Value> weights, biases;
  SmallVector<Location> locs;
  int64_t features = 0;
  for (LinearOp linear : linears) {
    weights.push_back(linear.getWeight());
    if (linear.getBias())
      biases.push_back(linear.getBias());
    for (Value weight : llvm::drop_begin(linear->getOperands()))
      hoist(rewriter, weight, first);
    locs.push_back(linear.getLoc());
    features += linear.getType().getShape().back();
  }
  std::string name = joinedName(linears);
  Location all = rewriter.getFusedLoc(locs);
  auto named = [&](StringRef suffix) {
    return NameLoc::get(rewriter.getStringAttr(name + suffix), all);
  };
  rewriter.setInsertionPoint(first);
  Value weight = concat(rewriter, named(".weight"), weights);
  Value bias =
      biases.empty() ? Value() : concat(rewriter, named(".bias"), biases);
  SmallVector<int64_t> shape(first.getType().getShape());
  shape.back() = features;
  auto joined =
      LinearOp::create(rewriter, named(""), first.getType().clone(shape),
                       first.getX(), weight, bias, first.getMatmulAttr());
  remarkFused(joined, kPass, Twine(linears.size()) + " linears of one x");
  int64_t offset = 0;
  for (LinearOp linear : linears) {
    int64_t width = linear.getType().getShape().back();
    sliceForUsers(rewriter, linear, joined, offset);
    offset += width;
  }
}

/// Whether an activation alone reads `linear`, so that it can be computed where
/// the linear's result is made. Behind a joined linear it could not: it is of a
/// part of the result.
bool feedsActivation(LinearOp linear) {
  return linear->hasOneUse() &&
         (*linear->getUsers().begin())->hasTrait<ActivationLike>();
}

struct JoinLinears : impl::JoinLinearsBase<JoinLinears> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation().walk([&](Block *block) {
      llvm::MapVector<JoinKey, SmallVector<LinearOp>> groups;
      for (auto linear : block->getOps<LinearOp>()) {
        if (!llvm::all_of(llvm::drop_begin(linear->getOperands()),
                          dependsOnWeightsOnly)) {
          remarkMissed(linear, kPass, "its weight depends on an argument");
          continue;
        }
        if (feedsActivation(linear))
          continue;
        Value bias = linear.getBias();
        groups[{linear.getX(), linear.getWeight().getType().getElementType(),
                bias ? cast<ShapedType>(bias.getType()).getElementType()
                     : Type(),
                linear.getType().getElementType(), linear.getMatmulAttr()}]
            .push_back(linear);
      }
      for (auto &[key, linears] : groups)
        if (linears.size() > 1)
          join(rewriter, linears);
    });
  }
};

} // namespace
} // namespace dit
