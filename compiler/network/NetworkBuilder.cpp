// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One function an op.
#include "compiler/network/NetworkBuilder.h"

#include "mlir/IR/Location.h"

using namespace mlir;
using namespace dit;

namespace {
RankedTensorType typeOf(Value x) { return cast<RankedTensorType>(x.getType()); }
} // namespace

Location NetworkBuilder::at(const Origin &origin) {
  LocationAttr key = origin.key ? origin.key : root;
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
  auto op =
      WeightOp::create(builder, at({name.str(), key}), fixed(shape), name);
  auto [known, isNew] =
      weights.insert({op.getName(), {SmallVector<int64_t>(shape), key}});
  if (!isNew && ArrayRef(known->second.shape) != shape) {
    auto diag = places.error(key ? key : root)
                << "the weight " << name << " is " << showShape(shape)
                << " here and " << showShape(known->second.shape)
                << " elsewhere";
    if (known->second.key)
      diag.attachNote(Location(known->second.key)) << "it is set here";
    diag.report();
    throw Stop();
  }
  return op;
}

double NetworkBuilder::weightBytes() const {
  double bytes = 0;
  for (const auto &[name, weight] : weights) {
    double size = 4;
    for (int64_t dim : weight.shape)
      size *= dim;
    bytes += size;
  }
  return bytes;
}

WeightShapes NetworkBuilder::weightShapes() const {
  WeightShapes shapes;
  for (const auto &[name, weight] : weights)
    shapes.push_back({name.str(), {weight.shape.begin(), weight.shape.end()}});
  return shapes;
}

Value NetworkBuilder::linear(const Origin &origin, Value x, StringRef prefix,
                             int64_t features, bool hasBias) {
  SmallVector<int64_t> shape(typeOf(x).getShape());
  int64_t k = std::exchange(shape.back(), features);
  Value w = weight((prefix + ".weight").str(), {features, k}, origin.key);
  Value b;
  if (hasBias)
    b = weight((prefix + ".bias").str(), {features}, origin.key);
  return LinearOp::create(builder, at(origin), fixed(shape), x, w, b);
}

Value NetworkBuilder::layerNorm(const Origin &origin, Value x, double eps,
                                StringRef prefix) {
  int64_t width = typeOf(x).getShape().back();
  Value w, b;
  if (!prefix.empty()) {
    w = weight((prefix + ".weight").str(), {width}, origin.key);
    b = weight((prefix + ".bias").str(), {width}, origin.key);
  }
  return LayerNormOp::create(builder, at(origin), x.getType(), x, w, b,
                             llvm::APFloat(eps));
}

Value NetworkBuilder::rmsNorm(const Origin &origin, Value x, double eps,
                              StringRef prefix) {
  Value w;
  if (!prefix.empty())
    w = weight((prefix + ".weight").str(), {typeOf(x).getShape().back()},
               origin.key);
  return RMSNormOp::create(builder, at(origin), x.getType(), x, w,
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

Value NetworkBuilder::mul(const Origin &origin, Value a, Value b) {
  return MulOp::create(builder, at(origin), a.getType(), a, b);
}

Value NetworkBuilder::activation(const Origin &origin, Value x,
                                 StringRef which) {
  if (which == "silu")
    return SiluOp::create(builder, at(origin), x.getType(), x);
  auto form = which == "gelu_tanh" ? GeluForm::Tanh : GeluForm::Erf;
  return GeluOp::create(builder, at(origin), x.getType(), x, form);
}

Value NetworkBuilder::rotate(const Origin &origin, Value x, Value angles,
                             int64_t features) {
  return RotateOp::create(builder, at(origin), x.getType(), x, angles,
                          features);
}

Value NetworkBuilder::attention(const Origin &origin, Value q, Value k, Value v,
                                int64_t heads) {
  return AttentionOp::create(builder, at(origin), q.getType(), q, k, v, heads);
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

Value NetworkBuilder::concat(const Origin &origin, ValueRange xs, int64_t dim) {
  SmallVector<int64_t> shape(typeOf(xs.front()).getShape());
  shape[dim] = 0;
  for (Value x : xs)
    shape[dim] += typeOf(x).getDimSize(dim);
  return ConcatOp::create(builder, at(origin), fixed(shape), xs, dim);
}

Value NetworkBuilder::asToken(const Origin &origin, Value x) {
  return ReshapeOp::create(builder, at(origin),
                           batched({1, typeOf(x).getDimSize(1)}), x);
}
