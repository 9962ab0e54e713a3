"""Predicts what a guided step takes, from the machine code in an artifact:

    predict.py ARTIFACT [--batch 1,32] [--gpu h100|h200] [--most 1:1.9,32:35]

Nothing here is measured: hardware.py has the numbers it rests on. --most is a gate:
milliseconds that a batch may be predicted to take.
"""
import argparse
import collections
import json
import sys

import hardware
import model
import sass

GPUS = {"h100": hardware.H100, "h200": hardware.H200}


def manifest(path):
    data = open(path, "rb").read()
    for name, section in sass.elf_sections(data):
        if name == ".dit.manifest":
            text = data[section[4]:section[4] + section[5]]
            return json.loads(text[:text.index(b"\0")] if b"\0" in text else text)
    sys.exit(f"{path}: no section .dit.manifest")


def fixed_bytes(kernel):
    """Of what a launch moves, the weights: read once for all rows."""
    maps = kernel["launch"]["tensor_maps"]
    if maps:
        return maps[0]["row_bytes"] * maps[0]["rows"][1]
    return 0


def step(path, batch, gpu):
    """(Predictions by kernel, milliseconds of a guided step), both halves of guidance
    in one evaluation."""
    described, code = manifest(path), sass.kernels(sass.cubin_of(path))
    found = collections.OrderedDict()
    launches = described["functions"][-1]["kernels"]
    for kernel in launches:
        name = kernel["name"]
        if name in found:
            found[name].count += 1
            continue
        kernel["fixed_bytes"] = fixed_bytes(kernel)
        kernel["tokens"] = described["tokens"]
        found[name] = model.predict(kernel, code[name], 2 * batch, gpu)
    last = dict(described["step"], kind="step", name="dit_step", macs=0, bytes=0,
                fixed_bytes=0)
    last["launch"]["tensor_maps"] = []
    found["dit_step"] = model.predict(last, code["dit_step"], batch, gpu)
    clocks = sum((p.clocks + gpu.boundary) * p.count for p in found.values())
    return found.values(), clocks / gpu.hertz * 1e3


def kinds(path):
    """What the kernels of @denoise are to the model: wgmma where it knows the most."""
    code = sass.kernels(sass.cubin_of(path))
    return {"wgmma" if model.is_wgmma(code[kernel["name"]]) else kernel["kind"]
            for kernel in manifest(path)["functions"][-1]["kernels"] if kernel["name"] in code}


HEAD = ("| kernel | launches | blocks | waves | prologue + steps x step + epilogue, clocks | "
        "tensor | L2 MB | HBM MB | us |\n|---|---|---|---|---|---|---|---|---|")


def show(one, gpu):
    return (f"| {one.name} | {one.count} | {one.blocks} | {one.waves:.2f} | "
            f"{one.prologue:.0f} + {one.steps} x {one.step:.0f} + {one.epilogue:.0f} | "
            f"{one.tensor_share:.0%} | {one.l2 / 1e6:.1f} | {one.hbm / 1e6:.1f} | "
            f"{one.micros(gpu):.1f} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("artifact")
    parser.add_argument("--batch", default="1,32")
    parser.add_argument("--gpu", default="h100", choices=GPUS)
    parser.add_argument("--most", help="batch:ms, separated by commas")
    options = parser.parse_args()
    gpu, wrong = GPUS[options.gpu], 0
    most = dict(one.split(":") for one in (options.most or "").split(",") if one)
    for batch in options.batch.split(","):
        kernels, ms = step(options.artifact, int(batch), gpu)
        print(f"{gpu.name} at {gpu.hertz / 1e9:.2f} GHz, batch {batch}, predicted: {ms:.3f} ms a "
              f"guided step, {int(batch) / ms * 4:.2f} images/s of 250 steps\n\n{HEAD}")
        print("\n".join(show(one, gpu) for one in kernels), end="\n\n")
        if batch in most and ms > float(most[batch]):
            print(f"batch {batch}: predicted {ms:.3f} ms, at most {most[batch]}")
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
