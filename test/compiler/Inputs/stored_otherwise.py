# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""stored_otherwise.py WEIGHTS.safetensors OUT.safetensors: the same tensors as the layout in layouts.test has them."""
import json
import pathlib
import re
import sys

data = pathlib.Path(sys.argv[1]).read_bytes()
length = int.from_bytes(data[:8], "little")
header = json.loads(data[8:8 + length])
out = {}
for name, t in header.items():
    if name in ("__metadata__", "pos_embed"):
        continue
    begin, end = t["data_offsets"]
    shape, values = t["shape"], data[8 + length + begin:8 + length + end]
    half = len(values) // 2
    halves = [([shape[0] // 2, *shape[1:]], part) for part in (values[:half], values[half:])]
    if m := re.fullmatch(r"blocks\.(\d+)\.attn\.qkv(.*)", name):
        out[f"layers.{m[1]}.mixer.qkv{m[2]}"] = (shape, values)
    elif m := re.fullmatch(r"blocks\.(\d+)\.attn\.proj(.*)", name):
        out[f"layers.3.{m[1]}.out{m[2]}"] = (shape, values)
    elif m := re.fullmatch(r"blocks\.(\d+)\.adaLN_modulation\.1(.*)", name):
        out[f"mod.{m[1]}.high.1{m[2]}"], out[f"mod.{m[1]}.low.1{m[2]}"] = halves
    elif m := re.fullmatch(r"blocks\.(\d+)\.mlp\.fc1\.bias", name):
        out[f"all.fc1.bias.{m[1]}"] = ([shape[0] + 2], values + bytes(8))
    elif m := re.fullmatch(r"t_embedder\.mlp\.0(.*)", name):
        for copy in "ab":
            out[f"layers.{copy}.time{m[1]}"] = (shape, values)
    elif m := re.fullmatch(r"final_layer\.adaLN_modulation\.1(.*)", name):
        out[f"final.mod{m[1]}"] = (shape, values[half:] + values[:half])
    else:
        out[name] = (shape, values)

header, at = {}, 0
for name, (shape, values) in out.items():
    header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + len(values)]}
    at += len(values)
text = json.dumps(header).encode()
pathlib.Path(sys.argv[2]).write_bytes(len(text).to_bytes(8, "little") + text + b"".join(v for _, v in out.values()))
