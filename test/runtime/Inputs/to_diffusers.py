# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""to_diffusers.py WEIGHTS.safetensors OUT.safetensors: the same tensors as diffusers stores them."""
import json
import pathlib
import re
import sys

RENAMED = {"x_embedder": "pos_embed", "final_layer.adaLN_modulation.1": "proj_out_1",
           "final_layer.linear": "proj_out_2", "blocks": "transformer_blocks",
           "adaLN_modulation.1": "norm1.linear", "attn.proj": "attn1.to_out.0",
           "mlp.fc1": "ff.net.0.proj", "mlp.fc2": "ff.net.2"}
EMBEDDERS = {"t_embedder.mlp.0": "timestep_embedder.linear_1", "t_embedder.mlp.2": "timestep_embedder.linear_2",
             "y_embedder.embedding_table": "class_embedder.embedding_table"}

data = pathlib.Path(sys.argv[1]).read_bytes()
length = int.from_bytes(data[:8], "little")
header = json.loads(data[8:8 + length])
header.pop("__metadata__", None)
depth = 1 + max(int(name.split(".")[1]) for name in header if name.startswith("blocks."))
out = {}
for name, t in header.items():
    begin, end = t["data_offsets"]
    shape, values = t["shape"], data[8 + length + begin:8 + length + end]
    stem, last = name.rsplit(".", 1) if "." in name else (name, "")
    if name == "pos_embed":
        continue
    if stem in EMBEDDERS:
        for i in range(depth):
            out[f"transformer_blocks.{i}.norm1.emb.{EMBEDDERS[stem]}.{last}"] = (shape, values)
    elif stem.endswith("attn.qkv"):
        third = len(values) // 3
        for i, part in enumerate("qkv"):
            to = stem.replace("blocks", "transformer_blocks").replace("attn.qkv", f"attn1.to_{part}")
            out[f"{to}.{last}"] = ([shape[0] // 3, *shape[1:]], values[third * i:third * (i + 1)])
    else:
        for old, new in RENAMED.items():
            stem = re.sub(rf"(^|(?<=\.)){re.escape(old)}(?=\.|$)", new, stem)
        out[f"{stem}.{last}"] = (shape, values)

header, at = {}, 0
for name, (shape, values) in out.items():
    header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + len(values)]}
    at += len(values)
text = json.dumps(header).encode()
pathlib.Path(sys.argv[2]).write_bytes(len(text).to_bytes(8, "little") + text + b"".join(v for _, v in out.values()))
