// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arrays of numbers that numpy wrote, in .npz files of np.savez and
// np.savez_compressed.
#ifndef DIT_RUNTIME_NPYARRAY_H
#define DIT_RUNTIME_NPYARRAY_H

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dit::runtime {

/// An array in C order; the bytes are those of the file it was read from, or
/// where they were compressed there its own.
struct NpyArray {
  std::string dtype; ///< numpy's: "<f4"
  std::vector<int64_t> shape;
  std::string_view data;
  std::shared_ptr<const std::string> owned;

  int64_t elements() const;
  /// Its elements as float64. Throws an Error unless they are little-endian
  /// floats of 2, 4 or 8 bytes.
  std::vector<double> toDoubles() const;
};

/// The array in the bytes of a .npy file of format 1, 2 or 3. Throws an Error
/// without the file's name.
NpyArray readNpy(std::string_view file);

/// The names of the arrays of an .npz file, without ".npy".
std::vector<std::string> npzNames(std::string_view file);

/// Of an .npz file, compressed or not, the arrays that have one of `names`;
/// what else is in it is not looked at.
std::map<std::string, NpyArray> readNpz(std::string_view file,
                                        const std::vector<std::string> &names);

} // namespace dit::runtime

#endif // DIT_RUNTIME_NPYARRAY_H
