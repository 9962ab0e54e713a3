"""launches.py MANIFEST CUBIN: every launch of the manifest names a function of the
cubin, and has one of 'launch' and 'cublaslt'."""
import json
import struct
import sys

manifest = json.load(open(sys.argv[1]))
cubin = open(sys.argv[2], "rb").read()
assert len(cubin) > 64 and cubin[:4] == b"\x7fELF", "not an ELF file"
machine, = struct.unpack_from("<H", cubin, 18)
assert machine == 190, f"machine {machine} is not CUDA's"

# The sections by name: a kernel's instructions are in .text.NAME.
at, = struct.unpack_from("<Q", cubin, 0x28)
size, count, names = struct.unpack_from("<HHH", cubin, 0x3a)
sections = [struct.unpack_from("<IIQQQQIIQQ", cubin, at + i * size) for i in range(count)]
found = set()
for section in sections:
    begin = sections[names][4] + section[0]
    found.add(cubin[begin:cubin.index(b"\0", begin)].decode())

functions = set()
for function in manifest["functions"]:
    entries = function["kernels"]
    print(f"{function['name']}: {len(entries)} launches")
    for entry in entries:
        assert ("launch" in entry) != ("cublaslt" in entry), entry
        if "launch" in entry:
            functions.add(entry["launch"]["function"])
if "step" in manifest:
    functions.add(manifest["step"]["launch"]["function"])
missing = sorted(f for f in functions if ".text." + f not in found)
if missing:
    sys.exit(print("not in the cubin:", *missing) or 1)
print(f"all of {len(functions)} functions are in the cubin")
