// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The CUDA target's two lists of fusions: who multiplies decides where the
// kernels' boundaries are.
#include "codegen/cuda/Arch.h"
#include "compiler/Target.h"

using namespace dit;

/// The widest rows that a kernel keeps for its matmul: 32 bytes of shared
/// memory a feature, for eight rows in float32 or sixteen in bf16, beside the
/// tiles.
static std::string widestRows(llvm::StringRef arch) {
  constexpr int64_t kTileBytes = 8 << 10, kBytesPerFeature = 32;
  const codegen::cuda::Arch *gpu = codegen::cuda::findArch(arch);
  assert(gpu && "the target has looked it up");
  return "max-width=" +
         std::to_string((gpu->sharedBytes - kTileBytes) / kBytesPerFeature);
}

/// Own matmuls take the rows before them and the ops behind them, so that a
/// block is linears and attention alone; a library's take what it offers, and
/// row kernels do the rest in between.
std::vector<PassUse> dit::cudaFusions(llvm::StringRef matmul,
                                      llvm::StringRef arch) {
  std::vector<PassUse> uses = {PassUse::fuse("patch-embed"),
                               PassUse::fuse("final-layer", widestRows(arch)),
                               PassUse::fuse("conditioning")};
  if (matmul == "cublaslt") {
    uses.push_back(PassUse::fuse("linear-epilogue", "library"));
  } else {
    uses.push_back(PassUse::fuse("linear-prologue", widestRows(arch)));
    uses.push_back(PassUse::fuse("linear-epilogue", "gate-residual"));
  }
  // What the linears have left, row by row; then each value is rounded where it
  // is made.
  for (llvm::StringRef name : {"gated-residual", "adaln", "cast"})
    uses.push_back(PassUse::fuse(name));
  uses.push_back(PassUse("dit-verify-regions"));
  uses.push_back(PassUse("dit-wrap-kernels"));
  return uses;
}
