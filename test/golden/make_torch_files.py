# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the files of torch.save in torch/ beside this file; needs torch.

    python test/golden/make_torch_files.py

`values.safetensors` holds what `dtypes.pt` must be read as. The tests need
neither this script nor torch.
"""
import argparse
import collections
import pathlib

import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent / "torch"
EDGES = [0.0, -0.0, 1.0, -2.5, float("inf"), float("nan"), 1e-40, 3.4e38, 1 / 3, 6e-8]


def dtypes():
    """One tensor a dtype, a scalar, an empty one, a parameter, views of one storage."""
    base = torch.tensor(EDGES)
    tensors = {"float32": base.view(2, 5).clone(), "float16": base.to(torch.float16),
               "bfloat16": base.to(torch.bfloat16), "float64": base.to(torch.float64),
               "int64": torch.tensor([0, -1, 2**62, 7]), "scalar": torch.tensor(0.1),
               "empty": torch.zeros(3, 0), "row": base.view(2, 5)[1]}
    saved = collections.OrderedDict(tensors)
    saved["parameter"] = torch.nn.Parameter(tensors["float32"])
    saved["tied"] = saved["parameter"]
    torch.save(saved, HERE / "dtypes.pt")
    tensors["row"] = tensors["row"].clone()
    tensors["parameter"], tensors["tied"] = (tensors["float32"].clone() for _ in range(2))
    save_file(tensors, HERE / "values.safetensors")


class Arithmetic(torch.nn.Module):
    """The weights of the runtime tests' hand-written artifact."""

    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.tensor([[0.75, -0.25], [0.125, 0.5]]))
        self.bias = torch.nn.Parameter(torch.tensor([0.0625, -0.03125]))
        self.label = torch.nn.Parameter(torch.tensor(
            [[0.5, -0.5], [0.25, 1.0], [-0.75, 0.125], [0.0, 0.3125]]))


def checkpoints():
    """The same weights alone, and as the `ema` of a training checkpoint."""
    ema, model = Arithmetic(), Arithmetic()
    torch.save(ema.state_dict(), HERE / "state_dict.pt")
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.5)
    sum(p.sum() for p in model.parameters()).backward()
    optimizer.step()
    args = argparse.Namespace(model="DiT-XL/2", lr=1e-4, epochs=2**40, results=pathlib.PurePosixPath("out"))
    torch.save({"model": model.state_dict(), "ema": ema.state_dict(), "opt": optimizer.state_dict(),
                "args": args}, HERE / "training.pt")
    torch.save({"gain": ema.gain.detach().t(), "bias": ema.bias, "label": ema.label}, HERE / "transposed.pt")


def newer_pickles():
    """The same weights by other protocols, beside what nobody reads; every float8."""
    losses = [i / 7 for i in range(50)]
    steps = {(i, i / 3) for i in range(20)}
    for protocol in (3, 4, 5):
        torch.save({"epoch": 3, "losses": losses, "steps": steps, "seen": frozenset([1, 2]), "key": b"\x00\x01",
                    "module": Arithmetic().state_dict()}, HERE / f"protocol{protocol}.pt", pickle_protocol=protocol)
    every = torch.arange(256, dtype=torch.uint8)
    tensors = {"e4m3": every.view(torch.float8_e4m3fn), "e5m2": every.view(torch.float8_e5m2)}
    torch.save(tensors, HERE / "float8.pt")
    save_file({name: tensor.float() for name, tensor in tensors.items()}, HERE / "float8_values.safetensors")


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    torch.manual_seed(0)
    dtypes()
    checkpoints()
    newer_pickles()
