/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Running a compiled diffusion transformer from C, or from any language that
 * calls C. Link dit_runtime; example/denoise.c is a whole program.
 *
 * Functions that can fail return 0 for done and 1 for an error, whose sentence
 * ditc_error() tells. A model may be used from several threads, which take
 * turns; models that share weights (ditc_open_beside) do not wait for one
 * another. Null is refused as an error where nothing else is said.
 *
 * Structs grow at their end. Their first field is their size, which the caller
 * sets before every call, `ditc_place place = {sizeof place};`: so a program
 * that was compiled with an older ditc.h gets the defaults of the fields that
 * it does not know.
 */
#ifndef DITC_H
#define DITC_H

#include <stddef.h>
#include <stdint.h>

#define DITC_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ditc_model ditc_model;

/* "0.1.0". */
DITC_API const char *ditc_version(void);

/* The sentence of this thread's last error, "" when there was none. Valid until
 * the thread's next call. */
DITC_API const char *ditc_error(void);

/* Loads the artifact at `artifact` and packs the weights in the file `weights`,
 * or random ones where it is null; on `threads` threads, 0 for one a CPU. A
 * model compiled for CUDA runs on GPU 0. Null on an error. */
DITC_API ditc_model *ditc_open(const char *artifact, const char *weights,
                               int threads);
DITC_API void ditc_close(ditc_model *model);

/* Where a model runs. A field that is 0 has its default. */
typedef struct ditc_place {
  size_t size; /* sizeof(ditc_place) */
  int threads; /* of the host; 0: one a CPU */
  /* The next three are for a model compiled for CUDA, others refuse them. */
  int device; /* number of the GPU */
  /* A CUstream or cudaStream_t in the GPU's primary context, which is the
   * CUDA runtime's. Everything the model does on the GPU is enqueued there, in
   * the order of the calls. It must live until ditc_close. Null: one of the
   * model's own. */
  void *stream;
  int64_t rows; /* the batch to be fast for, where the artifact has the model in
                   more ways than one; 0: 1 */
  /* Of x, one of those that the artifact has (ditc_get_sizes); both 0: its
   * first. */
  int64_t height, width;
} ditc_place;
/* ditc_open at a place of the caller's choice; null is the default place. */
DITC_API ditc_model *ditc_open_at(const char *artifact, const char *weights,
                                  const ditc_place *place);

/* How many sizes of x the artifact has, -1 on an error; the first `most` of
 * them are written to heights[i] and widths[i], which may be null where `most`
 * is 0. The first is the default. */
DITC_API int64_t ditc_get_sizes(const ditc_model *model, int64_t most,
                                int64_t *heights, int64_t *widths);

/* The same model at place->height x place->width, as a handle of its own that
 * shares the packed weights of `model`: nothing is read or packed, and what it
 * takes is the memory it works in. Handles that share weights may be used, made
 * and closed by several threads at once, in any order; the weights go with the
 * last. On the GPU of `model`: place->device is 0 or that one's number,
 * place->stream may be another's, place->rows is not looked at. Null on an
 * error, of which `model` keeps nothing: a size that the artifact does not
 * have, too little memory. */
DITC_API ditc_model *ditc_open_beside(const ditc_model *model,
                                      const ditc_place *place);

/* What the model works on: x is (N, channels, height, width), its output (N,
 * output_channels, height, width). Labels are 0 .. classes - 1, and `classes`
 * for no class where has_null_class is 1. */
typedef struct ditc_shape {
  size_t size; /* sizeof(ditc_shape) */
  int64_t channels, height, width, output_channels, classes;
  int has_null_class;
  int is_latent; /* 0: x is a picture in [-1, 1] */
} ditc_shape;
DITC_API int ditc_get_shape(const ditc_model *model, ditc_shape *shape);

/* One evaluation of the network on `rows` rows, in the caller's memory:
 * out (rows, output_channels, height, width) = network(x, t (rows), y (rows)).
 */
DITC_API int ditc_denoise(ditc_model *model, int64_t rows, const float *x,
                          const float *t, const int32_t *y, float *out);

/* What the network is told, by its own names. `size` is sizeof(ditc_input) as
 * the caller knows it, set before the call. The text lives as long as the
 * model. */
typedef struct ditc_input {
  size_t size;
  const char *name;  /* "x", "t", "y", "text", .. */
  const char *dtype; /* "f32" or "i32" */
  const char *every; /* how often it changes: "prompt", "condition", "step" */
  int64_t rank;      /* of a sample; 0: one number */
  const int64_t *shape;
} ditc_input;
DITC_API int64_t ditc_input_count(const ditc_model *model);
DITC_API int ditc_get_input(const ditc_model *model, int64_t index,
                            ditc_input *input);

/* Values of an input in the host's memory: `rows` samples, or 1 for all. */
typedef struct ditc_tensor {
  size_t size; /* sizeof(ditc_tensor) */
  const char *name;
  const void *data;
  int64_t rows;
} ditc_tensor;

/* One evaluation with `count` inputs, each of the model's once: out (rows,
 * output_channels, height, width). What is told alike to several rows, a text
 * say, is computed once. */
DITC_API int ditc_evaluate(ditc_model *model, int64_t rows,
                           const ditc_tensor *inputs, int64_t count,
                           float *out);

/* The same with x and out in the GPU's memory (cuMemAlloc, cudaMalloc) at
 * multiples of 16 bytes, t and y in the host's; for a model compiled for CUDA.
 * Returns when it is enqueued: x must stay until the model's stream has come
 * by, and out is there then. */
DITC_API int ditc_denoise_on_device(ditc_model *model, int64_t rows,
                                    const float *x, const float *t,
                                    const int32_t *y, float *out);
/* Waits for everything that the model has enqueued. The other functions do so
 * themselves where they write to the host's memory. */
DITC_API int ditc_synchronize(ditc_model *model);

/* How samples are drawn. ditc_get_defaults fills in what the model was made
 * for. What is set otherwise and has no effect is an error, as eta is with a
 * sampler other than ddim. */
typedef struct ditc_sampling {
  size_t size;         /* sizeof(ditc_sampling) */
  const char *sampler; /* "ddpm", "ddim", "dpm++2m"; "euler", "heun" of flows */
  const char *steps;   /* "250", "ddim50", "10,15,20" */
  double eta;          /* noise of ddim */
  double cfg_scale;    /* 1: no guidance; with the formula "weight" 0 */
  int64_t cfg_channels; /* 0: all */
  uint64_t seed;
  int64_t batch; /* samples an evaluation; does not change the result */
  /* Called from ditc_sample with evaluations done and in all; may be null. */
  void (*progress)(void *context, int64_t done, int64_t total);
  void *context;
  const char *variance; /* "learned_range", "fixed_large", "fixed_small" */
  int clip_x0;          /* 1: clamp the estimate of the sample to [-1, 1] */
  double shift;         /* of a flow's noise levels; 1 for other models */
  /* "scale": without + s * (with - without), what the network predicts with the
   * label and without; "weight": with + s * (with - without). */
  const char *cfg_formula;
  double cfg_interval[2]; /* timesteps that are guided, both ends included */
  double cfg_rescale;     /* 0 to 1 */
  const char *rng;        /* "counter", "torch-cpu", "torch-cuda" */
  const char *spacing;    /* "even", "leading", "trailing", "linspace" */
  const char *timesteps;  /* "999,750,500" instead of steps, or "" */
  const char *sigmas;     /* "1,0.75,0.5" instead of a flow's steps, or "" */
} ditc_sampling;
/* The strings live as long as the model. */
DITC_API int ditc_get_defaults(const ditc_model *model,
                               ditc_sampling *sampling);

/* x (count, channels, height, width) = one sample for each of `labels`. */
DITC_API int ditc_sample(ditc_model *model, const ditc_sampling *sampling,
                         int64_t count, const int32_t *labels, float *x);

/* The same of samples that are told any inputs but x and t: each of `inputs`
 * has `count` rows, or one for all. Guidance tells each of `nulls`, of one row,
 * in place of the input of its name, and of an input that is not there what the
 * model was made with; it is an error if that is nothing. */
DITC_API int ditc_sample_told(ditc_model *model, const ditc_sampling *sampling,
                              int64_t count, const ditc_tensor *inputs,
                              int64_t input_count, const ditc_tensor *nulls,
                              int64_t null_count, float *x);

#ifdef __cplusplus
}
#endif
#endif /* DITC_H */
