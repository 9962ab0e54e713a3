// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/cuda/CublasLt.h"

#include "runtime/Error.h"

#include <dlfcn.h>

#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

namespace dit::runtime::cuda {

namespace {

constexpr const char *kNames[] = {"libcublasLt.so.13", "libcublasLt.so.12",
                                  "/usr/local/cuda/lib64/libcublasLt.so.13",
                                  "/usr/local/cuda/lib64/libcublasLt.so.12"};

/// Also what scripts/setup --cuda fetches beside the build folder, of whose bin
/// this program is; last, since a GPU's machine may have one of its own.
std::vector<std::string> candidates() {
  std::vector<std::string> paths(std::begin(kNames), std::end(kNames));
  std::error_code none;
  auto program = std::filesystem::read_symlink("/proc/self/exe", none);
  auto root = program.parent_path().parent_path().parent_path();
  paths.push_back((root / ".cuda" / "lib64" / kNames[0]).string());
  return paths;
}

template <typename Function>
void find(void *library, const std::string &path, const char *name,
          Function &function) {
  void *symbol = dlsym(library, name);
  if (!symbol)
    fail("{}: has no function {}, which this program needs of cuBLASLt", path,
         name);
  function = reinterpret_cast<Function>(symbol);
}

CublasLt load() {
  void *library = nullptr;
  CublasLt lt;
  for (const std::string &name : candidates())
    if ((library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL))) {
      lt.path = name;
      break;
    }
  if (!library)
    fail("the artifact multiplies matrices with cuBLASLt, but neither {} nor "
         "{} can be opened; it is part of the CUDA toolkit, and "
         "scripts/setup --cuda fetches it",
         kNames[0], kNames[1]);
#define DIT_FIND(NAME) find(library, lt.path, "cublasLt" #NAME, lt.NAME)
  DIT_FIND(GetVersion);
  DIT_FIND(GetStatusString);
  DIT_FIND(Create);
  DIT_FIND(Destroy);
  DIT_FIND(MatmulDescCreate);
  DIT_FIND(MatmulDescDestroy);
  DIT_FIND(MatmulDescSetAttribute);
  DIT_FIND(MatrixLayoutCreate);
  DIT_FIND(MatrixLayoutDestroy);
  DIT_FIND(MatmulPreferenceCreate);
  DIT_FIND(MatmulPreferenceDestroy);
  DIT_FIND(MatmulPreferenceSetAttribute);
  DIT_FIND(MatmulAlgoGetHeuristic);
  DIT_FIND(MatmulAlgoCheck);
  DIT_FIND(Matmul);
#undef DIT_FIND
  lt.version = static_cast<int64_t>(lt.GetVersion());
  return lt;
}

} // namespace

const CublasLt &CublasLt::open() {
  static const CublasLt lt = load(); // tried again after it threw
  return lt;
}

void CublasLt::check(lt::Status status, const std::string &what) const {
  if (status != lt::kSuccess)
    fail("{}: cuBLASLt {} says: {}", what, version, GetStatusString(status));
}

} // namespace dit::runtime::cuda
