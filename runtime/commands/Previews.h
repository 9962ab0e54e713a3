// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The samples as they are on their way: `ditc sample --preview`.
#ifndef DIT_RUNTIME_COMMANDS_PREVIEWS_H
#define DIT_RUNTIME_COMMANDS_PREVIEWS_H

#include "runtime/commands/SampleOutput.h"
#include "runtime/sampling/SamplingPlan.h"

#include <map>
#include <vector>

namespace dit::runtime {

/// One file for each chosen number of evaluations, `out.step10.png` beside
/// `out.png`.
class Previews {
public:
  /// `list` is "0,10,50": 0 is the noise that sampling begins with, the plan's
  /// number of evaluations the result. Opens the files. Throws a FlagError for
  /// a list that is none.
  Previews(const std::string &list, const std::string &output,
           const SamplingPlan &plan, int64_t columns);

  /// What SampleRequest::observe is told.
  void observe(int64_t evaluation, int64_t first, std::span<const float> x);
  /// Writes every file; `settings` made the samples.
  void write(const std::string &settings);

private:
  struct Preview {
    std::unique_ptr<SampleOutput> file;
    std::vector<float> states; ///< (count, C, H, W)
  };

  int64_t sampleFloats;
  std::map<int64_t, Preview> previews; ///< by evaluations done
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_COMMANDS_PREVIEWS_H
