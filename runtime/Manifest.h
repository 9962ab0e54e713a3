// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an artifact says of itself: the JSON texts in its ELF section
// `.dit.manifest`, one for each way the model was made in (size of x, arch,
// matmuls; in the order that Abi.h says), each ended by a 0;
// written by the compiler and read here. The keys of one:
//
// clang-format off
//   {"abi": 3,                           DIT_ABI_VERSION
//    "compiler": "ditc 0.1.0",
//    "name": "DiT-XL/2",                 the spec's name
//    "spec": "...", "spec_sha256": "...",    the YAML text, extends resolved by the reader
//    "passes": ["dit-join-linears", ...],    in the order they ran
//    "target": "cpu" | "cuda",
//    "arch": "x86-64-v4" | "sm_90a",
//    "features": ["avx2", "fma"],        what the CPU must have, names of /proc/cpuinfo; [] for cuda
//    "dtype": "f32" | "bf16" | "tf32",   what large matmuls multiply
//    "matmul": "generated" | "cublaslt",     cuda only: who makes them
//    "code_bytes": 1234567,              cuda only: of the cubin
//    "nvrtc": "13.0",                    cuda only: what compiled it; the driver must know as much
//    "space": "latent" | "pixel",
//    "input": [4, 32, 32],               C, H, W
//    "output": [8, 32, 32],              C_out, H, W
//    "classes": 1000,                    the null label is `classes` when label_dropout is true
//    "label_dropout": true, "learn_sigma": true,
//    "tokens": 256, "parameters": 674834720, "macs": 118621400000,    of one sample
//    "diffusion": {"prediction": "epsilon", "steps": 1000, "schedule": "linear", "beta_start": 1e-4,
//                  "beta_end": 0.02, "zero_terminal_snr": false, "sampler": "ddpm", "sample_steps": 250, "eta": 0.0,
//                  "variance": "learned_range", "clip_x0": false,
//                  "noise_at": 1, "velocity": "to_noise", "time_scale": 1.0, "shift": 1.0},
//                                        the last four: of prediction "velocity"
//    "guidance": {"scale": 1.0, "formula": "scale", "channels": 3},
//                                        channels: a number, or "all"; formula: runtime/sampling/Guidance.h
//    "memory": {"shared_bytes": 0,       of `prepared`: the packed weights, the same for all sizes of an arch and matmul
//               "prepared_bytes": 0,     end of what this size has of its own; from shared_bytes, or behind other sizes'
//               "state_bytes": 0, "plan_bytes": 0, "arena_bytes_per_row": 0,
//               "condition_arena_bytes_per_row": 0, "condition_row_floats": 0, "scratch_bytes": 0},
//    "weights": [{"name": "x_embedder.proj.weight", "shape": [1152, 4, 2, 2]}, ...],
//    "ignored_weights": ["pos_embed"],   may be in the file, is not read
//    "kernels": {"prepare": [K, ...], "tabulate": [K, ...], "condition": [K, ...], "denoise": [K, ...]},
//    "step": {"launch": LAUNCH}}         cuda only: guidance and the sampler's update, the runtime's
//                                        to launch: five addresses, then the ints samples and guided
//
//   K, one a launch, in launch order; macs and bytes of one sample:
//   {"name": "dit_linear_gelu_f32_...", "kind": "linear", "what": "fc1 + gelu (in blocks[0])",
//    "macs": 0, "bytes": 0,
//    "launch": LAUNCH or "cublaslt": CUBLASLT}       cuda only: one of the two
//
//   LAUNCH, a function of the artifact's cubin and how it is started:
//   {"function": "dit_linear_...", "grid": [[per_row, fixed, tile], ...], "threads": 128,
//    "shared_bytes": 36864, "operands": 5, "takes_rows": true,
//    "tensor_maps": [{"operand": 0, "columns": 1152, "rows": [per_row, fixed],
//                     "row_bytes": 2304, "box": [64, 128], "swizzle": 128}]}
//   One to three dimensions of the grid, each ceil((per_row * batch + fixed) / tile) blocks.
//   Parameters: one for each of the `operands` of DitLaunch.operands, its device address, or where a tensor map
//   names it that map (128 bytes by value); then, where takes_rows, the batch as an int.
//
//   CUBLASLT, out = x weight^T (+ bias), row-major and packed; x (m, k), weight (n, k), out (m, n):
//   {"m": [per_row, fixed], "n": 3456, "k": 1152, "x": 0, "weight": 1, "bias": 2 | null, "out": 3,
//    "type": "bf16" | "f32" | "tf32",    of x and weight; tf32: float32 multiplied so
//    "out_type": "bf16" | "f32", "epilogue": "none" | "bias" | "gelu_tanh_bias"}
//   Operand numbers count DitLaunch.operands.
// clang-format on
//
// Keys not listed here are ignored, so that a compiler may say more.
#ifndef DIT_RUNTIME_MANIFEST_H
#define DIT_RUNTIME_MANIFEST_H

#include "runtime/LaunchEntry.h"
#include "runtime/Resolution.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dit::runtime {

/// One launch of a kernel; `macs` and `bytes` of one sample. A CUDA artifact's
/// has one of `launch` and `cublasLt`, a CPU's neither.
struct KernelEntry {
  std::string name, kind, what;
  int64_t macs = 0, bytes = 0;
  std::optional<LaunchEntry> launch;
  std::optional<CublasLtEntry> cublasLt;
};

struct WeightEntry {
  std::string name;
  std::vector<int64_t> shape;
  int64_t elements() const;
};

/// How the model was trained to be sampled, and the defaults of the flags.
struct DiffusionDefaults {
  /// "epsilon", "v_prediction", "sample", or "velocity" of a flow model
  std::string prediction;
  int64_t steps = 0; ///< T of the training schedule
  /// "linear", "squared_cosine" or "quadratic", which is also "scaled_linear"
  std::string schedule;
  double betaStart = 0, betaEnd = 0;
  bool zeroTerminalSnr = false; ///< the last timestep is noise alone
  std::string sampler;
  int64_t sampleSteps = 0;
  double eta = 0;
  std::string variance; ///< "learned_range", "fixed_large" or "fixed_small"
  bool clipX0 = false;

  // Of a flow model, x = (1 - s) * data + s * noise.
  int64_t noiseAt = 1;         ///< the t at which s = 1; at the other, 0, s = 0
  bool velocityToNoise = true; ///< noise - data is predicted, not its negative
  double timeScale = 1;        ///< the network is told timeScale * t
  double shift = 1; ///< of the noise levels: sampling/samplers/FlowTable.h
};

/// Guidance of the first `channels` channels, of all when it is empty.
struct GuidanceDefaults {
  double scale = 1;
  std::string formula = "scale"; ///< whose scale it is: Guidance.h
  std::optional<int64_t> channels;
};

struct MemorySizes {
  int64_t shared = 0, prepared = 0, state = 0, plan = 0, arenaPerRow = 0,
          conditionArenaPerRow = 0, conditionRowFloats = 0, scratch = 0;
};

struct Manifest {
  std::string compiler, name, spec, specSha256;
  std::vector<std::string> passes;
  std::string target, arch;
  std::vector<std::string> features;
  std::string dtype;
  std::string matmul;    ///< empty for a CPU
  int64_t codeBytes = 0; ///< of the cubin, 0 for a CPU
  std::string nvrtc;     ///< what compiled it; empty for a CPU
  std::string space;
  int64_t channels = 0, height = 0, width = 0; ///< of x
  int64_t outputChannels = 0;
  int64_t classes = 0;
  bool labelDropout = false, learnSigma = false;
  int64_t tokens = 0, parameters = 0, macs = 0;
  DiffusionDefaults diffusion;
  GuidanceDefaults guidance;
  MemorySizes memory;
  std::vector<WeightEntry> weights;
  std::vector<std::string> ignoredWeights;
  std::vector<KernelEntry> prepareKernels, tabulateKernels, conditionKernels,
      denoiseKernels;
  std::optional<LaunchEntry> step; ///< of a CUDA artifact

  Resolution resolution() const { return {height, width}; }
  /// Floats of one sample's x, and of one sample's network output.
  int64_t sampleFloats() const { return channels * height * width; }
  int64_t outputFloats() const { return outputChannels * height * width; }
  bool isLatent() const { return space == "latent"; }
};

/// Reads and checks every key of one manifest. One of another ABI version is
/// refused before anything else of it is looked at. Throws an Error without the
/// file's name.
Manifest parseManifest(std::string_view text);

/// "3456x1152", "scalar" for a shape of no dimensions.
std::string showShape(const std::vector<int64_t> &shape);

} // namespace dit::runtime

#endif // DIT_RUNTIME_MANIFEST_H
