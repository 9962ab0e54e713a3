/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * The artifact's binary interface: all that a compiled model and the program
 * that runs it know of each other. Plain C, no includes but <stdint.h>.
 *
 * An artifact is one ELF shared object that exports `ditc_artifact` and needs
 * nothing. What is fixed about a model (sizes, weights, kernels, the spec's
 * text) is one JSON text in the ELF section `.dit.manifest`, which a reader can
 * take from the file without loading the code; the loaded artifact points at
 * the same bytes, so the two cannot disagree. runtime/Manifest.h lists its
 * keys. An artifact may hold the model several times, made for other sizes of
 * x, for other GPUs or with other matmuls: a chain of DitArtifact, each with
 * its own manifest, which follow one another in the section in the chain's
 * order, each ended by a 0. For each arch and kind of matmuls all sizes follow
 * one another, the spec's first one first; those may share one packed copy of
 * the weights.
 *
 * For a CPU every address is the host's and a launch carries its task. For a
 * GPU the same functions run on the host too, but compute addresses only: x, t,
 * y, row_index, table, out, arena, prepared and weights are device addresses
 * that they never read, and a launch names a kernel that the host starts from
 * the manifest's launch data. `state` and `plan` are host memory for both.
 *
 * No function here allocates, keeps a global or calls anything but DitHost. All
 * of them may be called from several threads at once on different memory.
 */
#ifndef DIT_RUNTIME_ABI_H
#define DIT_RUNTIME_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DIT_ABI_VERSION 3u
#define DIT_ENTRY_NAME "ditc_artifact"
#define DIT_MANIFEST_SECTION ".dit.manifest"

/* What every function returns: code 0 and a null message, or a code and a
 * sentence that lives as long as the artifact is loaded. */
typedef struct DitStatus {
  int32_t code;
  const char *message;
} DitStatus;

/* One kernel's work on the units [begin, end) of its launch. `operands` are the
 * launch's addresses, `rows` the batch, `scratch` this worker's own memory of
 * manifest.memory.scratch_bytes, aligned to 64. Any split of the units over
 * threads gives the same bits. */
typedef void (*DitTask)(void *const *operands, int64_t rows, int64_t begin,
                        int64_t end, void *scratch);

/* A kernel over all its units; returns when every unit is done. `kernel` is the
 * index into the manifest's list of kernels of the function that is running.
 * `operands` are the region's operands, its results, and row_index where a
 * kernel gathers its conditions by it; a CPU's kernel may take more. For a GPU
 * `task` is null, `units` is 0, and launch() returns when the kernel is
 * enqueued; the array of operands is free again then. */
typedef struct DitLaunch {
  int32_t kernel;
  DitTask task;
  void *const *operands;
  int64_t rows;
  int64_t units;
} DitLaunch;

/* The services an artifact calls. sin and cos are only called by tasks. */
typedef struct DitHost {
  void *context;
  void (*launch)(void *context, const DitLaunch *launch);
  /* The weight manifest.weights[index] as float32, row-major (on the GPU for a
   * GPU), and the promise that no later launch reads it. Only called from
   * `prepare`. */
  const float *(*weight)(void *context, int32_t index);
  void (*release)(void *context, int32_t index);
  double (*sin)(double);
  double (*cos)(double);
} DitHost;

/* Memory below is the caller's: sizes come from the manifest's `memory`, every
 * address is aligned to 64 bytes, and `rows` is at least 1.
 *
 *   prepare    packs all weights into the first shared_bytes of `prepared`.
 *              They are the same bytes for all sizes of an arch and a kind of
 *              matmuls, so once is enough for all of them.
 *   tabulate   computes what depends on no weight into this size's own part of
 *              `prepared`, which lies from shared_bytes to prepared_bytes and
 *              overlaps no other size's; once, after prepare. Null where there
 *              is nothing to compute. `prepared` has as many bytes as the
 *              largest prepared_bytes of the sizes that share it.
 *   create     binds `state` (state_bytes) to a host and to `prepared`.
 *   plan       binds `plan` (plan_bytes) to a batch and to `arena`
 *              (rows * arena_bytes_per_row).
 *   condition  fills one row of `table` (rows x condition_row_floats) for each
 *              (t[i], y[i]); `arena` holds
 *              rows * condition_arena_bytes_per_row.
 *   denoise    out = network(x) for plan's rows: x (N, C, H, W), out
 *              (N, C_out, H, W) float32; sample i uses table row row_index[i].
 *   unplan, destroy   undo plan and create; may be null where there is nothing
 *              to undo.
 *   code       the GPU's machine code, one cubin that holds every function that
 *              the manifest names; null and 0 bytes for a CPU.
 *   alternative  the same model (spec and weights) made in another way: for
 *              another size of x, another arch, with other matmuls; null at the
 *              chain's end.
 */
typedef struct DitArtifact {
  uint32_t abi_version;
  uint32_t manifest_bytes; /* without the final 0 */
  const char *manifest;
  DitStatus (*prepare)(const DitHost *host, void *prepared);
  DitStatus (*tabulate)(const DitHost *host, void *prepared);
  DitStatus (*create)(const DitHost *host, const void *prepared, void *state);
  DitStatus (*plan)(const void *state, int64_t rows, void *arena, void *plan);
  DitStatus (*condition)(const void *state, const float *t, const int32_t *y,
                         int64_t rows, void *arena, float *table);
  DitStatus (*denoise)(const void *plan, const float *x,
                       const int32_t *row_index, const float *table,
                       float *out);
  void (*unplan)(void *plan);
  void (*destroy)(void *state);
  const void *code;
  uint64_t code_bytes;
  const struct DitArtifact *alternative;
} DitArtifact;

typedef const DitArtifact *(*DitEntry)(void);

#ifdef __cplusplus
}
#endif
#endif /* DIT_RUNTIME_ABI_H */
