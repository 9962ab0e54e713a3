# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A diffusion transformer in PyTorch, written from the paper (arXiv 2212.09748).

It shares nothing with the compiler but the names of the weights, so that an
agreement of the two says something. Works in the dtype it is given.
"""
import dataclasses
import math

import torch
import torch.nn.functional as F


@dataclasses.dataclass
class Spec:
    depth: int
    width: int
    heads: int
    patch_size: int
    latent: tuple  # channels, height, width
    classes: int
    mlp_ratio: float = 4.0
    conditioning: str = "adaln_zero"  # adaln, cross_attention, in_context
    compat: str = "official"  # diffusers
    learn_sigma: bool = True
    activation: str = "gelu_tanh"  # gelu
    null_class: bool = True
    frequencies: int = 256
    position: str = "sincos"  # rotary
    trained_grid: tuple = None  # rows, columns; of the model's own grid without
    theta: float = 10000.0
    learned_timesteps: int = 0  # rows of the table; 0 for the sinusoid and its MLP

    @property
    def grid(self):
        return self.latent[1] // self.patch_size, self.latent[2] // self.patch_size

    @property
    def out_channels(self):
        return self.latent[0] * (2 if self.learn_sigma else 1)


def linear_shapes(name, inputs, outputs):
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def norm_shapes(name, width):
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def block_shapes(spec, block):
    d, hidden = spec.width, int(spec.width * spec.mlp_ratio)
    shapes = {}
    chunks = {"adaln_zero": 6, "adaln": 4}.get(spec.conditioning)
    if chunks:
        shapes |= linear_shapes(f"{block}.adaLN_modulation.1", d, chunks * d)
    else:
        shapes |= norm_shapes(f"{block}.norm1", d) | norm_shapes(f"{block}.norm2", d)
    if spec.conditioning == "cross_attention":
        shapes |= norm_shapes(f"{block}.norm_cross", d)
        shapes |= linear_shapes(f"{block}.cross_attn.q", d, d)
        shapes |= linear_shapes(f"{block}.cross_attn.kv", d, 2 * d)
        shapes |= linear_shapes(f"{block}.cross_attn.proj", d, d)
    shapes |= linear_shapes(f"{block}.attn.qkv", d, 3 * d)
    shapes |= linear_shapes(f"{block}.attn.proj", d, d)
    shapes |= linear_shapes(f"{block}.mlp.fc1", d, hidden)
    shapes |= linear_shapes(f"{block}.mlp.fc2", hidden, d)
    return shapes


def weight_shapes(spec):
    """Name to shape of every weight."""
    d, p, channels = spec.width, spec.patch_size, spec.latent[0]
    shapes = {"x_embedder.proj.weight": (d, channels, p, p), "x_embedder.proj.bias": (d,)}
    if spec.learned_timesteps:
        shapes["t_embedder.embedding_table.weight"] = (spec.learned_timesteps, d)
    else:
        shapes |= linear_shapes("t_embedder.mlp.0", spec.frequencies, d)
        shapes |= linear_shapes("t_embedder.mlp.2", d, d)
    shapes["y_embedder.embedding_table.weight"] = (spec.classes + spec.null_class, d)
    for i in range(spec.depth):
        shapes |= block_shapes(spec, f"blocks.{i}")
    if spec.conditioning in ("adaln_zero", "adaln"):
        shapes |= linear_shapes("final_layer.adaLN_modulation.1", d, 2 * d)
    else:
        shapes |= norm_shapes("final_layer.norm_final", d)
    return shapes | linear_shapes("final_layer.linear", d, p * p * spec.out_channels)


class DiT:
    """One evaluation of the network; `seen` keeps every value that has a name."""

    def __init__(self, spec, weights, dtype):
        self.spec, self.dtype, self.seen = spec, dtype, {}
        self.weights = {name: w.to(dtype) for name, w in weights.items()}

    def note(self, name, value):
        self.seen[name] = value
        return value

    def linear(self, x, name):
        return F.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def norm(self, x, eps, name=None):
        affine = (self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]) if name else ()
        return F.layer_norm(x, (self.spec.width,), *affine, eps=eps)

    def axis_table(self, positions):
        """Sine then cosine of position * 10000^(-j / (D/4)): (len, D/2), float64."""
        quarter = self.spec.width // 4
        rates = torch.tensor(10000.0, dtype=torch.float64) ** (
            -torch.arange(quarter, dtype=torch.float64) / quarter)
        angles = torch.outer(positions.double(), rates)
        return torch.cat([angles.sin(), angles.cos()], dim=1)

    def position_table(self):
        rows, columns = self.spec.grid
        h, w = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        table = torch.cat([self.axis_table(w.flatten()), self.axis_table(h.flatten())], dim=1)
        return table.to(self.dtype)

    def embed_patches(self, image):
        tokens = F.conv2d(image, self.weights["x_embedder.proj.weight"],
                          self.weights["x_embedder.proj.bias"], stride=self.spec.patch_size)
        tokens = self.note("x_embedder", tokens.flatten(2).transpose(1, 2))
        if self.spec.position == "rotary":
            return tokens
        return self.note("x_embedded", tokens + self.note("pos_embed", self.position_table()))

    def embed_timestep(self, t):
        """The rates and the product with t are float32, whatever the dtype: the
        published code computes them so, and at t = 1000 the difference is large."""
        if self.spec.learned_timesteps:
            return self.note("t_emb", self.weights["t_embedder.embedding_table.weight"][t.long()])
        half = self.spec.frequencies // 2
        last = half - 1 if self.spec.compat == "diffusers" else half
        rates = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float64) / last)
        angles = (t.float()[:, None] * rates.float()).to(self.dtype)
        h = self.note("t_frequencies", torch.cat([angles.cos(), angles.sin()], dim=1))
        h = F.silu(self.note("t_fc1", self.linear(h, "t_embedder.mlp.0")))
        return self.note("t_emb", self.linear(h, "t_embedder.mlp.2"))

    def rotary_angles(self):
        """EVA-02's 2-D rotary angles, (patches, head_dim/2): each half of a head has one axis's
        frequencies, the row's first, at positions spread over the grid of training."""
        dim = self.spec.width // self.spec.heads // 2
        rates = 1.0 / self.spec.theta ** (torch.arange(0, dim, 2, dtype=torch.float64) / dim)
        trained = self.spec.trained_grid or self.spec.grid
        along = [torch.outer(torch.arange(size, dtype=torch.float64) / size * spread, rates)
                 for size, spread in zip(self.spec.grid, trained)]
        rows, columns = self.spec.grid
        return torch.cat([along[0][:, None, :].expand(rows, columns, -1),
                          along[1][None, :, :].expand(rows, columns, -1)], dim=-1).flatten(0, 1)

    def rotated(self, x):
        """Pairs of adjacent features of each head as complex numbers, times exp(i angle)."""
        angles = self.rotary_angles()
        n, tokens, d = x.shape
        pairs = torch.view_as_complex(x.double().reshape(n, tokens, self.spec.heads, -1, 2).contiguous())
        turn = torch.ones(tokens, angles.shape[1], dtype=torch.complex128)  # of tokens without a place
        turn[:len(angles)] = torch.polar(torch.ones_like(angles), angles)
        return torch.view_as_real(pairs * turn[:, None, :]).reshape(n, tokens, d).to(self.dtype)

    def attend(self, q, k, v):
        n, _, d = q.shape
        split = lambda x: x.reshape(n, x.shape[1], self.spec.heads, -1).transpose(1, 2)
        q, k, v = split(q), split(k), split(v)  # (N, heads, tokens, head_dim)
        scores = torch.einsum("nhtd,nhsd->nhts", q, k) / math.sqrt(d // self.spec.heads)
        mixed = torch.einsum("nhts,nhsd->nhtd", torch.softmax(scores, dim=-1), v)
        return mixed.transpose(1, 2).reshape(n, -1, d)

    def self_attention(self, h, at, block):
        qkv = self.note(f"{at}.qkv", self.linear(h, f"{block}.attn.qkv"))
        q, k, v = qkv.chunk(3, dim=-1)
        if self.spec.position == "rotary":
            q, k = self.rotated(q), self.rotated(k)
        self.note(f"{at}.q", q), self.note(f"{at}.k", k), self.note(f"{at}.v", v)
        mixed = self.note(f"{at}.attn", self.attend(q, k, v))
        return self.note(f"{at}.proj", self.linear(mixed, f"{block}.attn.proj"))

    def cross_attention(self, h, tokens, at, block):
        q = self.note(f"{at}.cross_q", self.linear(h, f"{block}.cross_attn.q"))
        k, v = self.linear(tokens, f"{block}.cross_attn.kv").chunk(2, dim=-1)
        mixed = self.note(f"{at}.cross_attn", self.attend(q, k, v))
        return self.note(f"{at}.cross_proj", self.linear(mixed, f"{block}.cross_attn.proj"))

    def mlp(self, h, at, block):
        h = self.note(f"{at}.fc1", self.linear(h, f"{block}.mlp.fc1"))
        approximation = "tanh" if self.spec.activation == "gelu_tanh" else "none"
        h = self.note(f"{at}.gelu", F.gelu(h, approximate=approximation))
        return self.note(f"{at}.fc2", self.linear(h, f"{block}.mlp.fc2"))

    def adaptive_block(self, x, c, at, block):
        """Equations of figure 3, right: adaLN, with gates when it is adaLN-Zero."""
        names = ["shift_msa", "scale_msa", "gate_msa", "shift_mlp", "scale_mlp", "gate_mlp"]
        if self.spec.conditioning == "adaln":
            names = [name for name in names if not name.startswith("gate")]
        adaln = self.note(f"{at}.adaln", self.linear(F.silu(c), f"{block}.adaLN_modulation.1"))
        ada = dict(zip(names, adaln.chunk(len(names), dim=1)))
        for name, value in ada.items():
            self.note(f"{at}.{name}", value)
            ada[name] = value.unsqueeze(1)
        for branch, norm, run, eps in (("msa", "norm1", self.self_attention, 1e-6),
                                       ("mlp", "norm2", self.mlp, self.second_eps())):
            h = self.note(f"{at}.{norm}", self.norm(x, eps))
            h = h * (1 + ada[f"scale_{branch}"]) + ada[f"shift_{branch}"]
            h = run(self.note(f"{at}.modulate_{branch}", h), at, block)
            if f"gate_{branch}" in ada:
                h = self.note(f"{at}.gated_{branch}", h * ada[f"gate_{branch}"])
            x = self.note(f"{at}.x_{branch}", x + h)
        return x

    def plain_block(self, x, tokens, at, block):
        h = self.note(f"{at}.norm1", self.norm(x, 1e-6, f"{block}.norm1"))
        x = self.note(f"{at}.x_msa", x + self.self_attention(h, at, block))
        if self.spec.conditioning == "cross_attention":
            h = self.note(f"{at}.norm_cross", self.norm(x, 1e-6, f"{block}.norm_cross"))
            x = self.note(f"{at}.x_cross", x + self.cross_attention(h, tokens, at, block))
        h = self.note(f"{at}.norm2", self.norm(x, self.second_eps(), f"{block}.norm2"))
        return self.note(f"{at}.x_mlp", x + self.mlp(h, at, block))

    def second_eps(self):
        return 1e-5 if self.spec.compat == "diffusers" else 1e-6

    def final_layer(self, x, c):
        if self.spec.conditioning in ("adaln_zero", "adaln"):
            ada = self.linear(F.silu(c), "final_layer.adaLN_modulation.1").unsqueeze(1)
            shift, scale = ada.chunk(2, dim=-1)
            x = self.note("final.modulate", self.norm(x, 1e-6) * (1 + scale) + shift)
        else:
            x = self.norm(x, 1e-6, "final_layer.norm_final")
        x = self.note("final.linear", self.linear(x, "final_layer.linear"))
        (rows, columns), p, c_out = self.spec.grid, self.spec.patch_size, self.spec.out_channels
        x = x.reshape(-1, rows, columns, p, p, c_out).permute(0, 5, 1, 3, 2, 4)
        return x.reshape(-1, c_out, rows * p, columns * p)

    def __call__(self, image, t, y):
        """image (N, C, H, W), t (N), y (N) integers -> (N, C_out, H, W)"""
        x = self.embed_patches(image.to(self.dtype))
        t_emb = self.embed_timestep(t)
        y_emb = self.note("y_emb", self.weights["y_embedder.embedding_table.weight"][y])
        c = self.note("c", t_emb + y_emb)
        tokens = torch.stack([t_emb, y_emb], dim=1)  # (N, 2, D)
        patches = x.shape[1]
        if self.spec.conditioning == "in_context":
            x = torch.cat([x, tokens], dim=1)
        for i in range(self.spec.depth):
            at, block = f"blocks[{i}]", f"blocks.{i}"
            if self.spec.conditioning in ("adaln_zero", "adaln"):
                x = self.adaptive_block(x, c, at, block)
            else:
                x = self.plain_block(x, tokens, at, block)
        return self.final_layer(x[:, :patches], c)
