// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The skeleton of a matmul over packed weights: which rows, panels and ranges
// of k follow one another. The register tile is MatmulTile's.
#include "codegen/cpu/LinearShape.h"
#include "codegen/cpu/MatmulTile.h"

using namespace mlir;

namespace dit::codegen::cpu {

namespace {

constexpr int64_t kFloatsPerLine = 16;

class LinearKernel {
public:
  LinearKernel(KernelBody &body, LinearOp op)
      : body(body), e(body.e), shape(body, op), input(body, shape),
        output(body, shape) {}

  FailureOr<KernelShape> emit();

private:
  /// The rows and panels that are worked on, and where their sums are kept.
  struct Block {
    Index row, endRow, panel, endPanel;
  };

  void emitPanels(const Block &block);
  void emitRanges(const Block &block);
  void emitRange(const Block &block, Index panel, Index range, Ptr sums);
  void emitTile(const Block &block, Index panel, Index range, Index row,
                MatmulTile tile, Ptr sums);
  void keep(ArrayRef<Num> sums, MatmulTile tile, Ptr at, bool add);
  Ptr sumsOf(const Block &block, Index panel) {
    return sums + (panel - block.panel) * (shape.blockRows * shape.panel);
  }
  Ptr weight() { return body.operands[operandOf(shape.op.getWeight())]; }

  KernelBody &body;
  Emitter &e;
  LinearShape shape;
  LinearInput input;
  LinearOutput output;
  Ptr made, sums,
      ends; // scratch: the prologue's rows, sums, the epilogue's own
};

FailureOr<KernelShape> LinearKernel::emit() {
  if (failed(output.check()))
    return failure();
  int64_t keptPanels = shape.ranges > 1 ? shape.groupPanels : 1;
  int64_t sumFloats = keptPanels * shape.blockRows * shape.panel;
  sums = body.scratch;
  ends = sums + sumFloats;
  made = ends + output.scratchFloats();

  int64_t columns = llvm::divideCeil(shape.panels, shape.unitPanels);
  Index rows = body.rows * shape.tokens;
  LogicalResult result = success();
  // Units that follow one another in a row of units share the rows' prologue.
  e.loop(body.begin / columns, (body.end + (columns - 1)) / columns, 1,
         [&](Index blockIndex) {
           Index row = blockIndex * shape.blockRows,
                 unit = blockIndex * columns;
           Index first = body.begin - min(body.begin, unit);
           Index last = min(body.end - unit, e.index(columns));
           Block block{row, min(row + shape.blockRows, rows),
                       first * shape.unitPanels,
                       min(last * shape.unitPanels, e.index(shape.panels))};
           result = input.make(block.row, block.endRow, made);
           if (shape.ranges > 1)
             emitRanges(block);
           else
             emitPanels(block);
         });
  if (failed(result))
    return failure();
  KernelShape kernel;
  kernel.units = {shape.tokens, shape.blockRows, columns};
  kernel.scratchBytes =
      4 * (sumFloats + output.scratchFloats() + input.scratchFloats());
  return kernel;
}

/// All of k at once: a panel is finished before the next one begins.
void LinearKernel::emitPanels(const Block &block) {
  e.loop(block.panel, block.endPanel, 1, [&](Index panel) {
    emitRange(block, panel, e.index(0), sums);
    output.finish(panel, block.row, block.endRow, sums, ends);
  });
}

/// A range of k after the other, each over a group of panels.
void LinearKernel::emitRanges(const Block &block) {
  e.loop(block.panel, block.endPanel, shape.groupPanels, [&](Index first) {
    Block group = block;
    group.panel = first;
    group.endPanel = min(first + shape.groupPanels, block.endPanel);
    e.loop(0, shape.ranges, 1, [&](Index range) {
      e.loop(group.panel, group.endPanel, 1, [&](Index panel) {
        emitRange(group, panel, range, sumsOf(group, panel));
        e.ifThen(range == e.index(shape.ranges - 1), [&] {
          output.finish(panel, group.row, group.endRow, sumsOf(group, panel),
                        ends);
        });
      });
    });
  });
}

void LinearKernel::emitRange(const Block &block, Index panel, Index range,
                             Ptr sums) {
  shape.onPanel(panel, shape.lanes, [&](int64_t columns) {
    forEachTile(e, block.row, block.endRow, shape.tileRows, shape.tokens,
                [&](Index row, int64_t rows) {
                  emitTile(block, panel, range, row,
                           {rows, columns / shape.lanes}, sums);
                });
  });
}

void LinearKernel::emitTile(const Block &block, Index panel, Index range,
                            Index row, MatmulTile tile, Ptr sums) {
  Index k0 = range * shape.rangeSteps;
  Index k1 = min(k0 + shape.rangeSteps, e.index(shape.k));
  bool divides = shape.k % shape.unroll == 0;
  TileRows x = input.rows(row, tile.rows, block.row, made);
  Ptr w = weight() + panel * (shape.k * shape.panel);

  // The tiles of a block fetch the next panel into the second cache, each its
  // part.
  int64_t lines = llvm::divideCeil(shape.unroll * shape.panel, kFloatsPerLine);
  int64_t tiles = shape.blockRows / shape.tileRows;
  int64_t share = llvm::divideCeil(lines, tiles) * kFloatsPerLine;
  Index number = (row - block.row) / shape.tileRows;
  Ptr next =
      w + shape.k * shape.panel + k0 * shape.panel +
      number * (llvm::divideCeil(shape.rangeSteps, shape.unroll) * share);
  constexpr int64_t kStepsAhead = 16;

  TileOperands operands;
  if (shape.pairs)
    operands.multiplyAdd = dotPairs;
  operands.a = [&](int64_t i, Index k, int64_t u) {
    return e.loadScalar(x.at(i, k, u));
  };
  operands.b = [&](int64_t j, Index k, int64_t u) {
    return e.load(w + k * shape.panel + (u * shape.panel + j * shape.lanes));
  };
  operands.ahead = [&](Index k) {
    Ptr part = next + (k - k0) / shape.unroll * share;
    for (int64_t at = 0; at < share; at += kFloatsPerLine)
      e.prefetch(part + at, 2);
    Ptr soon = w + k * shape.panel + kStepsAhead * shape.panel;
    for (int64_t line = 0; line < lines; ++line)
      e.prefetch(soon + line * kFloatsPerLine, 1);
  };
  SmallVector<Num> tileSums =
      accumulate(e, tile, {k0, k1, shape.unroll, divides}, operands);

  // Each range begins at zero and is added to the ones before it: a shorter
  // chain of roundings than one sum over all of k.
  Ptr at = sums + (row - block.row) * shape.panel;
  if (shape.ranges == 1)
    return keep(tileSums, tile, at, /*add=*/false);
  e.ifThen(range == e.index(0), [&] { keep(tileSums, tile, at, false); });
  e.ifThen(e.index(0) < range, [&] { keep(tileSums, tile, at, true); });
}

void LinearKernel::keep(ArrayRef<Num> sums, MatmulTile tile, Ptr at, bool add) {
  for (int64_t i = 0; i < tile.rows; ++i)
    for (int64_t j = 0; j < tile.vectors; ++j) {
      Ptr to = at + (i * shape.panel + j * shape.lanes);
      Num sum = sums[i * tile.vectors + j];
      e.store(add ? e.load(to) + sum : sum, to);
    }
}

} // namespace

/// Steps of k after which a panel's sums are put away. Measured, not computed
/// from the size of a cache: the longest range that leaves the second cache
/// room for the block's rows, the panel, the one that is fetched, and with
/// several ranges the sums of a group of panels. The order of sums, and so the
/// last bits of results, depends on it.
static int64_t longestRange(int64_t k, bool wide) {
  constexpr int64_t kAlone = 1152, kOfSeveral = 768, kAvx2 = 384;
  if (!wide)
    return kAvx2;
  return k <= kAlone ? kAlone : kOfSeveral;
}

LinearShape::LinearShape(const KernelBody &body, LinearOp op) : op(op) {
  const Machine &machine = body.machine;
  bool wide = machine.lanes == 16;
  auto x = op.getX().getType();
  auto weight = cast<RankedTensorType>(op.getWeight().getType());
  tokens = x.getRank() == 3 ? x.getDimSize(1) : 1;
  pairs = op.packedIn().getGroup() == 2;
  k = weight.getDimSize(1);
  m = cast<RankedTensorType>(op.getType()).getShape().back();
  panels = weight.getDimSize(0), panel = op.packedIn().getPanel();
  lanes = machine.lanes, tileRows = machine.tileRows;
  unroll = wide ? 4 : 8;
  blockRows = wide ? 128 : 64;
  ranges = llvm::divideCeil(k, longestRange(k, wide));
  rangeSteps = llvm::divideCeil(llvm::divideCeil(k, ranges), unroll) * unroll;
  ranges = llvm::divideCeil(k, rangeSteps);
  unitPanels = isa<BlockArgument>(op.getX()) ? 1 : kPanelsOfMadeRows;
  groupPanels = std::min<int64_t>(panels, wide ? 12 : 24);
}

void LinearShape::onPanel(Index number, int64_t granule,
                          function_ref<void(int64_t)> body) const {
  Emitter &e = *number.e;
  int64_t last = llvm::alignTo(m - (panels - 1) * panel, granule);
  if (panels == 1 || last == panel)
    return body(last);
  e.ifThen(number < e.index(panels - 1), [&] { body(panel); });
  e.ifThen(number == e.index(panels - 1), [&] { body(last); });
}

Row LinearShape::row(Index r) const {
  if (tokens == 1)
    return {r, r.e->index(0)};
  return {r / tokens, r % tokens};
}

/// Its elements follow one another: panels lie a panel's size apart.
static bool isWhole(const Place &place) {
  int64_t packed = 1;
  for (int64_t dim = place.type.getRank() - 1; dim >= 0; --dim) {
    if (place.strides[dim] != packed && place.type.getDimSize(dim) != 1)
      return false;
    packed *= place.type.getDimSize(dim);
  }
  return true;
}

/// bfloat16 is multiplied in pairs, read where they lie.
static LogicalResult checkPairs(const KernelBody &body, LinearOp op) {
  auto weight = cast<RankedTensorType>(op.getWeight().getType());
  bool narrow = !weight.getElementType().isF32();
  if (op.packedIn().getGroup() != (narrow ? 2 : 1) ||
      (narrow && body.machine.lanes != 16))
    return op.emitOpError() << "must have a weight of f32, or of pairs of "
                               "bf16 for AVX-512, but has "
                            << weight;
  if (op.multiplies() != (narrow ? Multiply::BF16 : Multiply::F32))
    return op.emitOpError()
           << "of " << weight.getElementType() << " cannot be multiplied as "
           << stringifyMultiply(op.multiplies()) << " on a CPU";
  if (!narrow)
    return success();
  if (!isa<BlockArgument>(op.getX()))
    return op.emitOpError("of bf16 must read x from the region's operands");
  const Place &place = body.kernel.operands[operandOf(op.getX())];
  bool isEven = llvm::all_of(ArrayRef(place.strides).drop_back(),
                             [](int64_t stride) { return stride % 2 == 0; });
  if (!isEven || place.type.getShape().back() % 2)
    return op.emitOpError() << "of bf16 must have an even number of features "
                               "and even strides, but has x "
                            << place.type;
  return success();
}

FailureOr<KernelShape> emitLinear(KernelBody &body) {
  if (failed(checkOperands(body)))
    return failure();
  FusedOp region = body.op();
  auto linears = region.getBody().front().getOps<LinearOp>();
  if (!llvm::hasSingleElement(linears))
    return region.emitOpError("of kind linear must hold one dit.linear");
  LinearOp op = *linears.begin();
  auto weight = cast<RankedTensorType>(op.getWeight().getType());
  LayoutAttr layout = op.packedIn();
  if (!layout || layout.getPanel() != body.machine.panel)
    return op.emitOpError() << "must have its weight packed in panels of "
                            << body.machine.panel << ", but has " << weight;
  if (!isWhole(body.kernel.operands[operandOf(op.getWeight())]))
    return op.emitOpError()
           << "must read a whole packed weight, but reads a part of one: "
           << weight;
  if (failed(checkPairs(body, op)))
    return failure();
  if (!isa<BlockArgument>(op.getWeight()) ||
      (op.getBias() && !isa<BlockArgument>(op.getBias())))
    return op.emitOpError(
        "must read weight and bias from the region's operands");
  if (!op.getX().getType().isDynamicDim(0))
    return op.emitOpError("must have a batch to be compiled for the CPU");
  return LinearKernel(body, op).emit();
}

} // namespace dit::codegen::cpu
