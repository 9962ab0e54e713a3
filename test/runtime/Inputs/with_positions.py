# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""with_positions.py WEIGHTS.safetensors OUT.safetensors ROWS COLUMNS [swapped]: the same with a pos_embed."""
import array
import json
import math
import pathlib
import sys

data = pathlib.Path(sys.argv[1]).read_bytes()
rows, columns = int(sys.argv[3]), int(sys.argv[4])
length = int.from_bytes(data[:8], "little")
header = json.loads(data[8:8 + length])
values = data[8 + length:]
width = header["x_embedder.proj.bias"]["shape"][0]
quarter = width // 4
table = array.array("f")
for h in range(rows):
    for w in range(columns):
        first, second = (h, w) if sys.argv[5:] == ["swapped"] else (w, h)
        for position in (first, second):
            angles = [position / 10000 ** (j / quarter) for j in range(quarter)]
            table.extend([math.sin(a) for a in angles] + [math.cos(a) for a in angles])
header["pos_embed"] = {"dtype": "F32", "shape": [1, rows * columns, width],
                       "data_offsets": [len(values), len(values) + 4 * len(table)]}
text = json.dumps(header).encode()
pathlib.Path(sys.argv[2]).write_bytes(len(text).to_bytes(8, "little") + text + values + table.tobytes())
