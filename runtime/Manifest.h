// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an artifact says of itself: the JSON text in its ELF section
// `.dit.manifest`, written by the compiler and read here. Its keys:
//
//   {"abi": 1,                       DIT_ABI_VERSION
//    "compiler": "ditc 0.1.0",
//    "name": "DiT-XL/2",             the spec's name
//    "spec": "...", "spec_sha256": "...",      the YAML text, extends resolved by the reader
//    "passes": ["dit-join-linears", ...],      in the order they ran
//    "target": "cpu", "arch": "x86-64-v4",
//    "features": ["avx2", "fma", "avx512f"],   what the CPU must have, names of /proc/cpuinfo
//    "dtype": "f32",
//    "space": "latent" | "pixel",
//    "input": [4, 32, 32],           C, H, W
//    "output": [8, 32, 32],          C_out, H, W
//    "classes": 1000,                the null label is `classes` when label_dropout is true
//    "label_dropout": true,
//    "learn_sigma": true,
//    "tokens": 256, "parameters": 674834720, "macs": 118621400000,    of one sample
//    "diffusion": {"prediction": "epsilon", "steps": 1000, "schedule": "linear", "beta_start": 1e-4,
//                  "beta_end": 0.02, "sampler": "ddpm", "sample_steps": 250, "eta": 0.0,
//                  "variance": "learned_range", "clip_x0": false},
//    "guidance": {"scale": 1.0, "channels": 3},     channels: a number, or "all"
//    "memory": {"prepared_bytes": 0, "state_bytes": 0, "plan_bytes": 0, "arena_bytes_per_row": 0,
//               "condition_arena_bytes_per_row": 0, "condition_row_floats": 0, "scratch_bytes": 0},
//    "weights": [{"name": "x_embedder.proj.weight", "shape": [1152, 4, 2, 2]}, ...],
//    "ignored_weights": ["pos_embed"],         may be in the file, is not read
//    "kernels": {"prepare": [K, ...], "condition": [K, ...], "denoise": [K, ...]}}
//   K, one a launch, in launch order: {"name": "dit_linear_gelu_f32_...", "kind": "linear",
//    "what": "fc1 + gelu (in blocks[0])", "macs": 0, "bytes": 0}     macs and bytes of one sample
