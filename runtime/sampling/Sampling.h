// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From labels and a seed to samples.
#ifndef DIT_RUNTIME_SAMPLING_SAMPLING_H
#define DIT_RUNTIME_SAMPLING_SAMPLING_H

#include "runtime/Denoiser.h"
#include "runtime/sampling/SamplingPlan.h"

namespace dit::runtime {

class SamplingMemory;

/// Bytes that sampling with the alternative of `manifest` takes beside the
/// packed weights.
int64_t samplingBytes(const Manifest &manifest, const SamplingPlan &plan);

/// The samples (N, C, H, W) as the sampler left them. Sample n depends on the
/// seed, n and its label, on no other sample, unless `rng` is torch's.
std::vector<float> sample(Denoiser &denoiser, const SamplingPlan &plan);
/// With `memory`, which begins as null, a GPU keeps its graphs of steps there,
/// and takes them again for requests of the same batches.
std::vector<float> sample(Denoiser &denoiser, const SamplingPlan &plan,
                          std::shared_ptr<SamplingMemory> &memory);
/// The same of a plan that is made here.
std::vector<float> sample(Denoiser &denoiser, const SampleRequest &request);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_SAMPLING_H
