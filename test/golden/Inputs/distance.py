"""distance.py GOT WANTED BUDGET: the relative L2 distance of the tensors `out`
(float32 or float64) of two safetensors files."""
import array
import json
import math
import struct
import sys


def read(path):
    data = open(path, "rb").read()
    (size,) = struct.unpack("<Q", data[:8])
    out = json.loads(data[8:8 + size])["out"]
    begin, end = out["data_offsets"]
    return array.array({"F32": "f", "F64": "d"}[out["dtype"]], data[8 + size + begin:8 + size + end])


got, wanted = read(sys.argv[1]), read(sys.argv[2])
assert len(got) == len(wanted) > 0
distance = math.dist(got, wanted) / math.hypot(*wanted)
budget = float(sys.argv[3])
print(f"{distance:.1e}, {'within' if distance <= budget else 'beyond'} {budget:.0e}")
sys.exit(not distance <= budget)
