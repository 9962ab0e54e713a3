# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Freezes whole trajectories of the tiny model and of the digits; needs torch,
safetensors and Pillow.

    python test/golden/make_trajectory_goldens.py

DDIM and DDPM: float32 throughout, in the way of the published script: noise of
torch.randn from one seed, the batch doubled for guidance, noise drawn every step.
DPM-Solver++(2M) and the flows: numpy in float64 around a float64 network. Every
.safetensors holds x (evaluations + 1, n, C, H, W), every .png the last states as the
published script writes them. The tests need neither this script nor torch.
"""
import dataclasses
import pathlib

import numpy as np
import torch
from PIL import Image
from safetensors.numpy import load_file, save_file

from dit_reference import DiT, Spec
from make_goldens import TINY

HERE = pathlib.Path(__file__).parent
SEED = 11


@dataclasses.dataclass
class Setting:
    spec: Spec
    weights: pathlib.Path
    labels: list
    scale: float
    guided: int  # channels
    betas: np.ndarray
    clip: bool = False


def squared_cosine():
    bar = lambda i: np.cos((i / 1000 + 0.008) / 1.008 * np.pi / 2) ** 2
    i = np.arange(1000)
    return np.minimum(1 - bar(i + 1) / bar(i), 0.999)


# 3 * 72 values: no multiple of 16.
UNTRAINED = Setting(Spec(**TINY), HERE / "tiny.weights.safetensors", [0, 3, 1], 1.5, 2,
                    np.linspace(1e-4, 0.02, 1000))
DIGITS = Setting(Spec(depth=6, width=128, heads=4, patch_size=4, latent=(1, 20, 20), classes=10),
                 HERE.parents[1] / "model_specs/weights/digits.safetensors", [7, 3], 3.0, 1,
                 squared_cosine(), clip=True)


def respaced(steps):
    stride, current, kept = 999 / (steps - 1), 0.0, []
    for _ in range(steps):
        kept.append(round(current))
        current += stride
    return kept


class Tables:
    """alpha_bar at the kept timesteps and what follows from it, in float64."""

    def __init__(self, kept, betas):
        self.t, self.bar = kept, np.cumprod(1 - betas)[kept]
        self.previous = np.append(1.0, self.bar[:-1])
        self.beta = 1 - self.bar / self.previous
        self.posterior = self.beta * (1 - self.previous) / (1 - self.bar)
        self.log_posterior = np.log(np.append(self.posterior[1], self.posterior[1:]))


def f32(value):
    return torch.tensor(value, dtype=torch.float32)


class Model:
    def __init__(self, setting, dtype):
        weights = {k: torch.from_numpy(w) for k, w in load_file(setting.weights).items()}
        self.setting, self.net = setting, DiT(setting.spec, weights, dtype)

    def __call__(self, x, t, y):
        with torch.no_grad():
            return self.net(x, torch.full((len(y),), t, dtype=torch.float32), torch.tensor(y))

    def guided(self, x, t):
        """On [x | x], conditional half first; both halves of eps are the guided one."""
        labels, guided = self.setting.labels, self.setting.guided
        half = x[:len(labels)]
        out = self(torch.cat([half, half]), t, labels + [self.setting.spec.classes] * len(labels))
        eps, rest = out[:, :guided], out[:, guided:]
        with_label, without = eps.chunk(2)
        eps = without + self.setting.scale * (with_label - without)
        return torch.cat([torch.cat([eps, eps]), rest], 1)


def predicted(tables, k, x, out, clip):
    """x0 of the first channels of `out`, clamped where the model's is."""
    x0 = (f32(np.sqrt(1 / tables.bar[k])) * x
          - f32(np.sqrt(1 / tables.bar[k] - 1)) * out[:, :x.shape[1]])
    return x0.clamp(-1, 1) if clip else x0


def ddim(tables, k, x, out, noise, clip, eta=0.0):
    bar, previous = f32(tables.bar[k]), f32(tables.previous[k])
    x0 = predicted(tables, k, x, out, clip)
    eps = (f32(np.sqrt(1 / tables.bar[k])) * x - x0) / f32(np.sqrt(1 / tables.bar[k] - 1))
    sigma = eta * torch.sqrt((1 - previous) / (1 - bar)) * torch.sqrt(1 - bar / previous)
    mean = x0 * torch.sqrt(previous) + torch.sqrt(1 - previous - sigma**2) * eps
    return mean + (k != 0) * sigma * noise


def ddpm(tables, k, x, out, noise, clip):
    fraction = (out[:, x.shape[1]:] + 1) / 2
    log_variance = (fraction * f32(np.log(tables.beta[k]))
                    + (1 - fraction) * f32(tables.log_posterior[k]))
    x0 = predicted(tables, k, x, out, clip)
    mean = (f32(tables.beta[k] * np.sqrt(tables.previous[k]) / (1 - tables.bar[k])) * x0
            + f32((1 - tables.previous[k]) * np.sqrt(1 - tables.beta[k])
                  / (1 - tables.bar[k])) * x)
    return mean + (k != 0) * torch.exp(0.5 * log_variance) * noise


def published(setting, step, kept, guidance, dtype=torch.float32):
    model, tables, states = Model(setting, dtype), Tables(kept, setting.betas), []
    n = len(setting.labels)
    torch.manual_seed(SEED)
    x = torch.randn(n, *setting.spec.latent).to(dtype)
    if guidance:
        x = torch.cat([x, x])
    for k in reversed(range(len(kept))):
        states.append(x[:n].numpy())
        out = model.guided(x, tables.t[k]) if guidance else model(x, tables.t[k], setting.labels)
        x = step(tables, k, x, out, torch.randn(x.shape), setting.clip)
    return np.stack(states + [x[:n].numpy()])


def first_state():
    torch.manual_seed(SEED)
    return torch.randn(len(UNTRAINED.labels), *UNTRAINED.spec.latent).numpy().astype(np.float64)


def dpm_solver(steps):
    """Algorithm 2 of arXiv 2211.01095, with alpha, sigma and lambda as it has them."""
    model, tables = Model(UNTRAINED, torch.float64), Tables(respaced(steps), UNTRAINED.betas)
    x = first_state()
    alpha, sigma = np.sqrt(tables.bar[::-1]), np.sqrt(1 - tables.bar[::-1])
    alpha, sigma = np.append(alpha, 1.0), np.append(sigma, 0.0)
    with np.errstate(divide="ignore"):
        lam = np.log(alpha) - np.log(sigma)
    states, data, h = [x], [], np.diff(lam)
    for i in range(1, steps + 1):
        t = tables.t[steps - i]
        eps = model.guided(torch.from_numpy(np.concatenate([x, x])), t).numpy()[:len(x), :3]
        data.append((x - sigma[i - 1] * eps) / alpha[i - 1])
        if i == 1 or i == steps:
            direction = data[-1]
        else:
            r = h[i - 2] / h[i - 1]
            direction = (1 + 1 / (2 * r)) * data[-1] - 1 / (2 * r) * data[-2]
        x = sigma[i] / sigma[i - 1] * x - alpha[i] * (np.exp(-h[i - 1]) - 1) * direction
        states.append(x)
    return np.stack(states)


def flow(method, times, velocity_scale, told):
    """Euler's or Heun's method on dx/dt, in the time of the model. The network,
    told `told * t`, gives dx/dt / velocity_scale; Heun's last step is Euler's."""
    model, states, x = Model(UNTRAINED, torch.float64), [], first_state()

    def slope(x, t):
        out = model.guided(torch.from_numpy(np.concatenate([x, x])), told * t)
        return velocity_scale * out.numpy()[:len(x), :3]

    states.append(x)
    for i, (t, after) in enumerate(zip(times[:-1], times[1:])):
        first = slope(x, t)
        euler = x + (after - t) * first
        states.append(euler)
        if method == "heun" and i + 2 < len(times):
            euler = x + (after - t) / 2 * (first + slope(euler, after))
            states.append(euler)
        x = euler
    return np.stack(states)


def shifted(steps, shift):
    s = np.linspace(1, 0, steps + 1)
    return shift * s / (1 + (shift - 1) * s)


def save(name, x):
    metadata = {"made_by": f"test/golden/make_trajectory_goldens.py, torch {torch.__version__}"}
    save_file({"x": np.ascontiguousarray(x.astype(np.float32))}, HERE / f"{name}.safetensors",
              metadata=metadata)
    print(name, x.shape, "largest", np.abs(x).max(), "last", np.abs(x[-1]).max())


def save_grid(name, x):
    """Bytes and grid of torchvision's save_image(x, nrow=4, normalize=True, value_range=(-1, 1))."""
    pictures = ((np.clip(x[:, 0], -1, 1) + 1) / 2 * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    n, height, width = pictures.shape
    grid = np.zeros(((n + 3) // 4 * (height + 2) + 2, 4 * (width + 2) + 2), np.uint8)
    for i, picture in enumerate(pictures):
        top, left = 2 + i // 4 * (height + 2), 2 + i % 4 * (width + 2)
        grid[top:top + height, left:left + width] = picture
    Image.fromarray(grid).save(HERE / f"{name}.png")


def untrained():
    save("ddim50", published(UNTRAINED, ddim, respaced(50), True))
    save("ddim50_eta", published(UNTRAINED, lambda *a: ddim(*a, eta=0.5), respaced(50), False))
    save("ddpm250", published(UNTRAINED, ddpm, respaced(250), True))
    save("dpm_solver20", dpm_solver(20))
    # Inputs/flow.yaml; flow_from_zero.yaml; flow.yaml with the velocity's other sign.
    save("flow_euler20", flow("euler", shifted(20, 3), 1, 1000))
    save("flow_heun10", flow("heun", 1 - shifted(10, 1), 1, 1))
    save("flow_to_data10", flow("heun", shifted(10, 0.5), -1, 1000))


def digits():
    """Two digits at every step, and pictures of all ten. At t = 999 of this schedule
    x0 is 20,000 times x - eps, which float32 does not hold: DDIM, whose first step
    would be off by 1e-3, takes "ddim50", from 980 on, and DDPM less guidance."""
    pair = {"digits_ddim50": (DIGITS, ddim, list(range(0, 1000, 20))),
            "digits_ddpm250": (dataclasses.replace(DIGITS, scale=1.5), ddpm, respaced(250))}
    for name, how in pair.items():
        x = published(*how, True)
        save(name, x)
        exact = published(*how, True, torch.float64)
        print("  a float64 network's states differ by up to", np.abs(x - exact).max())
    ten = dataclasses.replace(DIGITS, labels=list(range(10)))
    save_grid("digits_ddim50", published(ten, ddim, respaced(50), True)[-1])
    save_grid("digits_ddpm250", published(ten, ddpm, respaced(250), True)[-1])


if __name__ == "__main__":
    torch.set_num_threads(1)
    untrained()
    digits()
