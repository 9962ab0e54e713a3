// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a quality figure falls with compute: y = factor * x^exponent.
#ifndef DIT_COMPILER_POWERLAW_H
#define DIT_COMPILER_POWERLAW_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace dit {

/// One model's result; x and y are positive.
struct Measured {
  std::string name; ///< may be empty
  double x, y;
};

struct PowerLaw {
  double factor, exponent;
  /// Pearson's, of log x with y, and of log x with log y.
  double correlation, logCorrelation;

  double at(double x) const;
};

/// The least squares of log y over log x. There must be two different x and two
/// different y at least.
PowerLaw fitPowerLaw(llvm::ArrayRef<Measured> points);

/// An SVG picture with logarithmic axes: the points by name, and the law's
/// line.
std::string plotPowerLaw(llvm::ArrayRef<Measured> points, const PowerLaw &law,
                         llvm::StringRef xTitle, llvm::StringRef yTitle);

} // namespace dit

#endif // DIT_COMPILER_POWERLAW_H
