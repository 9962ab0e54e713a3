# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What bench/gpu.sh prepare left in a folder, and dit-run, which runs it."""
import collections
import json
import os
import pathlib
import struct
import subprocess
import sys

SEED = 7  # of all weights


def slug(model):
    return model.lower().replace("/", "_").replace("-", "_")


class Folder:
    def __init__(self, path):
        self.path = pathlib.Path(path)

    def artifact(self, model, kind):
        """kind: cpu, f32, bf16, bf16-large or cublaslt; None where it was not prepared."""
        path = self.path / "models" / f"{slug(model)}.{kind}.so"
        return path if path.exists() else None

    def run(self, *arguments):
        """What dit-run prints; ends the program with what it complains of."""
        environment = dict(os.environ)
        libraries = [str(self.path / "lib"), environment.get("LD_LIBRARY_PATH", "")]
        environment["LD_LIBRARY_PATH"] = ":".join(filter(None, libraries))
        done = subprocess.run([str(self.path / "bin" / "dit-run"), *map(str, arguments)],
                              env=environment, text=True, capture_output=True)
        if done.returncode:
            sys.exit(f"dit-run {' '.join(map(str, arguments))}\nfailed with {done.returncode}: "
                     f"{done.stderr.strip()}")
        return done.stdout


def manifest(path):
    """The first manifest in an artifact: section .dit.manifest of an ELF file."""
    data = pathlib.Path(path).read_bytes()
    sections_at, = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3a)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, sections_at + i * size)
                for i in range(count)]
    for section in sections:
        at = sections[names][4] + section[0]
        if data[at:data.index(b"\0", at)] == b".dit.manifest":
            text = data[section[4]:section[4] + section[5]]
            return json.loads(text[:text.index(b"\0")] if b"\0" in text else text)
    sys.exit(f"{path}: no section .dit.manifest")


def network(path):
    """The kernels of an evaluation, in order."""
    return manifest(path)["functions"][-1]["kernels"]


def launches(path):
    """Kernels of one guided step: the network's, and the one of guidance and the
    sampler."""
    return len(network(path)) + 1


def kernel_bytes(path):
    """By kernel: what all its launches of @denoise read and write for one sample."""
    moved = collections.Counter()
    for kernel in network(path):
        moved[kernel["name"]] += kernel["bytes"]
    return moved


def step_macs(path):
    """Multiply-adds of one sample in one evaluation of @denoise."""
    return sum(kernel["macs"] for kernel in network(path))
