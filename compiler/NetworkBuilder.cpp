// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One function an op.
#include "compiler/NetworkBuilder.h"

#include "mlir/IR/Location.h"

using namespace mlir;
using namespace dit;

namespace {
RankedTensorType typeOf(Value x) { return cast<RankedTensorType>(x.getType()); }
} // namespace

Location NetworkBuilder::at(const Origin &origin) {
  LocationAttr key = origin.key ? origin.key : spec.loc;
  return NameLoc::get(builder.getStringAttr(origin.name), Location(key));
}

RankedTensorType NetworkBuilder::fixed(ArrayRef<int64_t> shape) {
  return RankedTensorType::get(shape, builder.getF32Type());
}

RankedTensorType NetworkBuilder::batched(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> withBatch{ShapedType::kDynamic};
  llvm::append_range(withBatch, shape);
  return fixed(withBatch);
}

Value NetworkBuilder::weight(StringRef name, ArrayRef<int64_t> shape,
                             LocationAttr key) {
  return WeightOp::create(builder, at({name.str(), key}), fixed(shape), name);
}

Value NetworkBuilder::linear(const Origin &origin, Value x, StringRef prefix,
                             int64_t features) {
  SmallVector<int64_t> shape(typeOf(x).getShape());
  int64_t k = std::exchange(shape.back(), features);
  Value w = weight((prefix + ".weight").str(), {features, k}, origin.key);
  Value b = weight((prefix + ".bias").str(), {features}, origin.key);
  return LinearOp::create(builder, at(origin), fixed(shape), x, w, b);
}

Value NetworkBuilder::layerNorm(const Origin &origin, Value x, double eps) {
  return LayerNormOp::create(builder, at(origin), x.getType(), x, Value(),
                             Value(), llvm::APFloat(eps));
}

Value NetworkBuilder::layerNorm(const Origin &origin, Value x, double eps,
                                StringRef prefix) {
  int64_t width = typeOf(x).getShape().back();
  Value w = weight((prefix + ".weight").str(), {width}, origin.key);
  Value b = weight((prefix + ".bias").str(), {width}, origin.key);
  return LayerNormOp::create(builder, at(origin), x.getType(), x, w, b,
                             llvm::APFloat(eps));
}

Value NetworkBuilder::modulate(const Origin &origin, Value x, Value shift,
                               Value scale) {
  return ModulateOp::create(builder, at(origin), x.getType(), x, shift, scale);
}

Value NetworkBuilder::gate(const Origin &origin, Value x, Value gate) {
  return GateOp::create(builder, at(origin), x.getType(), x, gate);
}

Value NetworkBuilder::add(const Origin &origin, Value a, Value b) {
  return AddOp::create(builder, at(origin), a.getType(), a, b);
}

Value NetworkBuilder::silu(const Origin &origin, Value x) {
  return SiluOp::create(builder, at(origin), x.getType(), x);
}

Value NetworkBuilder::activation(const Origin &origin, Value x) {
  auto form = spec.mlp.activation == Activation::GeluTanh ? GeluForm::Tanh
                                                          : GeluForm::Erf;
  return GeluOp::create(builder, at(origin), x.getType(), x, form);
}

Value NetworkBuilder::rotate(const Origin &origin, Value x, Value angles,
                             int64_t features) {
  return RotateOp::create(builder, at(origin), x.getType(), x, angles,
                          features);
}

Value NetworkBuilder::attention(const Origin &origin, Value q, Value k,
                                Value v) {
  return AttentionOp::create(builder, at(origin), q.getType(), q, k, v,
                             spec.heads.value);
}

Value NetworkBuilder::slice(const Origin &origin, Value x, int64_t dim,
                            int64_t offset, int64_t size) {
  SmallVector<int64_t> shape(typeOf(x).getShape());
  shape[dim] = size;
  return SliceOp::create(builder, at(origin), fixed(shape), x, dim, offset);
}

Value NetworkBuilder::features(const Origin &origin, Value x, int64_t offset,
                               int64_t size) {
  return slice(origin, x, typeOf(x).getRank() - 1, offset, size);
}

Value NetworkBuilder::tokens(const Origin &origin, Value x, int64_t offset,
                             int64_t size) {
  return slice(origin, x, 1, offset, size);
}

Value NetworkBuilder::concat(const Origin &origin, ValueRange xs) {
  SmallVector<int64_t> shape(typeOf(xs.front()).getShape());
  shape[1] = 0;
  for (Value x : xs)
    shape[1] += typeOf(x).getDimSize(1);
  return ConcatOp::create(builder, at(origin), fixed(shape), xs, /*dim=*/1);
}

Value NetworkBuilder::asToken(const Origin &origin, Value x) {
  return ReshapeOp::create(builder, at(origin),
                           batched({1, typeOf(x).getDimSize(1)}), x);
}
