# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Freezes the noise schedules and their respacing, of 1000 timesteps; needs only
Python.

    python test/golden/make_schedule_goldens.py

respacing.txt, a line for each N from 1 to 1000: N, the first eight hexadecimal
digits of the sha256 of the timesteps that "N" keeps, and of those that "ddimN"
keeps or - where no whole stride does. Hashed is the text "0 20 40 ...". The rules
are those of the published space_timesteps: Python's round (half to even) of a
float that accumulates, and the first stride whose range has N elements.

schedules.txt: schedule, t, alpha_bar_t with 17 digits, of 50 that were computed.
"""
import decimal
import hashlib
import pathlib

from decimal import Decimal

HERE = pathlib.Path(__file__).parent
TOTAL = 1000
decimal.getcontext().prec = 50
PI = Decimal("3.14159265358979323846264338327950288419716939937510")


def spread(count):
    if count == 1:
        return [0]
    fraction, current, kept = (TOTAL - 1) / (count - 1), 0.0, []
    for _ in range(count):
        kept.append(round(current))
        current += fraction
    return kept


def strided(count):
    for stride in range(1, TOTAL):
        if len(range(0, TOTAL, stride)) == count:
            return list(range(0, TOTAL, stride))
    return None


def digest(kept):
    if kept is None:
        return "-"
    return hashlib.sha256(" ".join(map(str, kept)).encode()).hexdigest()[:8]


def between(start, end):
    return [start + (end - start) * t / (TOTAL - 1) for t in range(TOTAL)]


def cosine(x):
    term, total, n = Decimal(1), Decimal(1), 0
    while abs(term) > Decimal("1e-48"):
        n += 2
        term *= -x * x / (n * (n - 1))
        total += term
    return total


def squared_cosine():
    f = [cosine((Decimal(t) / TOTAL + Decimal("0.008")) / Decimal("1.008") * PI / 2) ** 2
         for t in range(TOTAL + 1)]
    return [min(1 - f[t + 1] / f[t], Decimal("0.999")) for t in range(TOTAL)]


start, end = Decimal("0.0001"), Decimal("0.02")
BETAS = {
    "linear": between(start, end),
    "quadratic": [root * root for root in between(start.sqrt(), end.sqrt())],
    "squared_cosine": squared_cosine(),
}

with open(HERE / "respacing.txt", "w") as file:
    for n in range(1, TOTAL + 1):
        print(n, digest(spread(n)), digest(strided(n)), file=file)
with open(HERE / "schedules.txt", "w") as file:
    for name, betas in BETAS.items():
        bar = Decimal(1)
        for t, beta in enumerate(betas):
            bar *= 1 - beta
            if t % 100 == 0 or t % 100 == 99:
                print(name, t, f"{bar:.16e}", file=file)
