// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The skeleton of attention. The scores of a block of queries stay in the
// second cache, whole rows of them: the softmax needs no rescaling.
#include "codegen/cpu/AttentionShape.h"
#include "codegen/cpu/Elementwise.h"
#include "codegen/cpu/Exponential.h"
#include "codegen/cpu/MatmulTile.h"

#include <limits>
#include <numbers>

using namespace mlir;

namespace dit::codegen::cpu {

namespace {

/// Sums (or maxima) that run side by side, so that none waits for the one
/// before.
constexpr int64_t kChains = 4;

class AttentionKernel {
public:
  AttentionKernel(KernelBody &body, AttentionOp op)
      : body(body), e(body.e), shape(body, op), q(operandOf(op.getQ())),
        k(operandOf(op.getK())), v(operandOf(op.getV())) {}

  KernelShape emit();

private:
  /// A block of queries [query, endQuery) of one head, and where the head's
  /// result begins (at query 0).
  struct Block {
    Index query, endQuery;
    Ptr result;
  };

  void emitHead(Index sample, Index head, Index block, Index endBlock);
  void emitScores(const Block &block);
  void emitSoftmax(Ptr row, Ptr inverse);
  void emitResult(const Block &block);
  SmallVector<Num> overRow(Ptr row, Num init,
                           function_ref<Num(Num, Num, Index, int64_t)> step);
  TileOperands products() {
    TileOperands operands;
    if (shape.pairs)
      operands.multiplyAdd = dotPairs;
    return operands;
  }
  /// A sample's head of the operand q, k or v.
  Ptr headOf(unsigned operand, Index sample, Index head) {
    return past(body.kernel.operands[operand], body.sample(operand, sample),
                head * shape.headDim);
  }
  /// Elements between its tokens; steps where they are multiplied along them.
  int64_t stride(unsigned operand) {
    return body.kernel.operands[operand].strides[1];
  }
  int64_t stepStride(unsigned operand) {
    return stride(operand) / (shape.pairs ? 2 : 1);
  }

  KernelBody &body;
  Emitter &e;
  AttentionShape shape;
  unsigned q, k, v; ///< the region's operands that they are
  Ptr keys, values, queries, scores, inverses; // scratch
};

KernelShape AttentionKernel::emit() {
  keys = body.scratch;
  values = keys + shape.keyFloats();
  queries = values + shape.valueFloats();
  scores = queries + shape.queryFloats();
  inverses = scores + shape.scoreFloats();
  // Units that follow one another in a head share its packed keys and values.
  e.loop(body.begin / shape.blocks,
         (body.end + (shape.blocks - 1)) / shape.blocks, 1, [&](Index pair) {
           Index unit = pair * shape.blocks;
           Index first = body.begin - min(body.begin, unit);
           Index last = min(body.end - unit, e.index(shape.blocks));
           emitHead(pair / shape.heads, pair % shape.heads, first, last);
         });
  KernelShape kernel;
  kernel.units.perRow = shape.heads * shape.blocks;
  kernel.scratchBytes =
      4 * (shape.keyFloats() + shape.valueFloats() + shape.queryFloats() +
           shape.scoreFloats() + shape.blockQueries);
  return kernel;
}

void AttentionKernel::emitHead(Index sample, Index head, Index first,
                               Index last) {
  Index feature = head * shape.headDim;
  packKeys(e, shape, headOf(k, sample, head), stepStride(k), shape.factor,
           keys);
  packValues(e, shape, headOf(v, sample, head), stride(v), values);
  Ptr from = headOf(q, sample, head);
  Ptr result = past(body.kernel.results[0], body.results[0],
                    sample * body.kernel.results[0].strides[0] + feature);
  e.loop(first, last, 1, [&](Index number) {
    Index query = number * shape.blockQueries;
    Block block{query, min(query + shape.blockQueries, e.index(shape.queries)),
                result};
    packQueries(e, shape, from + query * stepStride(q), stepStride(q),
                block.endQuery - query, queries);
    emitScores(block);
    e.loop(e.index(0), block.endQuery - query, 1, [&](Index row) {
      emitSoftmax(scores + row * shape.scoreStride, inverses + row);
    });
    emitResult(block);
  });
}

void AttentionKernel::emitScores(const Block &block) {
  shape.keyPanels.forEach(e, [&](Index panel, int64_t vectors, int64_t) {
    Ptr packed = keys + panel * (shape.keyPanels.width() * shape.featureSteps);
    Ptr to = scores + panel * shape.keyPanels.width();
    auto tile = [&](Index row, int64_t rows) {
      Ptr rowQueries = queries + (row - block.query) * shape.queryStride;
      TileOperands operands = products();
      operands.a = [&](int64_t i, Index f, int64_t u) {
        return e.loadScalar(rowQueries + f + (i * shape.queryStride + u));
      };
      operands.b = [&](int64_t j, Index f, int64_t u) {
        return e.load(packed + f * (vectors * shape.lanes) +
                      (u * vectors + j) * shape.lanes);
      };
      SmallVector<Num> sums =
          accumulate(e, {rows, vectors},
                     {e.index(0), e.index(shape.featureSteps), 4,
                      shape.featureSteps % 4 == 0},
                     operands);
      Ptr at = to + (row - block.query) * shape.scoreStride;
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < vectors; ++j)
          e.store(sums[i * vectors + j],
                  at + (i * shape.scoreStride + j * shape.lanes));
    };
    forEachTile(e, block.query, block.endQuery, shape.tileRows, shape.queries,
                tile);
  });
}

/// Folds `step(chain, scores, first key, lanes that are keys)` over a row of
/// scores.
SmallVector<Num>
AttentionKernel::overRow(Ptr row, Num init,
                         function_ref<Num(Num, Num, Index, int64_t)> step) {
  int64_t lanes = shape.lanes, together = kChains * lanes;
  int64_t whole = shape.keys / together * together;
  SmallVector<Num> chains(kChains, init);
  chains =
      e.loop(0, whole, together, chains, [&](Index key, ArrayRef<Num> carried) {
        SmallVector<Num> next(carried);
        for (int64_t c = 0; c < kChains; ++c) {
          Index at = key + c * lanes;
          next[c] = step(next[c], e.load(row + at), at, lanes);
        }
        return next;
      });
  for (int64_t key = whole, c = 0; key < shape.keys; key += lanes, ++c)
    chains[c] = step(chains[c], e.load(row + key), e.index(key),
                     std::min(lanes, shape.keys - key));
  return chains;
}

/// Scores of one query to exp(score - their maximum), and 1 / the sum of these.
/// Scores are in units of log 2; those of pairs become so here. The
/// exponentials take their place, as bfloat16 in the first half of it: behind
/// the scores that are still to be read.
void AttentionKernel::emitSoftmax(Ptr row, Ptr inverse) {
  Num least = e.splat(-std::numeric_limits<double>::infinity());
  auto onlyKeys = [&](Num x, int64_t count, Num otherwise) {
    return count == shape.lanes ? x : select(e.firstLanes(count), x, otherwise);
  };
  auto tops = overRow(row, least, [&](Num top, Num x, Index, int64_t count) {
    return max(onlyKeys(x, count, least), top);
  });
  Num top =
      broadcast(reduceMax(max(max(tops[0], tops[1]), max(tops[2], tops[3]))));
  auto sums =
      overRow(row, e.splat(0), [&](Num sum, Num x, Index key, int64_t count) {
        Num below = shape.pairs ? (x - top) * shape.factor : x - top;
        Num p = onlyKeys(exp2NotAboveZero(below), count, e.splat(0));
        if (shape.pairs)
          e.storeBf16(p, pastBf16(row, key), shape.lanes);
        else
          e.store(p, row + key);
        return sum + p;
      });
  Num sum = reduceAdd((sums[0] + sums[1]) + (sums[2] + sums[3]));
  e.store(e.number(1) / sum, inverse);
}

void AttentionKernel::emitResult(const Block &block) {
  const Place &to = body.kernel.results[0];
  int64_t toStride = to.strides[1];
  auto tile = [&](Index row, int64_t rows) {
    Ptr p = scores + (row - block.query) * shape.scoreStride;
    Ptr inverse = inverses + (row - block.query);
    shape.valuePanels.forEach(e, [&](Index panel, int64_t vectors,
                                     int64_t columns) {
      Ptr packed =
          values + panel * (shape.valuePanels.width() * shape.keySteps);
      TileOperands operands = products();
      operands.a = [&](int64_t i, Index key, int64_t u) {
        return e.loadScalar(p + key + (i * shape.scoreStride + u));
      };
      operands.b = [&](int64_t j, Index key, int64_t u) {
        return e.load(packed + key * (vectors * shape.lanes) +
                      (u * vectors + j) * shape.lanes);
      };
      SmallVector<Num> sums = accumulate(
          e, {rows, vectors},
          {e.index(0), e.index(shape.keySteps), 4, shape.keySteps % 4 == 0},
          operands);
      Index at = row * toStride + panel * shape.valuePanels.width();
      for (int64_t i = 0; i < rows; ++i) {
        Num scale = broadcast(e.loadScalar(inverse + i));
        for (int64_t j = 0; j < vectors; ++j)
          storeAs(to, sums[i * vectors + j] * scale,
                  past(to, block.result, at + (i * toStride + j * shape.lanes)),
                  std::min(shape.lanes, columns - j * shape.lanes));
      }
    });
  };
  forEachTile(e, block.query, block.endQuery, shape.tileRows, shape.queries,
              tile);
}

/// The most vectors of a tile, shared out so that the last panel is not a thin
/// one.
int64_t evenVectors(int64_t columns, int64_t lanes, int64_t most) {
  int64_t vectors = llvm::divideCeil(columns, lanes);
  return llvm::divideCeil(vectors, llvm::divideCeil(vectors, most));
}

} // namespace

AttentionShape::AttentionShape(const KernelBody &body, AttentionOp op)
    : op(op), pairs(op.getQ().getType().getElementType().isBF16()),
      heads(op.getHeads()), headDim(op.getHeadDim()),
      queries(op.getQ().getType().getDimSize(1)),
      keys(op.getK().getType().getDimSize(1)),
      featureSteps(pairs ? headDim / 2 : headDim),
      keySteps(pairs ? llvm::divideCeil(keys, 2) : keys),
      factor(std::numbers::log2e / std::sqrt((double)headDim)),
      lanes(body.machine.lanes), tileRows(body.machine.tileRows),
      keyPanels(keys, body.machine.panel / lanes, lanes),
      valuePanels(headDim,
                  evenVectors(headDim, lanes, body.machine.panel / lanes),
                  lanes) {
  // The rows of a tile would fall into one set of the first cache if they were
  // a multiple of a page apart.
  auto stride = [&](int64_t columns) {
    int64_t floats = llvm::alignTo(columns, lanes);
    return floats % 1024 ? floats : floats + 16;
  };
  queryStride = stride(featureSteps), scoreStride = stride(keys);
  // A quarter of the second cache for scores.
  int64_t floats = lanes == 16 ? 64 * 1024 : 32 * 1024;
  int64_t rows = std::clamp<int64_t>(floats / scoreStride, tileRows, 64);
  blockQueries = std::min<int64_t>(rows / tileRows * tileRows,
                                   llvm::alignTo(queries, tileRows));
  blocks = llvm::divideCeil(queries, blockQueries);
}

/// bfloat16 is multiplied in pairs of features, read where they lie.
static LogicalResult checkPairs(const KernelBody &body, AttentionOp op) {
  if (op.getQ().getType().getElementType().isF32())
    return success();
  auto isEven = [](int64_t size) { return size % 2 == 0; };
  auto hasEvenStrides = [&](Value value) {
    const Place &place = body.kernel.operands[operandOf(value)];
    return llvm::all_of(ArrayRef(place.strides).drop_back(), isEven);
  };
  bool evenStrides = hasEvenStrides(op.getQ()) && hasEvenStrides(op.getK());
  if (body.machine.lanes == 16 && isEven(op.getHeadDim()) && evenStrides)
    return success();
  return op.emitOpError() << "of bf16 must be for AVX-512 and have an even "
                             "number of features a head and even strides, but "
                             "has "
                          << op.getHeadDim() << " features a head of "
                          << op.getQ().getType();
}

FailureOr<KernelShape> emitAttention(KernelBody &body) {
  if (failed(checkOperands(body)))
    return failure();
  FusedOp region = body.op();
  auto ops = region.getBody().front().getOps<AttentionOp>();
  auto isKnown = llvm::IsaPred<AttentionOp, CastOp>;
  if (!llvm::hasSingleElement(ops) || region.getNumResults() != 1 ||
      !llvm::all_of(region.getBody().front().without_terminator(),
                    [&](Operation &op) { return isKnown(&op); }))
    return region.emitOpError(
        "of kind attention must hold one dit.attention, and at most a dit.cast "
        "of it");
  if (failed(checkPairs(body, *ops.begin())))
    return failure();
  return AttentionKernel(body, *ops.begin()).emit();
}

} // namespace dit::codegen::cpu
