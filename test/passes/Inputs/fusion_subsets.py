#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Runs every subset of the fusion passes, in the default order and in a shuffled
# one, and compares what comes out with what went in: fusion_subsets.py TINY.mlir
import itertools
import os
import random
import subprocess
import sys
import tempfile

FUSIONS = ["patch-embed", "final-layer", "linear-epilogue", "gated-residual", "adaln", "conditioning"]


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(" ".join(command) + "\n" + done.stdout + done.stderr)
    return done.stdout


def main():
    source, shuffle = sys.argv[1], random.Random(1)
    subsets = [s for n in range(len(FUSIONS) + 1) for s in itertools.combinations(FUSIONS, n)]
    with tempfile.TemporaryDirectory() as folder:
        # One file with all outputs against one with as many inputs: two processes.
        text = open(source).read()
        expected, got = os.path.join(folder, "expected.mlir"), os.path.join(folder, "got.mlir")
        with open(expected, "w") as a, open(got, "w") as b:
            for index, subset in enumerate(subsets):
                flags = ["--dit-fuse-" + name for name in shuffle.sample(subset, len(subset))]
                separator = "// -----\n" if index else ""
                a.write(separator + text)
                b.write(separator + run("dit-opt", source, "--cse", "--dit-join-linears", "--dit-stage", *flags,
                                        "--dit-wrap-kernels", "--dit-plan-layouts=panel=5", "--dit-plan-memory"))
        compared = run("dit-check", "--arena", expected, got)
        assert compared.count("same:") == len(subsets), compared
        print(len(subsets), "subsets, all the same")


if __name__ == "__main__":
    main()
