// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the launch lists at the end of an emitted file are written in: where the
// tensors are, and the sizes of grids. For the host; a launcher is whatever can
// be called as `launch(kernel, grid, threads, sharedBytes, arguments...)`.
#ifndef DIT_LAUNCHES_H
#define DIT_LAUNCHES_H

namespace dit {

struct Grid {
  long long x = 1, y = 1, z = 1;
};

/// How many tiles of `size` cover `count`.
inline long long tiles(long long count, long long size) {
  return (count + size - 1) / size;
}

/// Begins of everything that a launch reads or writes; each aligned to 16
/// bytes.
struct Memory {
  const float *x = nullptr;               ///< (rows, C, H, W)
  const float *t = nullptr;               ///< (rows)
  const int *y = nullptr;                 ///< (rows)
  float *out = nullptr;                   ///< (rows, C_out, H, W)
  const int *row_index = nullptr;         ///< (rows): the row of `conditions`
  float *conditions = nullptr;            ///< (table rows, kConditionFloats)
  unsigned char *preparedBytes = nullptr; ///< kPreparedBytes
  unsigned char *arenaBytes = nullptr;    ///< rows * kArenaBytesPerRow
  const float *const *weights = nullptr;  ///< as kWeights lists them

  /// What @prepare left `bytes` after its begin.
  float *prepared(long long bytes) const {
    return reinterpret_cast<float *>(preparedBytes + bytes);
  }
  float *arena(long long bytes) const {
    return reinterpret_cast<float *>(arenaBytes + bytes);
  }
  float *table(long long floats) const { return conditions + floats; }
  const float *weight(int index) const { return weights[index]; }
};

} // namespace dit

#endif // DIT_LAUNCHES_H
