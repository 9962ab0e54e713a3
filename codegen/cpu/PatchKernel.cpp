// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels that move elements and compute nothing: patchify, unpatchify, concat.
#include "codegen/cpu/Elementwise.h"

using namespace mlir;

namespace dit::codegen::cpu {

namespace {

/// The address of sample n of the result.
Ptr resultSample(KernelBody &body, Index n) {
  return body.results[0] + n * body.kernel.results[0].strides[0];
}

/// Runs `rowOf(n, r)` for the rows r of samples n that this call's units hold;
/// a sample has `perSample` rows.
KernelShape overRows(KernelBody &body, int64_t perSample, int64_t granule,
                     llvm::function_ref<void(Index, Index)> rowOf) {
  Index end = min(body.end * granule, body.rows * perSample);
  body.e.loop(body.begin * granule, end, 1,
              [&](Index row) { rowOf(row / perSample, row % perSample); });
  return {{perSample, granule, 1}, 0};
}

/// Rows of a concatenation that a unit of work holds.
constexpr int64_t kRowsPerUnit = 16;

/// Moves the patches of one row of the grid: `image` element (c, h*p + i, w*p +
/// j) and `tokens` element (h*grid + w, element(c, i, j)), in the direction of
/// `toTokens`.
struct Patches {
  Ptr image, tokens;
  ArrayRef<int64_t> imageStrides, tokenStrides; ///< with the sample's first
  int64_t channels, patch, gridWidth;
  bool toTokens;

  void moveGridRow(Index h) const;
};

void Patches::moveGridRow(Index h) const {
  Emitter &e = *h.e;
  const int64_t p = patch;
  e.loop(0, channels, 1, [&](Index c) {
    e.loop(0, p, 1, [&](Index i) {
      Ptr line = image + c * imageStrides[1] + (h * p + i) * imageStrides[2];
      e.loop(0, gridWidth, 1, [&](Index w) {
        Ptr token = tokens + (h * gridWidth + w) * tokenStrides[1];
        e.loop(0, p, 1, [&](Index j) {
          Ptr pixel = line + w * p + j;
          // (c, i, j) going in, (i, j, c) coming out.
          if (toTokens)
            e.store(e.loadScalar(pixel), token + (c * p + i) * p + j);
          else
            e.store(e.loadScalar(token + (i * p + j) * channels + c), pixel);
        });
      });
    });
  });
}

KernelShape emitPatchify(PatchifyOp op, KernelBody &body) {
  const unsigned image = operandOf(op.getX());
  const int64_t patch = op.getPatch();
  const Place &x = body.kernel.operands[image],
              &result = body.kernel.results[0];
  ArrayRef<int64_t> shape = x.type.getShape();
  return overRows(body, shape[2] / patch, 1, [&](Index n, Index h) {
    Patches{body.sample(image, n),
            resultSample(body, n),
            x.strides,
            result.strides,
            shape[1],
            patch,
            shape[3] / patch,
            true}
        .moveGridRow(h);
  });
}

KernelShape emitUnpatchify(UnpatchifyOp op, KernelBody &body) {
  const unsigned tokens = operandOf(op.getX());
  const int64_t patch = op.getPatch();
  const Place &x = body.kernel.operands[tokens],
              &result = body.kernel.results[0];
  ArrayRef<int64_t> shape = result.type.getShape();
  return overRows(body, shape[2] / patch, 1, [&](Index n, Index h) {
    Patches{resultSample(body, n),
            body.sample(tokens, n),
            result.strides,
            x.strides,
            shape[1],
            patch,
            shape[3] / patch,
            false}
        .moveGridRow(h);
  });
}

/// Copies `width` consecutive elements.
void copy(Ptr from, Ptr to, int64_t width) {
  Emitter &e = *from.e;
  const int64_t whole = width / e.lanes * e.lanes;
  e.loop(0, whole, e.lanes,
         [&](Index i) { e.store(e.load(from + i), to + i); });
  if (whole < width)
    e.store(e.load(from + whole, width - whole), to + whole, width - whole);
}

/// Tokens after tokens, (N, T, D) along dimension 1: operand k owns the tokens
/// from the sum of the sizes before it.
KernelShape emitConcatTokens(ConcatOp op, KernelBody &body) {
  Emitter &e = body.e;
  const Place &result = body.kernel.results[0];
  const int64_t width = result.type.getShape().back();
  return overRows(
      body, result.type.getDimSize(1), kRowsPerUnit, [&](Index n, Index t) {
        Ptr to = resultSample(body, n) + t * result.strides[1];
        int64_t first = 0;
        for (Value x : op.getXs()) {
          const unsigned k = operandOf(x);
          const Place &place = body.kernel.operands[k];
          const int64_t count = place.type.getDimSize(1);
          // As an unsigned number, a token before `first` is past the end.
          e.ifThen(t - first < e.index(count), [&] {
            copy(body.sample(k, n) + (t - first) * place.strides[1], to, width);
          });
          first += count;
        }
      });
}

/// Features after features, (N, T, D) or (N, D) along the last dimension.
KernelShape emitConcatFeatures(ConcatOp op, KernelBody &body) {
  const Place &result = body.kernel.results[0];
  const bool hasTokens = result.type.getRank() == 3;
  const int64_t tokens = hasTokens ? result.type.getDimSize(1) : 1;
  return overRows(body, tokens, kRowsPerUnit, [&](Index n, Index t) {
    auto rowOf = [&](Ptr sample, const Place &place) {
      return hasTokens ? sample + t * place.strides[1] : sample;
    };
    Ptr to = rowOf(resultSample(body, n), result);
    for (Value x : op.getXs()) {
      const unsigned k = operandOf(x);
      const Place &place = body.kernel.operands[k];
      const int64_t width = place.type.getShape().back();
      copy(rowOf(body.sample(k, n), place), to, width);
      to = to + width;
    }
  });
}

FailureOr<KernelShape> emitConcat(ConcatOp op, KernelBody &body) {
  const int64_t rank = op.getType().getRank(), dim = op.getDim();
  if (body.kernel.results[0].isBatched() && dim >= 1) {
    if (dim == rank - 1 && rank <= 3)
      return emitConcatFeatures(op, body);
    if (dim == 1 && rank == 3)
      return emitConcatTokens(op, body);
  }
  return op.emitOpError()
         << "along dim " << dim << " of a tensor of rank " << rank
         << " has no CPU kernel, only tokens and features of samples have";
}

} // namespace

FailureOr<KernelShape> emitPatch(KernelBody &body) {
  if (failed(checkOperands(body)))
    return failure();
  Block &block = body.op().getBody().front();
  Operation &op = block.front();
  if (block.getOperations().size() != 2)
    return body.op().emitOpError() << "must hold one op, but holds "
                                   << block.getOperations().size() - 1;
  if (auto patchify = dyn_cast<PatchifyOp>(op))
    return emitPatchify(patchify, body);
  if (auto unpatchify = dyn_cast<UnpatchifyOp>(op))
    return emitUnpatchify(unpatchify, body);
  if (auto concat = dyn_cast<ConcatOp>(op))
    return emitConcat(concat, body);
  return op.emitOpError("has no place in a CPU patch kernel");
}

} // namespace dit::codegen::cpu
