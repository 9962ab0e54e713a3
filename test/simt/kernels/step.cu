// Guidance and the sampler's update as the emitter prints them, small and at
// XL/2's size: channels, the network's channels, height, width, threads.
#include "step.h"
using namespace dit;

// 60 elements: the last threads have none.
extern "C" __global__ void __launch_bounds__(64)
    dit_step_4x8_5x3(const float *out, const float *noise, float *history,
                     float *x, const StepRow *row, int samples, int guided) {
  Step<4, 8, 5, 3, 64>::run(out, noise, history, x, row, samples, guided);
}

// Three rounds, none of them partly.
extern "C" __global__ void __launch_bounds__(64)
    dit_step_3x6_8x8(const float *out, const float *noise, float *history,
                     float *x, const StepRow *row, int samples, int guided) {
  Step<3, 6, 8, 8, 64>::run(out, noise, history, x, row, samples, guided);
}

// One warp, no variance channels, a second round of three elements.
extern "C" __global__ void __launch_bounds__(32)
    dit_step_1x1_5x7(const float *out, const float *noise, float *history,
                     float *x, const StepRow *row, int samples, int guided) {
  Step<1, 1, 5, 7, 32>::run(out, noise, history, x, row, samples, guided);
}

// XL/2 for 256x256 images.
extern "C" __global__ void __launch_bounds__(1024)
    dit_step_4x8_32x32(const float *out, const float *noise, float *history,
                       float *x, const StepRow *row, int samples, int guided) {
  Step<4, 8, 32, 32, 1024>::run(out, noise, history, x, row, samples, guided);
}

// Where the fields of the device's StepRow are; NVRTC has no offsetof.
extern "C" __global__ void dit_step_row_layout(int *out) {
  const StepRow row{};
#define DIT_OFFSET(field)                                                      \
  *out++ = (int)((const char *)&row.field - (const char *)&row)
  DIT_OFFSET(xToEstimate);
  DIT_OFFSET(predictionToEstimate);
  DIT_OFFSET(mix);
  DIT_OFFSET(sigma);
  DIT_OFFSET(logLow);
  DIT_OFFSET(logHigh);
  DIT_OFFSET(guidanceScale);
  DIT_OFFSET(guidanceRescale);
  DIT_OFFSET(guidedChannels);
  DIT_OFFSET(guidesFromConditional);
  DIT_OFFSET(clips);
  DIT_OFFSET(learnsVariance);
  DIT_OFFSET(historyKept);
  *out = (int)sizeof(StepRow);
}
