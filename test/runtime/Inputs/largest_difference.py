"""Prints how far the floats of two .npy files are apart."""
import array
import struct
import sys


def values(path):
    data = open(path, "rb").read()
    (header,) = struct.unpack("<H", data[8:10])
    return array.array("f", data[10 + header:])


a, b = map(values, sys.argv[1:])
assert len(a) == len(b)
print(f"{len(a)} floats, largest difference {max(abs(x - y) for x, y in zip(a, b)):.1e}")
