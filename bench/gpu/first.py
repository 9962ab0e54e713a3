# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The first ten minutes on a GPU: what the model of clocks is least sure of, each
measured beside what it predicts.

    first.py FOLDER CARD RESULTS
    first.py plant HEADLINE DEVICE     (for prepare: a copy of the device headers
                                        with a bug of test/simt/gates-mutants.txt)
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys

REPO = pathlib.Path(__file__).parents[2]
sys.path += [str(REPO / "test/simt/clocks"), str(REPO / "test/simt")]
import hardware
import model
import predict
import sass
from artifacts import SEED, Folder

HEAD = "| what | variant | measured us | predicted us |\n|---|---|---|---|"
# The launches of first.cpp, as a manifest would have them.
FC1 = {"name": "fc1", "kind": "linear", "macs": 0, "bytes": 512 * (1152 + 4608) * 2,
       "launch": {"grid": [[0, 32, 1], [0, 2, 1], [0, 2, 1]], "threads": 384,
                  "shared_bytes": 208992, "tensor_maps": [
                      {"columns": 1152, "rows": [0, 4608], "row_bytes": 2304, "box": [64, 72]},
                      {"columns": 1152, "rows": [512, 0], "row_bytes": 2304, "box": [64, 64]}]}}
FC2 = {"name": "fc2", "kind": "linear", "macs": 0, "bytes": 512 * (4608 * 2 + 1152 * 8),
       "launch": {"grid": [[0, 16, 1], [0, 2, 1], [0, 4, 1]], "threads": 256,
                  "shared_bytes": 147584, "tensor_maps": [
                      {"columns": 4608, "rows": [0, 1152], "row_bytes": 9216, "box": [64, 40]},
                      {"columns": 4608, "rows": [512, 0], "row_bytes": 9216, "box": [64, 32]}]}}


def plant(headline, device):
    from mutants import edited, parse
    shutil.rmtree(device, ignore_errors=True)
    shutil.copytree(REPO / "codegen/cuda/device", device)
    for name, _, file, edits in parse((REPO / "test/simt/gates-mutants.txt").read_text()):
        if name == headline:
            path = pathlib.Path(device) / file
            path.write_text(edited(path.read_text(), edits, headline))
            return
    sys.exit(f"first.py: gates-mutants.txt plants no '{headline}'")


def predicted(name, steps, code, gpu):
    """Microseconds of a launch, its boundary in it."""
    if name == "nothing":
        clocks = 0
    elif name == "ingest":  # 160 rows of 128 bytes a step, of which 4 and 2 blocks share
        clocks = gpu.start + steps * max(160 * 128 / gpu.ingress,
                                         (96 / 4 + 64 / 2) * 128 / gpu.l2)
    else:
        kernel = dict(FC1 if name == "fc1" else FC2)
        kernel["fixed_bytes"] = predict.fixed_bytes(kernel)
        kernel["bytes"] += kernel["fixed_bytes"]
        clocks = model.predict(kernel, code[name], 1, gpu).clocks
    return (clocks + gpu.boundary) / gpu.hertz * 1e6


def kernels(folder, gpu):
    """Lines of the table: each kernel, as it is and with a fault planted."""
    for program in sorted((folder.path / "first").glob("*.cubin")):
        done = subprocess.run([str(program.with_suffix(""))], capture_output=True, text=True)
        found = re.findall(r"^(\w+): ([\d.]+) us a launch", done.stdout, re.M)
        if done.returncode or not found:
            sys.exit(f"WRONG: {program.stem} ended with {done.returncode}:\n{done.stdout}")
        code = sass.kernels(program.read_bytes())
        steps = 9 if "fc2" not in dict(found) else 72
        for name, measured in found:
            yield (f"| {name} | {program.stem} | {measured} | "
                   f"{predicted(name, steps, code, gpu):.1f} |")


def steps(folder, gpu):
    """A guided step of XL/2: five launches a block or seven, small tiles or large."""
    for kind, batch in (("bf16", 1), ("bf16-rows", 1), ("bf16", 32), ("bf16-large", 32)):
        artifact = folder.artifact("XL/2", kind)
        if artifact:
            out = json.loads(folder.run("bench", artifact, "--batch", 2 * batch, "--seed", SEED,
                                        "--repeat", 20, "--json"))
            guess = predict.step(artifact, batch, gpu)[1]
            yield (f"| step of XL/2, batch {batch} | {kind} | {out['step_median_ms'] * 1e3:.0f} | "
                   f"{guess * 1e3:.0f} |")


def main():
    if sys.argv[1] == "plant":
        return plant(*sys.argv[2:])
    folder = Folder(sys.argv[1])
    card = sys.argv[2]
    gpu = hardware.H200 if "H200" in card else hardware.H100
    lines = [f"{card}, predicted for {gpu.name} at {gpu.hertz / 1e9:.2f} GHz "
             f"(test/simt/clocks/hardware.py has the numbers to correct).\n", HEAD]
    print("\n".join(lines), flush=True)
    for line in [*kernels(folder, gpu), *steps(folder, gpu)]:
        lines.append(line)
        print(line, flush=True)
    pathlib.Path(sys.argv[3]).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
