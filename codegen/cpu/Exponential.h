// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The exponential where its argument is known to be small: half the
// instructions of math.exp's polynomial, which minds overflow, infinities and
// NaN.
#ifndef DIT_CODEGEN_CPU_EXPONENTIAL_H
#define DIT_CODEGEN_CPU_EXPONENTIAL_H

#include "codegen/host/Emit.h"

namespace dit::codegen::cpu {

/// 2^x of a vector x <= 0, within 8e-8 of it relatively; 2^-126 for every x
/// below -126, NaN for NaN.
Num exp2NotAboveZero(Num x);

/// e^x of a vector x <= 88, within 9e-8 of it relatively; e^-87 for every x
/// below -87, NaN for NaN.
Num expNotAbove88(Num x);

} // namespace dit::codegen::cpu

#endif // DIT_CODEGEN_CPU_EXPONENTIAL_H
