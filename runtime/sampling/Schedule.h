// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The noise schedule of a diffusion model in float64: betas, the timesteps that
// are kept, and the tables the update formulas read (semantics.md, section 5).
#ifndef DIT_RUNTIME_SAMPLING_SCHEDULE_H
#define DIT_RUNTIME_SAMPLING_SCHEDULE_H

#include <cstdint>
#include <string>
#include <vector>

namespace dit::runtime {

/// The `steps` betas of the schedule `name`: "linear" and "quadratic" run from
/// `start` to `end`, "squared_cosine" ignores them; diffusers calls "quadratic"
/// "scaled_linear".
std::vector<double> makeBetas(const std::string &name, int64_t steps,
                              double start, double end);

/// The betas with sqrt(alpha_bar) shifted and scaled, so that it is the same at
/// the first timestep and 0 at the last one (Lin et al., 2024, algorithm 1).
std::vector<double> withZeroTerminalSnr(std::vector<double> betas);

/// One entry for each kept timestep k, k = 0 the cleanest.
struct Schedule {
  std::vector<int64_t> timesteps; ///< t_k, what the network is told
  std::vector<double> beta, alphaBar, alphaBarPrevious;
  std::vector<double> posteriorVariance;
  std::vector<double> posteriorLogVariance; ///< entry 0 is that of k = 1
  std::vector<double> posteriorX0,
      posteriorX; ///< mean = posteriorX0 * x0 + posteriorX * x
  int64_t size() const { return static_cast<int64_t>(timesteps.size()); }
};

/// The tables for the kept `timesteps` of a model trained with `betas`: betas
/// are computed anew so that alpha_bar at the kept timesteps stays what it was.
Schedule respace(const std::vector<double> &betas,
                 std::vector<int64_t> timesteps);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_SCHEDULE_H
