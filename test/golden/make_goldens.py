# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the frozen tensors beside this file; needs torch and safetensors.

    python test/golden/make_goldens.py

Every output is computed in float64, but for the files *.f32. Weights are never zero, the adaLN and final
linears included. The tests need neither this script nor torch.
"""
import pathlib

import numpy as np
import torch
from safetensors.numpy import save_file

from dit_reference import DiT, Spec, weight_shapes
from seeded_weights import seeded

HERE = pathlib.Path(__file__).parent
SEED = 7

TINY = dict(depth=2, width=24, heads=2, patch_size=2, latent=(3, 4, 6), classes=5)
PUBLISHED = dict(latent=(4, 32, 32), classes=1000)
S_8 = dict(depth=12, width=384, heads=6, patch_size=8, **PUBLISHED)
# Of the published sizes, one of each patch size and of each kind of head.
SIZES = {"s_2": dict(depth=12, width=384, heads=6, patch_size=2, **PUBLISHED),
         "b_4": dict(depth=12, width=768, heads=12, patch_size=4, **PUBLISHED),
         "xl_8": dict(depth=28, width=1152, heads=16, patch_size=8, **PUBLISHED)}
# The other designs, and one key each that no other golden turns.
VARIANTS = {"adaln": dict(conditioning="adaln", activation="gelu", learn_sigma=False),
            "cross_attention": dict(conditioning="cross_attention", mlp_ratio=3.5),
            "in_context": dict(conditioning="in_context", null_class=False),
            "diffusers": dict(compat="diffusers", frequencies=18),
            # Heads of 72 features, which 16 does not divide; an odd number of tokens.
            "rotary": dict(position="rotary", width=144, latent=(3, 6, 10), trained_grid=(4, 2),
                           theta=100.0),
            "rotary_adaln": dict(position="rotary", heads=6, conditioning="adaln"),
            "rotary_cross_attention": dict(position="rotary", conditioning="cross_attention"),
            "rotary_in_context": dict(position="rotary", conditioning="in_context"),
            "learned_timesteps": dict(learned_timesteps=1000)}


def inputs(spec, samples):
    rng = np.random.default_rng(SEED)
    return {"x": rng.standard_normal((samples, *spec.latent)).astype(np.float32),
            "t": np.array([999, 0, 417][:samples], np.float32),
            # The table's last row first: the null class, where there is one.
            "y": np.array([spec.classes + spec.null_class - 1, 3, 1][:samples], np.int32)}


def evaluate(spec, weights, given, dtype):
    net = DiT(spec, {name: torch.from_numpy(w) for name, w in weights.items()}, dtype)
    out = net(*(torch.from_numpy(given[name]) for name in ("x", "t", "y")))
    return out.numpy(), {name: value.contiguous().numpy() for name, value in net.seen.items()}


def save(name, tensors):
    # One key: safetensors writes several in any order.
    metadata = {"made_by": f"test/golden/make_goldens.py, torch {torch.__version__}"}
    tensors = {key: np.ascontiguousarray(value) for key, value in tensors.items()}
    save_file(tensors, HERE / name, metadata=metadata)
    print(f"{name}: {len(tensors)} tensors, {(HERE / name).stat().st_size} bytes")


def tiny_with_intermediates():
    """One tiny model: its weights, and every intermediate outside of block 0."""
    spec = Spec(**TINY)
    rng = np.random.default_rng(SEED)
    weights = {name: (rng.standard_normal(shape) * (0.1 if len(shape) == 1 else
                                                    np.prod(shape[1:]) ** -0.5)).astype(np.float32)
               for name, shape in weight_shapes(spec).items()}
    given = inputs(spec, 3)
    out, seen = evaluate(spec, weights, given, torch.float64)
    seen = {name: value for name, value in seen.items() if not name.startswith("blocks[0]")}
    save("tiny.weights.safetensors", weights)
    save("tiny.safetensors", given | seen | {"out": out})


def seeded_model(name, spec, samples, float32=False):
    weights = {key: seeded(key, shape, SEED) for key, shape in weight_shapes(spec).items()}
    given = inputs(spec, samples)
    out, _ = evaluate(spec, weights, given, torch.float64)
    save(f"{name}.safetensors", given | {"out": out})
    if float32:
        out, _ = evaluate(spec, weights, given, torch.float32)
        save(f"{name}.f32.safetensors", given | {"out": out})


def published_size(name, spec):
    """What PyTorch computes in float32; prints how far that is from float64."""
    weights = {key: seeded(key, shape, SEED) for key, shape in weight_shapes(spec).items()}
    given = inputs(spec, 2)
    out, _ = evaluate(spec, weights, given, torch.float32)
    exact, _ = evaluate(spec, weights, given, torch.float64)
    save(f"{name}.f32.safetensors", given | {"out": out})
    print(f"{name}: relative L2 to float64 {np.linalg.norm(out - exact) / np.linalg.norm(exact):.1e}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    tiny_with_intermediates()
    for name, keys in VARIANTS.items():
        seeded_model(name, Spec(**(TINY | keys)), 2)
    seeded_model("s_8", Spec(**S_8), 2, float32=True)
    for name, keys in SIZES.items():
        published_size(name, Spec(**keys))
