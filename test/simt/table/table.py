"""The table of everything that the emitter can make, and the cases that execute
it:

    table.py BUILD [--without PART] [--specs MODEL_SPECS]

Rows are the forms that the grammar of kernels lets pass (regions.py): an op in a
place of a kind of kernel. Columns are what values are multiplied as. A cell holds
a test with a case that runs such a kernel on the executor; one that is empty is a
gap. Cases are the RUN lines of test/simt that call model.py, compiled here to see
which kernels they have.

Then the kernels that model_specs compile to, in each column: one of a form and
template that no case executes is a gap too. --without leaves out the tests whose
name holds PART, to see that they are missed.
"""
import argparse
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SIMT, REPO = HERE.parent, HERE.parents[2]
sys.path[:0] = [str(HERE), str(SIMT)]
import model  # noqa: E402
import regions  # noqa: E402

# tf32 counts from when models are held to a budget in it.
MATMUL_COLUMNS = ["f32", *(["tf32"] if "tf32" in model.BUDGETS else []),
                  "bf16 sm_80", "bf16 sm_90a"]


class Kernel:
    """A region as it was planned, and the template that it was printed with."""

    def __init__(self, kind, ops, reads, makes, template, options):
        self.kind, self.ops, self.template = kind, ops, template
        self.types = f"{'+'.join(sorted(set(reads)))} -> {'+'.join(sorted(set(makes)))}"
        self.column = "bf16" if "bf16" in reads + makes else "f32"
        if kind in ("linear", "attention"):
            self.column = f"bf16 {options.arch}" if "bf16" in reads else "f32"
            if options.dtype == "tf32" and self.column == "f32":
                self.column = "tf32"

    def forms(self):
        """(kind, place, op) of all its ops."""
        at = (self.ops.index(self.kind) if self.kind in ("linear", "attention")
              else None)
        for i, op in enumerate(self.ops):
            place = ("alone" if at is None or len(self.ops) == 1 else
                     "before" if i < at else "after" if i > at else "")
            if place:
                yield self.kind, place, op
            if self.ops[i + 1:] == ["cast"] and place != "before" and i != at:
                yield self.kind, place + ", cast", op

    def signature(self):
        return f"{self.template}: {' + '.join(self.ops)}: {self.types}"


def planned_regions(text):
    """(kind, ops, element types read, element types made) of each function's
    regions, in order."""
    for kind, types, results, body in re.findall(
            r"dit\.fused (\w+) \([^)]*\) : \(([^)]*)\) -> (.*?) \{\n(.*?)dit\.yield", text,
            re.S):
        element = r"x?(f32|bf16|i32)>"
        yield (kind, re.findall(r"dit\.(\w+)", body), re.findall(element, types),
               re.findall(element, results))


def templates(text):
    """kernel -> the template that makes it, and the calls of the launch lists in
    order."""
    made = {}
    for name, body in re.findall(r"__global__ void [^{]*?(\w+)\(\n[^{]*\{(.*?)\n\}\n", text,
                                 re.S):
        used = re.search(r"using \w+ = (\w+)<", body) or re.search(r"\b(Step)<", body)
        made[name] = used[1] if used else "row" if "load" in body else "elements"
    calls = [name or "cuBLASLt" for name in
             re.findall(r"^  (?:launch\((\w+),|matmul<)", text, re.M)]
    return made, calls


def kernels(spec, options):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["ditc", "compile", str(spec), "--target=cuda", "--arch=" + options.arch,
             "--dtype=" + options.dtype, "--fuse=" + options.fuse,
             "--matmul=" + options.matmul, "--emit=target", "--dump-phases", folder,
             "-o", f"{folder}/text.cu"], text=True, capture_output=True)
        if done.returncode:
            sys.exit(f"{spec}: {done.stderr}")
        planned = next(pathlib.Path(folder).rglob("planned.mlir")).read_text()
        text = pathlib.Path(folder, "text.cu").read_text()
    made, calls = templates(text)
    found = list(planned_regions(planned))
    if len(found) != len(calls):
        sys.exit(f"{spec}: {len(found)} regions, but {len(calls)} launches")
    # The sampler's step is launched by the runtime; step.test has its cases.
    if beside := set(made) - set(calls) - {"dit_step"}:
        sys.exit(f"{spec}: no launch list has {', '.join(sorted(beside))}")
    for (kind, ops, reads, makes), call in zip(found, calls):
        yield Kernel(kind, ops, reads, makes, made.get(call, call), options)


def cases(folder, without):
    """(test's name, spec, options) of each RUN line that runs a model."""
    for test in sorted(SIMT.glob("*.test")):
        if without and without in test.name:
            continue
        text = test.read_text()
        split = pathlib.Path(folder) / test.stem
        if "split-file" in text:
            subprocess.run(["split-file", str(test), str(split)], check=True)
        names = {"%repo": REPO, "%specs": REPO / "model_specs", "%S": SIMT, "%t": split,
                 "%build": "build"}
        for line in re.findall(r"RUN: python3 %(?:repo/test/simt|S)/model\.py (.*)", text):
            for name, value in names.items():
                line = line.replace(name, str(value))
            options = model.arguments().parse_args(shlex.split(line.split("|")[0]))
            if options.how != "--sensitive":
                yield test.name, options.spec, options


def executed(without):
    """form and column -> a test, signature -> a test."""
    forms, signatures, seen = {}, {}, set()
    with tempfile.TemporaryDirectory() as folder:
        for test, spec, options in cases(folder, without):
            key = (spec, options.dtype, options.arch, options.fuse, options.matmul)
            if key in seen:
                continue
            seen.add(key)
            for kernel in kernels(spec, options):
                signatures.setdefault(kernel.signature(), test)
                for form in kernel.forms():
                    forms.setdefault((form, kernel.column), test)
    return forms, signatures


def columns(form):
    kind, place, op = form
    if kind in ("linear", "attention"):
        if place.endswith("cast") or op == "cast":
            return MATMUL_COLUMNS[-2:]
        pixels = op in ("patchify", "embedding") # read as float32 in every dtype
        return MATMUL_COLUMNS[:1] if pixels and place == "before" else MATMUL_COLUMNS
    if kind == "row":
        return ["bf16"] if place.endswith("cast") or op == "cast" else ["f32"]
    return ["bf16"] if op == "cast" else ["f32"]


def print_forms(found):
    """The table; returns how many cells are empty."""
    gaps, rows = 0, 0
    for form in sorted(regions.legal("f32") | regions.legal("bf16")):
        cells = [(column, found.get((form, column))) for column in columns(form)]
        gaps += sum(not test for _, test in cells)
        rows += 1
        print(" ".join(form) + ":", ", ".join(
            f"{column} {test or 'NO CASE'}" for column, test in cells))
    return rows, gaps


def print_models(specs, known):
    """What the specs compile to beyond what is executed."""
    gaps, count = {}, set()
    parser = model.arguments()
    for spec in sorted(pathlib.Path(specs).glob("*.yaml")):
        for flags in ("--dtype=f32", "--dtype=tf32", "--dtype=bf16",
                      "--dtype=bf16 --arch=sm_90a", "--dtype=bf16 --matmul=cublaslt",
                      "--dtype=f32 --matmul=cublaslt"):
            options = parser.parse_args(["build", str(spec), *flags.split()])
            for kernel in kernels(spec, options):
                count.add(kernel.signature())
                if kernel.signature() not in known:
                    gaps.setdefault(kernel.signature(), f"{spec.name} {flags}")
    for signature, where in sorted(gaps.items()):
        print(f"NO CASE: {signature}: {where}")
    return len(count), len(gaps)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--without")
    parser.add_argument("--specs", default=REPO / "model_specs")
    options = parser.parse_args()
    found, signatures = executed(options.without)
    rows, empty = print_forms(found)
    print(f"{rows} rows, {empty} cells without a case")
    kinds, missing = print_models(options.specs, signatures)
    print(f"{kinds} kinds of kernels in the models, {missing} without a case")
    return 1 if empty or missing or not rows or not kinds else 0


if __name__ == "__main__":
    sys.exit(main())
