// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arrays of numbers that numpy wrote, in .npz files that np.savez makes.
#ifndef DIT_RUNTIME_NPYARRAY_H
#define DIT_RUNTIME_NPYARRAY_H

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dit::runtime {

/// An array in C order; the bytes are those of the file it was read from.
struct NpyArray {
  std::string dtype; ///< numpy's: "<f4"
  std::vector<int64_t> shape;
  std::string_view data;

  int64_t elements() const;
  /// Its elements as float64. Throws an Error unless they are little-endian
  /// floats of 4 or 8 bytes.
  std::vector<double> toDoubles() const;
};

/// The array in the bytes of a .npy file of format 1, 2 or 3. Throws an Error
/// without the file's name.
NpyArray readNpy(std::string_view file);

/// The arrays of an .npz file by name, without ".npy". Compressed files, which
/// np.savez_compressed makes, are refused.
std::map<std::string, NpyArray> readNpz(std::string_view file);

} // namespace dit::runtime

#endif // DIT_RUNTIME_NPYARRAY_H
