"""Random legal regions, printed for CUDA and run on the executor against the
interpreter:

    random_regions.py BUILD [--seeds 0,1] [--dtype f32|bf16] [--arch sm_80]
                      [--rows 1,3] [--variant plain] [--sensitive]
    random_regions.py --print SEED [--dtype f32|bf16]

A seed makes a model of a dozen regions: rows, linears with what may stand before
and behind them, attentions; on views that begin anywhere, with conditions from the
table, in float32 or with bf16 wherever a type is free. The output is a linear of
all that they make, so that each of them shows in it.
"""
import argparse
import pathlib
import random
import subprocess
import sys
import tempfile

# The relative L2 error of the output. Twenty seeds gave 9e-7 at most; with bf16 the same,
# 6e-5 where the order of a sum decided which way a value was rounded, and 4e-4 where an
# attention multiplied v by weights in bf16. Half of any weight moves it by 3e-3 or more.
BUDGETS = {"f32": 1e-5, "bf16": 5e-4}
LABELS = 7
SIZES = [1, 5, 12, 16, 24, 33, 48, 64, 72, 100, 128]
COPIED = [16, 24, 48, 64, 72, 128]  # depths that the tensor cores' templates take
SPEC = ("name: random\\0Adepth: 1\\0Awidth: 8\\0Aheads: 1\\0Apatch_size: 2\\0A"
        "classes: 6\\0Alatent: {channels: 3, height: 2, width: 2}\\0A")


class Value:
    """A name, sizes (None is the batch) and an element type."""

    def __init__(self, name, shape, dtype="f32"):
        self.name, self.shape, self.dtype = name, tuple(shape), dtype
        # A weight is a factor of it: a norm would take that out again, and the weight
        # would show nowhere.
        self.scaled = False

    @property
    def type(self):
        sizes = "".join(f"{'?' if n is None else n}x" for n in self.shape)
        return f"tensor<{sizes}{self.dtype}>"


class Region:
    """A dit.fused in the making."""

    def __init__(self, network, kind):
        self.network, self.kind = network, kind
        self.operands, self.lines, self.yields = [], [], []

    def read(self, value):
        for held, inside in self.operands:
            if held is value:
                return inside
        inside = Value(f"%a{len(self.operands)}", value.shape, value.dtype)
        self.operands.append((value, inside))
        return inside

    def op(self, text, shape, dtype="f32"):
        value = Value(f"%v{len(self.lines)}", shape, dtype)
        self.lines.append(f"{value.name} = dit.{text}")
        return value

    def cast(self, x, dtype):
        to = Value("", x.shape, dtype)
        rounded = self.op(f"cast {x.name} : {x.type} -> {to.type}", x.shape, dtype)
        rounded.scaled = x.scaled
        return rounded

    def finish(self):
        """The region's results, outside of it."""
        arguments = ", ".join(f"{i.name} = {v.name}" for v, i in self.operands)
        types = ", ".join(v.type for v, _ in self.operands)
        name, count = self.network.name("r"), len(self.yields)
        results = ", ".join(v.type for v in self.yields)
        self.network.lines += [
            f"{name}{f':{count}' if count > 1 else ''} = dit.fused {self.kind} "
            f"({arguments}) : ({types}) -> ({results}) {{",
            *("  " + line for line in self.lines),
            f"  dit.yield {', '.join(v.name for v in self.yields)} : {results}", "}"]
        return [Value(f"{name}#{i}" if count > 1 else name, v.shape, v.dtype)
                for i, v in enumerate(self.yields)]


class Network:
    def __init__(self, seed, dtype):
        self.random, self.mixed = random.Random(seed), dtype == "bf16"
        self.lines, self.count, self.made = [], 0, []
        self.conditions = []
        self.all_tokens = self.pick([1, 2, 5, 9, 16, 17, 33, 40])
        self.tokens = max(1, self.all_tokens - self.pick([0, 0, 1, 2]))
        self.width = self.pick([144, 200, 200, 259])

    def pick(self, choices):
        return self.random.choice(choices)

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def name(self, prefix):
        self.count += 1
        return f"%{prefix}{self.count}"

    def line(self, prefix, text, shape, dtype="f32"):
        value = Value(self.name(prefix), shape, dtype)
        self.lines.append(f"{value.name} = dit." + text.format(to=value.type))
        return value

    def weight(self, shape, dtype="f32", prefix="w"):
        name = f"{prefix}{self.count + 1}"
        w = self.line(prefix, f'weight "{name}" : {{to}}', shape)
        return w if dtype == "f32" else self.line(
            "n", f"cast {w.name} : {w.type} -> {{to}}", shape, dtype)

    def slice(self, x, dim, size, steps=(1, 4, 8, 8)):
        """A view that begins anywhere, more often where real models' do."""
        last = x.shape[dim] - size
        step = self.pick(steps)
        first = self.random.randrange(last // step + 1) * step
        shape = (*x.shape[:dim], size, *x.shape[dim + 1:])
        if first == 0 and last == 0:
            return x
        return self.line("s", f"slice {x.name} dim {dim} offset {first} : {x.type} "
                         "-> {to}", shape, x.dtype)

    def rows(self, width, dtype="f32", tokens=None, steps=(1, 4, 8, 8)):
        base = self.base if dtype == "f32" else self.narrow
        tokens = self.slice(base, 1, tokens or self.tokens)
        return self.slice(tokens, 2, width, steps)

    def condition(self, width):
        """(N, width) of the condition table."""
        known = [c for c in self.conditions if c.shape[1] == width]
        if known and self.chance(50):
            return self.pick(known)
        table = self.weight((LABELS, width), prefix="table")
        self.conditions.append(self.line(
            "c", f"embedding %y table({table.name}) : tensor<?xi32>, "
            f"{table.type} -> {{to}}", (None, width)))
        return self.conditions[-1]

    # Ops on rows x, inside a region.

    def elementwise(self, region, x):
        """One that a matmul's epilogue may hold."""
        kind = self.pick(["gelu tanh", "gelu erf", "silu", "gate", "table", "table",
                          "residual", "residual", "round"])
        width, type = x.shape[-1], x.type
        if kind == "gate":
            gate = region.read(self.condition(width))
            y = region.op(f"gate {x.name} gate({gate.name}) : {type}, {gate.type}",
                          x.shape)
            y.scaled = True
            return y
        if kind == "table":
            table, op = region.read(self.weight(x.shape[1:])), self.pick(["add", "mul"])
            y = region.op(f"{op} {x.name}, {table.name} : {type}, {table.type}", x.shape)
            y.scaled = op == "mul"
            return y
        if kind == "residual" and len(x.shape) == 3:
            pair = [x, region.read(self.rows(width))]
            self.random.shuffle(pair)
            return region.op(f"add {pair[0].name}, {pair[1].name} : {type}, {type}",
                             x.shape)
        if kind == "round" and self.mixed:
            return region.cast(region.cast(x, "bf16"), "f32")
        name = kind if " " in kind else "silu"
        return region.op(f"{name} {x.name} : {type}", x.shape)

    def rowwise(self, region, x):
        """One that needs the whole row, or reads it with conditions."""
        width, type = x.shape[-1], x.type
        kind = self.pick(["layer_norm", "affine", "rms_norm", "modulate", "modulate"])
        if x.scaled or (width == 1 and region.lines):
            kind = "modulate"
        if kind == "modulate":
            shift, scale = (region.read(self.condition(width)) for _ in range(2))
            return region.op(f"modulate {x.name} shift({shift.name}) "
                             f"scale({scale.name}) : {type}, {shift.type}", x.shape)
        if kind == "layer_norm":
            return region.op(f"layer_norm {x.name} eps 1.0e-06 : {type}", x.shape)
        weight = region.read(self.weight((width,)))
        if kind == "rms_norm":
            y = region.op(f"rms_norm {x.name} weight({weight.name} : {weight.type}) "
                          f"eps 1.0e-05 : {type}", x.shape)
            y.scaled = True
            return y
        bias = region.read(self.weight((width,)))
        return region.op(
            f"layer_norm {x.name} weight({weight.name} : {weight.type}) "
            f"bias({bias.name} : {bias.type}) eps 1.0e-05 : {type}", x.shape)

    def rotation(self, region, x):
        """Of the first heads of some even size, by a table's rows."""
        width = x.shape[-1]
        head = self.pick([d for d in [2, 4, 6, 8, 24, 72] if d <= width])
        turned = head * (1 + self.random.randrange(width // head))
        dtype = "bf16" if self.mixed and self.chance(30) else "f32"
        wide = self.weight((x.shape[1], head + self.pick([0, 0, 1, 8])), dtype, "table")
        table = region.read(self.slice(wide, 1, head))
        y = region.op(f"rotate {x.name} by({table.name}) features {turned} : {x.type}, "
                      f"{table.type}", x.shape)
        y.scaled = True
        return y

    def row_op(self, region, x):
        if len(x.shape) == 3 and x.shape[2] > 1 and self.chance(15):
            return self.rotation(region, x)
        return (self.rowwise if self.chance(50) else self.elementwise)(region, x)

    # Regions. Each gives its results.

    def gated(self, condition):
        """Rows that show a condition, whoever else reads it."""
        region = Region(self, "row")
        x, gate = region.read(self.rows(condition.shape[1])), region.read(condition)
        region.yields.append(region.op(
            f"gate {x.name} gate({gate.name}) : {x.type}, {gate.type}", x.shape))
        return region.finish()

    def row_region(self):
        region, width = Region(self, "row"), self.pick(SIZES)
        dtype = "bf16" if self.mixed and self.chance(30) else "f32"
        first = region.read(self.rows(width, dtype))
        values = [first if dtype == "f32" else region.cast(first, "f32")]
        unread = []
        for _ in range(1 + self.random.randrange(6)):
            x = values[-1] if self.chance(60) else self.pick(values)
            unread = [v for v in unread if v is not x]
            values.append(self.row_op(region, x))
            unread.append(values[-1])
        for value in values[1:]:
            if value in unread or self.chance(15):
                self.end(region, value)
        return region.finish()

    def end(self, region, value, percent=50):
        """Yields the value, now and then rounded."""
        narrow = self.mixed and self.chance(percent)
        region.yields.append(region.cast(value, "bf16") if narrow else value)

    def linear_region(self, per_sample=False):
        region, k, m = Region(self, "linear"), self.pick(SIZES), self.pick(SIZES)
        narrow = self.mixed and not per_sample and self.chance(75)
        dtype = "bf16" if narrow else "f32"
        ops, steps = self.pick([0, 0, 1, 2, 3]), (1, 4, 8, 8)
        if narrow and self.chance(75):
            k, m, steps = self.pick(COPIED), self.pick(COPIED), (8,)
        made = [v for v in self.made if v.dtype == dtype]
        if per_sample:
            x = self.condition(k)
        elif made and not ops and self.chance(60):  # rows that lie one after the other
            x = self.pick(made)
        else:
            x = self.rows(k, "f32" if ops else dtype, steps=steps)
        x = region.read(x)
        for _ in range(ops):
            x = self.row_op(region, x)
        if x.dtype != dtype:
            x = region.cast(x, dtype)
        return self.behind(region, x, m, 0 if per_sample else 50)

    def behind(self, region, x, m, percent):
        """The linear of x, and an epilogue."""
        k, shape = x.shape[-1], (*x.shape[:-1], m)
        weight = region.read(self.weight((m, k), x.dtype))
        types, bias = [x.type, weight.type], ""
        if self.chance(70):
            held = region.read(self.weight((m,)))
            types, bias = [*types, held.type], f" bias({held.name})"
        y = Value("", shape)
        y = region.op(f"linear {x.name} weight({weight.name}){bias} : "
                      f"({', '.join(types)}) -> {y.type}", shape)
        if len(shape) == 3 and m > 1 and self.chance(40):
            y = self.rotation(region, y)
        for _ in range(self.pick([0, 1, 2, 3])):
            y = self.elementwise(region, y)
        self.end(region, y, percent)
        return region.finish()

    def attention_region(self):
        region, heads = Region(self, "attention"), self.pick([1, 2, 3])
        dtype = "bf16" if self.mixed and self.chance(75) else "f32"
        width = heads * self.pick([d for d in [4, 8, 16, 24, 40, 64, 72]
                                   if heads * d <= self.width])
        sources = self.pick([self.tokens, self.tokens, 1, self.all_tokens])
        steps = (8,) if self.chance(60) else (1, 4, 8, 8)
        q = region.read(self.rows(width, dtype, steps=steps))
        k, v = (region.read(self.rows(width, dtype, sources, steps)) for _ in range(2))
        a = region.op(f"attention {q.name}, {k.name}, {v.name} heads {heads} : {q.type}, "
                      f"{k.type} -> {Value('', q.shape).type}", q.shape)
        self.end(region, a)
        return region.finish()

    def embed(self):
        """The image as rows, which every region reads views of."""
        region, shape = Region(self, "linear"), (None, self.all_tokens, 12)
        image = region.read(self.image)
        x = region.op(f"patchify {image.name} patch 2 : {image.type} -> "
                      f"{Value('', shape).type}", shape)
        w, b = region.read(self.weight((self.width, 12))), region.read(
            self.weight((self.width,)))
        to = Value("", (None, self.all_tokens, self.width))
        region.yields.append(region.op(
            f"linear {x.name} weight({w.name}) bias({b.name}) : ({x.type}, {w.type}, "
            f"{b.type}) -> {to.type}", to.shape))
        self.base, = region.finish()
        if self.mixed:
            self.narrow = self.line("n", f"cast {self.base.name} : {self.base.type} -> "
                                    "{to}", self.base.shape, "bf16")

    def gather(self):
        """All that was made, in one image."""
        wide = [v if v.dtype == "f32" else self.line(
            "n", f"cast {v.name} : {v.type} -> {{to}}", v.shape) for v in self.made]
        # Narrow ones several times, so that each counts about as much.
        wide = [v for v in wide for _ in range(max(1, 32 // v.shape[2]))]
        width = sum(v.shape[2] for v in wide)
        x = self.line("all", f"concat {', '.join(v.name for v in wide)} dim 2 : "
                      f"{', '.join(v.type for v in wide)} -> {{to}}",
                      (None, self.tokens, width))
        region = Region(self, "linear")
        a, w = region.read(x), region.read(self.weight((12, width)))
        y = Value("", (None, self.tokens, 12))
        y = region.op(f"linear {a.name} weight({w.name}) : ({a.type}, {w.type}) -> "
                      f"{y.type}", y.shape)
        out = (None, 3, 2, 2 * self.tokens)
        region.yields.append(region.op(f"unpatchify {y.name} patch 2 : {y.type} -> "
                                       f"{Value('', out).type}", out))
        return region.finish()[0]

    def text(self):
        self.image = Value("%x", (None, 3, 2, 2 * self.all_tokens))
        self.embed()
        for _ in range(2):
            made = self.linear_region(per_sample=True)
            self.conditions += made
            self.made += self.gated(*made)
        for region in [self.row_region] * 4 + [self.linear_region] * 6 + [
                self.attention_region] * 2:
            self.made += region()
        out = self.gather()
        body = "\n".join("  " + line for line in self.lines)
        name = '{{dit.every = "{1}", dit.from = "input", dit.name = "{0}"}}'.format
        return (f'module attributes {{dit.phase = "dit", dit.name = "random", '
                f'dit.spec = "{SPEC}"}} {{\nfunc.func @denoise(%x: {self.image.type} '
                f'{name("x", "step")}, %t: tensor<?xf32> {name("t", "condition")}, %y: tensor<?xi32> '
                f'{name("y", "condition")}) -> ({out.type} {{dit.name = "out"}}) {{\n{body}\n'
                f"  return {out.name} : {out.type}\n}}\n}}\n")


def check_grammar(path, options):
    """Sees to it that each region is printed as it was drawn."""
    done = subprocess.run(
        ["ditc", "compile", path, "--target=cuda", "--arch=" + options.arch,
         "--dtype=" + options.dtype, "--fuse=none", "--emit=fused", "-o", "/dev/null",
         "--remarks=fusion"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode or "was split" in done.stdout:
        sys.exit(f"not a legal model:\n{done.stdout}")


def check(seed, options):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "random.mlir"
        path.write_text(Network(seed, options.dtype).text())
        check_grammar(path, options)
        print(f"seed {seed} in {options.dtype}:", flush=True)
        return subprocess.run(
            [sys.executable, pathlib.Path(__file__).with_name("model.py"), options.build,
             path, "--fuse=none", "--dtype=" + options.dtype, "--arch=" + options.arch,
             "--rows=" + options.rows, "--variant=" + options.variant,
             "--budget=" + str(BUDGETS[options.dtype]),
             "--sensitive" if options.sensitive else "--few"]).returncode == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", nargs="?")
    parser.add_argument("--print", type=int, metavar="SEED")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--rows", default="1,3")
    parser.add_argument("--dtype", default="f32")
    parser.add_argument("--arch", default="sm_80")
    parser.add_argument("--variant", default="plain")
    parser.add_argument("--sensitive", action="store_true")
    options = parser.parse_args()
    if options.print is not None:
        print(Network(options.print, options.dtype).text(), end="")
        return 0
    return int(not all([check(int(seed), options) for seed in options.seeds.split(",")]))


if __name__ == "__main__":
    sys.exit(main())
