// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an artifact says of itself: the JSON text in its ELF section
// `.dit.manifest`, written by the compiler and read here. Its keys:
//
//   {"abi": 1,                       DIT_ABI_VERSION
//    "compiler": "ditc 0.1.0",
//    "name": "DiT-XL/2",             the spec's name
//    "spec": "...", "spec_sha256": "...",      the YAML text, extends resolved
//    by the reader "passes": ["dit-join-linears", ...],      in the order they
//    ran "target": "cpu", "arch": "x86-64-v4", "features": ["avx2", "fma",
//    "avx512f"],   what the CPU must have, names of /proc/cpuinfo "dtype":
//    "f32", "space": "latent" | "pixel", "input": [4, 32, 32],           C, H,
//    W "output": [8, 32, 32],          C_out, H, W "classes": 1000, the null
//    label is `classes` when label_dropout is true "label_dropout": true,
//    "learn_sigma": true,
//    "tokens": 256, "parameters": 674834720, "macs": 118621400000,    of one
//    sample "diffusion": {"prediction": "epsilon", "steps": 1000, "schedule":
//    "linear", "beta_start": 1e-4,
//                  "beta_end": 0.02, "sampler": "ddpm", "sample_steps": 250,
//                  "eta": 0.0, "variance": "learned_range", "clip_x0": false},
//    "guidance": {"scale": 1.0, "channels": 3},     channels: a number, or
//    "all" "memory": {"prepared_bytes": 0, "state_bytes": 0, "plan_bytes": 0,
//    "arena_bytes_per_row": 0,
//               "condition_arena_bytes_per_row": 0, "condition_row_floats": 0,
//               "scratch_bytes": 0},
//    "weights": [{"name": "x_embedder.proj.weight", "shape": [1152, 4, 2, 2]},
//    ...], "ignored_weights": ["pos_embed"],         may be in the file, is not
//    read "kernels": {"prepare": [K, ...], "condition": [K, ...], "denoise":
//    [K, ...]}}
//   K, one a launch, in launch order: {"name": "dit_linear_gelu_f32_...",
//   "kind": "linear",
//    "what": "fc1 + gelu (in blocks[0])", "macs": 0, "bytes": 0}     macs and
//    bytes of one sample
//
// Keys not listed here are ignored, so that a compiler may say more.
#ifndef DIT_RUNTIME_MANIFEST_H
#define DIT_RUNTIME_MANIFEST_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dit::runtime {

/// One launch of a kernel; `macs` and `bytes` of one sample.
struct KernelEntry {
  std::string name, kind, what;
  int64_t macs = 0, bytes = 0;
};

struct WeightEntry {
  std::string name;
  std::vector<int64_t> shape;
  int64_t elements() const;
};

/// How the model was trained to be sampled, and the defaults of the flags.
struct DiffusionDefaults {
  std::string prediction; ///< "epsilon"
  int64_t steps = 0;      ///< T of the training schedule
  std::string schedule;   ///< "linear", "squared_cosine" or "quadratic"
  double betaStart = 0, betaEnd = 0;
  std::string sampler;
  int64_t sampleSteps = 0;
  double eta = 0;
  std::string variance; ///< "learned_range", "fixed_large" or "fixed_small"
  bool clipX0 = false;
};

/// Guidance of the first `channels` channels, of all when it is empty.
struct GuidanceDefaults {
  double scale = 1;
  std::optional<int64_t> channels;
};

struct MemorySizes {
  int64_t prepared = 0, state = 0, plan = 0, arenaPerRow = 0,
          conditionArenaPerRow = 0, conditionRowFloats = 0, scratch = 0;
};

struct Manifest {
  std::string compiler, name, spec, specSha256;
  std::vector<std::string> passes;
  std::string target, arch;
  std::vector<std::string> features;
  std::string dtype, space;
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
  std::vector<KernelEntry> prepareKernels, conditionKernels, denoiseKernels;

  /// Floats of one sample's x, and of one sample's network output.
  int64_t sampleFloats() const { return channels * height * width; }
  int64_t outputFloats() const { return outputChannels * height * width; }
  bool isLatent() const { return space == "latent"; }
};

/// Reads and checks every key. A manifest of another ABI version is refused
/// before anything else of it is looked at. Throws an Error without the file's
/// name.
Manifest parseManifest(std::string_view text);

/// "3456x1152", "scalar" for a shape of no dimensions.
std::string showShape(const std::vector<int64_t> &shape);

} // namespace dit::runtime

#endif // DIT_RUNTIME_MANIFEST_H
