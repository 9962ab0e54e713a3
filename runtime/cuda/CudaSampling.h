// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sampling loop on a GPU.
#ifndef DIT_RUNTIME_CUDA_CUDASAMPLING_H
#define DIT_RUNTIME_CUDA_CUDASAMPLING_H

#include "runtime/Sampling.h"

namespace dit::runtime::cuda {

/// sample() for a Denoiser on a GPU; the request is checked. States stay on the
/// GPU from the first step to the last; the host draws the noise of the next
/// steps while the GPU takes these.
std::vector<float> sampleOnGpu(Denoiser &denoiser,
                               const SampleRequest &request);

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_CUDASAMPLING_H
