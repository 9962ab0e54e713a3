"""png_distance.py GOT WANTED: the largest difference of a byte of two grey PNGs of
one size; 1 is allowed."""
import struct
import sys
import zlib


def unfiltered(line, above, kind):
    """A line of grey bytes, by the filters of PNG's specification, section 9."""
    done = bytearray()
    for i, value in enumerate(line):
        left = done[i - 1] if i else 0
        up, corner = above[i], above[i - 1] if i else 0
        around = left + up - corner
        paeth = min((left, up, corner), key=lambda near: abs(around - near))
        done.append(value + (0, left, up, (left + up) // 2, paeth)[kind] & 255)
    return done


def lines(path):
    data, at, packed = open(path, "rb").read(), 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", data[at + 8:at + 18])
            assert (depth, colour) == (8, 0), "not 8 bits of grey"
        if kind == b"IDAT":
            packed += data[at + 8:at + 8 + size]
        at += 12 + size
    raw, done = zlib.decompress(packed), [bytes(width)]
    for row in range(height):
        kind, *line = raw[row * (width + 1):(row + 1) * (width + 1)]
        done.append(unfiltered(line, done[-1], kind))
    return done[1:]


got, wanted = lines(sys.argv[1]), lines(sys.argv[2])
assert len(got) == len(wanted) and len(got[0]) == len(wanted[0]), "of two sizes"
pairs = [pair for a, b in zip(got, wanted) for pair in zip(a, b)]
worst = max(abs(a - b) for a, b in pairs)
print(f"{len(pairs)} bytes differ by {worst} at most, {sum(a != b for a, b in pairs)} of them at all")
sys.exit(worst > 1)
