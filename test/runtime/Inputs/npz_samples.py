# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads a series with the standard zip reader, which checks its sums.
npz_samples.py SERIES.npz SAMPLES.npy: compares the samples of both.
npz_samples.py --break SERIES.npz OTHER.npz: makes OTHER.npz.part of 20 of its
samples, with a wrong checksum in the journal."""
import ast
import json
import struct
import sys
import zipfile


def split(npy):
    end = 10 + int.from_bytes(npy[8:10], "little")
    return ast.literal_eval(npy[10:end].decode()), npy[end:]


def member(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["arr_0.npy", "arr_1.npy"]
        assert archive.testzip() is None
        return archive.read("arr_0.npy"), archive.read("arr_1.npy"), archive.comment


if sys.argv[1] == "--break":
    settings = json.loads(member(sys.argv[2])[2])
    with open(sys.argv[2], "rb") as whole, open(sys.argv[3] + ".part", "wb") as part:
        part.write(whole.read())
    with open(sys.argv[3] + ".part.json", "w") as journal:
        json.dump({"settings": settings, "done": 20, "crc32": 1}, journal)
else:
    arrays = member(sys.argv[1])
    header, samples = split(arrays[0])
    _, others = split(open(sys.argv[2], "rb").read())
    same = "the same bytes" if samples == others else "other bytes"
    second, labels = split(arrays[1])
    numbers = [n for (n,) in struct.iter_unpack("<q", labels)]
    print("arr_1", second["descr"], str(second["shape"]) + ":", *numbers)
    print("arr_0", header["descr"], str(header["shape"]) + ",", same)
