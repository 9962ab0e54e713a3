# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Guided steps a second, ditc beside PyTorch on the same GPU in the same run:

    timing.py FOLDER [--seconds 540] [MODEL:BATCH...]

A step is the network on both halves of guidance, and the sampler's update. The
contenders take turns; a number is the median of the turns. What there is no
time for is named, to be asked for in another command.
"""
import argparse
import json
import pathlib
import statistics
import sys
import time

import torch

sys.path.append(str(pathlib.Path(__file__).parents[2] / "test/simt/clocks"))
import predict
import torch_dit
from artifacts import SEED, Folder, kernel_bytes, launches, step_macs

CASES = ["XL/2:1", "XL/2:32", "S/2:1", "S/2:8", "S/2:32", "B/2:1", "B/2:8", "B/2:32", "XL/2:8",
         "XL/2-512:1", "XL/2-512:8"]
TURNS = 3
LARGE = 8  # from so many samples on, tiles are a large batch's


def card():
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU, a rehearsal"


class Clock:
    """Seconds on the device, or of the host where there is none (tests)."""

    def __init__(self, device):
        self.gpu = device == "cuda"

    def milliseconds(self, work):
        if not self.gpu:
            begin = time.perf_counter()
            work()
            return (time.perf_counter() - begin) * 1e3
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        work()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end)


def ceilings(clock, device):
    """(bytes a second of a copy, operations a second of a matmul) of this card, now."""
    n = 8192 if clock.gpu else 256
    source = torch.randn(n * n * 4, device=device)
    target = torch.empty_like(source)
    a, b = (torch.randn(n, n, device=device).bfloat16() for _ in range(2))

    def best(work):
        for _ in range(3):
            work()
        return min(clock.milliseconds(work) for _ in range(10)) / 1e3

    copy = 2 * source.nbytes / best(lambda: target.copy_(source))
    return copy, 2 * n**3 / best(lambda: torch.mm(a, b))


class Torch:
    """PyTorch in bfloat16, as it is or compiled."""

    def __init__(self, net, batch, device, compiled):
        self.name = "torch.compile" if compiled else "PyTorch eager"
        labels = torch.arange(batch, device=device) % net.shape.classes
        self.guided = torch_dit.Guided(net, labels, 250, 4.0, device)
        self.step = lambda x, i: self.guided(x, i)
        if compiled:
            self.step = torch.compile(self.step, mode="max-autotune", dynamic=False)
        self.x = torch.randn(batch, *net.shape.latent, device=device)
        self.index = [torch.tensor(i, device=device) for i in range(250)]

    def run(self, steps):
        x = self.x
        for i in range(steps):
            torch.compiler.cudagraph_mark_step_begin()
            x = self.step(x, self.index[i % 250]).clone()
        return x

    def turn(self, clock, seconds):
        """Milliseconds a step, over about so many seconds."""
        with torch.no_grad():
            self.run(3)
            once = clock.milliseconds(lambda: self.run(3)) / 3
            steps = max(5, min(500, int(seconds * 1e3 / once)))
            return clock.milliseconds(lambda: self.run(steps)) / steps


class Ditc:
    def __init__(self, folder, artifact, name, batch):
        self.folder, self.artifact, self.name, self.batch = folder, artifact, name, batch
        self.kernels = []

    def turn(self, clock, seconds):
        # Both halves of guidance are rows of one evaluation.
        out = json.loads(self.folder.run("bench", self.artifact, "--batch", 2 * self.batch,
                                         "--seed", SEED, "--repeat", 20, "--json"))
        if not out.get("step_is_guided"):
            sys.exit(f"{self.artifact}: dit-run bench timed no guided step")
        self.kernels = out["kernels"]
        return out["step_median_ms"]


def contenders(folder, model, batch, device, compiled):
    net = torch_dit.model(torch_dit.MODELS[model], SEED, device, torch.bfloat16)
    yield Torch(net, batch, device, compiled=False)
    if compiled:
        yield Torch(net, batch, device, compiled=True)
    for kind, name in (("bf16", "ditc generated"), ("cublaslt", "ditc cuBLASLt")):
        large = folder.artifact(model, kind + "-large") if batch >= LARGE else None
        artifact = large or folder.artifact(model, kind)
        if artifact:
            yield Ditc(folder, artifact, name, batch)


def predicted(runner):
    """What the model of clocks says of an H100 or H200, if it knows the kernels."""
    if not isinstance(runner, Ditc) or "wgmma" not in predict.kinds(runner.artifact):
        return ""
    gpu = predict.GPUS["h200" if "H200" in card() else "h100"]
    return f"{predict.step(runner.artifact, runner.batch, gpu)[1]:.3f}"


def rows_of_kernels(ditc, copy):
    """Row kernels' share of the copy ceiling, the longest first."""
    moved = kernel_bytes(ditc.artifact)
    for kernel in ditc.kernels:
        if kernel["kind"] == "row" and kernel["ms"] > 0:
            rate = moved[kernel["name"]] * 2 * ditc.batch / kernel["ms"] * 1e3
            yield (f"    {ditc.name}, {kernel['name']}: "
                   f"{kernel['ms'] / kernel['count'] * 1e3:.1f} us each, "
                   f"{rate / copy:.0%} of the copy ceiling")


def measure(folder, case, device, ceiling, turns, seconds, compiled):
    model, batch = case.split(":")
    clock = Clock(device)
    runners = list(contenders(folder, model, int(batch), device, compiled))
    times = {runner.name: [] for runner in runners}
    for _ in range(turns):
        for runner in runners:
            times[runner.name].append(runner.turn(clock, seconds))
    artifacts = [r.artifact for r in runners if isinstance(r, Ditc)]
    lines = []
    for runner in runners:
        ms = statistics.median(times[runner.name])
        spread = (max(times[runner.name]) - min(times[runner.name])) / ms
        share, count = "", ""
        if artifacts:
            done = 2 * step_macs(artifacts[0]) * 2 * int(batch) / ms * 1e3
            share = f"{done / ceiling[1]:.0%}"
        if isinstance(runner, Ditc):
            count = str(launches(runner.artifact))
        lines.append(f"| {model} | {batch} | {runner.name} | {ms:.3f} | {predicted(runner)} | {spread:.0%} | "
                     f"{int(batch) / ms * 1e3 / 250:.2f} | {share} | {count} |")
    details = [line for runner in runners if isinstance(runner, Ditc)
               for line in rows_of_kernels(runner, ceiling[0])]
    return lines, details


HEAD = ("| model | batch | | ms a guided step | predicted | spread | images/s of 250 steps | of the matmul "
        "ceiling | launches |\n|---|---|---|---|---|---|---|---|---|")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--seconds", type=float, default=540)
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--turn-seconds", type=float, default=0.5)
    parser.add_argument("--without-compile", action="store_true")
    parser.add_argument("--output")
    options = parser.parse_intermixed_args()
    begin = time.monotonic()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    folder = Folder(options.folder)
    ceiling = ceilings(Clock(device), device)
    text = (f"{card()}, PyTorch {torch.__version__}, bfloat16. Ceilings in this run: copy "
            f"{ceiling[0] / 1e12:.2f} TB/s, matmul {ceiling[1] / 1e12:.0f} TFLOP/s.\n\n{HEAD}\n")
    details, left = [], []
    longest = 0
    for case in options.cases or CASES:
        started = time.monotonic()
        if left or started - begin + longest > options.seconds:
            left.append(case)
            continue
        lines, more = measure(folder, case, device, ceiling, options.turns,
                              options.turn_seconds, not options.without_compile)
        text += "\n".join(lines) + "\n"
        details += [f"  {case}", *more] if more else []
        print("\n".join(lines), flush=True)
        torch.compiler.reset()
        if device == "cuda":
            torch.cuda.empty_cache()
        longest = max(longest, time.monotonic() - started)
    if details:
        text += "\nRow kernels:\n" + "\n".join(details) + "\n"
    if left:
        text += f"\nNo time was left for {' '.join(left)}.\n"
    print("\n" + text)
    if options.output:
        pathlib.Path(options.output).write_text(text)


if __name__ == "__main__":
    sys.exit(main())
