// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The instruction sets of the CPU target and the shapes of kernels on each.
#include "codegen/cpu/Compile.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include "llvm/TargetParser/Host.h"

namespace dit::codegen::cpu {

namespace {

// Tiles that fill the register file and leave room for one row of weights and a
// broadcast: 24 of 32 zmm, 12 of 16 ymm.
const Arch kArchs[] = {
    {"x86-64-v4",
     {"avx2", "fma", "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
     {/*lanes=*/16, /*tileRows=*/8, /*panel=*/48}},
    {"x86-64-v3", {"avx2", "fma"}, {/*lanes=*/8, /*tileRows=*/4, /*panel=*/24}},
};

bool runsHere(const Arch &arch) {
  llvm::StringMap<bool> here = llvm::sys::getHostCPUFeatures();
  return llvm::all_of(arch.features, [&](std::string feature) {
    llvm::erase(feature, '_'); // avx512_bf16 is LLVM's avx512bf16
    return here.lookup(feature);
  });
}

/// The archs that code may be made for: with AVX512_BF16, of AVX-512 only.
std::vector<Arch> archsWith(bool bf16) {
  std::vector<Arch> archs(std::begin(kArchs), std::end(kArchs));
  if (!bf16)
    return archs;
  archs.resize(1);
  archs[0].features.push_back("avx512_bf16");
  archs[0].extensions = "+avx512bf16";
  return archs;
}

} // namespace

/// Measured on a Zen 4 core: a norm and modulate of 256 rows of 1152 features
/// takes 56 us. DiT-XL/8's last layer, which makes its rows three times, takes
/// 0.15 ns an element longer so than behind a row kernel, which leaves 0.23 for
/// the write and the read.
MachineAttr machineOf(const Machine &machine, mlir::MLIRContext &context) {
  constexpr int64_t kMake = 190, kMove = 230;
  return MachineAttr::get(&context, kPanelsOfMadeRows * machine.panel, kMake,
                          kMove, /*kept=*/0, /*waits=*/0, /*rowKernel=*/0);
}

llvm::Expected<Arch> findArch(llvm::StringRef name, bool bf16) {
  for (const Arch &arch : archsWith(bf16))
    if (name == arch.name || (name == "native" && runsHere(arch)))
      return arch;
  if (bf16 && name == "native")
    return llvm::createStringError(
        "this machine has no AVX512_BF16, which --dtype=bf16 needs; "
        "--arch=x86-64-v4 compiles for one that has");
  if (bf16 && name == "x86-64-v3")
    return llvm::createStringError(
        "--dtype=bf16 needs AVX512_BF16 and so --arch=x86-64-v4, but found "
        "'x86-64-v3'");
  if (name == "native")
    return llvm::createStringError("this machine has no AVX2 and FMA, the "
                                   "least that the CPU target needs");
  return llvm::createStringError(
      "expected --arch to be native, x86-64-v3 or x86-64-v4, but found '" +
      name + "'");
}

} // namespace dit::codegen::cpu
