# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""flip_bytes.py MODEL.so TIMES COMMAND...: flips a bit of a byte of what the loader maps, each time
another byte, and runs COMMAND with the file in place of @. Fails where one is not
refused as damaged."""
import pathlib
import random
import struct
import subprocess
import sys

whole = pathlib.Path(sys.argv[1]).read_bytes()
(table,), (count,) = struct.unpack("<Q", whole[32:40]), struct.unpack("<H", whole[56:58])
loaded = [0]
for i in range(count):
    kind, _, offset, _, _, size = struct.unpack("<IIQQQQ", whole[table + 56 * i:table + 56 * i + 40])
    if kind == 1:  # PT_LOAD
        loaded += range(offset, offset + size)
random.seed(1)
unnoticed = 0
for at in random.sample(sorted(set(loaded)), int(sys.argv[2])):
    damaged = bytearray(whole)
    damaged[at] ^= 1 << random.randrange(8)
    path = pathlib.Path(sys.argv[1] + ".damaged")
    path.write_bytes(damaged)
    done = subprocess.run([str(path) if word == "@" else word for word in sys.argv[3:]], text=True, capture_output=True)
    if done.returncode != 1 or f"error: {path}: " not in done.stderr:
        unnoticed += 1
        print(f"byte {at}: exit code {done.returncode}: {done.stderr}")
print(f"{unnoticed} of {sys.argv[2]} flips unnoticed")
