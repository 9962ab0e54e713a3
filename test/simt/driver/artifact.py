"""Artifacts for CUDA on the stand-in driver.

    artifact.py BUILD compile SPEC -o MODEL.so [flags of ditc compile]
    artifact.py BUILD run MODEL.so COMMAND...
    artifact.py BUILD inputs MODEL.so ROWS IN.safetensors
    artifact.py BUILD compare A.safetensors B.safetensors TENSOR BUDGET

compile leaves MODEL.so.kernels beside the artifact: which files hold its kernels
compiled for the host, one an alternative. run tells the stand-in of them.
"""
import array
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import kernels  # which lets the rest be found
import build
import model


def compile_artifact(build_folder, spec, output, flags):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["ditc", "compile", spec, "--target=cuda", "-o", output,
                               "--dump-phases", folder, *flags])
        if done.returncode:
            sys.exit(done.returncode)
        texts = sorted(pathlib.Path(folder).rglob("target.cu"))
        made = [str(kernels.library(text.read_text(), build_folder)) for text in texts]
    pathlib.Path(output + ".kernels").write_text(":".join(made))


def environment(build_folder, artifact):
    """Variables that are set already, the stand-in's among them, stay."""
    return {"LD_LIBRARY_PATH": str(pathlib.Path(build_folder) / "test-driver"),
            "DIT_STANDIN_KERNELS": pathlib.Path(artifact + ".kernels").read_text(),
            **os.environ}


def write_inputs(artifact, rows, path):
    """x, t and y for `dit-run denoise`, as model.py makes them."""
    said = subprocess.run(["dit-run", "inspect", "--json", artifact], check=True,
                          text=True, stdout=subprocess.PIPE).stdout
    manifest = json.loads(said.splitlines()[0])
    random.seed(5)
    shape = next(i["shape"] for i in manifest["inputs"] if i["name"] == "x")
    model.write_safetensors(path, {
        "x": ("F32", [rows, *shape], model.normal(rows * math.prod(shape), 1)),
        "t": ("F32", [rows], array.array("f", ((250 * n + 999) % 1000 for n in range(rows)))),
        "y": ("I32", [rows], array.array("i", (n % manifest["classes"] for n in range(rows))))})


def compare(first, second, tensor, budget):
    """Prints the relative L2 distance, and fails where it is more than asked for."""
    a, b = (array.array("f", model.read_safetensors(path, tensor)) for path in (first, second))
    if len(a) != len(b):
        sys.exit(f"{len(a)} and {len(b)} elements")
    distance = math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b)) / sum(y * y for y in b))
    print(f"relative L2 {distance:.1e}, budget {float(budget):.1e}")
    if not distance <= float(budget):
        sys.exit("which is too much")


def main():
    build_folder, what, *rest = sys.argv[1:]
    if what == "compare":
        return compare(*rest)
    if what == "compile":
        spec, _, output, *flags = rest
        try:
            return compile_artifact(build_folder, spec, output, flags)
        except build.CompileError as error:
            sys.exit(f"the emitted text does not compile for the host:\n{error}")
    if what == "inputs":
        return write_inputs(rest[0], int(rest[1]), rest[2])
    sys.exit(subprocess.run(rest[1:], env=environment(build_folder, rest[0])).returncode)


if __name__ == "__main__":
    main()
