// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pack kernels: weights into panels (M, K) -> (P, K, L), or (P, K/2, L, 2) of
// bfloat16, or copied, once a load. Of a concatenation only the addresses of
// rows are looked up; it is never made.
#include "codegen/cpu/Elementwise.h"
#include "codegen/cpu/Transpose.h"
#include "codegen/cpu/WeightSource.h"

using namespace mlir;

namespace dit::codegen::cpu {

namespace {

/// One result of a pack region that is made of panels.
class PackedPanels {
public:
  PackedPanels(PackOp op, unsigned result, WeightPieces pieces,
               KernelBody &body)
      : body(body), e(body.e), result(result), pieces(std::move(pieces)) {
    features = op.getW().getType().getDimSize(0);
    depth = op.getW().getType().getDimSize(1);
    count = op.getType().getDimSize(0), lanes = op.getLayout()->getPanel();
    perStep = op.getLayout()->getGroup();
    zeros = llvm::alignTo(2 * lanes, 16);
    computed = zeros + llvm::alignTo(depth, 16);
  }

  int64_t units() const { return count; }
  int64_t scratchBytes() const {
    bool computes =
        llvm::any_of(pieces, [](const WeightPiece &p) { return !p.address; });
    return 4 * (computed + (computes ? lanes * depth : 0));
  }
  void emit(Index begin, Index end);

private:
  // Scratch: the addresses of a panel's rows, a row of zeros, the rows that are
  // computed. In floats.
  Ptr slot(Index lane) const { return body.scratch + lane * 2; }
  Ptr zeroRow() const { return body.scratch + zeros; }

  void findRows(Index panel);
  void findRows(const WeightPiece &piece, int64_t firstRow, Index panel);
  void clearZeros();
  void movePanel(Ptr to);
  void moveBlock(Ptr to, int64_t lane, Index k, int64_t columns);

  KernelBody &body;
  Emitter &e;
  unsigned result;
  WeightPieces pieces;
  int64_t features, depth, lanes, count; ///< M, K, L, P
  int64_t perStep; ///< bfloat16 in the place of a float32: 2, or 1 of float32
  int64_t zeros, computed; ///< where in scratch
};

void PackedPanels::emit(Index begin, Index end) {
  if (features % lanes)
    clearZeros();
  e.loop(begin, end, 1, [&](Index panel) {
    findRows(panel);
    movePanel(body.results[result] +
              panel * (llvm::divideCeil(depth, perStep) * lanes));
  });
}

void PackedPanels::clearZeros() {
  e.loop(0, depth, 1, [&](Index k) { e.store(e.number(0), zeroRow() + k); });
}

/// Writes the address of every row of the panel to its slot.
void PackedPanels::findRows(Index panel) {
  int64_t row = 0;
  for (const WeightPiece &piece : pieces) {
    findRows(piece, row, panel);
    row += piece.floats / depth;
  }
  Index first = panel * lanes;
  e.loop(max(first, e.index(features)), first + lanes, 1,
         [&](Index m) { e.storePtr(zeroRow(), slot(m - first), 0); });
}

void PackedPanels::findRows(const WeightPiece &piece, int64_t firstRow,
                            Index panel) {
  Index first = panel * lanes;
  Index end = min(first + lanes, e.index(firstRow + piece.floats / depth));
  e.loop(max(first, e.index(firstRow)), end, 1, [&](Index m) {
    Index lane = m - first, at = (m - firstRow) * depth;
    if (piece.address) {
      e.storePtr(piece.address(at), slot(lane), 0);
      return;
    }
    Ptr row = body.scratch + computed + lane * depth;
    const int64_t whole = depth / e.lanes * e.lanes;
    e.loop(0, whole, e.lanes,
           [&](Index k) { e.store(piece.load(at + k, e.lanes), row + k); });
    if (whole < depth)
      e.store(piece.load(at + whole, depth - whole), row + whole,
              depth - whole);
    e.storePtr(row, slot(lane), 0);
  });
}

/// As many rows at a time as a vector has lanes: all of a panel's would be more
/// streams than the hardware fetches ahead.
void PackedPanels::movePanel(Ptr to) {
  const int64_t whole = depth / e.lanes * e.lanes;
  for (int64_t lane = 0; lane < lanes; lane += e.lanes) {
    e.loop(0, whole, e.lanes,
           [&](Index k) { moveBlock(to, lane, k, e.lanes); });
    if (whole < depth)
      moveBlock(to, lane, e.index(whole), depth - whole);
  }
}

/// Columns [k, k + columns) of the rows from `lane` on.
void PackedPanels::moveBlock(Ptr to, int64_t lane, Index k, int64_t columns) {
  const int64_t used = std::min<int64_t>(e.lanes, lanes - lane);
  SmallVector<Num> rows(e.lanes, e.splat(0));
  for (int64_t i = 0; i < used; ++i)
    rows[i] = e.load(e.loadPtr(slot(e.index(lane + i)), 0) + k, columns);
  transpose(rows);
  // Columns past the last are zeros.
  for (int64_t j = 0; j < columns; j += perStep)
    e.store(perStep == 2 ? bf16Pairs(rows[j], rows[j + 1]) : rows[j],
            to + (k / perStep + j / perStep) * lanes + lane, used);
}

/// One result of a pack region that is copied as it is. A unit is a block of a
/// piece.
class Copy {
public:
  Copy(unsigned result, WeightPieces pieces, KernelBody &body)
      : body(body), e(body.e), result(result), pieces(std::move(pieces)) {}

  int64_t units() const {
    int64_t all = 0;
    for (const WeightPiece &piece : pieces)
      all += blocksOf(piece);
    return all;
  }
  void emit(Index begin, Index end);

private:
  /// Whole runs, some 100 KB of them.
  static int64_t blockOf(const WeightPiece &piece) {
    constexpr int64_t kFloats = 32 << 10;
    if (piece.run == piece.floats)
      return std::min(kFloats, piece.floats);
    return std::min(piece.floats,
                    piece.run * std::max<int64_t>(1, kFloats / piece.run));
  }
  static int64_t blocksOf(const WeightPiece &piece) {
    return llvm::divideCeil(piece.floats, blockOf(piece));
  }
  void copyRun(const WeightPiece &piece, Index from, Ptr to, int64_t floats);
  void copyBlock(const WeightPiece &piece, Index from, Ptr to, int64_t floats);

  KernelBody &body;
  Emitter &e;
  unsigned result;
  WeightPieces pieces;
};

void Copy::emit(Index begin, Index end) {
  int64_t unit = 0, start = 0;
  for (const WeightPiece &piece : pieces) {
    const int64_t block = blockOf(piece), blocks = blocksOf(piece),
                  rest = piece.floats % block;
    const int64_t wholeEnd = unit + blocks - (rest != 0);
    Ptr to = body.results[result] + start;
    e.loop(max(begin, e.index(unit)), min(end, e.index(wholeEnd)), 1,
           [&](Index u) {
             Index at = (u - unit) * block;
             copyBlock(piece, at, to + at, block);
           });
    if (rest)
      e.loop(max(begin, e.index(wholeEnd)), min(end, e.index(unit + blocks)), 1,
             [&](Index) {
               Index at = e.index(piece.floats - rest);
               copyBlock(piece, at, to + at, rest);
             });
    unit += blocks, start += piece.floats;
  }
}

void Copy::copyBlock(const WeightPiece &piece, Index from, Ptr to,
                     int64_t floats) {
  if (piece.run >= floats)
    return copyRun(piece, from, to, floats);
  e.loop(0, floats, piece.run,
         [&](Index i) { copyRun(piece, from + i, to + i, piece.run); });
}

void Copy::copyRun(const WeightPiece &piece, Index from, Ptr to,
                   int64_t floats) {
  const int64_t whole = floats / e.lanes * e.lanes;
  e.loop(0, whole, e.lanes,
         [&](Index i) { e.store(piece.load(from + i, e.lanes), to + i); });
  if (whole < floats)
    e.store(piece.load(from + whole, floats - whole), to + whole,
            floats - whole);
}

/// The part of this call's units that is numbered from `first` on.
template <typename Part>
void emitPart(Part &part, int64_t first, KernelBody &body) {
  Emitter &e = body.e;
  part.emit(max(body.begin, e.index(first)) - first,
            max(min(body.end, e.index(first + part.units())), e.index(first)) -
                first);
}

} // namespace

FailureOr<KernelShape> emitPack(KernelBody &body) {
  if (failed(checkOperands(body)))
    return failure();
  KernelShape shape{{0, 1, 1}, 0};
  Operation *yield = body.op().getBody().front().getTerminator();
  for (auto [i, value] : llvm::enumerate(yield->getOperands())) {
    auto pack = value.getDefiningOp<PackOp>();
    bool isPacked = pack && pack.getLayout();
    auto pieces = weightPieces(isPacked ? pack.getW() : value, body);
    if (failed(pieces))
      return failure();
    if (!isPacked) {
      if (!cast<RankedTensorType>(value.getType()).getElementType().isF32())
        return body.op().emitOpError()
               << "result " << i
               << " must be packed in pairs or be f32, but is "
               << value.getType();
      Copy copy(i, std::move(*pieces), body);
      emitPart(copy, shape.units.perRow, body);
      shape.units.perRow += copy.units();
      continue;
    }
    bool isWide = pack.getType().getElementType().isF32();
    if (pack.getLayout()->getGroup() != (isWide ? 1 : 2))
      return pack.emitOpError()
             << "must pack f32, or bf16 in pairs, but makes " << pack.getType();
    int64_t depth = pack.getW().getType().getDimSize(1);
    if (llvm::any_of(*pieces,
                     [&](const WeightPiece &p) { return p.run % depth; }))
      return pack.emitOpError(
          "cannot pack a weight whose rows are joined of several parts");
    PackedPanels panels(pack, i, std::move(*pieces), body);
    emitPart(panels, shape.units.perRow, body);
    shape.units.perRow += panels.units();
    shape.scratchBytes = std::max(shape.scratchBytes, panels.scratchBytes());
  }
  return shape;
}

} // namespace dit::codegen::cpu
