"""Compiles an emitted CUDA file for the host, as the stand-in driver wants it:

    kernels.py BUILD FILE.cu -o KERNELS.so

The file's first line names the architecture it was emitted for.
"""
import argparse
import hashlib
import pathlib
import re
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import build  # noqa: E402


def table(text):
    """The C++ lines of the kernel table of an emitted file."""
    arch = re.match(r"//.* for (sm_\d+a?) ", text)
    if not arch:
        sys.exit("kernels.py: the first line must say `for sm_...`, but is "
                 f"'{text.splitlines()[0]}'")
    entries = []
    for cluster, threads, name in re.findall(
            r"__global__ void (?:DIT_CLUSTER\(([^)]*)\)\s*)?"
            r"__launch_bounds__\(([^,()]+)[^()]*\)\s*(\w+)\(", text):
        sizes = [int(size) for size in cluster.split(",") if size] + [1, 1, 1]
        entries.append(f'    standin::EntryOf<{name}>::make("{name}", {threads}, '
                       f"{sizes[0]}, {sizes[1]}, {sizes[2]}),\n")
    if len(entries) != text.count("__global__"):
        sys.exit(f"kernels.py: {text.count('__global__')} kernels, but "
                 f"{len(entries)} with a __launch_bounds__ that can be read")
    return (f'\n#include "{HERE}/KernelEntries.h"\n'
            "static constexpr standin::KernelEntry kEntries[] = {\n"
            + "".join(entries) + "};\n"
            f'static constexpr standin::KernelTable kTable = {{"{arch[1]}", '
            f"kEntries, {len(entries)}}};\n"
            'extern "C" const standin::KernelTable *DIT_STANDIN_TABLE() '
            "{ return &kTable; }\n")


def library(text, build_folder):
    """The shared object, made unless it is there already."""
    objects = pathlib.Path(build_folder) / "simt-objects"
    objects.mkdir(parents=True, exist_ok=True)
    whole = '#include "launches.h"\n' + text + table(text)
    digest = build.headers_hash([build.EXECUTOR, build.DEVICE, HERE])
    digest.update(whole.encode())
    target = objects / f"kernels.{digest.hexdigest()[:16]}.so"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=objects) as unfinished:
            source = pathlib.Path(unfinished) / "kernels.cu"
            source.write_text(whole)
            made = pathlib.Path(unfinished) / "kernels.so"
            driver = pathlib.Path(build_folder) / "test-driver"
            build.call([build.CLANG, *build.kernel_flags("plain", build.DEVICE),
                        "-O2", "-g0", "-fPIC", "-shared", "-fuse-ld=lld", str(source),
                        "-x", "none", str(driver / "libcuda.so.1"), "-Wl,-z,defs",
                        "-o", str(made)])
            made.replace(target)
    return target


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("source")
    parser.add_argument("-o", dest="output", required=True)
    options = parser.parse_args()
    try:
        made = library(pathlib.Path(options.source).read_text(), options.build)
    except build.CompileError as error:
        sys.exit(f"{options.source} does not compile for the host:\n{error}")
    output = pathlib.Path(options.output)
    output.unlink(missing_ok=True)
    output.symlink_to(made)


if __name__ == "__main__":
    main()
