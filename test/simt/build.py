"""Compiles a check with the executor and its kernels for the host, and runs it.

Objects are kept in a folder under the build and found again by the hash of what
went into them, so that tests share the executor and mutants only compile what
differs.
"""
import hashlib
import os
import pathlib
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parent.parent
DEVICE = REPO / "codegen" / "cuda" / "device"
# What the host writes and a kernel reads.
SHARED = REPO / "runtime" / "sampling" / "samplers"
EXECUTOR = HERE / "executor"

CLANG = os.environ.get("DIT_SIMT_CXX", "/usr/lib/llvm-22/bin/clang++")
COMMON = ["-O1", "-g", "-fno-strict-aliasing", f"-I{EXECUTOR}"]
WARNINGS = ["-Wall", "-Wextra", "-Werror"]
# Only kernels are instrumented: what the executor does for itself is no business
# of theirs, and so its objects serve every variant, but for the files that tell
# a sanitizer of stacks and memory. A check declares a kernel with types of its
# own: no -fsanitize=function.
ASAN = ["-fsanitize=address,undefined", "-fno-sanitize=function"]
HOOKS = {"Fiber.cpp", "Region.cpp"}
VARIANTS = {
    "plain": {"hooks": [], "kernel": [], "link": []},
    "asan": {"hooks": ["-DSIMT_ASAN"], "link": ASAN,
             "kernel": [*ASAN, "-fno-sanitize-recover=all",
                        "-fsanitize-address-use-after-return=never"]},
    "tsan": {"hooks": ["-DSIMT_TSAN"], "link": ["-fsanitize=thread"],
             "kernel": ["-fsanitize=thread"]},
}
ENVIRONMENT = {"TSAN_OPTIONS": "halt_on_error=1:exitcode=66",
               "ASAN_OPTIONS": "detect_leaks=0"}


# What a check compares with where it has no loops of its own: sources of the
# runtime.
RUNTIME = {"step": ["Error.cpp", "sampling/Guidance.cpp", "sampling/Schedule.cpp", "sampling/Timesteps.cpp", "sampling/samplers/*.cpp"]}


class CompileError(Exception):
    pass


def call(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise CompileError(done.stderr)


def headers_hash(folders):
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.glob("*.h")):
            digest.update(path.read_bytes())
    return digest


def compiled(source, flags, headers, objects):
    """The object of a source, compiled unless it is there already."""
    digest = headers_hash(headers)
    # Where a mutant's folder lies does not change what is made of it.
    digest.update("\0".join(f for f in flags if not f.startswith("-I")).encode())
    digest.update(source.read_bytes())
    target = objects / f"{source.stem}.{digest.hexdigest()[:16]}.o"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=objects) as unfinished:
            made = pathlib.Path(unfinished) / "made.o"
            call([CLANG, *flags, "-c", str(source), "-o", str(made)])
            made.replace(target)
    return target


def kernel_flags(variant, device):
    warnings = WARNINGS if device == DEVICE else ["-w"]  # a mutant may look odd
    return ["-x", "c++", "-std=c++17", "-DDIT_SIMT", *COMMON, *warnings,
            *VARIANTS[variant]["kernel"], f"-I{device}", f"-I{SHARED}"]


def program(name, variant, build, device=DEVICE, kernels=HERE / "kernels",
            scratch=None):
    """The executable of checks/NAME.cpp and kernels/NAME.cu. What depends on the
    kernels is made in `scratch` where one is given, else kept with the rest."""
    objects = pathlib.Path(build) / "simt-objects"
    objects.mkdir(parents=True, exist_ok=True)
    host = ["-std=c++20", *COMMON, *WARNINGS]
    headers = [EXECUTOR, HERE / "checks"]
    if name in RUNTIME:
        headers += [REPO / "runtime", SHARED.parent, SHARED]
    hooks = VARIANTS[variant]["hooks"]
    parts = [compiled(source, host + (hooks if source.name in HOOKS else []),
                      [EXECUTOR], objects)
             for source in sorted(EXECUTOR.glob("*.cpp"))]
    for source in (HERE / "checks" / "Check.cpp", HERE / "checks" / f"{name}.cpp"):
        parts.append(compiled(source, host + [f"-I{REPO}"], headers, objects))
    for pattern in RUNTIME.get(name, []):
        for source in sorted((REPO / "runtime").glob(pattern)):
            parts.append(compiled(source, [*host, "-ffp-contract=off", f"-I{REPO}"],
                                  headers, objects))
    parts.append(compiled(kernels / f"{name}.cu", kernel_flags(variant, device),
                          [EXECUTOR, device, SHARED], scratch or objects))
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]
    target = (scratch or objects) / f"{name}.{variant}.{digest}"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=target.parent) as unfinished:
            made = pathlib.Path(unfinished) / "made"
            call([CLANG, "-fuse-ld=lld", *VARIANTS[variant]["link"],
                  *map(str, parts), *(["-lfmt"] if name in RUNTIME else []),
                  "-o", str(made)])
            made.replace(target)
    return target


def run(executable, arguments=(), timeout=None):
    """Exit code and what was printed; None for a program that hangs."""
    try:
        done = subprocess.run([str(executable), *arguments], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**os.environ, **ENVIRONMENT}, timeout=timeout)
    except subprocess.TimeoutExpired:
        return None, "hangs"
    return done.returncode, done.stdout
