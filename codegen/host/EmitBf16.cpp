// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// bfloat16 of Emit.h: loads, stores, and two of them in the place of a float32.
#include "codegen/host/Emit.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace dit::codegen {

Ptr pastBf16(Ptr p, Index elements) {
  Emitter &e = *p.e;
  return {&e, LLVM::GEPOp::create(e.builder, e.loc, p.v.getType(),
                                  e.builder.getBF16Type(), p.v,
                                  ValueRange{elements.v})};
}

/// The bits of x, rounded to bfloat16, as 16-bit integers.
static Value bf16Bits(Num x) {
  Emitter &e = *x.e;
  auto like = [&](Type element) {
    return x.isVector() ? Type(e.vectorType().clone(element)) : element;
  };
  Value rounded = arith::TruncFOp::create(e.builder, e.loc,
                                          like(e.builder.getBF16Type()), x.v);
  return arith::BitcastOp::create(e.builder, e.loc,
                                  like(e.builder.getI16Type()), rounded);
}

Num bf16Pairs(Num first, Num second) {
  Emitter &e = *first.e;
  auto words = e.vectorType().clone(e.builder.getI32Type());
  auto wide = [&](Num x) {
    return arith::ExtUIOp::create(e.builder, e.loc, words, bf16Bits(x));
  };
  Value by = arith::ConstantOp::create(
      e.builder, e.loc, DenseElementsAttr::get(words, APInt(32, 16)));
  Value high = arith::ShLIOp::create(e.builder, e.loc, wide(second), by);
  Value both = arith::OrIOp::create(e.builder, e.loc, wide(first), high);
  return {&e, arith::BitcastOp::create(e.builder, e.loc, e.vectorType(), both)};
}

Num dotPairs(Num a, Num b, Num sum) {
  Emitter &e = *sum.e;
  auto halves = VectorType::get({2 * e.lanes}, e.builder.getBF16Type());
  auto split = [&](Num words) -> Value {
    return vector::BitCastOp::create(e.builder, e.loc, halves, words.v);
  };
  auto call = LLVM::CallIntrinsicOp::create(
      e.builder, e.loc, e.vectorType(),
      e.builder.getStringAttr("llvm.x86.avx512bf16.dpbf16ps.512"),
      ValueRange{sum.v, split(broadcast(a)), split(b)});
  return {&e, call.getResult(0)};
}

Num Emitter::loadBf16(Ptr p, int64_t count) {
  auto narrow = vectorType().clone(builder.getI16Type());
  auto words = vectorType().clone(builder.getI32Type());
  auto all = [&](Type type, unsigned bits, uint64_t value) -> Value {
    return arith::ConstantOp::create(
        builder, loc,
        DenseElementsAttr::get(cast<ShapedType>(type), APInt(bits, value)));
  };
  Value bits =
      count == lanes
          ? LLVM::LoadOp::create(builder, loc, narrow, p.v, 2).getResult()
          : LLVM::MaskedLoadOp::create(builder, loc, narrow, p.v,
                                       firstLanes(count).v, all(narrow, 16, 0),
                                       2)
                .getResult();
  Value wide = arith::ExtUIOp::create(builder, loc, words, bits);
  Value high = arith::ShLIOp::create(builder, loc, wide, all(words, 32, 16));
  return {this, arith::BitcastOp::create(builder, loc, vectorType(), high)};
}
void Emitter::storeBf16(Num x, Ptr p, int64_t count) {
  Value bits = bf16Bits(x);
  if (count == lanes)
    LLVM::StoreOp::create(builder, loc, bits, p.v, 2);
  else
    LLVM::MaskedStoreOp::create(builder, loc, bits, p.v, firstLanes(count).v,
                                2);
}

} // namespace dit::codegen
