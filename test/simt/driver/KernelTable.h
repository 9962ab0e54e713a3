// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a shared object of kernels compiled for the host says of itself.
// kernels.py writes one behind an emitted file; the stand-in driver reads it.
#ifndef DIT_STANDIN_KERNELTABLE_H
#define DIT_STANDIN_KERNELTABLE_H

namespace standin {

enum class Kind { Input, Output, Value, TensorMap };

struct Parameter {
  unsigned bytes;
  Kind kind; ///< a pointer to constants, another pointer, ...
};

struct KernelEntry {
  const char *name;
  unsigned threads;    ///< of __launch_bounds__
  unsigned cluster[3]; ///< blocks
  const Parameter *parameters;
  unsigned count;
  void (*run)(void **parameters); ///< one thread
};

struct KernelTable {
  const char *arch; ///< "sm_80"
  const KernelEntry *kernels;
  unsigned count;
};

/// The symbol of a function that returns the table.
using GetTable = const KernelTable *(*)();
#define DIT_STANDIN_TABLE dit_standin_table
#define DIT_STANDIN_TABLE_NAME "dit_standin_table"

} // namespace standin

#endif // DIT_STANDIN_KERNELTABLE_H
