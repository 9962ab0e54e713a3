"""The largest difference between two .npy files of bytes."""
import sys


def body(path):
    data = open(path, "rb").read()
    return data[10 + int.from_bytes(data[8:10], "little"):]


a, b = map(body, sys.argv[1:])
assert len(a) == len(b), (len(a), len(b))
print(f"{len(a)} bytes, largest difference {max(abs(x - y) for x, y in zip(a, b))}")
