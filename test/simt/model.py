"""Runs an emitted model on the executor, from weights to output, against
`ditc interpret`:

    model.py BUILD SPEC [--rows 1,3] [--variant plain] [--few]
             [--replace OLD NEW] [--fuse LIST]

--replace plants a bug in the emitted text, every place of it.
"""
import argparse
import array
import json
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
    """Weights of the sizes that the emitted text lists, none of them zero, so
    that every part of the network shows in the output."""
    listed = re.findall(r'\{"(.*)", \d+\}, // ([\dx]+)', text)
    tensors = {}
    for name, shape in listed:
        sizes = [int(size) for size in shape.split("x")]
        count = fan = 1
        for i, size in enumerate(sizes):
            count *= size
            fan *= size if i else 1
        scale = fan ** -0.5 if len(sizes) > 1 else 0.3
        tensors[name] = ("F32", sizes, normal(count, scale))
    return tensors


def make_inputs(text, rows):
    shape = [int(n) for n in
             re.search(r"\*in_x, +// \(N, (\d+), (\d+), (\d+)\)", text).groups()]
    last = int(re.search(r"labelRow\(.*?, (\d+)\)", text).group(1))
    count = rows
    for size in shape:
        count *= size
    t = array.array("f", (random.choice([0, 1, 250, 999.0]) + n
                          for n in range(rows)))
    y = array.array("i", ((last - n) % (last + 1) for n in range(rows)))
    return {"x": ("F32", [rows, *shape], normal(count, 1)),
            "t": ("F32", [rows], t), "y": ("I32", [rows], y)}


def check(executable, folder, spec, text, rows, weights, few):
    inputs = make_inputs(text, rows)
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
    code, printed = build.run(executable,
                              [str(folder), str(rows)] + ["--few"] * few)
    print(printed, end="", flush=True)
    return code == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("spec")
    parser.add_argument("--rows", default="1,3")
    parser.add_argument("--variant", default="plain")
    parser.add_argument("--few", action="store_true")
    parser.add_argument("--replace", nargs=2)
    parser.add_argument("--fuse", default="all")
    options = parser.parse_args()
    random.seed(5)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        text = subprocess.run(
            ["ditc", "compile", options.spec, "--target=cuda", "--arch=sm_80",
             "--fuse=" + options.fuse, "--emit=target"], check=True, text=True,
            stdout=subprocess.PIPE).stdout
        changed = text
        if options.replace:
            changed = text.replace(*options.replace)
            if changed == text:
                sys.exit(f"'{options.replace[0]}' is not in the emitted text")
        (folder / "model.cu").write_text(
            f'#include "{build.HERE}/checks/Model.h"\n' + changed +
            (build.HERE / "checks" / "EmittedModel.inc").read_text())
        executable = build.program("model", options.variant, options.build,
                                   kernels=folder, scratch=folder)
        weights = make_weights(text)
        write_safetensors(folder / "weights.safetensors", weights)
        right = [check(executable, folder, options.spec, text, int(rows),
                       weights, options.few)
                 for rows in options.rows.split(",")]
    sys.exit(0 if all(right) else 1)


main()
