#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Prints a DiT of any size as phase-dit IR, with the published weight names:
# what tests compare before and after a pass. tiny.mlir is its default output.
import argparse
import sys


def arguments():
    parser = argparse.ArgumentParser()
    for name, value in dict(depth=2, width=16, heads=2, hidden=40, channels=3, height=4, width_pixels=6,
                            patch=2, classes=10, frequency=12).items():
        parser.add_argument("--" + name.replace("_", "-"), type=int, default=value)
    parser.add_argument("-o", dest="output", default="-")
    return parser.parse_args()


class Printer:
    """Names values, knows their types, prints one op a line."""

    def __init__(self):
        self.lines, self.types, self.locations = [], {}, []

    def emit(self, result, op, attributes, type, signature, name):
        self.types[result] = type
        self.locations.append((result.lstrip("%"), name))
        self.lines.append(f"  {result} = dit.{op} {attributes} : {signature} loc(#{result.lstrip('%')})")
        return result

    def weight(self, value, name, *shape):
        kind = f"tensor<{'x'.join(map(str, shape))}xf32>"
        return self.emit(value, "weight", f'"{name}"', kind, kind, name)

    def op(self, value, op, attributes, type, operands, name, form="list"):
        """form: list `: a, b`, arrow `: a, b -> c`, function `: (a, b) -> c`."""
        types = ", ".join(self.types[operand] for operand in operands)
        signature = {"list": types, "arrow": f"{types} -> {type}", "function": f"({types}) -> {type}"}[form]
        return self.emit(value, op, attributes, type, signature, name)


def main():
    a = arguments()
    p, D = Printer(), a.width
    T = (a.height // a.patch) * (a.width_pixels // a.patch)
    vector = a.channels * a.patch * a.patch
    out = 2 * a.channels
    p.types.update({"%x": f"tensor<?x{a.channels}x{a.height}x{a.width_pixels}xf32>", "%t": "tensor<?xf32>",
                    "%y": "tensor<?xi32>"})
    tokens, row = (lambda d: f"tensor<?x{T}x{d}xf32>"), (lambda d: f"tensor<?x{d}xf32>")

    def linear(value, x, weight, name, M, K):
        w, b = p.weight(value + "_w", weight + ".weight", M, K), p.weight(value + "_b", weight + ".bias", M)
        kind = row(M) if p.types[x] == row(K) else tokens(M)
        return p.op(value, "linear", f"{x} weight({w}) bias({b})", kind, [x, w, b], name, "function")

    # Embeddings.
    v = p.op("%v", "patchify", f"%x patch {a.patch}", tokens(vector), ["%x"], "x_embedder.patches", "arrow")
    w4 = p.weight("%xe_w4", "x_embedder.proj.weight", D, a.channels, a.patch, a.patch)
    w = p.op("%xe_w", "reshape", w4, f"tensor<{D}x{vector}xf32>", [w4], "x_embedder.proj.weight", "arrow")
    b = p.weight("%xe_b", "x_embedder.proj.bias", D)
    e = p.op("%xe", "linear", f"{v} weight({w}) bias({b})", tokens(D), [v, w, b], "x_embedder", "function")
    table = f"tensor<{T}x{D}xf32>"
    pos = p.emit("%pos", "sincos_position", f"grid {a.height // a.patch} x {a.width_pixels // a.patch}", table,
                 table, "pos_embed")
    x = p.op("%x0", "add", f"{e}, {pos}", tokens(D), [e, pos], "x0")
    te = p.op("%te", "timestep_embedding", "%t max_period 1.0e+04 shift 0", row(a.frequency), ["%t"],
              "t_embedder.frequencies", "arrow")
    t0 = linear("%t0", te, "t_embedder.mlp.0", "t_embedder.mlp.0", D, a.frequency)
    t1 = p.op("%t1", "silu", t0, row(D), [t0], "t_embedder.silu")
    t2 = linear("%t2", t1, "t_embedder.mlp.2", "t_embedder.mlp.2", D, D)
    ye_w = p.weight("%ye_w", "y_embedder.embedding_table.weight", a.classes + 1, D)
    ye = p.op("%ye", "embedding", f"%y table({ye_w})", row(D), ["%y", ye_w], "y_embedder", "arrow")
    c = p.op("%c", "add", f"{t2}, {ye}", row(D), [t2, ye], "c")
    s = p.op("%s", "silu", c, row(D), [c], "silu_c")

    def chunk(value, source, index, name):
        return p.op(value, "slice", f"{source} dim 1 offset {index * D}", row(D), [source], name, "arrow")

    def modulated(value, x, shift, scale, name):
        n = p.op(value + "_n", "layer_norm", f"{x} eps 1.0e-06", tokens(D), [x], name)
        return p.op(value, "modulate", f"{n} shift({shift}) scale({scale})", tokens(D), [n, shift],
                    name + ".modulate")

    for i in range(a.depth):
        block, k = f"blocks[{i}].", f"blocks.{i}."
        ada = linear(f"%ada{i}", s, k + "adaLN_modulation.1", block + "adaln", 6 * D, D)
        names = ["shift_msa", "scale_msa", "gate_msa", "shift_mlp", "scale_mlp", "gate_mlp"]
        m = {name: chunk(f"%{name}{i}", ada, j, block + name) for j, name in enumerate(names)}
        h = modulated(f"%ha{i}", x, m["shift_msa"], m["scale_msa"], block + "norm1")
        qkv = linear(f"%qkv{i}", h, k + "attn.qkv", block + "attn.qkv", 3 * D, D)
        q, key, value = [p.op(f"%{n}{i}", "slice", f"{qkv} dim 2 offset {j * D}", tokens(D), [qkv],
                              f"{block}attn.{n}", "arrow") for j, n in enumerate("qkv")]
        at = p.op(f"%at{i}", "attention", f"{q}, {key}, {value} heads {a.heads}", tokens(D), [q, key],
                  block + "attn", "arrow")
        pr = linear(f"%pr{i}", at, k + "attn.proj", block + "attn.proj", D, D)
        g = p.op(f"%ga{i}", "gate", f"{pr} gate({m['gate_msa']})", tokens(D), [pr, m["gate_msa"]],
                 block + "attn.gate")
        x = p.op(f"%xa{i}", "add", f"{x}, {g}", tokens(D), [x, g], block + "attn.residual")
        h = modulated(f"%hm{i}", x, m["shift_mlp"], m["scale_mlp"], block + "norm2")
        f1 = linear(f"%f1{i}", h, k + "mlp.fc1", block + "mlp.fc1", a.hidden, D)
        act = p.op(f"%act{i}", "gelu", f"tanh {f1}", tokens(a.hidden), [f1], block + "mlp.gelu")
        f2 = linear(f"%f2{i}", act, k + "mlp.fc2", block + "mlp.fc2", D, a.hidden)
        g = p.op(f"%gm{i}", "gate", f"{f2} gate({m['gate_mlp']})", tokens(D), [f2, m["gate_mlp"]],
                 block + "mlp.gate")
        x = p.op(f"%xm{i}", "add", f"{x}, {g}", tokens(D), [x, g], block + "mlp.residual")

    ada = linear("%adaf", s, "final_layer.adaLN_modulation.1", "final_layer.adaln", 2 * D, D)
    h = modulated("%hf", x, chunk("%shiftf", ada, 0, "final_layer.shift"),
                  chunk("%scalef", ada, 1, "final_layer.scale"), "final_layer.norm")
    fl = linear("%fl", h, "final_layer.linear", "final_layer.linear", a.patch * a.patch * out, D)
    image = f"tensor<?x{out}x{a.height}x{a.width_pixels}xf32>"
    o = p.op("%out", "unpatchify", f"{fl} patch {a.patch}", image, [fl], "out", "arrow")

    inputs = ", ".join(f'%{n}: {p.types["%" + n]} {{{every}dit.name = "{n}", dit.from = "input"}} loc("{n}")'
                       for n, every in (("x", ""), *((n, 'dit.every = "condition", ') for n in "ty")))
    lines = ['module attributes {dit.phase = "dit", dit.name = "tiny"} {',
             f'func.func @denoise({inputs}) -> ({image} {{dit.name = "out"}}) {{', *p.lines,
             f"  return {o} : {image}\n}}\n}}", *(f'#{alias} = loc("{name}")' for alias, name in p.locations)]
    with sys.stdout if a.output == "-" else open(a.output, "w") as out_file:
        out_file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
