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
 * What a model computes is a list of functions, each run as often as what it
 * reads changes: once a load of the weights, a prompt, a condition, a step. The
 * manifest says of each what it reads and how much memory it works in; the code
 * has them in the same order, all of one type.
 *
 * For a CPU every address is the host's and a launch carries its task. For a
 * GPU the same functions run on the host too, but compute addresses only: all
 * that a DitCall points at but its arrays of addresses themselves is device
 * memory that they never read, and a launch names a kernel that the host starts
 * from the manifest's launch data.
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

#define DIT_ABI_VERSION 4u
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
 * the manifest's scratch_bytes, aligned to 64. Any split of the units over
 * threads gives the same bits. */
typedef void (*DitTask)(void *const *operands, int64_t rows, int64_t begin,
                        int64_t end, void *scratch);

/* A kernel over all its units; returns when every unit is done. `kernel` is the
 * index into the manifest's list of kernels of the function that is running.
 * `operands` are the region's operands, its results, and then the row_index of
 * each table that the kernel gathers from; a CPU's kernel may take more. For a
 * GPU `task` is null, `units` is 0, and launch() returns when the kernel is
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
   * functions that the manifest says to read weights. */
  const float *(*weight)(void *context, int32_t index);
  void (*release)(void *context, int32_t index);
  double (*sin)(double);
  double (*cos)(double);
} DitHost;

/* A table that a function of a slower rate has filled, and whose row is which
 * sample's: sample i of the call reads row row_index[i]. */
typedef struct DitTable {
  const float *rows;
  const int32_t *row_index;
} DitTable;

/* One call of a function. Memory is the caller's: its sizes come from the
 * manifest, every address is aligned to 64 bytes (of an input or a table: to
 * the size of an element).
 *
 *   rows       the batch, at least 1; 1 for what runs once a load.
 *   prepared   what functions of rate `load` fill and all others read, of as
 *              many bytes as the largest prepared_bytes of the sizes that share
 *              it. A function that reads weights fills the first shared_bytes,
 *              with the same bytes for all sizes of an arch and a kind of
 *              matmuls, so once is enough for all of them; one that reads none
 *              fills this size's own part, from shared_bytes to prepared_bytes,
 *              which overlaps no other size's, and runs after it.
 *   arena      rows * the function's arena_bytes_per_row.
 *   inputs     one for each of the function's inputs in the manifest, of `rows`
 *              samples.
 *   tables     one for each of the function's tables in the manifest.
 *   outputs    of a function with row_floats one, the table that it fills: rows
 *              of that many floats. Of the last function, which is the
 *              network's, one for each output in the manifest, of `rows`
 *              samples.
 */
typedef struct DitCall {
  const DitHost *host;
  int64_t rows;
  void *prepared;
  void *arena;
  const void *const *inputs;
  const DitTable *tables;
  void *const *outputs;
} DitCall;

typedef DitStatus (*DitFunction)(const DitCall *call);

/*   functions  as manifest.functions lists them.
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
  uint64_t function_count;
  const DitFunction *functions;
  const void *code;
  uint64_t code_bytes;
  const struct DitArtifact *alternative;
} DitArtifact;

typedef const DitArtifact *(*DitEntry)(void);

#ifdef __cplusplus
}
#endif
#endif /* DIT_RUNTIME_ABI_H */
