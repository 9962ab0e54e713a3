// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NVRTC by dlopen, with declarations of our own: no header of the CUDA toolkit
// is needed to build ditc.
#include "codegen/cuda/Nvrtc.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <cstdlib>
#include <dlfcn.h>

using llvm::createStringError;
using llvm::StringRef;

namespace dit::codegen::cuda {

namespace {

struct DeviceHeader {
  const char *name, *text;
};
// Made of codegen/cuda/device/*.h by the build.
constexpr DeviceHeader kDeviceHeaders[] = {
#include "codegen/cuda/DeviceHeaders.inc"
};

using Program = struct ProgramOfNvrtc *;

/// The functions of nvrtc.h that are called; each returns 0 for success.
struct Library {
  int (*nvrtcVersion)(int *major, int *minor);
  int (*nvrtcCreateProgram)(Program *program, const char *text,
                            const char *name, int headers,
                            const char *const *headerTexts,
                            const char *const *headerNames);
  int (*nvrtcCompileProgram)(Program program, int count,
                             const char *const *options);
  int (*nvrtcGetCUBINSize)(Program program, size_t *bytes);
  int (*nvrtcGetCUBIN)(Program program, char *code);
  int (*nvrtcGetProgramLogSize)(Program program, size_t *bytes);
  int (*nvrtcGetProgramLog)(Program program, char *log);
  int (*nvrtcDestroyProgram)(Program *program);
  const char *(*nvrtcGetErrorString)(int result);
};

constexpr const char *kNames[] = {"libnvrtc.so.13", "libnvrtc.so.12",
                                  "libnvrtc.so"};

/// What `scripts/setup --cuda` makes beside the build folder, of whose bin this
/// program is.
std::string fetchedToolkit() {
  llvm::SmallString<256> path(llvm::sys::fs::getMainExecutable(
      nullptr, reinterpret_cast<void *>(&fetchedToolkit)));
  for (int level = 0; level < 3; ++level)
    llvm::sys::path::remove_filename(path);
  llvm::sys::path::append(path, ".cuda");
  return std::string(path);
}

/// Where the library may be, in the order of trying.
llvm::SmallVector<std::string> candidates() {
  llvm::SmallVector<std::string> paths;
  auto addFolder = [&](const std::string &toolkit) {
    for (const char *name : kNames)
      paths.push_back(toolkit + "/lib64/" + name);
  };
  for (const char *variable : {"CUDA_HOME", "CUDA_PATH"})
    if (const char *toolkit = std::getenv(variable); toolkit && *toolkit)
      addFolder(toolkit);
  if (!paths.empty())
    return paths;
  addFolder(fetchedToolkit());
  paths.append(std::begin(kNames), std::end(kNames));
  addFolder("/usr/local/cuda");
  return paths;
}

/// Fills in `library`; returns what is missing of it.
const char *findFunctions(void *handle, Library &library) {
  const char *missing = nullptr;
  auto find = [&](auto &function, const char *name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
        dlsym(handle, name));
    if (!function)
      missing = name;
  };
#define DIT_FIND(name) find(library.name, #name)
  DIT_FIND(nvrtcVersion);
  DIT_FIND(nvrtcCreateProgram);
  DIT_FIND(nvrtcCompileProgram);
  DIT_FIND(nvrtcGetCUBINSize);
  DIT_FIND(nvrtcGetCUBIN);
  DIT_FIND(nvrtcGetProgramLogSize);
  DIT_FIND(nvrtcGetProgramLog);
  DIT_FIND(nvrtcDestroyProgram);
  DIT_FIND(nvrtcGetErrorString);
#undef DIT_FIND
  return missing;
}

/// The first library that there is, or the sentence that there is none.
struct Opened {
  Opened() {
    llvm::SmallVector<std::string> paths = candidates();
    for (const std::string &path : paths)
      if (void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
        if (const char *missing = findFunctions(handle, library))
          error = path +
                  ": must be NVRTC of CUDA 12 or 13, but has no "
                  "function " +
                  missing;
        return;
      }
    error = "compiling for a GPU needs NVRTC of a CUDA toolkit, 12 or 13, but "
            "there is none of " +
            llvm::join(paths, ", ") +
            " (scripts/setup --cuda fetches what is needed; CUDA_HOME may "
            "name a toolkit; --emit=target needs none)";
  }
  Library library;
  std::string error; ///< empty where there is a library
};

/// The first line of a compiler's log that says what is wrong.
std::string firstComplaint(StringRef log, StringRef otherwise) {
  llvm::SmallVector<StringRef> lines;
  log.split(lines, '\n');
  for (StringRef line : lines)
    if (line.contains("error"))
      return line.trim().str();
  return otherwise.str();
}

/// One text on its way through NVRTC.
class Compilation {
public:
  explicit Compilation(const Library &nvrtc) : nvrtc(nvrtc) {}
  ~Compilation() {
    if (program)
      nvrtc.nvrtcDestroyProgram(&program);
  }

  /// False where `result` says what has failed.
  bool run(const std::string &text, const std::string &name,
           const std::string &archOption, std::string &code) {
    llvm::SmallVector<const char *> names, texts;
    for (const DeviceHeader &header : kDeviceHeaders) {
      names.push_back(header.name);
      texts.push_back(header.text);
    }
    const char *options[] = {"-std=c++17", archOption.c_str()};
    size_t bytes = 0;
    if (failed(nvrtc.nvrtcCreateProgram(&program, text.c_str(), name.c_str(),
                                        names.size(), texts.data(),
                                        names.data())) ||
        failed(
            nvrtc.nvrtcCompileProgram(program, std::size(options), options)) ||
        failed(nvrtc.nvrtcGetCUBINSize(program, &bytes)))
      return false;
    code.resize(bytes);
    return !failed(nvrtc.nvrtcGetCUBIN(program, code.data()));
  }

  /// All that NVRTC says.
  std::string log() const {
    size_t bytes = 0; // with the zero behind the text
    std::string log;
    if (program && nvrtc.nvrtcGetProgramLogSize(program, &bytes) == 0 &&
        bytes > 1) {
      log.resize(bytes);
      nvrtc.nvrtcGetProgramLog(program, log.data());
      log.pop_back();
    }
    return log;
  }

  /// What NVRTC complains of first.
  std::string complaint() const {
    return firstComplaint(log(), nvrtc.nvrtcGetErrorString(result));
  }

private:
  bool failed(int answer) {
    result = answer;
    return result != 0;
  }

  const Library &nvrtc;
  Program program = nullptr;
  int result = 0;
};

} // namespace

llvm::Expected<Cubin> compileToCubin(StringRef text, StringRef name,
                                     StringRef arch) {
  // Opened once and never closed: NVRTC keeps threads and tables of its own.
  static const Opened opened;
  if (!opened.error.empty())
    return createStringError(opened.error);
  const Library &nvrtc = opened.library;
  int major = 0, minor = 0;
  nvrtc.nvrtcVersion(&major, &minor);
  Cubin cubin;
  cubin.nvrtc = std::to_string(major) + "." + std::to_string(minor);
  Compilation compilation(nvrtc);
  if (!compilation.run(text.str(), name.str(), ("-arch=" + arch).str(),
                       cubin.bytes))
    return createStringError("NVRTC " + cubin.nvrtc +
                             " does not compile the kernels for " + arch +
                             ": " + compilation.complaint());
  cubin.log = compilation.log();
  return cubin;
}

} // namespace dit::codegen::cuda
