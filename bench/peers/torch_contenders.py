# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""PyTorch: as it is, and compiled by inductor in three ways. The network is
bench/gpu/torch_dit.py.
"""
import pathlib
import sys

import torch

from case import SCALE, SEED, STEPS, read_tensors

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "gpu"))
import torch_dit  # noqa: E402


def network(case):
    """The network with the weights of the case's file."""
    shape = torch_dit.MODELS[case.model]
    with torch.device("meta"):
        net = torch_dit.DiT(shape)
    net = net.to_empty(device="cpu").eval().requires_grad_(False)
    torch_dit.fill_constants(net)
    read_tensors(case.file("safetensors"), {n: p.numpy() for n, p in net.named_parameters()})
    if case.dtype == "bf16":
        round_matmuls(net)
    return net


class RoundedLinear(torch.nn.Module):
    """A linear in bfloat16; its result stays so."""

    def __init__(self, linear):
        super().__init__()
        self.linear = linear.to(torch.bfloat16)

    def forward(self, x):
        return self.linear(x.to(torch.bfloat16))


def round_matmuls(net):
    """bfloat16 where ditc has it: the matmuls and the attention of the blocks. The
    residual stream, norms, modulations and gates stay float32: all of the network
    in bfloat16 is off by 20 % at these weights."""
    for block in net.blocks:
        for part, name in ((block.attn, "qkv"), (block.attn, "proj"), (block.mlp, "fc1"),
                           (block.mlp, "fc2")):
            setattr(part, name, RoundedLinear(getattr(part, name)))


class Denoise(torch.nn.Module):
    """The network for conditions that are projected already, as a sampler may
    keep them: (N, all modulations one after the other)."""

    def __init__(self, net):
        super().__init__()
        self.net = net
        width = net.shape.width
        self.widths = [6 * width] * net.shape.depth + [2 * width]

    def forward(self, x, modulations):
        return self.net.denoise(x, modulations.split(self.widths, dim=1))


class Torch:
    """`way`: eager; compile: torch.compile as it is; frozen: with the weights as
    constants, which inductor then packs for the matmuls; autotune: that and the
    faster of the library's and inductor's own matmuls, shape by shape."""

    def __init__(self, case, way):
        torch.set_num_threads(case.threads)
        torch.manual_seed(SEED)
        self.net = network(case)
        self.denoiser = Denoise(self.net)
        shape = self.net.shape
        x, t, y = case.inputs(shape.latent, shape.classes)
        self.given = [torch.from_numpy(x), torch.from_numpy(t), torch.from_numpy(y).long()]
        with torch.no_grad():
            self.modulations = torch.cat(self.net.condition(*self.given[1:]), dim=1)
        self.run, self.run_denoise = self.net, self.denoiser
        if way != "eager":
            torch._inductor.config.freezing = way != "compile"
            options = {"dynamic": False, "fullgraph": True}
            if way == "autotune":
                options["mode"] = "max-autotune-no-cudagraphs"
            self.run = torch.compile(self.net, **options)
            self.run_denoise = torch.compile(self.denoiser, **options)

    @torch.no_grad()
    def whole(self):
        return self.run(*self.given).numpy()

    @torch.no_grad()
    def denoise(self):
        return self.run_denoise(self.given[0], self.modulations).numpy()

    @torch.no_grad()
    def sample(self):
        """Half as many samples as there are rows, the label of each its number."""
        count = len(self.given[0]) // 2
        guided = torch_dit.Guided(self.run, torch.arange(count), STEPS, SCALE, "cpu")
        generator = torch.Generator().manual_seed(SEED)
        x = torch.randn(count, *self.net.shape.latent, generator=generator)
        for i in range(STEPS):
            x = guided(x, torch.tensor(i))
        return x.numpy()
