# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a contender is told on its command line, its inputs, and the files that
compare.py prepared for it. Imports no framework, so that a contender's memory
is its own.
"""
import dataclasses
import json
import pathlib
import struct

import numpy as np


@dataclasses.dataclass
class Case:
    folder: str
    model: str  # a key of torch_dit.MODELS
    batch: int
    threads: int
    arch: str  # of ditc's artifact
    dtype: str  # f32 or bf16

    def file(self, kind):
        return str(pathlib.Path(self.folder) / f"{self.model.lower().replace('/', '_')}.{kind}")

    @property
    def artifact(self):
        return self.file(f"{self.arch}.{self.dtype}.so")

    def inputs(self, latent, classes):
        """x (N, C, H, W), t (N), y (N); t and y differ from row to row."""
        x = np.random.default_rng(1).standard_normal((self.batch, *latent), dtype=np.float32)
        t = np.array([(999 - 131 * i) % 1000 for i in range(self.batch)], dtype=np.float32)
        y = np.array([(classes - 3 * i) % (classes + 1) for i in range(self.batch)], dtype=np.int32)
        return x, t, y

    @staticmethod
    def parse(text):
        return Case(**json.loads(text))

    def text(self):
        return json.dumps(dataclasses.asdict(self))


def read_tensors(path, targets):
    """Reads the tensors of a safetensors file into the arrays of `targets`."""
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        for name, array in targets.items():
            begin, end = header[name]["data_offsets"]
            assert header[name]["shape"] == list(array.shape) and end - begin == array.nbytes, name
            file.seek(8 + size + begin)
            file.readinto(memoryview(array).cast("B"))


ROWS = 8  # the largest batch: for so many rows there are inputs

# Sampling, where it is timed: guided DDIM from the noise of this seed.
STEPS, SCALE, SEED = 20, 4.0, 11
