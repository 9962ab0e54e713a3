"""Texts of 7 tokens for test/golden/pixart.yaml, weights that hold one, and any
model's weights.

    texts.py            three.safetensors, one.safetensors
    texts.py weights    weights.safetensors, of the manifest on standard input
    texts.py null       weights.safetensors, null.safetensors, of the manifest on standard input
"""
import array
import json
import math
import random
import struct
import sys


def save(path, tensors):
    header, blob = {}, b""
    for name, (shape, values) in tensors.items():
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(blob), len(blob) + 4 * len(values)]}
        blob += values.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + blob)


def normal(count, scale=1.0):
    return array.array("f", (random.gauss(0, scale) for _ in range(count)))


random.seed(11)
if sys.argv[1:] in (["weights"], ["null"]):
    tensors = {}
    for weight in json.loads(sys.stdin.readline())["weights"]:
        tensors[weight["name"]] = (weight["shape"], normal(math.prod(weight["shape"]), 0.2))
    save("weights.safetensors", tensors)
    if sys.argv[1] == "null":
        null = tensors["y_embedder.y_embedding"][1]
        save("null.safetensors", {"null_text": ([1, 7, 10], null)})
else:
    first, second = normal(70), normal(70)
    save("three.safetensors", {"text": ([3, 7, 10], first + second + first)})
    save("one.safetensors", {"text": ([1, 7, 10], second)})
