/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * The C API in one program: evaluates a model's network once, on zeros, and
 * prints the mean square of what it predicts.
 *
 *   denoise MODEL.so WEIGHTS.safetensors */
#include "runtime/ditc.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: denoise MODEL.so WEIGHTS.safetensors\n");
    return 2;
  }
  ditc_model *model = ditc_open(argv[1], argv[2], 0);
  if (!model) {
    fprintf(stderr, "denoise: error: %s\n", ditc_error());
    return 1;
  }
  ditc_shape s;
  ditc_get_shape(model, &s);
  size_t plane = (size_t)(s.height * s.width);
  size_t count = (size_t)s.output_channels * plane;
  float *x =
      calloc((size_t)s.channels * plane, sizeof(float)); /* (1, C, H, W) */
  float *out = malloc(count * sizeof(float));            /* (1, C_out, H, W) */
  float t = 500;
  int32_t y = 0;
  int code = 1;
  if (x && out)
    code = ditc_denoise(model, 1, x, &t, &y, out);
  if (code == 0) {
    double sum = 0;
    for (size_t i = 0; i < count; ++i)
      sum += (double)out[i] * out[i];
    printf("mean square %.9g\n", sum / (double)count);
  } else {
    fprintf(stderr, "denoise: error: %s\n",
            x && out ? ditc_error() : "no memory");
  }
  free(out);
  free(x);
  ditc_close(model);
  return code;
}
