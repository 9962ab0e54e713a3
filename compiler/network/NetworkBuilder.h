// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds the dialect's ops with result types worked out from the operands' and
// locations from the spec. Shapes: N samples, T tokens, D width.
#ifndef DIT_COMPILER_NETWORK_NETWORKBUILDER_H
#define DIT_COMPILER_NETWORK_NETWORKBUILDER_H

#include "compiler/Spec.h"
#include "dialect/DiTDialect.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"

namespace dit {

/// What an op is called, and the YAML value that governs it.
struct Origin {
  std::string name;
  mlir::LocationAttr key;
};

/// Ends the building of a value after its mistake was diagnosed.
struct Stop {};

class NetworkBuilder {
public:
  /// Ops without a place of their own are at `root`.
  NetworkBuilder(mlir::OpBuilder &builder, mlir::LocationAttr root,
                 const Places &places)
      : builder(builder), places(places), root(root) {}

  /// NameLoc(name) over the key, over the root mapping where the key is a
  /// default.
  mlir::Location at(const Origin &origin);

  /// A weight as it is called in the checkpoint. Asked for again it is the
  /// same weight, so it must have the same shape.
  mlir::Value weight(llvm::StringRef name, llvm::ArrayRef<int64_t> shape,
                     mlir::LocationAttr key);
  /// `prefix.weight` (features, K) and `prefix.bias`; x (.., K) -> (..,
  /// features).
  mlir::Value linear(const Origin &origin, mlir::Value x,
                     llvm::StringRef prefix, int64_t features,
                     bool hasBias = true);
  /// With `prefix.weight` and `prefix.bias`; without where `prefix` is empty.
  mlir::Value layerNorm(const Origin &origin, mlir::Value x, double eps,
                        llvm::StringRef prefix);
  mlir::Value rmsNorm(const Origin &origin, mlir::Value x, double eps,
                      llvm::StringRef prefix);
  mlir::Value modulate(const Origin &origin, mlir::Value x, mlir::Value shift,
                       mlir::Value scale);
  mlir::Value gate(const Origin &origin, mlir::Value x, mlir::Value gate);
  mlir::Value add(const Origin &origin, mlir::Value a, mlir::Value b);
  mlir::Value mul(const Origin &origin, mlir::Value a, mlir::Value b);
  /// silu, gelu or gelu_tanh.
  mlir::Value activation(const Origin &origin, mlir::Value x,
                         llvm::StringRef which);
  /// The first `features` features by (T, d), as rotaryPosition makes it.
  mlir::Value rotate(const Origin &origin, mlir::Value x, mlir::Value angles,
                     int64_t features);
  mlir::Value attention(const Origin &origin, mlir::Value q, mlir::Value k,
                        mlir::Value v, int64_t heads);
  /// `size` entries of the last dimension, from `offset` on.
  mlir::Value features(const Origin &origin, mlir::Value x, int64_t offset,
                       int64_t size);
  /// `size` tokens of (N, T, D), from `offset` on.
  mlir::Value tokens(const Origin &origin, mlir::Value x, int64_t offset,
                     int64_t size);
  /// One after the other along `dim`: 1 is that of tokens.
  mlir::Value concat(const Origin &origin, mlir::ValueRange xs, int64_t dim);
  /// (N, D) -> (N, 1, D)
  mlir::Value asToken(const Origin &origin, mlir::Value x);

  /// tensor<? x shape x f32>
  mlir::RankedTensorType batched(llvm::ArrayRef<int64_t> shape);
  mlir::RankedTensorType fixed(llvm::ArrayRef<int64_t> shape);

  /// Bytes of all weights, as float32.
  double weightBytes() const;
  /// Each weight's name and shape, in the order of use.
  WeightShapes weightShapes() const;

  mlir::OpBuilder &builder;

private:
  mlir::Value slice(const Origin &origin, mlir::Value x, int64_t dim,
                    int64_t offset, int64_t size);

  struct Weight {
    llvm::SmallVector<int64_t> shape;
    mlir::LocationAttr key;
  };
  const Places &places;
  mlir::LocationAttr root;
  llvm::MapVector<llvm::StringRef, Weight> weights; ///< in the order of use
};

} // namespace dit

#endif // DIT_COMPILER_NETWORK_NETWORKBUILDER_H
