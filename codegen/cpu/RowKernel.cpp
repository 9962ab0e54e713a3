// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Row kernels: one walk over any body of row ops, in the passes that RowPlan
// found.
#include "codegen/cpu/Elementwise.h"
#include "codegen/cpu/RowPlan.h"
#include "codegen/cpu/RowValue.h"

using namespace mlir;

namespace dit::codegen::cpu {

namespace {

class RowKernel {
public:
  explicit RowKernel(KernelBody &body)
      : body(body), e(body.e), plan(body.op()), values(body) {}

  /// Everything the region makes of one token.
  void emitRow(const Row &row);
  int64_t scratchBytes() const { return plan.scratchBytes(); }

private:
  using Totals = SmallVector<Num>;

  void emitPass(int pass, int64_t width, const Row &row);
  void emitColumns(int pass, int64_t width, const Row &row,
                   const Columns &columns);
  void addColumns(ArrayRef<RowSum> sums, MutableArrayRef<Num> totals,
                  const Row &row, const Columns &columns);
  void finishSum(const RowSum &sum, Num total);
  void keep(Value value, const Row &row, const Columns &columns);
  Num reload(Value value, const Row &row, const Columns &columns);
  Num normalised(Operation *norm, const Row &row, const Columns &columns);

  KernelBody &body;
  Emitter &e;
  RowPlan plan;
  Elementwise values;
  llvm::DenseMap<Operation *, Num> mean,
      scale; ///< of norms; scale is 1 / deviation
};

void RowKernel::emitRow(const Row &row) {
  values.enter(row);
  for (int pass = 0; pass < plan.passCount(); ++pass)
    for (int64_t width : plan.widthsOf(pass))
      emitPass(pass, width, row);
}

/// One loop over the columns. Sums are carried in several accumulators, since
/// one would wait for itself; which column goes where depends on the width
/// alone.
void RowKernel::emitPass(int pass, int64_t width, const Row &row) {
  SmallVector<RowSum> sums = plan.sumsOf(pass, width);
  const size_t count = sums.size();
  const int64_t lanes = e.lanes, unroll = count > 4 ? 2 : 4;
  const int64_t step = unroll * lanes, loopEnd = width / step * step;

  // totals[u * count + s]: sum s over the columns of unrolled copy u.
  Totals totals(unroll * count, e.splat(0));
  auto at = [&](Totals &all, int64_t u, const Columns &columns) {
    emitColumns(pass, width, row, columns);
    addColumns(sums, MutableArrayRef(all).slice(u * count, count), row,
               columns);
  };
  if (loopEnd)
    totals = e.loop(0, loopEnd, step, totals,
                    [&](Index column, ArrayRef<Num> carried) {
                      Totals next(carried);
                      for (int64_t u = 0; u < unroll; ++u)
                        at(next, u, {column + u * lanes, lanes});
                      return next;
                    });
  for (int64_t column = loopEnd, u = 0; column < width; column += lanes, ++u)
    at(totals, u, {e.index(column), std::min(lanes, width - column)});

  for (auto [s, sum] : llvm::enumerate(sums)) {
    for (int64_t half = unroll / 2; half >= 1; half /= 2)
      for (int64_t u = 0; u < half; ++u)
        totals[u * count + s] =
            totals[u * count + s] + totals[(u + half) * count + s];
    finishSum(sum, reduceAdd(totals[s]));
  }
}

void RowKernel::emitColumns(int pass, int64_t width, const Row &row,
                            const Columns &columns) {
  values.forget();
  for (Value value : plan.values()) {
    if (!plan.isNeeded(value, pass) || widthOf(value) != width)
      continue;
    Operation *op = value.getDefiningOp();
    bool isMadeHere = plan.passOf(value) == pass;
    if (plan.isKept(value) && !isMadeHere)
      values.define(value, reload(value, row, columns));
    else if (isNorm(op))
      values.define(value, normalised(op, row, columns));
    if (isMadeHere)
      keep(value, row, columns);
  }
}

void RowKernel::addColumns(ArrayRef<RowSum> sums, MutableArrayRef<Num> totals,
                           const Row &row, const Columns &columns) {
  for (auto [sum, total] : llvm::zip(sums, totals)) {
    Num x = values.at(sum.x(), row, columns);
    if (sum.centred)
      x = x - mean[sum.norm];
    if (columns.count < e.lanes)
      x = select(e.firstLanes(columns.count), x, e.splat(0));
    total = sum.squared ? fma(x, x, total) : total + x;
  }
}

void RowKernel::finishSum(const RowSum &sum, Num total) {
  Num average = total / e.number(widthOf(sum.x()));
  if (!sum.squared) {
    mean[sum.norm] = broadcast(average);
    return;
  }
  double eps = sum.norm->getAttrOfType<FloatAttr>("eps").getValueAsDouble();
  scale[sum.norm] = broadcast(e.number(1) / sqrt(average + eps));
}

/// Stores a value that is a result, or that a later pass reads.
void RowKernel::keep(Value value, const Row &row, const Columns &columns) {
  ArrayRef<unsigned> results = plan.resultsOf(value);
  for (unsigned index : results)
    values.store(values.at(value, row, columns), index, row, columns);
  if (results.empty() && plan.isKept(value))
    e.store(values.at(value, row, columns),
            body.scratch + columns.column + plan.scratchOf(value),
            columns.count);
}

Num RowKernel::reload(Value value, const Row &row, const Columns &columns) {
  ArrayRef<unsigned> results = plan.resultsOf(value);
  Ptr p =
      results.empty()
          ? body.scratch + columns.column + plan.scratchOf(value)
          : values.address(results[0], /*isResult=*/true, row, columns.column);
  return e.load(p, columns.count);
}

Num RowKernel::normalised(Operation *norm, const Row &row,
                          const Columns &columns) {
  Num x = values.at(norm->getOperand(0), row, columns);
  auto get = [&](Value value) { return values.at(value, row, columns); };
  if (auto rms = dyn_cast<RMSNormOp>(norm)) {
    x = x * scale[norm];
    return rms.getWeight() ? x * get(rms.getWeight()) : x;
  }
  auto layer = cast<LayerNormOp>(norm);
  x = (x - mean[norm]) * scale[norm];
  return layer.getWeight()
             ? fma(x, get(layer.getWeight()), get(layer.getBias()))
             : x;
}

/// What all rows of a region share.
struct Rows {
  int64_t tokens = 1;  ///< T of (N, T, D) and (T, D), 1 of (N, D) and (D)
  int64_t perUnit = 1; ///< rows a unit of work
  bool isBatched = false;
  int64_t samples = 1; ///< where there is no batch
};

LogicalResult checkBody(FusedOp op) {
  auto shape = [](Value value) {
    return cast<RankedTensorType>(value.getType()).getShape();
  };
  Operation *yield = op.getBody().front().getTerminator();
  ArrayRef<int64_t> rows = shape(yield->getOperand(0)).drop_back();
  if (rows.size() > 2)
    return op.emitOpError()
           << "cannot be compiled for the CPU: rows must be of a tensor of "
              "rank 1 to 3, but this one has rank "
           << rows.size() + 1;
  for (Operation &inner : op.getBody().front())
    if (&inner != yield && !isElementwise(&inner) && !isNorm(&inner))
      return inner.emitOpError("has no place in a CPU row kernel");
  for (Value value : yield->getOperands())
    if (shape(value).drop_back() != rows)
      return op.emitOpError("results must have one number of rows");
  return success();
}

Rows rowsOf(const KernelBody &body) {
  Rows rows;
  RankedTensorType type = body.kernel.results[0].type;
  rows.isBatched = body.kernel.results[0].isBatched();
  int64_t rank = type.getRank();
  if (rank == 3 || (rank == 2 && !rows.isBatched))
    rows.tokens = type.getDimSize(rank - 2);
  if (rank == 3 && !rows.isBatched)
    rows.samples = type.getDimSize(0);

  // Some 20 microseconds of memory traffic; enough units for every thread.
  constexpr int64_t kBytesPerUnit = 192 << 10, kMostRows = 64;
  int64_t bytes = 0;
  for (const Place &place :
       llvm::concat<const Place>(body.kernel.operands, body.kernel.results))
    bytes +=
        place.type.getRank() == rank ? place.type.getShape().back() * 4 : 0;
  rows.perUnit = std::clamp<int64_t>(
      kBytesPerUnit / std::max<int64_t>(bytes, 1), 1, kMostRows);
  return rows;
}

} // namespace

FailureOr<int64_t> emitRowOf(KernelBody &body, const Row &row) {
  if (failed(checkBody(body.op())))
    return failure();
  RowKernel kernel(body);
  kernel.emitRow(row);
  return kernel.scratchBytes();
}

FailureOr<KernelShape> emitRow(KernelBody &body) {
  Block &block = body.op().getBody().front();
  if (llvm::any_of(block, [](Operation &op) { return isSinusoid(&op); }))
    return emitSinusoid(body);
  if (failed(checkOperands(body)) || failed(checkBody(body.op())))
    return failure();

  Emitter &e = body.e;
  Rows rows = rowsOf(body);
  Index samples = rows.isBatched ? body.rows : e.index(rows.samples);
  Index begin = body.begin * rows.perUnit;
  Index end = min(body.end * rows.perUnit, samples * rows.tokens);
  RowKernel kernel(body);
  e.loop(begin, end, 1,
         [&](Index r) { kernel.emitRow({r / rows.tokens, r % rows.tokens}); });
  int64_t perSample = rows.isBatched ? rows.tokens : rows.samples * rows.tokens;
  return KernelShape{{perSample, rows.perUnit, 1}, kernel.scratchBytes()};
}

} // namespace dit::codegen::cpu
