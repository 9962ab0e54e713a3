/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * The C API in one program: evaluates a model's network once at each of its
 * sizes, on zeros, and prints the mean squares of what it predicts. The weights
 * are read and packed once.
 *
 *   denoise MODEL.so WEIGHTS.safetensors */
#include <ditc.h>

#include <stdio.h>
#include <stdlib.h>

static int complain(const char *sentence) {
  fprintf(stderr, "denoise: error: %s\n", sentence);
  return 1;
}

static int evaluate(ditc_model *model) {
  ditc_shape s = {.size = sizeof s};
  if (ditc_get_shape(model, &s) != 0)
    return complain(ditc_error());
  size_t plane = (size_t)(s.height * s.width);
  size_t count = (size_t)s.output_channels * plane;
  float *x =
      calloc((size_t)s.channels * plane, sizeof(float)); /* (1, C, H, W) */
  float *out = malloc(count * sizeof(float));            /* (1, C_out, H, W) */
  float t = 500;
  int32_t y = 0;
  int code = 1;
  if (!x || !out)
    complain("no memory");
  else if (ditc_denoise(model, 1, x, &t, &y, out) != 0)
    complain(ditc_error());
  else {
    double sum = 0;
    for (size_t i = 0; i < count; ++i)
      sum += (double)out[i] * out[i];
    printf("%dx%d: mean square %.9g\n", (int)s.height, (int)s.width,
           sum / (double)count);
    code = 0;
  }
  free(out);
  free(x);
  return code;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: denoise MODEL.so WEIGHTS.safetensors\n");
    return 2;
  }
  ditc_model *model = ditc_open(argv[1], argv[2], 0);
  if (!model)
    return complain(ditc_error());
  int64_t heights[8], widths[8];
  int64_t sizes = ditc_get_sizes(model, 8, heights, widths);
  int code = evaluate(model);
  for (int64_t i = 1; i < sizes && i < 8 && code == 0; ++i) {
    ditc_place place = {
        .size = sizeof place, .height = heights[i], .width = widths[i]};
    ditc_model *beside = ditc_open_beside(model, &place);
    code = beside ? evaluate(beside) : complain(ditc_error());
    ditc_close(beside);
  }
  ditc_close(model);
  return code;
}
