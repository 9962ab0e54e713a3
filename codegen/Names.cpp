// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What kernels are called, in code and in listings.
#include "codegen/Launches.h"

#include <fmt/format.h>

using namespace mlir;

namespace dit::codegen {

namespace {

StringRef mnemonic(Operation &op) { return op.getName().stripDialect(); }

RankedTensorType tensor(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Tokens a sample: the middle dimension of (N, T, D), 1 of (N, D).
int64_t tokens(Value rows) {
  auto type = tensor(rows);
  return type.getRank() == 3 ? type.getDimSize(1) : 1;
}

std::string dtype(Type element) {
  std::string text;
  llvm::raw_string_ostream(text) << element;
  return text;
}

/// The sizes a kernel is specialised on.
std::string dims(FusedOp op) {
  for (Operation &inner : op.getBody().front()) {
    if (auto linear = dyn_cast<LinearOp>(inner))
      return fmt::format("t{}_k{}_m{}", tokens(linear.getX()),
                         tensor(linear.getX()).getShape().back(),
                         tensor(linear.getResult()).getShape().back());
    if (auto attention = dyn_cast<AttentionOp>(inner))
      return fmt::format(
          "t{}_s{}_d{}_h{}", tokens(attention.getQ()), tokens(attention.getK()),
          tensor(attention.getQ()).getDimSize(2), attention.getHeads());
  }
  auto type = tensor(op.getResult(0));
  if (op.getKind() == KernelKind::Row && type.getRank() >= 2)
    return fmt::format("t{}_d{}", tokens(op.getResult(0)),
                       type.getShape().back());
  std::vector<int64_t> sizes;
  for (int64_t dim : type.getShape())
    if (!ShapedType::isDynamic(dim))
      sizes.push_back(dim);
  return fmt::format("{}", fmt::join(sizes, "x"));
}

} // namespace

std::string kernelName(FusedOp op) {
  constexpr int kMostOps = 8;
  std::string what;
  int ops = 0;
  for (Operation &inner : op.getBody().front().without_terminator())
    if (!isView(&inner) && ++ops <= kMostOps)
      what += "_" + mnemonic(inner).str();
  if (ops > kMostOps)
    what += fmt::format("_and_{}_more", ops - kMostOps);
  return fmt::format("dit{}_{}_{}", what,
                     dtype(tensor(op.getResult(0)).getElementType()), dims(op));
}

std::string describe(FusedOp op) {
  std::string what, where;
  for (Operation &inner : op.getBody().front().without_terminator()) {
    if (isView(&inner))
      continue;
    StringRef name = nameOf(inner.getLoc());
    auto [prefix, leaf] = name.rsplit('.');
    if (leaf.empty())
      leaf = prefix, prefix = "";
    if (leaf.empty())
      leaf = mnemonic(inner);
    if (where.empty())
      where = prefix.str();
    what += (what.empty() ? "" : " + ") + leaf.str();
  }
  return where.empty() ? what : what + " (in " + where + ")";
}

} // namespace dit::codegen
