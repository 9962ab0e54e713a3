// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What each op computes, as plain loops over doubles: the formulas of
// DiTOps.td. Results arrive zero, in their shape; shapes have been verified.
// Shapes at the right: N samples, T tokens, D width, K and M features, C
// channels.
#ifndef DIT_DIALECT_SEMANTICS_H
#define DIT_DIALECT_SEMANTICS_H

#include "dialect/DiTDialect.h"
#include "dialect/Interpreter.h"

namespace dit {

/// The one result of `op`, any op but dit.weight, dit.fused and terminators.
/// `batch` is the size of the dynamic dimension.
llvm::Expected<Tensor> evaluate(mlir::Operation *op,
                                llvm::ArrayRef<const Tensor *> operands,
                                int64_t batch, bool exact);

/// The type's shape with the batch filled in.
llvm::SmallVector<int64_t, 4> shapeWithBatch(mlir::RankedTensorType type,
                                             int64_t batch);

namespace semantics {

void sincosPosition(int64_t gridHeight, int64_t gridWidth, double rowScale,
                    double columnScale, Tensor &result);
void rotaryPosition(int64_t gridHeight, int64_t gridWidth, double rowScale,
                    double columnScale, double theta, Tensor &result);
void timestepEmbedding(const Tensor &t, double maxPeriod, int64_t shift,
                       Tensor &result);
/// False where an index has no row; with `rounds` the nearest one is meant.
bool embedding(const Tensor &index, const Tensor &table, bool rounds,
               Tensor &result);

void patchify(const Tensor &x, int64_t patch, Tensor &result);
void unpatchify(const Tensor &x, int64_t patch, Tensor &result);
void slice(const Tensor &x, int64_t dim, int64_t offset, Tensor &result);
void concat(llvm::ArrayRef<const Tensor *> xs, int64_t dim, Tensor &result);
/// A copy where there is no layout.
void pack(const Tensor &w, LayoutAttr layout, Tensor &result);
void cast(const Tensor &x, Tensor &result);
/// To what a matmul multiplies.
double rounded(double x, Multiply as);

/// Weight (M, K) or packed.
void linear(const Tensor &x, const Tensor &weight, const Tensor *bias,
            Multiply as, LayoutAttr layout, Tensor &result);
void attention(const Tensor &q, const Tensor &k, const Tensor &v, int64_t heads,
               Tensor &result);

void layerNorm(const Tensor &x, const Tensor *weight, const Tensor *bias,
               double eps, Tensor &result);
void rmsNorm(const Tensor &x, const Tensor *weight, double eps, Tensor &result);
void modulate(const Tensor &x, const Tensor &shift, const Tensor &scale,
              Tensor &result);
void gate(const Tensor &x, const Tensor &gate, Tensor &result);
void rotate(const Tensor &x, const Tensor &table, int64_t features,
            Tensor &result);
void add(const Tensor &lhs, const Tensor &rhs, Tensor &result);
void mul(const Tensor &lhs, const Tensor &rhs, Tensor &result);
void silu(const Tensor &x, Tensor &result);
void gelu(const Tensor &x, GeluForm form, Tensor &result);

} // namespace semantics
} // namespace dit

#endif // DIT_DIALECT_SEMANTICS_H
