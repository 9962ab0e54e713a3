"""Regions, one of each form: a model in which each op stands, once, wherever the
grammar of kernels lets it stand.

    regions.py f32|bf16 > Inputs/regions-f32.mlir

is a module at phase `fused`, for ditc and the interpreter. candidates() are the
same regions one by one, also those that the grammar may not let pass.
"""
import pathlib
import re
import subprocess
import sys

REPO = pathlib.Path(__file__).resolve().parents[3]

TOKENS, WIDTH, PATCH_WIDTH = 40, 72, 12
IMAGE = "tensor<?x3x10x16xf32>"
ROWS = f"tensor<?x{TOKENS}x{WIDTH}xf32>"
CONDITION = f"tensor<?x{WIDTH}xf32>"
FEATURES = f"tensor<{WIDTH}xf32>"
TABLE = f"tensor<{TOKENS}x{WIDTH}xf32>"
ANGLES = f"tensor<{TOKENS}x24xf32>"  # two of a token's three heads are turned by them
SQUARE = f"tensor<{WIDTH}x{WIDTH}xf32>"
CUBE = f"tensor<{WIDTH}x8x9xf32>"


def narrowed(type):
    return type.replace("f32>", "bf16>")


# op -> its text on rows {x}, the type of its result, and what else it reads. An
# op of the dialect that is not here is one that no case executes.
ROW_OPS = {
    "layer_norm": ("dit.layer_norm {x} eps 1.0e-06 : " + ROWS, ROWS, []),
    "rms_norm": ("dit.rms_norm {x} weight({0} : " + FEATURES + ") eps 1.0e-06 : " + ROWS,
                 ROWS, ["features"]),
    "modulate": ("dit.modulate {x} shift({0}) scale({1}) : " + f"{ROWS}, {CONDITION}",
                 ROWS, ["shift", "scale"]),
    "gate": ("dit.gate {x} gate({0}) : " + f"{ROWS}, {CONDITION}", ROWS, ["gate"]),
    "rotate": ("dit.rotate {x} by({0}) features 48 : " + f"{ROWS}, {ANGLES}", ROWS,
               ["angles"]),
    "add": ("dit.add {x}, {0} : " + f"{ROWS}, {ROWS}", ROWS, ["other"]),
    "mul": ("dit.mul {x}, {0} : " + f"{ROWS}, {TABLE}", ROWS, ["table"]),
    "gelu": ("dit.gelu tanh {x} : " + ROWS, ROWS, []),
    "silu": ("dit.silu {x} : " + ROWS, ROWS, []),
    "cast": ("dit.cast {x} : " + f"{ROWS} -> {narrowed(ROWS)}", narrowed(ROWS), []),
    "embedding": ("dit.embedding {0} table({1}) : tensor<?xi32>, "
                  + f"{SQUARE} -> {CONDITION}", CONDITION, ["y", "labels"]),
    "timestep_embedding": ("dit.timestep_embedding {0} max_period 1.0e+03 shift 0 : "
                           f"tensor<?xf32> -> {CONDITION}", CONDITION, ["t"]),
    "sincos_position": (f"dit.sincos_position grid 5 x 8 : {TABLE}", TABLE, []),
    "rotary_position": (f"dit.rotary_position grid 4 x 9 theta 1.0e+04 : {ANGLES}",
                        ANGLES, []),
    "concat": ("dit.concat {x}, {0} dim 1 : " + f"{ROWS}, {ROWS} -> "
               + ROWS.replace("40x", "80x"), ROWS.replace("40x", "80x"), ["other"]),
    "patchify": ("dit.patchify {0} patch 2 : " + f"{IMAGE} -> "
                 + ROWS.replace("x72x", "x12x"), ROWS.replace("x72x", "x12x"), ["image"]),
    "unpatchify": ("dit.unpatchify {x} patch 2 : " + ROWS.replace("x72x", "x12x")
                   + f" -> {IMAGE}", IMAGE, []),
    "linear": ("dit.linear {x} weight({0}) : " + f"({ROWS}, {SQUARE}) -> {ROWS}", ROWS,
               ["weight_f32"]),
    "attention": ("dit.attention {x}, {0}, {0} heads 1 : " + f"{ROWS}, {ROWS} -> {ROWS}",
                  ROWS, ["other"]),
    "pack": ("dit.pack {x} : " + f"{ROWS} -> {ROWS}", ROWS, []),
}
# The same on a weight {x}, for regions that work on weights alone.
WEIGHT_OPS = {
    "reshape": ("dit.reshape {x} : " + f"{CUBE} -> {SQUARE}", SQUARE, []),
    "concat": ("dit.concat {x}, {0} dim 0 : " + f"{SQUARE}, {SQUARE} -> tensor<144x72xf32>",
               "tensor<144x72xf32>", ["weight_f32"]),
    "pack": ("dit.pack {x} : " + f"{SQUARE} -> {SQUARE.replace('xf32', 'x1xf32')}",
             SQUARE.replace("xf32", "x1xf32"), []),
    "add": ("dit.add {x}, {0} : " + f"{SQUARE}, {SQUARE}", SQUARE, ["weight_f32"]),
    "mul": ("dit.mul {x}, {0} : " + f"{SQUARE}, {SQUARE}", SQUARE, ["weight_f32"]),
    "cast": ("dit.cast {x} : " + f"{SQUARE} -> {narrowed(SQUARE)}", narrowed(SQUARE), []),
    "layer_norm": ("dit.layer_norm {x} eps 1.0e-06 : " + SQUARE, SQUARE, []),
    "silu": ("dit.silu {x} : " + SQUARE, SQUARE, []),
    "gelu": ("dit.gelu tanh {x} : " + SQUARE, SQUARE, []),
}
OPERAND_TYPES = {"features": FEATURES, "shift": CONDITION, "scale": CONDITION,
                 "gate": CONDITION, "other": ROWS, "table": TABLE, "angles": ANGLES,
                 "y": "tensor<?xi32>", "t": "tensor<?xf32>", "labels": SQUARE, "image": IMAGE,
                 "weight_f32": SQUARE}
VALUE_TYPES = {
    **OPERAND_TYPES, "x": ROWS, "patches": ROWS.replace("x72x", "x12x"), "weight_12": f"tensor<{WIDTH}x{PATCH_WIDTH}xf32>",
    "weight_bf16": narrowed(SQUARE),
    "weight_to_12_f32": f"tensor<{PATCH_WIDTH}x{WIDTH}xf32>",
    "weight_to_12_bf16": f"tensor<{PATCH_WIDTH}x{WIDTH}xbf16>",
    **{f"{name}_{dtype}": ROWS.replace("f32", dtype)
       for name in "xqkv" for dtype in ("f32", "bf16")}}
# Not kernels' ops: they name a weight, hold others, or are views, which only
# regions that work on weights hold.
STRUCTURE = {"weight", "slice", "fused", "yield"}
VIEWS = {"reshape"}


def dialect_ops():
    text = (REPO / "dialect" / "DiTOps.td").read_text()
    return set(re.findall(r'DiT_\w*Op<"(\w+)"', text)) - STRUCTURE


class Region:
    """A dit.fused in the making: what it reads, its lines, its last value."""

    def __init__(self, kind):
        self.kind, self.operands, self.lines, self.last, self.type = kind, [], [], None, None

    def read(self, value, type):
        self.operands.append((value, type))
        return f"%a{len(self.operands) - 1}"

    def push(self, text, type, *operands, x=None):
        x = x or self.last
        name = f"%v{len(self.lines)}"
        self.lines.append(f"{name} = " + text.format(*operands, x=x))
        self.last, self.type = name, type
        return self

    def apply(self, op, values, table=ROW_OPS):
        text, type, names = table[op]
        operands = [self.read(values[name], OPERAND_TYPES[name]) for name in names]
        return self.push(text, type, *operands)

    def narrow(self, dtype):
        """A cast to what the matmuls read, where that is not what is there."""
        if dtype == "bf16" and "bf16" not in self.type:
            self.push(f"dit.cast {{x}} : {self.type} -> {narrowed(self.type)}",
                      narrowed(self.type))
        return self

    def linear(self, weight, dtype, columns=WIDTH):
        """Of the last value; the weight is named by what it is called outside."""
        depth = int(re.findall(r"\d+", self.type)[-2])
        weight_type = f"tensor<{columns}x{depth}x{dtype}>"
        result = re.sub(r"\d+x[bf]+\d+>", f"{columns}xf32>", self.type)
        held = self.read(weight, weight_type)
        return self.push(f"dit.linear {{x}} weight({{0}}) : ({self.type}, {weight_type}) "
                         f"-> {result}", result, held)

    def show(self, name, indent="    "):
        arguments = ", ".join(f"%a{i} = {v}" for i, (v, _) in enumerate(self.operands))
        types = ", ".join(type for _, type in self.operands)
        body = "".join(f"{indent}  {line}\n" for line in self.lines)
        return (f"{indent}{name} = dit.fused {self.kind} ({arguments}) : ({types}) -> "
                f"{self.type} {{\n{body}{indent}  dit.yield {self.last} : {self.type}\n"
                f"{indent}}}\n")


def begin(kind, op, values, table=ROW_OPS):
    """A region whose first op reads rows, unless it makes its own."""
    region = Region(kind)
    if "{x}" in table[op][0]:
        x = "patches" if op == "unpatchify" else "x"
        region.last = region.read(values[x], VALUE_TYPES[x])
    return region.apply(op, values, table)


def forms(dtype, values):
    """(kind, place, op) -> a region with the op in that place, legal or not."""
    made = {}
    for op in sorted(dialect_ops()):
        if op in WEIGHT_OPS:
            region = Region("pack")
            region.last = region.read(values["weight_f32"],
                                      CUBE if op == "reshape" else SQUARE)
            made["pack", "alone", op] = region.apply(op, values, WEIGHT_OPS)
        if op in VIEWS:
            continue
        if op not in ROW_OPS:
            sys.exit(f"regions.py: no example of dit.{op}, which no case can execute")
        made["row", "alone", op] = begin("row", op, values)
        if dtype == "bf16" and op != "cast" and made["row", "alone", op].type == ROWS:
            made["row", "alone, cast", op] = begin("row", op, values).narrow(dtype)
        made["patch", "alone", op] = begin("patch", op, values)
        before = begin("linear", op, values)
        if before.type.startswith("tensor<?x") and before.type != IMAGE:
            # The matmuls of pixels and of the condition read float32.
            reads = "f32" if op == "patchify" or before.type == CONDITION else dtype
            before.narrow(reads)
            made["linear", "before", op] = before.linear(
                values["weight_12" if op == "patchify" else "weight_" + reads], reads)
        made["linear", "after", op] = after = behind_linear(op, dtype, values)
        if dtype == "bf16" and op != "cast" and after.type == ROWS:
            made["linear", "after, cast", op] = behind_linear(op, dtype, values).narrow(dtype)
        after = attention(dtype, values)
        if op != "unpatchify":
            made["attention", "after", op] = after.apply(op, values)
    made["attention", "alone", "attention"] = attention(dtype, values)
    made["linear", "alone", "linear"] = Region("linear")
    plain = made["linear", "alone", "linear"]
    plain.last, plain.type = plain.read(values["x_" + dtype], rows(dtype)), rows(dtype)
    plain.linear(values["weight_" + dtype], dtype)
    return made


def legal(dtype):
    """The forms that the grammar lets pass, as dit-opt says: a pass splits or
    takes away the others, and a verifier refuses some."""
    values = {name: "%" + name for name in VALUE_TYPES}
    types = {**VALUE_TYPES, "cube": CUBE}
    arguments = ", ".join(f"%{name}: {type}" for name, type in types.items())
    found = forms(dtype, values)
    found["pack", "alone", "reshape"].operands = [("%cube", CUBE)]
    text = "// -----\n".join(
        f"func.func @f({arguments}) -> {region.type} {{\n"
        f'  "test.form"() {{form = "{"|".join(form)}"}} : () -> ()\n'
        + region.show("%r") + f"    return %r : {region.type}\n}}\n"
        for form, region in found.items())
    # Forms that no verifier passes are none, so only what is printed counts.
    said = subprocess.run(["dit-opt", "--split-input-file", "--dit-verify-regions",
                           "--allow-unregistered-dialect"],
                          input=text, text=True, capture_output=True).stdout
    kept = set()
    for function in said.split("func.func")[1:]:
        form = tuple(re.search(r'form = "([^"]*)"', function)[1].split("|"))
        kinds = re.findall(r"dit\.fused (\w+)", function)
        if kinds == [form[0]]:
            kept.add(form)
    return kept


def behind_linear(op, dtype, values):
    region = Region("linear")
    region.last, region.type = region.read(values["x_" + dtype], rows(dtype)), rows(dtype)
    region.linear(values[("weight_to_12_" if op == "unpatchify" else "weight_") + dtype],
                  dtype, PATCH_WIDTH if op == "unpatchify" else WIDTH)
    return region.apply(op, values)


def rows(dtype):
    return ROWS if dtype == "f32" else narrowed(ROWS)


def attention(dtype, values):
    region = Region("attention")
    q, k, v = (region.read(values[name + "_" + dtype], rows(dtype)) for name in "qkv")
    return region.push(f"dit.attention {q}, {k}, {v} heads 1 : {rows(dtype)}, "
                       f"{rows(dtype)} -> {ROWS}", ROWS)


class Module:
    """The model that has every form: what they make of h is summed."""

    def __init__(self, dtype):
        self.dtype = dtype
        self.prepared, self.weights, self.condition = [], 0, []
        self.text = {"prepare": "", "condition": "", "denoise": ""}
        self.count = 0

    def let(self, function, region):
        self.count += 1
        name = f"%n{self.count}"
        self.text[function] += region.show(name)
        return name

    def prepare(self, name, value, type):
        """A value of @prepare that the other functions read as %name."""
        self.prepared.append((name, value, type))
        return "%" + name

    def weight(self, type):
        """A weight, as @prepare knows it."""
        self.weights += 1
        name = f"%w{self.weights}"
        self.text["prepare"] += f'    {name} = dit.weight "w{self.weights}" : {type}\n'
        return name

    def weight_for(self, name, type):
        """A weight that the others read as %name, cast if they want it so."""
        wide = type.replace("bf16", "f32")
        value = self.weight(wide)
        if type != wide:
            region = Region("pack")
            region.last, region.type = region.read(value, wide), wide
            value = self.let("prepare", region.narrow("bf16"))
        return self.prepare(name, value, type)

    def show(self):
        returned = ", ".join(value for _, value, _ in self.prepared)
        types = ", ".join(type for _, _, type in self.prepared)
        results = ", ".join(f'{type} {{dit.name = "{name}"}}'
                            for name, _, type in self.prepared)
        held = "".join(f', %{name}: {type} {{dit.from = "prepare", dit.name = "{name}"}}'
                       for name, _, type in self.prepared)
        conditions = "".join(
            f', %{name}: {CONDITION} {{dit.from = "condition", dit.name = "{name}"}}'
            for name, _ in self.condition)
        values = ", ".join(value for _, value in self.condition)
        rows = ", ".join([CONDITION] * len(self.condition))
        named = ", ".join(f'{CONDITION} {{dit.name = "{name}"}}'
                          for name, _ in self.condition)
        given = '{dit.from = "input", dit.name = '
        return f"""\
// Every op in every place that the grammar of kernels has for it, in {self.dtype}.
// Made by table/regions.py.
module attributes {{dit.name = "regions_{self.dtype}", dit.phase = "fused", dit.spec = \
"name: regions\\0Adepth: 1\\0Awidth: 72\\0Aheads: 1\\0Apatch_size: 2\\0Aclasses: 71\\0A\
latent: {{channels: 3, height: 10, width: 16}}\\0A"}} {{
  func.func @prepare() -> ({results}) {{
{self.text["prepare"]}    return {returned} : {types}
  }}
  func.func @condition(%t: tensor<?xf32> {given}"t"}}, %y: tensor<?xi32> {given}"y"}}\
{held}) -> ({named}) {{
{self.text["condition"]}    return {values} : {rows}
  }}
  func.func @denoise(%image: {IMAGE} {given}"x"}}{conditions}{held}) -> \
({IMAGE} {{dit.name = "out"}}) {{
{self.text["denoise"]}  }}
}}
"""


def row(values_and_types, text, type):
    """A row region of one op on values."""
    region = Region("row")
    names = [region.read(value, t) for value, t in values_and_types]
    return region.push(text, type, *names, x=names[0])


def embed(module, image, weight):
    region = begin("linear", "patchify", {"image": image})
    return module.let("denoise", region.linear(weight, "f32"))


def collect(module, value, type, total, weights):
    """The sum of `total` and a form's value, whatever that is."""
    if type == IMAGE:
        value, type = embed(module, value, weights["weight_12"]), ROWS
    if "x12x" in type:
        region = Region("linear")
        region.last, region.type = region.read(value, type), type
        value, type = module.let("denoise", region.linear(weights["weight_12"], "f32")), ROWS
    if "80x" in type:
        module.count += 1
        module.text["denoise"] += (f"    %n{module.count} = dit.slice {value} dim 1 "
                                   f"offset 20 : {type} -> {ROWS}\n")
        value, type = f"%n{module.count}", ROWS
    region = Region("row")
    region.last, region.type = region.read(value, type), type
    if type != ROWS:
        region.push(f"dit.cast {{x}} : {type} -> {ROWS}", ROWS)
    other = region.read(total, ROWS)
    return module.let("denoise", region.push(f"dit.add {{x}}, {{0}} : {ROWS}, {ROWS}", ROWS,
                                             other))


def fill_prepare(module, found):
    """The weights, and the forms that work on weights alone; what the forms make
    is read as %made_OP."""
    weights = {name: module.weight_for(name, VALUE_TYPES[name]) for name in (
        "features", "labels", "weight_12", f"weight_{module.dtype}",
        f"weight_to_12_{module.dtype}")}
    if module.dtype == "bf16":
        weights["weight_f32"] = module.weight_for("weight_f32", SQUARE)
        weights["weight_to_12_f32"] = module.weight_for("weight_to_12_f32",
                                                        VALUE_TYPES["weight_to_12_f32"])
    for name in ("weight_h", "weight_other"):
        weights[name] = module.weight_for(name, VALUE_TYPES["weight_12"])
    for name, op in (("table", "sincos_position"), ("angles", "rotary_position")):
        region = begin("row", op, {})
        weights[name] = module.prepare(name, module.let("prepare", region), region.type)
    made = forms(module.dtype, {**{name: "" for name in VALUE_TYPES},
                                "weight_f32": "%w1000"})
    for kind, place, op in sorted(found):
        if kind == "pack" and op != "pack":  # which the planning adds
            region = made[kind, place, op]
            region.operands = [(module.weight(type), type) for _, type in region.operands]
            weights["made_" + op] = module.prepare("made_" + op,
                                                   module.let("prepare", region), region.type)
    return weights


def fill_condition(module, found, weights):
    made = forms(module.dtype, {**weights, **{name: "%" + name for name in VALUE_TYPES}})
    values = [module.let("condition", made[form]) for form in sorted(found)
              if made[form].type == CONDITION]
    while len(values) > 3:
        region = row([(value, CONDITION) for value in values[-2:]],
                     "dit.add {0}, {1} : " + f"{CONDITION}, {CONDITION}", CONDITION)
        values[-2:] = [module.let("condition", region)]
    module.condition = list(zip(("shift", "scale", "gate"), values))


def fill_denoise(module, found, weights):
    h = embed(module, "%image", weights["weight_h"])
    other = embed(module, "%image", weights["weight_other"])
    values = {**weights, **{name: "%" + name for name, _ in module.condition},
              "image": "%image", "x": h, "other": other, "t": "", "y": ""}
    values["patches"] = module.let("denoise", begin("patch", "patchify", values))
    wide = {"x": h, "q": h, "k": other, "v": other}
    for name, value in wide.items():
        region = row([(value, ROWS)], f"dit.cast {{x}} : {ROWS} -> {narrowed(ROWS)}",
                     narrowed(ROWS))
        values[name + "_f32"] = value
        values[name + "_bf16"] = (module.let("denoise", region)
                                  if module.dtype == "bf16" else value)
    for name in VALUE_TYPES:
        values.setdefault(name, "")
    made = forms(module.dtype, values)
    total = h
    for form in sorted(found):
        if form[0] != "pack" and made[form].type not in (CONDITION, TABLE, ANGLES):
            value = module.let("denoise", made[form])
            total = collect(module, value, made[form].type, total, weights)
    total = use_weights(module, weights, h, total)
    last = Region("linear")
    last.last, last.type = last.read(total, ROWS), ROWS
    last.linear(weights["weight_to_12_f32"], "f32", PATCH_WIDTH)
    last.push(f"dit.unpatchify {{x}} patch 2 : {last.type} -> {IMAGE}", IMAGE)
    out = module.let("denoise", last)
    module.text["denoise"] += f"    return {out} : {IMAGE}\n"


def use_weights(module, weights, h, total):
    """What was made of weights alone is multiplied with, so that it shows."""
    for name, value in weights.items():
        type = next((t for n, _, t in module.prepared if n == name), None)
        if not name.startswith("made_"):
            continue
        columns = int(re.findall(r"\d+", type)[0])
        x, x_type = h, ROWS
        region = Region("linear")
        region.last, region.type = region.read(x, x_type), x_type
        if "bf16" in type:
            region.push(f"dit.cast {{x}} : {ROWS} -> {narrowed(ROWS)}", narrowed(ROWS))
        region.linear(value, "bf16" if "bf16" in type else "f32", columns)
        value = module.let("denoise", region)
        if columns != WIDTH:
            module.count += 1
            module.text["denoise"] += (f"    %n{module.count} = dit.slice {value} dim 2 offset "
                                       f"36 : {region.type} -> {ROWS}\n")
            value = f"%n{module.count}"
        total = collect(module, value, ROWS, total, weights)
    return total


def model(dtype):
    module = Module(dtype)
    found = legal(dtype)
    weights = fill_prepare(module, found)
    fill_condition(module, found, weights)
    fill_denoise(module, found, weights)
    return module.show()


if __name__ == "__main__":
    print(model(sys.argv[1]), end="")
