# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The published DiT in PyTorch as one would run it to be fast: scaled dot product
attention, one forward pass for both halves of guidance, DDIM on the device. What
ditc is compared with, in numbers and in time.
"""
import dataclasses
import math
import pathlib
import sys

import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "test/golden"))
from seeded_weights import fnv1a64, mix  # noqa: E402


@dataclasses.dataclass
class Shape:
    spec: str  # below model_specs
    depth: int
    width: int
    heads: int
    latent: tuple  # channels, height, width
    patch: int = 2
    classes: int = 1000
    mlp_ratio: float = 4.0
    frequencies: int = 256


MODELS = {
    "digits": Shape("digits.yaml", 6, 128, 4, (1, 20, 20), patch=4, classes=10),
    "tiny": Shape("tiny.yaml", 2, 20, 5, (3, 6, 10), classes=7, mlp_ratio=3.5, frequencies=18),
    "S/2": Shape("dit_s_2.yaml", 12, 384, 6, (4, 32, 32)),
    "B/2": Shape("dit_b_2.yaml", 12, 768, 12, (4, 32, 32)),
    "XL/2": Shape("dit_xl_2.yaml", 28, 1152, 16, (4, 32, 32)),
    "XL/2-512": Shape("dit_xl_2_512.yaml", 28, 1152, 16, (4, 64, 64)),
}


def modulate(x, shift, scale):
    return x * (1 + scale.unsqueeze(1)) + shift.unsqueeze(1)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        n, tokens, width = x.shape
        qkv = self.qkv(x).reshape(n, tokens, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        x = F.scaled_dot_product_attention(q, k, v)
        return self.proj(x.transpose(1, 2).reshape(n, tokens, width))


class Mlp(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, shape):
        super().__init__()
        width = shape.width
        self.norm1 = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.attn = Attention(width, shape.heads)
        self.norm2 = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.mlp = Mlp(width, int(width * shape.mlp_ratio))
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, x, modulation):
        """x (N, T, D), modulation (N, 6D): what adaLN_modulation made of the condition"""
        (shift_msa, scale_msa, gate_msa, shift_mlp, scale_mlp,
         gate_mlp) = modulation.chunk(6, dim=1)
        x = x + gate_msa.unsqueeze(1) * self.attn(modulate(self.norm1(x), shift_msa, scale_msa))
        return x + gate_mlp.unsqueeze(1) * self.mlp(modulate(self.norm2(x), shift_mlp, scale_mlp))


class DiT(nn.Module):
    """Parameters under the published names."""

    def __init__(self, shape):
        super().__init__()
        self.shape, width = shape, shape.width
        self.x_embedder = nn.ModuleDict({"proj": nn.Conv2d(
            shape.latent[0], width, kernel_size=shape.patch, stride=shape.patch)})
        self.t_embedder = nn.ModuleDict({"mlp": nn.Sequential(
            nn.Linear(shape.frequencies, width), nn.SiLU(), nn.Linear(width, width))})
        self.y_embedder = nn.ModuleDict({"embedding_table": nn.Embedding(shape.classes + 1, width)})
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.depth))
        self.final_layer = nn.ModuleDict({
            "norm_final": nn.LayerNorm(width, elementwise_affine=False, eps=1e-6),
            "linear": nn.Linear(width, shape.patch**2 * 2 * shape.latent[0]),
            "adaLN_modulation": nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))})
        self.register_buffer("position", position_table(shape), persistent=False)
        self.register_buffer("rates", timestep_rates(shape), persistent=False)

    def forward(self, x, t, y):
        """x (N, C, H, W) float32, t (N), y (N) -> (N, 2C, H, W) float32"""
        return self.denoise(x, self.condition(t, y))

    def condition(self, t, y):
        """The modulations of each block (N, 6D) and, last, of the final layer (N, 2D)."""
        angles = t.float()[:, None] * self.rates
        frequencies = torch.cat([angles.cos(), angles.sin()], dim=1)
        c = self.t_embedder["mlp"](frequencies.to(self.x_embedder["proj"].weight.dtype))
        c = c + self.y_embedder["embedding_table"](y)
        return [part.adaLN_modulation(c) for part in self.blocks] + [
            self.final_layer["adaLN_modulation"](c)]

    def denoise(self, x, modulations):
        weight = self.x_embedder["proj"].weight
        x = self.x_embedder["proj"](x.to(weight.dtype)).flatten(2).transpose(1, 2)
        x = x + self.position.to(weight.dtype)
        for block, modulation in zip(self.blocks, modulations):
            x = block(x, modulation)
        last = self.final_layer
        shift, scale = modulations[-1].chunk(2, dim=1)
        x = last["linear"](modulate(last["norm_final"](x), shift, scale))
        channels, height, width = self.shape.latent
        p = self.shape.patch
        x = x.reshape(-1, height // p, width // p, p, p, 2 * channels)
        return x.permute(0, 5, 1, 3, 2, 4).reshape(-1, 2 * channels, height, width).float()


def position_table(shape):
    """Sine and cosine of the column, then of the row: (T, D) float32."""
    rows, columns = shape.latent[1] // shape.patch, shape.latent[2] // shape.patch
    quarter = shape.width // 4
    rates = 10000.0 ** (-torch.arange(quarter, dtype=torch.float64) / quarter)
    row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    angles = [positions.flatten().double()[:, None] * rates for positions in (column, row)]
    return torch.cat([part for a in angles for part in (a.sin(), a.cos())], dim=1).float()


def timestep_rates(shape):
    """(frequencies / 2) float32"""
    half = shape.frequencies // 2
    return torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float64) / half).float()


def fill_constants(net):
    """What a network made without memory lacks beside its weights."""
    net.position.copy_(position_table(net.shape))
    net.rates.copy_(timestep_rates(net.shape))


# Weights: runtime/SeededWeights.h on 64-bit integers of the device, which wrap.

def signed(value):
    return value - 2**64 if value >= 2**63 else value


def shifted(z, bits):
    """z >> bits as if z were unsigned."""
    return (z >> bits) & (2**(64 - bits) - 1)


def mixed(z):
    z = (z ^ shifted(z, 30)) * signed(0xBF58476D1CE4E5B9)
    z = (z ^ shifted(z, 27)) * signed(0x94D049BB133111EB)
    return z ^ shifted(z, 31)


def seeded(name, shape, seed, device):
    """The weight `name`, bit for bit what dit-run makes of the seed."""
    key = mix((fnv1a64(name) + mix(seed)) % 2**64)
    count = math.prod(shape)
    i = torch.arange(1, count + 1, dtype=torch.int64, device=device)
    k = shifted(mixed(i * signed(0x9E3779B97F4A7C15) + signed(key)), 40)
    u = (2 * k + 1 - 2**24).float() * 2.0**-24
    if len(shape) >= 2:
        return (u * torch.tensor(math.sqrt(3.0 / (count // shape[0])))).reshape(shape)
    scaled = u * torch.tensor(0.2)
    return 1 + scaled if name.endswith("weight") else scaled


def model(shape, seed, device, dtype):
    """The network with weights from a seed."""
    with torch.device("meta"):
        net = DiT(shape)
    net = net.to_empty(device=device)
    fill_constants(net)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            parameter.copy_(seeded(name, tuple(parameter.shape), seed, device))
    for parameter in net.parameters():
        parameter.data = parameter.data.to(dtype)
    return net.eval().requires_grad_(False)


class Guided:
    """One guided step of DDIM: the network on both halves, guidance of the first
    three channels, the update. Everything stays on the device."""

    def __init__(self, net, labels, steps, scale, device):
        self.net, self.scale, self.count = net, scale, steps
        null = torch.full_like(labels, net.shape.classes)
        self.y = torch.cat([labels, null])
        betas = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
        product = torch.cumprod(1 - betas, 0)
        times = torch.tensor([round(i * 999 / max(steps - 1, 1)) for i in range(steps)][::-1])
        now = product[times]
        then = torch.cat([now[1:], torch.ones(1, dtype=torch.float64)])
        self.times = times.float().to(device)
        # x' = x_factor * x + eps_factor * eps
        x_factor = (then / now).sqrt()
        eps_factor = (1 - then).sqrt() - x_factor * (1 - now).sqrt()
        self.x_factor, self.eps_factor = x_factor.float().to(device), eps_factor.float().to(device)

    def __call__(self, x, i):
        """x (N, C, H, W) float32, i: a tensor with one integer"""
        channels = x.shape[1]
        t = self.times[i].expand(2 * x.shape[0])
        out = self.net(torch.cat([x, x]), t, self.y)[:, :channels]
        given, null = out.chunk(2)
        guided = null[:, :3] + self.scale * (given[:, :3] - null[:, :3])
        eps = torch.cat([guided, given[:, 3:]], dim=1)
        return self.x_factor[i] * x + self.eps_factor[i] * eps
