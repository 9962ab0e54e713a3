// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One row of a sampler's table: plain numbers, and the one formula that all
// samplers are. Step.h applies it on the CPU; on a GPU the kernel dit_step
// does, which is compiled with this file: so it includes nothing and has no
// functions.
#ifndef DIT_RUNTIME_SAMPLING_SAMPLERS_STEPROW_H
#define DIT_RUNTIME_SAMPLING_SAMPLERS_STEPROW_H

namespace dit::runtime {

/// What happens after one network evaluation. With u and c the network's output
/// without and with the label, guidance leaves (Guidance.h)
///
///   p = guide(c, u)                     where the evaluation is guided, else c
///
/// and an element x of the state, its kept values h1 and h2 and a standard
/// normal z give, all in float32:
///
///   e = xToEstimate * x + predictionToEstimate * p
///   e = clamp(e, -1, 1)                 where clips
///   x', h1', h2' = mix (x, e, h1, h2)
///   x' += deviation * z
///   deviation = learnsVariance ? exp((f * logHigh + (1 - f) * logLow) / 2)
///                              : sigma,  f = (v + 1) / 2
///
/// v being the network's variance channel. What a row does not use need not be
/// there: h1 and h2 are read where their coefficients are not 0, `historyKept`
/// of them (0 to 2) are written, z is read where deviation can differ from 0.
struct StepRow {
  float xToEstimate = 0, predictionToEstimate = 0;
  float mix[3][4] = {}; ///< rows x', h1', h2'; columns x, e, h1, h2
  float sigma = 0;
  float logLow = 0, logHigh = 0;
  float guidanceScale = 1, guidanceRescale = 0;
  int guidedChannels = 0;
  /// The scale is the second formula's, which starts from c.
  int guidesFromConditional = 0;
  int clips = 0;
  int learnsVariance = 0;
  int historyKept = 0;
};
static_assert(sizeof(StepRow) == 96);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_SAMPLERS_STEPROW_H
