# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One contender in a process of its own: contender.py NAME CASE. Answers each
line of its input with a line of JSON:

    check PART FILE    writes what the network gives
    turn PART SECONDS  evaluates for so long: the milliseconds of each evaluation
    peak               ditc only: GFLOP/s of multiply-adds, now
    memory             bytes resident, now and at most
"""
import json
import os
import sys
import time

import numpy as np

from case import Case

TORCH = {"PyTorch eager": "eager", "torch.compile": "compile",
         "torch.compile, frozen": "frozen", "torch.compile, max-autotune": "autotune"}


def load(name, case):
    if name in TORCH:
        from torch_contenders import Torch
        return Torch(case, TORCH[name])
    import engines
    return {"ditc": engines.Ditc, "ONNX Runtime": engines.OnnxRuntime,
            "OpenVINO": engines.OpenVino}[name](case)


def turn(work, seconds):
    """At least one evaluation after one that is not timed, which goes where it is
    long enough to warm up by itself."""
    begin, times = time.perf_counter(), []
    work()
    now = time.perf_counter()
    if now - begin > seconds / 2:
        times.append((now - begin) * 1e3)
    while now - begin < seconds or not times:
        before, _ = now, work()
        now = time.perf_counter()
        times.append((now - before) * 1e3)
    return times


def memory():
    """(now, at most) in bytes."""
    with open("/proc/self/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return [int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM")]


def answer(contender, words):
    if words[0] == "check":
        begin = time.perf_counter()
        out = getattr(contender, words[1])()
        np.save(words[2], out)
        return time.perf_counter() - begin
    if words[0] == "turn":
        return turn(getattr(contender, words[1]), float(words[2]))
    return contender.peak() if words[0] == "peak" else memory()


def main():
    # What libraries print must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    begin = time.perf_counter()
    contender = load(sys.argv[1], Case.parse(sys.argv[2]))
    answers.write(json.dumps(time.perf_counter() - begin) + "\n")
    for line in sys.stdin:
        answers.write(json.dumps(answer(contender, line.rstrip("\n").split("\t"))) + "\n")


if __name__ == "__main__":
    main()
