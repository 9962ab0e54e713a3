// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A right use of cuBLASLt, and the wrong ones.
#ifndef DIT_STANDIN_CHECKS_MATMULS_H
#define DIT_STANDIN_CHECKS_MATMULS_H

#include "Gpu.h"
#include "Misuses.h"

/// The largest error of any algorithm, with bias and GELU, against double
/// loops, relative to the largest result; more than 1 where there are less than
/// two algorithms that differ.
double matmulError();

const std::vector<Misuse> &matmulMisuses();

#endif // DIT_STANDIN_CHECKS_MATMULS_H
