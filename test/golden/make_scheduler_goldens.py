# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whole runs of diffusers' schedulers (0.42.1) on one number, in float64:
make_scheduler_goldens.py > schedulers.txt. A line is a run: sampler, prediction,
schedule, zero terminal SNR, spacing or a list of timesteps, eta, the number of
steps, and the states after each. The network is p(x, t) = 0.6 x + 0.5 cos(t /
300), the noise of a step is sin(1 + step)."""
import math
from unittest import mock

import torch
from diffusers import DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler

SCHEDULES = {"linear": ("linear", 1e-4, 0.02), "scaled_linear": ("scaled_linear", 0.00085, 0.012),
             "squared_cosine": ("squaredcos_cap_v2", 1e-4, 0.02)}


def run(sampler, prediction, schedule, zero, spacing, eta, steps):
    name, start, end = SCHEDULES[schedule]
    common = dict(num_train_timesteps=1000, beta_schedule=name, beta_start=start, beta_end=end,
                  prediction_type=prediction, rescale_betas_zero_snr=zero)
    listed = [int(t) for t in spacing.split(",")] if "," in spacing else None
    if not listed:
        common["timestep_spacing"] = spacing
    if sampler == "ddim":
        made = DDIMScheduler(**common, clip_sample=False)
    elif sampler == "ddpm":
        made = DDPMScheduler(**common, clip_sample=False, variance_type="fixed_small")
    else:
        made = DPMSolverMultistepScheduler(**common, solver_order=2, algorithm_type="dpmsolver++",
                                           lower_order_final=True, euler_at_final=True)
    if listed:
        made.set_timesteps(timesteps=listed)
    else:
        made.set_timesteps(steps)
    x = torch.tensor([[0.7]], dtype=torch.float64)
    states = []
    for step, t in enumerate(made.timesteps):
        p = 0.6 * x + 0.5 * math.cos(int(t) / 300)
        noise = torch.tensor([[math.sin(1 + step)]], dtype=torch.float64)
        if sampler == "ddim":
            x = made.step(p, t, x, eta=eta, variance_noise=noise if eta else None).prev_sample
        elif sampler == "ddpm":
            with mock.patch("diffusers.schedulers.scheduling_ddpm.randn_tensor", lambda *a, **k: noise):
                x = made.step(p, t, x).prev_sample
        else:
            x = made.step(p, t, x).prev_sample
        states.append(float(x))
    print(sampler, prediction, schedule, int(zero), spacing, eta, len(states), *(f"{s:.9g}" for s in states))


for prediction in ("epsilon", "v_prediction", "sample"):
    for schedule in SCHEDULES:
        run("ddim", prediction, schedule, False, "leading", 0, 10)
        run("ddim", prediction, schedule, False, "trailing", 0.5, 8)
        run("ddpm", prediction, schedule, False, "leading", 0, 10)
        run("ddpm", prediction, schedule, False, "linspace", 0, 7)
        run("dpm++2m", prediction, schedule, False, "999,800,600,500,300,100,20", 0, 7)
for prediction in ("v_prediction", "sample"):
    for schedule in SCHEDULES:
        run("ddim", prediction, schedule, True, "trailing", 0, 10)
        # Not eta 1, of whose first step float32 leaves the root of a rounding.
        run("ddim", prediction, schedule, True, "trailing", 0.5, 10)
        run("ddpm", prediction, schedule, True, "trailing", 0, 10)
