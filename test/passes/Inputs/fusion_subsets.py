#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Runs subsets of the fusion passes, each in a shuffled order and with options
# that change it, on the network as it is or rounded, and compares what comes out
# with what went in: fusion_subsets.py TINY.mlir f32|bf16
import itertools
import os
import random
import re
import subprocess
import sys
import tempfile

OPTIONS = {"linear-epilogue": ["", "=gate-residual=true"]}
# One that makes no rows in a matmul's kernel.
MACHINE = "dit.machine = #dit.machine<columns = 1, make = 1, move = 0, kept = 1>, "

# The subsets grow with every pass, the time for them must not.
MOST = 128


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(" ".join(command) + "\n" + done.stdout + done.stderr)
    return done.stdout


def fusions_of_all_targets():
    printed = "".join(run("ditc", "compile", "--print-passes", *flags)
                      for flags in (["--arch=x86-64-v3"], ["--target=cuda", "--arch=sm_80"]))
    return list(dict.fromkeys(re.findall(r"dit-fuse-([a-z-]+)", printed)))


def main():
    source, dtype, shuffle = sys.argv[1], sys.argv[2], random.Random(1)
    fusions = fusions_of_all_targets()
    assert len(fusions) >= 8 and "cast" in fusions, fusions
    rounds = ["--dit-lower-precision"] if dtype != "f32" else fusions.remove("cast") or []
    subsets = [s for n in range(len(fusions) + 1) for s in itertools.combinations(fusions, n)]
    there = len(subsets)
    if there > MOST:  # none, each alone and all are among them
        subsets = [s for s in subsets if len(s) in (0, 1, len(fusions))]
        others = [s for n in range(2, len(fusions)) for s in itertools.combinations(fusions, n)]
        subsets += shuffle.sample(others, MOST - len(subsets))
    # What rounds is compared with what rounds at the same places.
    before = {by: ["--cse", "--dit-join-linears",
                   f"--dit-choose-matmuls=panel=5 multiply={dtype} by={by}", *rounds]
              for by in ("generated", "cublaslt")}
    texts = {by: run("dit-opt", source, *flags) for by, flags in before.items()}
    with tempfile.TemporaryDirectory() as folder:
        slow = os.path.join(folder, "slow.mlir")
        with open(source) as old, open(slow, "w") as new:
            new.write(old.read().replace("module attributes {", "module attributes {" + MACHINE, 1))
        assert MACHINE in open(slow).read()
        # One file with all outputs against one with as many inputs: two processes.
        expected, got = os.path.join(folder, "expected.mlir"), os.path.join(folder, "got.mlir")
        with open(expected, "w") as a, open(got, "w") as b:
            for index, subset in enumerate(subsets):
                flags = ["--dit-fuse-" + name + shuffle.choice(OPTIONS.get(name, [""]))
                         for name in shuffle.sample(subset, len(subset))]
                by = shuffle.choice(list(before))
                separator = "// -----\n" if index else ""
                a.write(separator + texts[by])
                b.write(separator + run("dit-opt", shuffle.choice([source, slow]), *before[by],
                                        "--dit-stage", *flags,
                                        "--dit-verify-regions", "--dit-wrap-kernels",
                                        "--dit-plan-layouts", "--dit-plan-memory"))
        compared = run("dit-check", "--arena", expected, got)
        assert compared.count("same:") == len(subsets), compared
        print(len(subsets), "subsets, all the same")


if __name__ == "__main__":
    main()
