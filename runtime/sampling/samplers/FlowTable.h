// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the samplers of flow models share: the noise levels that they step
// through, and the estimate of the data. With s the part of noise in
// x = (1 - s) * data + s * noise, the velocity dx/ds is noise - data.
#ifndef DIT_RUNTIME_SAMPLING_SAMPLERS_FLOWTABLE_H
#define DIT_RUNTIME_SAMPLING_SAMPLERS_FLOWTABLE_H

#include "runtime/sampling/samplers/Sampler.h"

namespace dit::runtime {

/// The levels s between which `settings.steps` steps lead, from 1 to 0: evenly
/// spread, or `settings.sigmas` as they are. Even ones go s -> shift * s / (1 +
/// (shift - 1) * s) (Esser et al., 2024). Throws a FlagError for a number of
/// steps that is none.
std::vector<double> noiseLevels(const SamplerSettings &settings);

/// Adds an evaluation at level s > 0 to the table: what the network is told as
/// t, and the estimate of the data, x - s * velocity. The row is the caller's
/// to fill.
StepRow &addEvaluation(Sampler &table, const SamplerSettings &settings,
                       double s);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_SAMPLERS_FLOWTABLE_H
