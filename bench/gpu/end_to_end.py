# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Artifacts against PyTorch in float64, and the GPU's samples against the CPU's:

    end_to_end.py FOLDER [MODEL...]
"""
import pathlib
import sys
import tempfile

import torch
from safetensors.torch import load_file, save_file

import torch_dit
from artifacts import SEED, Folder

# Relative L2 of one evaluation; as issue and tests have it.
BUDGETS = {"cpu": 1e-5, "f32": 1e-5, "bf16": 1e-2, "cublaslt": 1e-2}
SAMPLE_BUDGET = 1e-4  # of float32 after ten steps


def error(got, want):
    """||got - want|| / ||want||; infinite where a number is missing."""
    got, want = got.double().cpu(), want.double().cpu()
    if got.shape != want.shape or not bool(got.isfinite().all()):
        return float("inf")
    return ((got - want).norm() / want.norm()).item()


def report(what, got, budget=None):
    if budget is None:
        print(f"  {what:<32} {got:.2e}")
        return True
    right = got <= budget
    print(f"  {what:<32} {got:.2e} of {budget:.0e}{'' if right else '  WRONG'}", flush=True)
    return right


def inputs(shape, rows):
    generator = torch.Generator().manual_seed(1)
    return {"x": torch.randn(rows, *shape.latent, generator=generator),
            "t": torch.tensor([999.0, 0.0, 417.0])[:rows],
            "y": torch.tensor([shape.classes, 3, 1], dtype=torch.int32)[:rows]}


def reference(shape, given, dtype, device):
    net = torch_dit.model(shape, SEED, device, dtype)
    x, t, y = (given[name].to(device) for name in ("x", "t", "y"))
    return net(x.to(torch.float64) if dtype == torch.float64 else x, t, y.long()).cpu()


def evaluations(folder, model, device, scratch):
    shape = torch_dit.MODELS[model]
    given = inputs(shape, 3)
    save_file(given, scratch / "in.safetensors")
    want = reference(shape, given, torch.float64, device)
    print(f"{model}, {len(given['t'])} rows, one evaluation against PyTorch in float64:")
    right = True
    for kind, budget in BUDGETS.items():
        artifact = folder.artifact(model, kind)
        if not artifact:
            continue
        for old in scratch.glob("out.safetensors"):
            old.unlink()
        folder.run("denoise", artifact, "--seed", SEED, "--input", scratch / "in.safetensors",
                   "--output", scratch / "out.safetensors")
        out = load_file(scratch / "out.safetensors")["out"]
        right &= report(f"ditc {kind}", error(out, want), budget)
    report("PyTorch bfloat16", error(reference(shape, given, torch.bfloat16, device), want))
    return right


def samples(folder, model, scratch):
    """Ten guided steps of DDIM from the same noise."""
    found = {}
    for kind in BUDGETS:
        artifact = folder.artifact(model, kind)
        if artifact:
            out = scratch / f"{kind}.safetensors"
            folder.run("sample", artifact, "--seed", SEED, "--classes", "1,3", "--steps", 10,
                       "--sampler", "ddim", "--cfg-scale", 4, "-o", out)
            found[kind] = load_file(out)["x"]
    if "cpu" not in found:
        return True
    print(f"{model}, ten guided steps of DDIM against the CPU's:")
    return all([report(f"ditc {kind}", error(x, found["cpu"]),
                       SAMPLE_BUDGET if kind == "f32" else None)
                for kind, x in found.items() if kind != "cpu"])


def main():
    folder = Folder(sys.argv[1])
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    right = True
    with tempfile.TemporaryDirectory() as name:
        for model in sys.argv[2:] or ["tiny", "S/2", "XL/2"]:
            right &= evaluations(folder, model, device, pathlib.Path(name))
            right &= samples(folder, model, pathlib.Path(name))
    print("end-to-end: all within their budgets" if right else "end-to-end: NOT all right")
    sys.exit(not right)


main()
