// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Guidance and the sampler's update, printed with the model's sizes.
#include "codegen/cuda/StepText.h"

#include <algorithm>
#include <fmt/format.h>

using namespace mlir;

namespace dit::codegen::cuda {

/// The shape (N, C, H, W) of float32, or nothing.
static ArrayRef<int64_t> imageShape(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getRank() != 4 || !tensor.getElementType().isF32())
    return {};
  return tensor.getShape();
}

std::optional<StepText> printStep(const Program &program) {
  const Port *state = program.findInput("x");
  if (!state || program.outputs.size() != 1)
    return std::nullopt;
  ArrayRef<int64_t> x = imageShape(state->type);
  ArrayRef<int64_t> out = imageShape(program.outputs[0].type);
  if (x.empty() || out.empty() || x.take_back(2) != out.take_back(2) ||
      (out[1] != x[1] && out[1] != 2 * x[1]))
    return std::nullopt;

  // Four elements a thread, so that a small sample keeps few threads waiting
  // for the sums, and whole warps.
  int64_t elements = x[1] * x[2] * x[3];
  int64_t threads = std::clamp<int64_t>((elements + 127) / 128 * 32, 32, 1024);
  std::string sizes =
      fmt::format("{}, {}, {}, {}, {}", x[1], out[1], x[2], x[3], threads);
  StepText step;
  step.text = fmt::format(
      "\n"
      "// p = guide(out, out of the null label);  e = clamp(a x + b p);\n"
      "// (x, h1, h2) = mix (x, e, h1, h2);  x = x + deviation * noise\n"
      "// The numbers are `row`'s, of the sampler's table. One block a "
      "sample.\n"
      "extern \"C\" __global__ void __launch_bounds__({}) dit_step(\n"
      "    {:<40} // (N, {}, {}, {}), labelled rows first\n"
      "    {:<40} // (n, {}, {}, {})\n"
      "    {:<40} // (n, 2, {}, {}, {})\n"
      "    {:<40} // (N, {}, {}, {}), both halves alike\n"
      "    const StepRow *row,\n"
      "    {:<40} // n: N, or half of it where guided\n"
      "    int guided) {{\n"
      "  Step<{}>::run(out, noise, history, x, row, samples, guided);\n"
      "}}\n",
      threads, "const float *__restrict__ out,", out[1], out[2], out[3],
      "const float *__restrict__ noise,", x[1], x[2], x[3],
      "float *__restrict__ history,", x[1], x[2], x[3],
      "float *__restrict__ x,", x[1], x[2], x[3], "int samples,", sizes);
  step.launch.function = "dit_step";
  step.launch.grid = {GridDim{1, 0, 1}};
  step.launch.threads = static_cast<int>(threads);
  step.launch.sharedBytes = threads / 32 * 8;
  return step;
}

} // namespace dit::codegen::cuda
