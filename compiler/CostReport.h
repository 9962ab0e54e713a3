// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How ditc cost says what a network costs: to a person, a spreadsheet or a
// program.
#ifndef DIT_COMPILER_COSTREPORT_H
#define DIT_COMPILER_COSTREPORT_H

#include "compiler/Cost.h"
#include "llvm/Support/raw_ostream.h"

namespace dit {

struct CostReport {
  std::string model;
  int64_t parameters = 0;
  int64_t batch = 1;
  int64_t steps = 250;      ///< of the sampler
  int64_t evaluations = 1;  ///< of the network for one image, all steps
  std::vector<OpCost> rows; ///< ops, joined or not
  OpCost total;

  /// 2 FLOP a multiply-accumulate, all evaluations.
  double flopsPerImage() const;
};

/// A summary, and a table rounded for reading.
void writeTable(const CostReport &report, llvm::raw_ostream &os);
/// One row an op; exact integers.
void writeCsv(const CostReport &report, llvm::raw_ostream &os);
/// One object; exact integers.
void writeJson(const CostReport &report, llvm::raw_ostream &os);

} // namespace dit

#endif // DIT_COMPILER_COSTREPORT_H
