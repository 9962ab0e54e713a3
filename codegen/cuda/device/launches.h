// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the launch lists at the end of an emitted file are written in: where the
// tensors are, and the sizes of grids. For the host; a launcher is whatever can
// be called as `launch(kernel, grid, threads, sharedBytes, arguments...)`;
// arguments are addresses, void pointers among them, numbers, and matrices, of
// which the launcher makes tensor maps. Where a library multiplies, it has a
// function matmul<X, Out>(m, n, k, epilogue, x, weight, bias, out) too.
#ifndef DIT_LAUNCHES_H
#define DIT_LAUNCHES_H

namespace dit {

/// Blocks of a cluster: what the kernel's text says itself, for launchers that
/// cannot see it there.
struct Cluster {
  int x = 1, y = 1;
};
struct Grid {
  long long x = 1, y = 1, z = 1;
  Cluster cluster{};
};

/// A row-major matrix of bf16 that a kernel reads by TMA, in boxes of 64
/// columns, with the 128-byte swizzle.
struct Matrix {
  const void *begin;
  long long columns, rows, rowBytes;
  int boxRows;
};

/// What becomes of the sums of a library's matmul, out (m, n) = x (m, k)
/// weight (n, k)^T; bias (n) is of out's type.
enum class Epilogue { None, Bias, BiasGeluTanh };
template <class X, class Out, class Launcher>
void matmul(const Launcher &launch, long long m, long long n, long long k,
            Epilogue epilogue, const void *x, const void *weight,
            const void *bias, void *out) {
  launch.template matmul<X, Out>(m, n, k, epilogue, x, weight, bias, out);
}

/// How many tiles of `size` cover `count`.
inline long long tiles(long long count, long long size) {
  return (count + size - 1) / size;
}

/// Begins of everything that a launch reads or writes; each aligned to 16
/// bytes. The lists are in the order of kInputs, of the network's results, and
/// of kFunctions; a function that fills no table has null there.
struct Memory {
  const void *const *inputs = nullptr;     ///< (rows, ..)
  void *const *outputs = nullptr;          ///< (rows, ..)
  float *const *tables = nullptr;          ///< (table rows, rowFloats)
  const int *const *row_indices = nullptr; ///< (rows): the row of the table
  unsigned char *preparedBytes = nullptr;  ///< kPreparedBytes
  unsigned char *arenaBytes = nullptr;     ///< rows * arenaBytesPerRow
  const float *const *weights = nullptr;   ///< as kWeights lists them

  // What lies so many bytes behind the begin: floats, bf16s, as the kernel that
  // gets the address says.
  void *prepared(long long bytes) const { return preparedBytes + bytes; }
  void *arena(long long bytes) const { return arenaBytes + bytes; }
  void *table(int function, long long bytes) const {
    return reinterpret_cast<unsigned char *>(tables[function]) + bytes;
  }
  const int *row_index(int function) const { return row_indices[function]; }
  const void *input(int index) const { return inputs[index]; }
  void *output(int index) const { return outputs[index]; }
  const void *weight(int index) const { return weights[index]; }
};

/// The address `bytes` behind one.
inline const void *behind(const void *begin, long long bytes) {
  return static_cast<const unsigned char *>(begin) + bytes;
}
inline void *behind(void *begin, long long bytes) {
  return static_cast<unsigned char *>(begin) + bytes;
}

} // namespace dit

#endif // DIT_LAUNCHES_H
