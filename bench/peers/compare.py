#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ditc beside PyTorch, ONNX Runtime and OpenVINO on this CPU:

    compare.py [--folder out/peers] [--dtype bf16] [--json FILE] MODEL:BATCH:THREADS...

Each contender is a process of its own with the same weights and threads. All are
loaded, their outputs are compared with PyTorch eager's, and then they take turns,
so that what the machine does meanwhile happens to all of them. A turn whose threads
waited for a CPU longer than 3 % of it is taken again, twice; a round in which that
did not help does not count, where three others do. Printed are medians, and medians
of the ratios to ditc's time of the same round.
"""
import argparse
import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import numpy as np

from case import ROWS, Case

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parents[1]
CONTENDERS = ["ditc", "PyTorch eager", "torch.compile", "torch.compile, frozen",
              "torch.compile, max-autotune", "ONNX Runtime", "OpenVINO"]
MODELS = {"digits": "digits", "S/2": "dit_s_2", "B/2": "dit_b_2", "XL/2": "dit_xl_2"}
BUDGETS = {"f32": 1e-4, "bf16": 2e-2}  # relative L2 from PyTorch eager in that dtype
QUIET = 0.03  # of a turn, waiting for a CPU


def environment(case, options):
    """Threads, and for AVX2 what keeps a library to it."""
    added = {"OMP_NUM_THREADS": str(case.threads), "MKL_NUM_THREADS": str(case.threads),
             "TORCHINDUCTOR_CACHE_DIR": str(pathlib.Path(case.folder).resolve() / "inductor"),
             "DIT_PEERS_LIBRARY": str(options.build / "bin/libpeers-ditc.so")}
    if case.arch == "x86-64-v3":
        added |= {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2",
                  "MKL_ENABLE_INSTRUCTIONS": "AVX2", "MKL_DEBUG_CPU_TYPE": "5"}
    return os.environ | added


def waited_seconds(pid):
    """What its threads have waited for a CPU that others had, and all CPUs for the
    host of a virtual machine."""
    waited = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            waited += int((task / "schedstat").read_text().split()[1]) / 1e9
    with open("/proc/stat") as file:
        return waited + int(file.readline().split()[8]) / os.sysconf("SC_CLK_TCK")


class Process:
    def __init__(self, name, case, options):
        self.name, self.case = name, case
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, HERE / "contender.py", name, case.text()], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=options.log, start_new_session=True,
            env=environment(case, options))
        self.set_priority(options.nice)
        self.answer()
        self.load_seconds = time.perf_counter() - begin  # Python and imports included
        self.first_seconds, self.error = {}, {}
        self.times, self.waits = {}, {}  # a round each: ms, share of the turn

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name} ended; its last words are in {self.case.folder}/log")
        return json.loads(line)

    def ask(self, *words):
        self.process.stdin.write("\t".join(map(str, words)) + "\n")
        return self.answer()

    def output(self, part, folder):
        file = pathlib.Path(folder) / "output.npy"
        self.first_seconds[part] = self.ask("check", part, file)
        return np.load(file)

    def turn(self, part, seconds):
        """One turn, or the one of three that waited least."""
        tries = []
        while len(tries) < 3 and (not tries or tries[-1][0] > QUIET):
            before, begin = waited_seconds(self.process.pid), time.perf_counter()
            times = self.ask("turn", part, seconds)
            wall = time.perf_counter() - begin
            waited = waited_seconds(self.process.pid) - before
            tries.append((waited / wall, statistics.median(times)))
        waited, ms = min(tries)
        self.times.setdefault(part, []).append(ms)
        self.waits.setdefault(part, []).append(waited)

    def set_priority(self, niceness):
        """Of the process; and of its session, where Linux shares the CPUs between
        sessions first."""
        if niceness:
            os.setpriority(os.PRIO_PROCESS, self.process.pid, niceness)
            group = pathlib.Path(f"/proc/{self.process.pid}/autogroup")
            if group.exists():
                group.write_text(str(niceness))

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def relative_error(got, want):
    got, want = got.astype(np.float64), want.astype(np.float64)
    return float(np.linalg.norm(got - want) / np.linalg.norm(want))


def prepare(case, options):
    """The files of a model that are not there yet; the seconds ditc took."""
    pathlib.Path(case.folder).mkdir(parents=True, exist_ok=True)
    if not pathlib.Path(case.file("denoise.xml")).exists():
        subprocess.run([sys.executable, HERE / "prepare.py", case.text()], check=True,
                       stdout=options.log, stderr=options.log)
    begin = time.perf_counter()
    subprocess.run([options.build / "bin/ditc", "compile", REPO / f"model_specs/{MODELS[case.model]}.yaml",
                    f"--arch={case.arch}", f"--dtype={case.dtype}", "-o", case.artifact], check=True)
    return time.perf_counter() - begin


def start(case, options):
    """The contenders, each compared with PyTorch eager in every part."""
    processes, want = [], {}
    names = [n for n in options.contenders if case.dtype == "f32" or n not in CONTENDERS[5:]]
    for name in ["PyTorch eager"] + [n for n in names if n != "PyTorch eager"]:
        process = Process(name, case, options)
        processes.append(process)
        for part in parts_of(name, options):
            out = process.output(part, case.folder)
            process.error[part] = relative_error(out, want.setdefault(part, out))
            if not process.error[part] <= BUDGETS[case.dtype]:
                sys.exit(f"{case.model}: {name}, {part}: {process.error[part]:.1e} from PyTorch "
                         f"eager, more than {BUDGETS[case.dtype]:.0e}: no times without the same result")
    order = {name: i for i, name in enumerate(CONTENDERS)}
    return sorted(processes, key=lambda p: order[p.name])


def parts_of(name, options):
    """What of `options.parts` is asked of a contender: inductor's times differ
    little from way to way, and each part is compiled for minutes."""
    has = {"whole": CONTENDERS, "denoise": [n for n in CONTENDERS if n not in CONTENDERS[2:5:2]],
           "sample": CONTENDERS[:4]}
    return [part for part in options.parts if name in has[part]]


@contextlib.contextmanager
def held(lock):
    """Holds the lock file `lock`, where there is one."""
    if not lock:
        yield
        return
    with open(lock, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def take_turns(processes, options):
    """The FMA peaks measured between the rounds."""
    ditc, peaks = processes[0], []
    for part in options.parts:
        taking = [p for p in processes if part in parts_of(p.name, options)]
        for number in range(options.rounds):
            peaks.append(ditc.ask("peak"))
            # Nobody always follows the same one.
            first = number % len(taking)
            for process in taking[first:] + taking[:first]:
                process.turn(part, options.seconds)
    return peaks


def measure(case, options):
    compile_seconds = prepare(case, options)
    processes = start(case, options)
    with held(options.lock):
        peaks = take_turns(processes, options)
    results = []
    for process in processes:
        now, most = process.ask("memory")
        results.append({"case": dataclasses.asdict(case), "name": process.name, "times": process.times,
                        "waits": process.waits, "error": process.error, "peaks": peaks,
                        "load_seconds": process.load_seconds, "first_seconds": process.first_seconds,
                        "resident": now, "most_resident": most, "ditc_seconds": compile_seconds})
        process.end()
    return results


def quiet_rounds(results, part):
    """The rounds that were quiet for all, or all rounds where there are too few."""
    waits = [r["waits"][part] for r in results if part in r["times"]]
    quiet = [i for i, shares in enumerate(zip(*waits)) if max(shares) <= QUIET]
    return quiet if len(quiet) >= 3 else list(range(len(waits[0])))


def rows(results, part):
    ditc = results[0]
    rounds = quiet_rounds(results, part)
    for r in results:
        if part not in r["times"]:
            continue
        times = [r["times"][part][i] for i in rounds]
        ratios = [r["times"][part][i] / ditc["times"][part][i] for i in rounds]
        waited = max(r["waits"][part][i] for i in rounds)
        yield (f"| {r['case']['model']} | {r['case']['batch']} | {r['case']['threads']} | {part} | "
               f"{r['name']} | {statistics.median(times):.4g} | {min(times):.4g} | "
               f"{statistics.median(ratios):.2f} | {min(ratios):.2f} - {max(ratios):.2f} | "
               f"{len(rounds)} | {waited:.1%} | {r['error'][part]:.0e} | "
               f"{r['load_seconds']:.1f} + {r['first_seconds'][part]:.1f} | "
               f"{r['resident'] / 1e6:.0f} / {r['most_resident'] / 1e6:.0f} |")


HEAD = ("| model | batch | threads | part | | ms | best | times ditc's | least - most | rounds | waited | "
        "error | load + first, s | MB now / most |\n" + "|---" * 14 + "|")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", metavar="MODEL:BATCH:THREADS", type=numbers)
    parser.add_argument("--folder", default=REPO / "out/peers", type=pathlib.Path, help="for files, kept")
    parser.add_argument("--build", default=REPO / "build", type=pathlib.Path)
    parser.add_argument("--arch", default="native", help="of ditc; x86-64-v3 holds PyTorch to AVX2 too")
    parser.add_argument("--dtype", default="f32", choices=BUDGETS, help="bf16: ditc and PyTorch only, with float32 where ditc keeps it")
    parser.add_argument("--contenders", default=",".join(CONTENDERS), type=names,
                        help="ditc and some others, with ; between")
    parser.add_argument("--parts", default="whole,denoise", type=lambda text: text.split(","),
                        help="whole: conditions included; denoise: without; sample: 20 guided steps")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="of a turn, at least one evaluation")
    parser.add_argument("--lock", help="a file that is locked while the turns are taken, as builds may lock it")
    parser.add_argument("--nice", type=int, default=0, help="of the contenders; less than 0 is for root, on a "
                        "machine that has other work")
    parser.add_argument("--json", help="all numbers, one line a contender and case, appended")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    options.log = open(options.folder / "log", "a")
    print(HEAD)
    for model, batch, threads in options.cases:
        case = Case(str(options.folder), model, batch, threads, options.arch, options.dtype)
        results = measure(case, options)
        for part in options.parts:
            print("\n".join(rows(results, part)), flush=True)
        peaks = results[0]["peaks"]
        print(f"<!-- FMA peak between the rounds: {min(peaks):.0f} - {max(peaks):.0f} GFLOP/s; "
              f"ditc compile {results[0]['ditc_seconds']:.1f} s -->", flush=True)
        if options.json:
            with open(options.json, "a") as file:
                file.writelines(json.dumps(r) + "\n" for r in results)


def numbers(text):
    model, *rest = text.split(":")
    if model not in MODELS or len(rest) != 2 or not all(n.isdigit() and int(n) > 0 for n in rest):
        raise argparse.ArgumentTypeError(f"must be like S/2:1:2, of {', '.join(MODELS)}, but is {text}")
    if int(rest[0]) > ROWS:
        raise argparse.ArgumentTypeError(f"the batch must be at most {ROWS}, but is {rest[0]}")
    return model, int(rest[0]), int(rest[1])


def names(text):
    if text == ",".join(CONTENDERS):
        return CONTENDERS
    chosen = [name for name in CONTENDERS if name in text.split(";")]
    if len(chosen) != len(text.split(";")) or chosen[0] != "ditc":
        raise argparse.ArgumentTypeError(f"must be ditc and others of {'; '.join(CONTENDERS)}, but is {text}")
    return chosen


if __name__ == "__main__":
    main()
