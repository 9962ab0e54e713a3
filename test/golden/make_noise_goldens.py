# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Freezes what torch.randn gives on a CPU, into torch_cpu_noise.json.

    python test/golden/make_noise_goldens.py

Values are the bits of the float32s. Of long draws the first and last 40 are kept,
and a hash (FNV-1a over the words) of all. The tests need neither this nor torch.
"""
import json
import pathlib

import numpy as np
import torch

SEEDS = [0, 7, 123456789012345]
SIZES = [1, 2, 15, 16, 17, 100, 4096, 65537]
# Draws one after the other from one generator: short ones leave half a pair to
# the next short one, past any long one.
SEQUENCES = [[1, 3, 16, 1, 2], [5, 10, 10, 10], [24, 48, 48], [72, 72]]


def bits(values):
    return values.numpy().view(np.uint32).tolist()


def fnv1a(words):
    h = 0xCBF29CE484222325
    for word in words:
        h = (h ^ word) * 0x100000001B3 % 2**64
    return h


def draw(seed, size):
    torch.manual_seed(seed)
    words = bits(torch.randn(size))
    return {"seed": seed, "size": size, "first": words[:40], "last": words[-40:],
            "fnv1a": fnv1a(words)}


def sequence(sizes):
    torch.manual_seed(3)
    return {"seed": 3, "sizes": sizes, "draws": [bits(torch.randn(size)) for size in sizes]}


if __name__ == "__main__":
    golden = {"made_by": f"test/golden/make_noise_goldens.py, torch {torch.__version__}, "
                         f"CPU capability {torch.backends.cpu.get_cpu_capability()}",
              "draws": [draw(seed, size) for seed in SEEDS for size in SIZES],
              "sequences": [sequence(sizes) for sizes in SEQUENCES]}
    path = pathlib.Path(__file__).parent / "torch_cpu_noise.json"
    path.write_text(json.dumps(golden) + "\n")
