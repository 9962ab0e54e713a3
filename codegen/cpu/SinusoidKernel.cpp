// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// timestep_embedding and the position tables: frequencies are constants made at
// compile time, sines and cosines are the host's, in double. MLIR's own are off
// by 5e-5 for arguments up to 1000.
#include "codegen/cpu/Elementwise.h"
#include "codegen/cpu/RowPlan.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include <cmath>

using namespace mlir;

namespace dit::codegen::cpu {

namespace {

// Slots of DitHost, each of a pointer's size; runtime/Abi.h has their order.
constexpr int64_t kSinSlot = 4, kCosSlot = 5;

/// Scalars in double and the host's functions of them.
class HostMath {
public:
  explicit HostMath(KernelBody &body)
      : e(body.e), loc(e.loc), builder(e.builder),
        sinAddress(e.loadPtr(body.host, kSinSlot)),
        cosAddress(e.loadPtr(body.host, kCosSlot)) {}

  Value widen(Num x) { return arith::ExtFOp::create(builder, loc, f64(), x.v); }
  Value fromIndex(Index i) {
    return arith::UIToFPOp::create(builder, loc, f64(), i.v);
  }
  Value mul(Value a, Value b) {
    return arith::MulFOp::create(builder, loc, a, b);
  }
  Value constant(double value) {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getF64FloatAttr(value));
  }
  Num sin(Value x) { return call(sinAddress, x); }
  Num cos(Value x) { return call(cosAddress, x); }

  /// Element i of a constant table.
  Value element(Ptr table, Type type, Index i) {
    Value at = LLVM::GEPOp::create(builder, loc, table.v.getType(), type,
                                   table.v, ValueRange{i.v});
    return LLVM::LoadOp::create(builder, loc, type, at);
  }
  Type f64() { return builder.getF64Type(); }

private:
  Num call(Ptr function, Value x) {
    auto type = LLVM::LLVMFunctionType::get(f64(), {f64()});
    Value y =
        LLVM::CallOp::create(builder, loc, type, ValueRange{function.v, x})
            .getResult();
    return {&e, arith::TruncFOp::create(builder, loc, builder.getF32Type(), y)};
  }

  Emitter &e;
  Location loc;
  OpBuilder &builder;
  Ptr sinAddress, cosAddress;
};

/// A table that is part of the code.
Ptr constantTable(KernelBody &body, FloatType type, ArrayRef<double> values) {
  Emitter &e = body.e;
  SmallVector<Attribute> elements;
  for (double value : values)
    elements.push_back(FloatAttr::get(type, value));
  auto shape = RankedTensorType::get({(int64_t)values.size()}, type);
  auto array = LLVM::LLVMArrayType::get(type, values.size());

  auto module =
      e.builder.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  auto atTop = OpBuilder::atBlockBegin(module.getBody());
  auto global = LLVM::GlobalOp::create(atTop, e.loc, array, /*isConstant=*/true,
                                       LLVM::Linkage::Internal,
                                       body.kernel.name + "_frequencies",
                                       DenseElementsAttr::get(shape, elements));
  return {&e, LLVM::AddressOfOp::create(e.builder, e.loc, global)};
}

/// Of positions: base^(-j/count).
SmallVector<double> frequencies(double base, int64_t count) {
  SmallVector<double> values;
  for (int64_t j = 0; j < count; ++j)
    values.push_back(std::pow(base, -(double)j / count));
  return values;
}

/// result[n, :] = [cos(t[n] * f) | sin(t[n] * f)]; f and t * f are float32.
KernelShape emitTimestep(TimestepEmbeddingOp op, KernelBody &body) {
  Emitter &e = body.e;
  const int64_t half = widthOf(op.getResult()) / 2;
  const double logPeriod = std::log(op.getMaxPeriod().convertToDouble());
  SmallVector<double> frequencies;
  for (int64_t i = 0; i < half; ++i)
    frequencies.push_back(
        std::exp(-logPeriod * i / (half - (int64_t)op.getShift())));
  Ptr table = constantTable(body, e.builder.getF32Type(), frequencies);

  HostMath host(body);
  Elementwise values(body);
  e.loop(body.begin, min(body.end, body.rows), 1, [&](Index n) {
    Row row{n, e.index(0)};
    values.enter(row);
    Num t = e.loadScalar(body.sample(operandOf(op.getT()), n));
    e.loop(0, half, 1, [&](Index i) {
      Value angle = host.widen(t * e.loadScalar(table + i));
      e.store(host.cos(angle), values.address(0, true, row, i));
      e.store(host.sin(angle), values.address(0, true, row, i + half));
    });
  });
  return {{1, 1, 1}, 0};
}

/// result[(h, w), :] = [sin(w * f) | cos(w * f) | sin(h * f) | cos(h * f)], in
/// double, h and w scaled to the trained grid.
KernelShape emitPosition(SincosPositionOp op, KernelBody &body) {
  Emitter &e = body.e;
  const int64_t quarter = widthOf(op.getResult()) / 4;
  const int64_t gridWidth = op.getGridWidth(),
                tokens = op.getGridHeight() * gridWidth;
  Ptr table = constantTable(body, e.builder.getF64Type(),
                            frequencies(10000.0, quarter));

  HostMath host(body);
  Elementwise values(body);
  e.loop(body.begin, min(body.end, e.index(tokens)), 1, [&](Index t) {
    Row row{e.index(0), t};
    values.enter(row);
    Value h = host.mul(host.fromIndex(t / gridWidth),
                       host.constant(op.getRowScale()));
    Value w = host.mul(host.fromIndex(t % gridWidth),
                       host.constant(op.getColumnScale()));
    e.loop(0, quarter, 1, [&](Index j) {
      Value f = host.element(table, host.f64(), j);
      Value byColumn = host.mul(w, f), byRow = host.mul(h, f);
      int64_t part = 0;
      for (Num x : {host.sin(byColumn), host.cos(byColumn), host.sin(byRow),
                    host.cos(byRow)})
        e.store(x, values.address(0, true, row, j + quarter * part++));
    });
  });
  return {{tokens, 1, 1}, 0};
}

/// result[(h, w), :] = [cos, sin, cos, sin ...] of h * f, then of w * f. What
/// is past the grid is turned as token 0 is: not at all.
KernelShape emitRotary(RotaryPositionOp op, KernelBody &body) {
  Emitter &e = body.e;
  const int64_t rows = op.getType().getDimSize(0),
                half = widthOf(op.getResult()) / 2, quarter = half / 2;
  const int64_t gridWidth = op.getGridWidth(),
                tokens = op.getGridHeight() * gridWidth;
  Ptr table =
      constantTable(body, e.builder.getF64Type(),
                    frequencies(op.getTheta().convertToDouble(), quarter));

  HostMath host(body);
  Elementwise values(body);
  e.loop(body.begin, min(body.end, e.index(rows)), 1, [&](Index t) {
    Row row{e.index(0), t};
    values.enter(row);
    Index place = select(t < e.index(tokens), t, e.index(0));
    Value h = host.mul(host.fromIndex(place / gridWidth),
                       host.constant(op.getRowScale()));
    Value w = host.mul(host.fromIndex(place % gridWidth),
                       host.constant(op.getColumnScale()));
    e.loop(0, quarter, 1, [&](Index j) {
      Value f = host.element(table, host.f64(), j);
      int64_t part = 0;
      for (Value angle : {host.mul(h, f), host.mul(w, f)}) {
        Index column = j * 2 + half * part++;
        e.store(host.cos(angle), values.address(0, true, row, column));
        e.store(host.sin(angle), values.address(0, true, row, column + 1));
      }
    });
  });
  return {{rows, 1, 1}, 0};
}

} // namespace

FailureOr<KernelShape> emitSinusoid(KernelBody &body) {
  if (failed(checkOperands(body)))
    return failure();
  Operation &op = body.op().getBody().front().front();
  if (body.op().getBody().front().getOperations().size() != 2)
    return op.emitOpError("must be alone in its region");
  if (auto timestep = dyn_cast<TimestepEmbeddingOp>(op))
    return emitTimestep(timestep, body);
  if (auto rotary = dyn_cast<RotaryPositionOp>(op))
    return emitRotary(rotary, body);
  return emitPosition(cast<SincosPositionOp>(op), body);
}

} // namespace dit::codegen::cpu
