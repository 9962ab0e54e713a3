// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sizes of an attention region, how its work is cut, and the packing of
// keys and values into panels that a matmul tile reads.
#ifndef DIT_CODEGEN_CPU_ATTENTIONSHAPE_H
#define DIT_CODEGEN_CPU_ATTENTIONSHAPE_H

#include "codegen/cpu/Kernels.h"

namespace dit::codegen::cpu {

/// `count` columns as panels of `vectors` vectors, and one narrower last panel.
struct Panels {
  Panels(int64_t count, int64_t vectors, int64_t lanes)
      : lanes(lanes), vectors(vectors), count(count) {}

  int64_t lanes, vectors, count;

  int64_t width() const { return vectors * lanes; }
  int64_t whole() const { return count / width(); }
  /// Columns and vectors after the whole panels; 0 where there are none.
  int64_t restColumns() const { return count % width(); }
  int64_t restVectors() const { return llvm::divideCeil(restColumns(), lanes); }
  /// Columns with the last vector filled up.
  int64_t padded() const { return llvm::alignTo(count, lanes); }

  /// Emits `body` for each panel: its number, vectors and columns.
  void forEach(
      Emitter &e,
      llvm::function_ref<void(Index panel, int64_t vectors, int64_t columns)>
          body) const;
};

/// softmax(q k^T / sqrt(d)) v for one sample and head at a time: keys as d x
/// tokens and values as tokens x d, both in panels, and the scores of a block
/// of queries. With bfloat16 both products go in steps of two, a pair in the
/// place of a float32: of features, and of keys.
struct AttentionShape {
  AttentionShape(const KernelBody &body, AttentionOp op);

  AttentionOp op;
  bool pairs; ///< q, k and v are bfloat16
  int64_t heads, headDim, queries, keys;
  int64_t featureSteps, keySteps; ///< of a head's features, and of its keys
  double factor;                  ///< of scores: log2(e) / sqrt(headDim)
  int64_t lanes, tileRows;
  Panels keyPanels, valuePanels;
  int64_t blockQueries; ///< a multiple of tileRows
  int64_t blocks;       ///< ceil(queries / blockQueries)
  int64_t queryStride;  ///< floats between the rows of queries
  int64_t scoreStride;  ///< and of scores

  // Floats of scratch.
  int64_t keyFloats() const { return keyPanels.padded() * featureSteps; }
  int64_t valueFloats() const { return valuePanels.padded() * keySteps; }
  int64_t queryFloats() const { return blockQueries * queryStride; }
  int64_t scoreFloats() const { return blockQueries * scoreStride; }
};

// Strides are from one token to the next, in floats, of values in elements.

/// to[panel][step][key] = from[key][step], keys past the last are 0. Scaled by
/// `factor`, unless they are pairs.
void packKeys(Emitter &e, const AttentionShape &shape, Ptr from, int64_t stride,
              double factor, Ptr to);

/// to[panel][step][feature] = from[key][feature], of two keys where they are
/// pairs; features and keys past the last are 0.
void packValues(Emitter &e, const AttentionShape &shape, Ptr from,
                int64_t stride, Ptr to);

/// to[query][step] = from[query][step] of `count` queries. They lie
/// tokens apart, often a whole number of pages: copied together they stay in
/// the first cache while every panel of keys goes by.
void packQueries(Emitter &e, const AttentionShape &shape, Ptr from,
                 int64_t stride, Index count, Ptr to);

} // namespace dit::codegen::cpu

#endif // DIT_CODEGEN_CPU_ATTENTIONSHAPE_H
