# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the frozen tensors of networks that are no DiT of the paper; needs numpy and safetensors.

    python test/golden/variants_reference.py

Written in numpy from the published descriptions, a class a network, in float64. It shares nothing with the
compiler but the names of the weights. Sizes are those of the YAML files of the same names beside it.
"""
import math
import pathlib

import numpy as np
from safetensors.numpy import save_file

from seeded_weights import seeded

HERE = pathlib.Path(__file__).parent
SEED = 7


def weight(name, *shape):
    return seeded(name, shape, SEED).astype(np.float64)


def linear(x, name, outputs, bias=True):
    y = x @ weight(name + ".weight", outputs, x.shape[-1]).T
    return y + weight(name + ".bias", outputs) if bias else y


def erf(x):
    return np.vectorize(math.erf)(x)


def silu(x):
    return x / (1 + np.exp(-x))


def gelu(x):
    return x * (1 + erf(x / math.sqrt(2))) / 2


def gelu_tanh(x):
    return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def layer_norm(x, eps, name=None):
    x = x - x.mean(-1, keepdims=True)
    x = x / np.sqrt((x * x).mean(-1, keepdims=True) + eps)
    return x * weight(name + ".weight", x.shape[-1]) + weight(name + ".bias", x.shape[-1]) if name else x


def rms_norm(x, eps, name):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weight(name + ".weight", x.shape[-1])


def modulate(x, shift, scale):
    return x * (1 + scale[:, None]) + shift[:, None]


def sinusoid(t, features):
    """Cosines, then sines. Rates and products are float32, as published."""
    rates = np.exp(-math.log(10000) * np.arange(features // 2) / (features // 2)).astype(np.float32)
    angles = (t.astype(np.float32)[:, None] * rates).astype(np.float64)
    return np.concatenate([np.cos(angles), np.sin(angles)], 1)


def time_mlp(t, name, width):
    return linear(silu(linear(sinusoid(t, 256), name + ".0", width)), name + ".2", width)


def sincos(rows, columns, width, spread=None):
    def axis(positions):
        rates = 10000.0 ** (-np.arange(width // 4) / (width // 4))
        return np.concatenate([np.sin(np.outer(positions, rates)), np.cos(np.outer(positions, rates))], 1)

    row, column = (a.ravel().astype(np.float64) for a in np.mgrid[:rows, :columns])
    if spread:
        row, column = row * spread[0] / rows, column * spread[1] / columns
    return np.concatenate([axis(column), axis(row)], 1)


def turned(x, heads, rows, columns):
    """Rotary positions: pairs of adjacent features, the row on a head's first half."""
    n, tokens, width = x.shape
    d = width // heads
    rates = 10000.0 ** (-np.arange(0, d // 2, 2) / (d // 2))
    row, column = (a.ravel() for a in np.mgrid[:rows, :columns])
    turn = np.exp(1j * np.concatenate([np.outer(row, rates), np.outer(column, rates)], 1))
    x = x.reshape(n, tokens, heads, d // 2, 2)
    x = (x[..., 0] + 1j * x[..., 1]) * turn[:, None]
    return np.stack([x.real, x.imag], -1).reshape(n, tokens, width)


def attention(q, k, v, heads):
    split = lambda x: x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)
    scores = split(q) @ split(k).swapaxes(2, 3) / math.sqrt(q.shape[-1] // heads)
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = scores / scores.sum(-1, keepdims=True) @ split(v)
    return mixed.swapaxes(1, 2).reshape(q.shape)


def patches(x, p):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // p, p, w // p, p).transpose(0, 2, 4, 1, 3, 5).reshape(n, h * w // p // p, -1)


def embed_patches(x, p, name, width):
    kernel = weight(name + ".weight", width, x.shape[1], p, p).reshape(width, -1)
    return patches(x, p) @ kernel.T + weight(name + ".bias", width)


def picture(tokens, p, channels, rows, columns):
    x = tokens.reshape(-1, rows, columns, p, p, channels).transpose(0, 5, 1, 3, 2, 4)
    return x.reshape(-1, channels, rows * p, columns * p)


def lightning_dit(given):
    """LightningDiT: root mean square norms, gated MLP, fixed and rotary positions at once."""
    d, heads, rows, columns, hidden = 24, 2, 4, 6, 64
    x = embed_patches(given["x"], 1, "x_embedder.proj", d) + sincos(rows, columns, d)
    c = time_mlp(given["t"], "t_embedder.mlp", d) + weight("y_embedder.embedding_table.weight", 6, d)[given["y"]]
    for i in range(2):
        b = f"blocks.{i}."
        rows6 = np.split(linear(silu(c), b + "adaLN_modulation.1", 6 * d), 6, 1)
        h = modulate(rms_norm(x, 1e-6, b + "norm1"), rows6[0], rows6[1])
        q, k, v = np.split(linear(h, b + "attn.qkv", 3 * d), 3, 2)
        h = attention(turned(q, heads, rows, columns), turned(k, heads, rows, columns), v, heads)
        x = x + rows6[2][:, None] * linear(h, b + "attn.proj", d)
        h = modulate(rms_norm(x, 1e-6, b + "norm2"), rows6[3], rows6[4])
        first, second = np.split(linear(h, b + "mlp.w12", 2 * hidden), 2, 2)
        x = x + rows6[5][:, None] * linear(silu(first) * second, b + "mlp.w3", d)
    shift, scale = np.split(linear(silu(c), "final_layer.adaLN_modulation.1", 2 * d), 2, 1)
    h = modulate(rms_norm(x, 1e-6, "final_layer.norm_final"), shift, scale)
    return picture(linear(h, "final_layer.linear", 3), 1, 3, rows, columns)


def u_vit(given):
    """U-ViT without its last convolution: label and time are tokens, and late blocks take what early ones kept."""
    d, heads = 24, 2
    label = weight("label_emb.weight", 6, d)[given["y"]][:, None]
    time = sinusoid(given["t"], d)[:, None]
    x = np.concatenate([label, time, embed_patches(given["x"], 2, "patch_embed.proj", d)], 1)
    x = x + weight("pos_embed", 1, 8, d)
    kept = []
    for b in ["in_blocks.0.", "in_blocks.1.", "mid_block.", "out_blocks.0.", "out_blocks.1."]:
        if b.startswith("out"):
            x = linear(np.concatenate([x, kept.pop()], 2), b + "skip_linear", d)
        q, k, v = np.split(linear(layer_norm(x, 1e-5, b + "norm1"), b + "attn.qkv", 3 * d, bias=False), 3, 2)
        x = x + linear(attention(q, k, v, heads), b + "attn.proj", d)
        h = gelu(linear(layer_norm(x, 1e-5, b + "norm2"), b + "mlp.fc1", 4 * d))
        x = x + linear(h, b + "mlp.fc2", d)
        if b.startswith("in"):
            kept.append(x)
    return picture(linear(layer_norm(x, 1e-5, "norm"), "decoder_pred", 12)[:, 2:], 2, 3, 2, 3)


def pixart(given):
    """PixArt-alpha: one modulation for all blocks and a table in each, and a text that every block asks."""
    d, heads = 24, 2
    x = embed_patches(given["x"], 2, "x_embedder.proj", d) + sincos(2, 3, d, spread=(8, 8))
    e = time_mlp(given["t"], "t_embedder.mlp", d)
    six = linear(silu(e), "t_block.1", 6 * d).reshape(-1, 6, d)
    text = linear(gelu_tanh(linear(given["text"], "y_embedder.y_proj.fc1", d)), "y_embedder.y_proj.fc2", d)
    for i in range(2):
        b = f"blocks.{i}."
        m = (six + weight(b + "scale_shift_table", 6, d)).swapaxes(0, 1)
        q, k, v = np.split(linear(modulate(layer_norm(x, 1e-6), m[0], m[1]), b + "attn.qkv", 3 * d), 3, 2)
        x = x + m[2][:, None] * linear(attention(q, k, v, heads), b + "attn.proj", d)
        k, v = np.split(linear(text, b + "cross_attn.kv", 2 * d), 2, 2)
        x = x + linear(attention(linear(x, b + "cross_attn.q", d), k, v, heads), b + "cross_attn.proj", d)
        h = linear(modulate(layer_norm(x, 1e-6), m[3], m[4]), b + "mlp.fc1", 4 * d)
        x = x + m[5][:, None] * linear(gelu_tanh(h), b + "mlp.fc2", d)
    shift, scale = (weight("final_layer.scale_shift_table", 2, d) + e[:, None]).swapaxes(0, 1)
    return picture(linear(modulate(layer_norm(x, 1e-6), shift, scale), "final_layer.linear", 24), 2, 6, 2, 3)


def mmdit(given):
    """SD3.5's blocks: picture and text with weights of their own meet in one softmax; the first block's picture
    has a second attention, the last block's text gives keys and values alone."""
    d, heads = 24, 2
    streams = {"image": embed_patches(given["x"], 2, "x_embedder.proj", d) + sincos(2, 3, d),
               "text": linear(given["text"], "context_embedder", d)}
    c = time_mlp(given["t"], "t_embedder.mlp", d)
    c = c + linear(silu(linear(given["pooled"], "y_embedder.mlp.0", d)), "y_embedder.mlp.2", d)
    for b in ["blocks.0.", "blocks.1.", "last_block."]:
        rows, qkv, added = {}, {}, {}
        for s, x in streams.items():
            count = 9 if (b, s) == ("blocks.0.", "image") else 2 if (b, s) == ("last_block.", "text") else 6
            rows[s] = np.split(linear(silu(c), f"{b}{s}.adaLN_modulation.1", count * d), count, 1)
            h = modulate(layer_norm(x, 1e-6), rows[s][0], rows[s][1])
            qkv[s] = np.split(linear(h, f"{b}{s}.attn.qkv", 3 * d), 3, 2)
        mixed = attention(*(np.concatenate([qkv["image"][j], qkv["text"][j]], 1) for j in range(3)), heads)
        parts = {"image": mixed[:, :6], "text": mixed[:, 6:]}
        last = b == "last_block."
        for s in ["image"] if last else ["image", "text"]:
            added[s] = rows[s][2][:, None] * linear(parts[s], f"{b}{s}.attn.proj", d)
        if b == "blocks.0.":
            h = modulate(layer_norm(streams["image"], 1e-6), rows["image"][6], rows["image"][7])
            h = attention(*np.split(linear(h, b + "image.attn2.qkv", 3 * d), 3, 2), heads)
            added["image"] = added["image"] + rows["image"][8][:, None] * linear(h, b + "image.attn2.proj", d)
        for s in added:
            x = streams[s] + added[s]
            h = linear(modulate(layer_norm(x, 1e-6), rows[s][3], rows[s][4]), f"{b}{s}.mlp.fc1", 4 * d)
            streams[s] = x + rows[s][5][:, None] * linear(gelu_tanh(h), f"{b}{s}.mlp.fc2", d)
    shift, scale = np.split(linear(silu(c), "final_layer.adaLN_modulation.1", 2 * d), 2, 1)
    h = modulate(layer_norm(streams["image"], 1e-6), shift, scale)
    return picture(linear(h, "final_layer.linear", 12), 2, 3, 2, 3)


def inputs(network):
    rng = np.random.default_rng(SEED)
    given = {"x": rng.standard_normal((2, 3, 4, 6)).astype(np.float32),
             "t": np.array([0.75, 0.0] if network is lightning_dit else [999, 417], np.float32)}
    if network in (lightning_dit, u_vit):
        given["y"] = np.array([5, 3], np.int32)
    else:
        given["text"] = rng.standard_normal((2, 7, 10)).astype(np.float32)
    if network is mmdit:
        given["pooled"] = rng.standard_normal((2, 9)).astype(np.float32)
    return given


if __name__ == "__main__":
    for network in (lightning_dit, u_vit, pixart, mmdit):
        given = inputs(network)
        out = network({key: value if key == "y" else value.astype(np.float64) for key, value in given.items()})
        path = HERE / f"{network.__name__}.safetensors"
        save_file({key: np.ascontiguousarray(value) for key, value in {**given, "out": out}.items()}, path,
                  metadata={"made_by": "test/golden/variants_reference.py"})
        print(f"{path.name}: {path.stat().st_size} bytes")
