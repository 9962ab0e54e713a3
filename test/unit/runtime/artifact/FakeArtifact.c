/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * An artifact written by hand, whose network is arithmetic:
 *
 *   s            = sin(t / 100)
 *   out[c]       = sum_k gain[c][k] * x[k] + (bias[c] + s * label[y][c])    c =
 * 0, 1 out[2 + c]   = x[c] / (1 + |x[c]|)
 *
 * It uses everything the ABI offers a CPU, so that the runtime is tested
 * before, and apart from, the compiler. manifest.json describes it. With
 * DIT_MANIFESTS=2 the section has a second manifest, with DIT_TABLES=2 the
 * artifact an alternative: the same network again.
 *
 * With DIT_TABLE_AT, bytes from the begin of `prepared`, it has a table of its
 * own there, which the first two outputs add: table[h][w] = cos(h * W + w) / 8.
 * Computed twice it is twice as large. With DIT_NEXT the artifact's alternative
 * is another object file's, one with DIT_HEIGHT, DIT_WIDTH and DIT_IS_NEXT. */
#include "runtime/Abi.h"

#ifndef DIT_HEIGHT
#define DIT_HEIGHT 4
#define DIT_WIDTH 3
#endif
#define C 2
#define H DIT_HEIGHT
#define W DIT_WIDTH
#define LABELS 4

/* The section holds the text and a final 0, as ditc writes it. */
__asm__(".pushsection .dit.manifest,\"a\",@progbits\n"
        "manifestText:\n"
        ".incbin \"" DIT_MANIFEST_FILE "\"\n"
        "manifestEnd:\n"
        ".byte 0\n.popsection\n");
extern const char manifestText[] __attribute__((visibility("hidden")));
extern const char manifestEnd[] __attribute__((visibility("hidden")));

#ifndef DIT_MANIFESTS
#define DIT_MANIFESTS 1
#endif
#ifndef DIT_TABLES
#define DIT_TABLES 1
#endif
#if DIT_MANIFESTS == 2
__asm__(".pushsection .dit.manifest,\"a\",@progbits\n"
        ".incbin \"" DIT_MANIFEST_FILE "\"\n.byte 0\n.popsection\n");
#endif

typedef struct {
  float gain[C][C]; /* transposed: [k][c] */
  float bias[C];
  float label[LABELS][C];
} Prepared;

static const DitStatus ok = {0, 0};

static void run(const DitHost *host, int32_t kernel, DitTask task,
                void *const *operands, int64_t rows, int64_t units) {
  DitLaunch launch = {kernel, task, operands, rows, units};
  host->launch(host->context, &launch);
}

static DitStatus prepare(const DitCall *call) {
  const DitHost *host = call->host;
  Prepared *p = call->prepared;
  const float *gain = host->weight(host->context, 0);
  for (int c = 0; c < C; ++c)
    for (int k = 0; k < C; ++k)
      p->gain[k][c] = gain[c * C + k];
  host->release(host->context, 0);
  const float *bias = host->weight(host->context, 1);
  for (int c = 0; c < C; ++c)
    p->bias[c] = bias[c];
  host->release(host->context, 1);
  const float *label = host->weight(host->context, 2);
  for (int i = 0; i < LABELS * C; ++i)
    p->label[i / C][i % C] = label[i];
  host->release(host->context, 2);
  if (p->bias[0] == 12345.0f) {
    DitStatus refused = {7, "the bias is 12345"};
    return refused;
  }
  return ok;
}

#ifdef DIT_TABLE_AT
static float *tableOf(const void *prepared) {
  return (float *)((char *)prepared + DIT_TABLE_AT);
}

static DitStatus tabulate(const DitCall *call) {
  for (int i = 0; i < H * W; ++i)
    tableOf(call->prepared)[i] += (float)call->host->cos(i) / 8;
  return ok;
}
#endif

/* operands: call, t, y, arena, table. */
static void conditionTask(void *const *o, int64_t rows, int64_t begin,
                          int64_t end, void *scratch) {
  const DitCall *call = o[0];
  const Prepared *prepared = call->prepared;
  const float *t = o[1];
  const int32_t *y = o[2];
  float *arena = o[3], *table = o[4];
  (void)rows;
  (void)scratch;
  for (int64_t i = begin; i < end; ++i) {
    arena[i] = (float)call->host->sin((double)t[i] / 100);
    table[i * 3] = arena[i];
    for (int c = 0; c < C; ++c)
      table[i * 3 + 1 + c] =
          prepared->bias[c] + arena[i] * prepared->label[y[i]][c];
  }
}

static DitStatus condition(const DitCall *call) {
  void *operands[] = {(void *)call, (void *)call->inputs[0],
                      (void *)call->inputs[1], call->arena, call->outputs[0]};
  run(call->host, 0, conditionTask, operands, call->rows, call->rows);
  return ok;
}

/* operands: call, x, row_index, table. One unit is one line of one sample. */
static void mixTask(void *const *o, int64_t rows, int64_t begin, int64_t end,
                    void *scratch) {
  const DitCall *call = o[0];
  const Prepared *prepared = call->prepared;
  float *arena = call->arena;
  const float *x = o[1], *table = o[3];
  const int32_t *index = o[2];
  float *line = scratch; /* (C, W) */
  (void)rows;
  for (int64_t u = begin; u < end; ++u) {
    int64_t n = u / H, h = u % H;
    const float *row = table + index[n] * 3;
    for (int c = 0; c < C; ++c)
      for (int w = 0; w < W; ++w) {
        float sum = 0;
        for (int k = 0; k < C; ++k)
          sum += prepared->gain[k][c] * x[((n * C + k) * H + h) * W + w];
        line[c * W + w] = sum + row[1 + c];
#ifdef DIT_TABLE_AT
        line[c * W + w] += tableOf(prepared)[h * W + w];
#endif
      }
    for (int c = 0; c < C; ++c)
      for (int w = 0; w < W; ++w)
        arena[((n * C + c) * H + h) * W + w] = line[c * W + w];
  }
}

/* operands: call, x, out. One unit is one sample. */
static void varianceTask(void *const *o, int64_t rows, int64_t begin,
                         int64_t end, void *scratch) {
  const DitCall *call = o[0];
  const float *arena = call->arena;
  const float *x = o[1];
  float *out = o[2];
  (void)rows;
  (void)scratch;
  for (int64_t i = begin * C * H * W; i < end * C * H * W; ++i) {
    int64_t n = i / (C * H * W), e = i % (C * H * W);
    float magnitude = x[i] < 0 ? -x[i] : x[i];
    out[n * 2 * C * H * W + e] = arena[i];
    out[n * 2 * C * H * W + C * H * W + e] = x[i] / (1 + magnitude);
  }
}

static DitStatus denoise(const DitCall *call) {
  const DitTable *table = call->tables;
  void *mix[] = {(void *)call, (void *)call->inputs[0],
                 (void *)table->row_index, (void *)table->rows};
  run(call->host, 0, mixTask, mix, call->rows, call->rows * H);
  void *variance[] = {(void *)call, (void *)call->inputs[0], call->outputs[0]};
  run(call->host, 1, varianceTask, variance, call->rows, call->rows);
  return ok;
}

static const DitFunction functions[] = {prepare,
#ifdef DIT_TABLE_AT
                                        tabulate,
#endif
                                        condition, denoise};

#ifdef DIT_NEXT
const DitArtifact *nextArtifact(void);
#endif
#ifdef DIT_IS_NEXT
const DitArtifact *nextArtifact(void) {
#else
__attribute__((visibility("default"))) const DitArtifact *ditc_artifact(void) {
#endif
  static DitArtifact artifact = {.abi_version = DIT_ABI_VERSION,
                                 .function_count =
                                     sizeof functions / sizeof *functions,
                                 .functions = functions};
  artifact.manifest = manifestText;
  artifact.manifest_bytes = (uint32_t)(manifestEnd - manifestText);
#ifdef DIT_NEXT
  artifact.alternative = nextArtifact();
#endif
#if DIT_TABLES == 2
  static DitArtifact second;
  second = artifact;
  second.alternative = 0;
#if DIT_MANIFESTS == 2
  second.manifest = manifestEnd + 1;
#endif
  artifact.alternative = &second;
#endif
  return &artifact;
}
