"""Every suite under test/: .mlir, .yaml and .test files run as shell scripts;
test/unit has the GoogleTest binaries. DIT_BUILD names the build folder."""
import ctypes
import os
import shutil

import lit.formats

root = os.path.dirname(os.path.abspath(__file__))
repo = os.path.dirname(root)
build = os.environ.get("DIT_BUILD", os.path.join(repo, "build"))

config.name = "ditc"
config.test_format = lit.formats.ShTest(True)
config.suffixes = [".mlir", ".yaml", ".test"]
config.excludes = ["Inputs", "corpus", "CMakeLists.txt", "lit.cfg.py"]
config.test_source_root = root
config.test_exec_root = os.path.join(build, "test")
config.environment["PATH"] = os.pathsep.join(
    [os.path.join(build, "bin"), "/usr/lib/llvm-22/bin", os.environ["PATH"]])
# In a sanitized build what is undefined must fail, not only be printed.
config.environment["UBSAN_OPTIONS"] = "halt_on_error=1"
# LLVM's arenas poison what is not handed out yet, but its libraries, which are
# built without a sanitizer, do not take that back.
config.environment["ASAN_OPTIONS"] = "allow_user_poisoning=0"
try:
    with open(os.path.join(build, "CMakeCache.txt")) as cache:
        if "DIT_SANITIZE:BOOL=ON\n" in cache.read():
            config.available_features.add("sanitized")
except OSError:
    pass
config.environment["FILECHECK_OPTS"] = "--enable-var-scope --dump-input=fail"
config.substitutions.append(("%repo", repo))
config.substitutions.append(("%specs", os.path.join(repo, "model_specs")))
config.substitutions.append(("%build", build))

with open("/proc/cpuinfo") as cpuinfo:
    if "avx512f" in cpuinfo.read():
        config.available_features.add("avx512")

# The CUDA toolkit, for what only nvcc and NVRTC can say; no GPU is needed.
nvcc = shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc"
if os.path.exists(nvcc):
    config.available_features.add("cuda")
    config.substitutions.append(("%nvcc", nvcc))

# Tests that say what a machine without a GPU is told.
try:
    ctypes.CDLL("libcuda.so.1")
except OSError:
    config.available_features.add("no-gpu")

# A CUDA driver that runs kernels on the host: test/simt/driver.
if os.path.exists(os.path.join(build, "test-driver", "libcuda.so.1")):
    config.available_features.add("standin")
    script = os.path.join(repo, "test", "simt", "driver", "artifact.py")
    config.substitutions.append(("%artifact", f"python3 {script} {build}"))
