# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights made from a seed: runtime/SeededWeights.h in numpy, bit for bit."""
import numpy as np

MASK = 2**64 - 1


def mix(z):
    """The finaliser of SplitMix64, for a Python int or an array of uint64."""
    if isinstance(z, int):
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
        return z ^ z >> 31
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return z ^ z >> np.uint64(31)


def fnv1a64(name):
    digest = 0xCBF29CE484222325
    for byte in name.encode():
        digest = (digest ^ byte) * 0x100000001B3 & MASK
    return digest


def uniform(name, shape, seed):
    """float32 in (-1, 1), the i-th of them a function of (seed, name, i)."""
    key = np.uint64((fnv1a64(name) + mix(seed)) & MASK)
    key = np.uint64(mix(int(key)))
    count = int(np.prod(shape))
    i = np.arange(1, count + 1, dtype=np.uint64)
    k = (mix(key + i * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)).astype(np.int64)
    return ((2 * k + 1 - 2**24).astype(np.float32) * np.float32(2.0**-24)).reshape(shape)


def seeded(name, shape, seed):
    """The weight `name`."""
    u = uniform(name, shape, seed)
    if len(shape) >= 2:
        return u * np.float32(np.sqrt(3.0 / (u.size // shape[0])))
    scaled = u * np.float32(0.2)
    return np.float32(1) + scaled if name.endswith("weight") else scaled
