"""make_inputs.py CxHxW CLASSES OUT.safetensors: x, t and y of two samples, always
the same."""
import array
import json
import random
import struct
import sys

shape, classes, path = sys.argv[1:]
channels, height, width = (int(side) for side in shape.split("x"))
source = random.Random(1)
rows = 2
tensors = {
    "x": ([rows, channels, height, width], "F32",
          array.array("f", (source.uniform(-1, 1) for _ in range(rows * channels * height * width)))),
    "t": ([rows], "F32", array.array("f", [981, 17])),
    "y": ([rows], "I32", array.array("i", [1, int(classes)])),
}
header, data = {}, b""
for name, (dims, dtype, values) in tensors.items():
    header[name] = {"dtype": dtype, "shape": dims,
                    "data_offsets": [len(data), len(data) + len(values) * 4]}
    data += values.tobytes()
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open(path, "wb") as out:
    out.write(struct.pack("<Q", len(text)) + text + data)
