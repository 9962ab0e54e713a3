"""Runs an emitted model on the executor, from weights to output, against
`ditc interpret`:

    model.py BUILD SPEC [--rows 1,3] [--variant plain] [--few] [--fuse all]
             [--dtype f32] [--arch sm_80] [--matmul generated] [--budget B]

--sensitive asks instead whether each weight shows in the output. SPEC may be IR.
The interpreter is given the spec, and computes in float64; or, where something is
rounded to bf16 or tf32, the planned IR, and rounds where that says so.
"""
import argparse
import array
import json
import math
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile

import build


def write_safetensors(path, tensors):
    """tensors: name -> (dtype, shape, array)"""
    header, at = {}, 0
    for name, (dtype, shape, values) in tensors.items():
        end = at + len(values) * values.itemsize
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, _, values in tensors.values():
            file.write(values.tobytes())


def read_safetensors(path, name):
    data = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    begin, end = json.loads(data[8:8 + size])[name]["data_offsets"]
    return data[8 + size + begin:8 + size + end]


def normal(count, scale):
    return array.array("f", (random.gauss(0, scale) for _ in range(count)))


def make_weights(text):
    """Weights of the sizes that the emitted text lists: matrices that keep the
    size of what they multiply, biases and embeddings as large as that, so that
    every part of the network shows in the output."""
    tensors = {}
    for name, shape in re.findall(r'\{"(.*)", \d+\}, // ([\dx]+)', text):
        sizes = [int(size) for size in shape.split("x")]
        is_matrix = len(sizes) > 1 and "table" not in name
        scale = math.prod(sizes[1:]) ** -0.5 if is_matrix else 1
        tensors[name] = ("F32", sizes, normal(math.prod(sizes), scale))
    return tensors


def make_inputs(text, rows):
    """Values of the inputs that the emitted text lists: timesteps for t, labels for
    y, normal ones for any other."""
    last = int(re.search(r"labelRow\(.*?, (\d+)\)", text).group(1))
    listed = re.findall(r'^    \{"(.*)", "\w+", \d+\}, // \?((?:x\d+)*)$', text, re.M)
    inputs = {}
    for name, shape in listed:
        sizes = [rows, *(int(size) for size in shape.split("x") if size)]
        if name == "t":
            values = array.array("f", ((250 * n + 999) % 1000 for n in range(rows)))
        elif name == "y":
            values = array.array("i", ((last - n) % (last + 1) for n in range(rows)))
        else:
            values = normal(math.prod(sizes), 1)
        inputs[name] = ("I32" if name == "y" else "F32", sizes, values)
    return inputs


# The relative L2 error of one evaluation. The interpreter rounds to tf32 and bf16 as
# the kernels do; what is left are values on the edge between two, which fall either
# way, and in bf16 attention's weights, which only the kernels round.
BUDGETS = {"f32": 1e-5, "tf32": 2e-4, "bf16": 1e-2}


def compiled(spec, phase, options):
    return subprocess.run(
        ["ditc", "compile", spec, "--target=cuda", "--arch=" + options.arch,
         "--dtype=" + options.dtype, "--fuse=" + options.fuse,
         "--batch-hint=" + options.batch_hint,
         "--matmul=" + options.matmul, "--emit=" + phase],
        check=True, text=True, stdout=subprocess.PIPE).stdout


def meaning(folder, options):
    """What the interpreter runs."""
    if options.dtype == "f32":
        return options.spec
    (folder / "planned.mlir").write_text(compiled(options.spec, "planned", options))
    return folder / "planned.mlir"


def make_case(folder, spec, text, rows):
    """Fills the folder with what checks/model.cpp reads; `spec` may be IR."""
    folder.mkdir()
    random.seed(5)
    weights, inputs = make_weights(text), make_inputs(text, rows)
    write_safetensors(folder / "weights.safetensors", weights)
    write_safetensors(folder / "in.safetensors", inputs)
    subprocess.run(["ditc", "interpret", spec,
                    "--weights", folder / "weights.safetensors",
                    "--input", folder / "in.safetensors",
                    "--output", folder / "out.safetensors"], check=True)
    for name, (_, _, values) in inputs.items():
        (folder / f"{name}.bin").write_bytes(values.tobytes())
    (folder / "weights.bin").write_bytes(
        b"".join(values.tobytes() for _, _, values in weights.values()))
    (folder / "want.bin").write_bytes(
        read_safetensors(folder / "out.safetensors", "out"))


def program(text, variant, build_folder, folder, device=build.DEVICE):
    """The executable of checks/model.cpp and the emitted text."""
    (folder / "model.cu").write_text(
        f'#include "{build.HERE}/checks/Model.h"\n' + text +
        (build.HERE / "checks" / "EmittedModel.inc").read_text())
    return build.program("model", variant, build_folder, device, folder, folder)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("spec")
    parser.add_argument("--rows", default="1,3")
    parser.add_argument("--variant", default="plain")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--few", action="store_const", dest="how", const="--few")
    how.add_argument("--sensitive", action="store_const", dest="how",
                     const="--sensitive")
    parser.add_argument("--fuse", default="all")
    parser.add_argument("--batch-hint", default="2")
    parser.add_argument("--dtype", default="f32")
    parser.add_argument("--arch", default="sm_80")
    parser.add_argument("--matmul", default="generated")
    parser.add_argument("--budget", type=float, help="instead of the dtype's")
    return parser


def main():
    options = arguments().parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        text = compiled(options.spec, "target", options)
        spec = meaning(folder, options)
        try:
            executable = program(text, options.variant, options.build, folder)
        except build.CompileError as error:
            sys.exit(f"the emitted text does not compile:\n{error}")
        for rows in options.rows.split(","):
            make_case(folder / rows, spec, text, int(rows))
            code, printed = build.run(
                executable, [str(folder / rows), rows,
                             str(options.budget or BUDGETS[options.dtype])]
                + [options.how] * bool(options.how))
            print(printed, end="", flush=True)
            if code:
                sys.exit(1)


if __name__ == "__main__":
    main()
