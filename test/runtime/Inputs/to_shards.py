# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""to_shards.py MODEL.safetensors FOLDER SHARDS: the same tensors as diffusers stores large
models, tensor i of N in shard i * SHARDS // N, and the index of them."""
import json
import pathlib
import sys

data = pathlib.Path(sys.argv[1]).read_bytes()
folder, shards = pathlib.Path(sys.argv[2]), int(sys.argv[3])
length = int.from_bytes(data[:8], "little")
header = json.loads(data[8:8 + length])
header.pop("__metadata__", None)
parts = [{} for _ in range(shards)]
for i, (name, t) in enumerate(header.items()):
    begin, end = t["data_offsets"]
    parts[i * shards // len(header)][name] = (t, data[8 + length + begin:8 + length + end])
index = {}
for i, part in enumerate(parts):
    file, at, entries = f"diffusion_pytorch_model-{i + 1:05}-of-{shards:05}.safetensors", 0, {}
    for name, (t, values) in part.items():
        entries[name] = t | {"data_offsets": [at, at + len(values)]}
        index[name] = file
        at += len(values)
    text = json.dumps(entries).encode()
    (folder / file).write_bytes(len(text).to_bytes(8, "little") + text + b"".join(v for _, v in part.values()))
text = json.dumps({"metadata": {"total_size": sum(len(v) for p in parts for _, v in p.values())}, "weight_map": index}, indent=2)
(folder / "diffusion_pytorch_model.safetensors.index.json").write_text(text)
