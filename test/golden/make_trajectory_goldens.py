# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Freezes whole trajectories of the tiny model; needs torch and safetensors.

    python test/golden/make_trajectory_goldens.py

DDIM and DDPM: float32 throughout, in the way of the published script: noise of
torch.randn from one seed, the batch doubled for guidance, noise drawn every step.
DPM-Solver++(2M) and the flows: numpy in float64 around a float64 network. Every
file holds x (evaluations + 1, n, C, H, W). The tests need neither this script nor
torch.
"""
import pathlib

import numpy as np
import torch
from safetensors.numpy import load_file, save_file

from dit_reference import DiT, Spec
from make_goldens import TINY

HERE = pathlib.Path(__file__).parent
LABELS = [0, 3, 1]  # 3 * 72 values: no multiple of 16
SEED, SCALE, GUIDED = 11, 1.5, 2


class Tables:
    """alpha_bar at the kept timesteps and what follows from it, in float64."""

    def __init__(self, steps):
        bars = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))
        stride, current, self.t = 999 / (steps - 1), 0.0, []
        for _ in range(steps):
            self.t.append(round(current))
            current += stride
        self.bar = bars[self.t]
        self.previous = np.append(1.0, self.bar[:-1])
        self.beta = 1 - self.bar / self.previous
        self.posterior = self.beta * (1 - self.previous) / (1 - self.bar)
        self.log_posterior = np.log(np.append(self.posterior[1], self.posterior[1:]))


def f32(value):
    return torch.tensor(value, dtype=torch.float32)


class Model:
    def __init__(self, dtype):
        weights = load_file(HERE / "tiny.weights.safetensors")
        self.net = DiT(Spec(**TINY), {k: torch.from_numpy(w) for k, w in weights.items()}, dtype)
        self.dtype = dtype

    def __call__(self, x, t, y):
        with torch.no_grad():
            return self.net(x, torch.full((len(y),), t, dtype=torch.float32), torch.tensor(y))

    def guided(self, x, t):
        """On [x | x], conditional half first; both halves of eps are the guided one."""
        half = x[:len(LABELS)]
        out = self(torch.cat([half, half]), t, LABELS + [TINY["classes"]] * len(LABELS))
        eps, rest = out[:, :GUIDED], out[:, GUIDED:]
        with_label, without = eps.chunk(2)
        eps = without + SCALE * (with_label - without)
        return torch.cat([torch.cat([eps, eps]), rest], 1)


def ddim(tables, k, x, out, noise, eta):
    bar, previous = f32(tables.bar[k]), f32(tables.previous[k])
    x0 = f32(np.sqrt(1 / tables.bar[k])) * x - f32(np.sqrt(1 / tables.bar[k] - 1)) * out[:, :3]
    eps = (f32(np.sqrt(1 / tables.bar[k])) * x - x0) / f32(np.sqrt(1 / tables.bar[k] - 1))
    sigma = eta * torch.sqrt((1 - previous) / (1 - bar)) * torch.sqrt(1 - bar / previous)
    mean = x0 * torch.sqrt(previous) + torch.sqrt(1 - previous - sigma**2) * eps
    return mean + (k != 0) * sigma * noise


def ddpm(tables, k, x, out, noise):
    fraction = (out[:, 3:] + 1) / 2
    log_variance = (fraction * f32(np.log(tables.beta[k]))
                    + (1 - fraction) * f32(tables.log_posterior[k]))
    x0 = f32(np.sqrt(1 / tables.bar[k])) * x - f32(np.sqrt(1 / tables.bar[k] - 1)) * out[:, :3]
    mean = (f32(tables.beta[k] * np.sqrt(tables.previous[k]) / (1 - tables.bar[k])) * x0
            + f32((1 - tables.previous[k]) * np.sqrt(1 - tables.beta[k])
                  / (1 - tables.bar[k])) * x)
    return mean + (k != 0) * torch.exp(0.5 * log_variance) * noise


def published(step, steps, guidance):
    model, tables, states = Model(torch.float32), Tables(steps), []
    torch.manual_seed(SEED)
    x = torch.randn(len(LABELS), *TINY["latent"])
    if guidance:
        x = torch.cat([x, x])
    for k in reversed(range(steps)):
        states.append(x[:len(LABELS)].numpy())
        out = model.guided(x, tables.t[k]) if guidance else model(x, tables.t[k], LABELS)
        x = step(tables, k, x, out, torch.randn_like(x))
    return np.stack(states + [x[:len(LABELS)].numpy()])


def dpm_solver(steps):
    """Algorithm 2 of arXiv 2211.01095, with alpha, sigma and lambda as it has them."""
    model, tables = Model(torch.float64), Tables(steps)
    torch.manual_seed(SEED)
    x = torch.randn(len(LABELS), *TINY["latent"]).numpy().astype(np.float64)
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
    model, states = Model(torch.float64), []
    torch.manual_seed(SEED)
    x = torch.randn(len(LABELS), *TINY["latent"]).numpy().astype(np.float64)

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


if __name__ == "__main__":
    torch.set_num_threads(1)
    save("ddim50", published(lambda *a: ddim(*a, eta=0.0), 50, True))
    save("ddim50_eta", published(lambda *a: ddim(*a, eta=0.5), 50, False))
    save("ddpm250", published(ddpm, 250, True))
    save("dpm_solver20", dpm_solver(20))
    # Inputs/flow.yaml; flow_from_zero.yaml; flow.yaml with the velocity's other sign.
    save("flow_euler20", flow("euler", shifted(20, 3), 1, 1000))
    save("flow_heun10", flow("heun", 1 - shifted(10, 1), 1, 1))
    save("flow_to_data10", flow("heun", shifted(10, 0.5), -1, 1000))
