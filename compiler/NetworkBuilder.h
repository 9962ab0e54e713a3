// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds the dialect's ops with result types worked out from the operands' and
// locations from the spec. Shapes: N samples, T tokens, D width.
#ifndef DIT_COMPILER_NETWORKBUILDER_H
#define DIT_COMPILER_NETWORKBUILDER_H

#include "compiler/Spec.h"
#include "dialect/DiTDialect.h"
#include "mlir/IR/Builders.h"

namespace dit {

/// What an op is called, and the YAML value that governs it.
struct Origin {
  std::string name;
  mlir::LocationAttr key;
};

class NetworkBuilder {
public:
  NetworkBuilder(mlir::OpBuilder &builder, const Spec &spec)
      : spec(spec), builder(builder) {}

  const Spec &spec;

  /// NameLoc(name) over the key, over the root mapping where the key is a
  /// default.
  mlir::Location at(const Origin &origin);

  // name: as in the checkpoint.
  mlir::Value weight(llvm::StringRef name, llvm::ArrayRef<int64_t> shape,
                     mlir::LocationAttr key);
  /// `prefix.weight` (features, K) and `prefix.bias`; x (.., K) -> (..,
  /// features).
  mlir::Value linear(const Origin &origin, mlir::Value x,
                     llvm::StringRef prefix, int64_t features);
  /// Without an affine part.
  mlir::Value layerNorm(const Origin &origin, mlir::Value x, double eps);
  /// With `prefix.weight` and `prefix.bias`.
  mlir::Value layerNorm(const Origin &origin, mlir::Value x, double eps,
                        llvm::StringRef prefix);
  mlir::Value modulate(const Origin &origin, mlir::Value x, mlir::Value shift,
                       mlir::Value scale);
  mlir::Value gate(const Origin &origin, mlir::Value x, mlir::Value gate);
  mlir::Value add(const Origin &origin, mlir::Value a, mlir::Value b);
  mlir::Value silu(const Origin &origin, mlir::Value x);
  mlir::Value activation(const Origin &origin, mlir::Value x);
  /// The first `features` features by (T, d), as rotaryPosition makes it.
  mlir::Value rotate(const Origin &origin, mlir::Value x, mlir::Value angles,
                     int64_t features);
  mlir::Value attention(const Origin &origin, mlir::Value q, mlir::Value k,
                        mlir::Value v);
  /// `size` entries of the last dimension, from `offset` on.
  mlir::Value features(const Origin &origin, mlir::Value x, int64_t offset,
                       int64_t size);
  /// `size` tokens of (N, T, D), from `offset` on.
  mlir::Value tokens(const Origin &origin, mlir::Value x, int64_t offset,
                     int64_t size);
  /// Tokens after tokens.
  mlir::Value concat(const Origin &origin, mlir::ValueRange xs);
  /// (N, D) -> (N, 1, D)
  mlir::Value asToken(const Origin &origin, mlir::Value x);

  /// tensor<? x shape x f32>
  mlir::RankedTensorType batched(llvm::ArrayRef<int64_t> shape);
  mlir::RankedTensorType fixed(llvm::ArrayRef<int64_t> shape);

  mlir::OpBuilder &builder;

private:
  mlir::Value slice(const Origin &origin, mlir::Value x, int64_t dim,
                    int64_t offset, int64_t size);
};

/// What all blocks read beside x.
struct Conditions {
  mlir::Value t, y;   ///< embeddings (N, D)
  mlir::Value siluC;  ///< silu(t + y), for the adaLN designs
  mlir::Value pair;   ///< [t, y] as two tokens (N, 2, D), for cross-attention
  mlir::Value angles; ///< of rotary positions (T, D/heads), else null
};

/// x (N, T, D) through block `index`.
mlir::Value buildBlock(NetworkBuilder &net, mlir::Value x, const Conditions &c,
                       int64_t index);

} // namespace dit

#endif // DIT_COMPILER_NETWORKBUILDER_H
