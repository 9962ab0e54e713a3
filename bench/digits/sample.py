#!/usr/bin/env python3
"""Draws digits with PyTorch: the reference for `ditc sample`, and the eye on a training run.

    python sample.py --run runs/a --cfg-scale 2 --per-class 10 -o grid.png     # or -o samples.npy, for classify.py
    python sample.py --weights digits.safetensors --heads 4 -o grid.png

Guided DDIM, eta 0, with x0 clamped to [-1, 1] (epsilon is then recomputed from the clamped x0, as the published code does;
--keep-eps does not). Timesteps are respaced as the published code respaces them. Samples are ordered by class: all the
zeros first. A .npy file holds them as uint8 (N, H, W); a .png shows one row a class.
"""
import argparse
import os

import numpy as np
import torch

import train


def respaced(n):
    """The n timesteps that are kept of train.T, increasing: strides accumulated, rounded half to even."""
    stride, at, kept = (train.T - 1) / (n - 1) if n > 1 else 1.0, 0.0, []
    for _ in range(n):
        kept.append(round(at))
        at += stride
    return kept


@torch.no_grad()
def ddim(model, y, noise, alpha_bars, steps=50, cfg_scale=2.0, keep_eps=False):
    """Samples in [-1, 1] for the labels y, from the given noise."""
    x, n = noise, len(y)
    kept = respaced(steps)
    for k in reversed(range(steps)):
        ab = alpha_bars[kept[k]]
        prev = alpha_bars[kept[k - 1]] if k else 1.0
        t = torch.full((n,), kept[k])
        if cfg_scale == 1:
            eps = model(x, t, y)[:, :1]
        else:
            eps, null = model(torch.cat([x, x]), torch.cat([t, t]),
                              torch.cat([y, torch.full_like(y, train.CLASSES)]))[:, :1].chunk(2)
            eps = null + cfg_scale * (eps - null)
        x0 = ((1 / ab) ** 0.5 * x - (1 / ab - 1) ** 0.5 * eps).clamp(-1, 1)
        if not keep_eps:
            eps = ((1 / ab) ** 0.5 * x - x0) / (1 / ab - 1) ** 0.5
        x = prev ** 0.5 * x0 + (1 - prev) ** 0.5 * eps
    return x.clamp(-1, 1)


def draw(model, schedule, per_class, seed=0, chunk=100, **how):
    """uint8 (10 * per_class, H, W) and the labels, in the order of the classes."""
    y = torch.arange(train.CLASSES).repeat_interleave(per_class)
    noise = torch.randn(len(y), 1, model.size, model.size, generator=torch.Generator().manual_seed(seed))
    alpha_bars = train.schedule(schedule)
    x = torch.cat([ddim(model, a, b, alpha_bars, **how) for a, b in zip(y.split(chunk), noise.split(chunk))])
    return ((x[:, 0] + 1) * 127.5 + 0.5).clamp(0, 255).to(torch.uint8).numpy(), y.numpy()


def write_png(path, samples, columns, zoom=3, pad=2):
    from PIL import Image
    rows = [np.concatenate([np.pad(s, pad, constant_values=64) for s in samples[i:i + columns]], 1)
            for i in range(0, len(samples), columns)]
    grid = np.concatenate(rows, 0)
    Image.fromarray(grid).resize((grid.shape[1] * zoom, grid.shape[0] * zoom), Image.NEAREST).save(path)


def quick_look(o, step):
    """Called by train.py: a few guided samples of every average, written as a picture, and how many are read as asked."""
    words = []
    for i, decay in enumerate(o.ema_decays):
        model, _ = train.load(o.out, i)
        with torch.autocast("cpu", torch.bfloat16, enabled=not o.fp32):
            samples, y = draw(model, o.schedule, 10, seed=1, cfg_scale=2.0)
        write_png(os.path.join(o.out, f"step{step:06d}_ema{i}.png"), samples, 10)
        if o.classifier:
            import classify
            read = classify.read(classify.load(o.classifier), samples)
            words.append(f"average {decay}: {(read == y).mean():.2f} read as asked")
    return f"step {step} " + ", ".join(words)


def from_safetensors(path, heads):
    from safetensors.torch import load_file
    state = {k: v.float() for k, v in load_file(path).items()}
    width, _, patch, _ = state["x_embedder.proj.weight"].shape
    size = round(state["pos_embed"].shape[1] ** 0.5) * patch
    depth = sum(k.endswith("attn.qkv.weight") for k in state)
    model = train.DiT(size, patch, width, depth, heads)
    model.load_state_dict(state)
    return model.eval()


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--run", help="the --out folder of train.py")
    a.add_argument("--ema", type=int, default=0)
    a.add_argument("--weights", help="a safetensors file instead")
    a.add_argument("--heads", type=int, default=4, help="with --weights")
    a.add_argument("--schedule", default="squaredcos_cap_v2", help="with --weights")
    a.add_argument("--per-class", type=int, default=10)
    a.add_argument("--steps", type=int, default=50)
    a.add_argument("--cfg-scale", type=float, default=2.0)
    a.add_argument("--keep-eps", action="store_true")
    a.add_argument("--seed", type=int, default=0)
    a.add_argument("--threads", type=int, default=2)
    a.add_argument("-o", "--output", required=True)
    o = a.parse_args()
    torch.set_num_threads(o.threads)
    if o.weights:
        model, name = from_safetensors(o.weights, o.heads), o.schedule
    else:
        model, args = train.load(o.run, o.ema)
        name = args.schedule
    samples, _ = draw(model, name, o.per_class, o.seed, steps=o.steps, cfg_scale=o.cfg_scale, keep_eps=o.keep_eps)
    if o.output.endswith(".npy"):
        np.save(o.output, samples)
    else:
        write_png(o.output, samples, o.per_class)


if __name__ == "__main__":
    main()
