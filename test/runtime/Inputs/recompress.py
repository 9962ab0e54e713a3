# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""recompress.py IN.npz OUT.npz [damage|names]: the same arrays deflated, and names of pictures beside them.

With damage a bit of each deflated array is flipped; with names only the names are kept.
"""
import sys
import zipfile

source, target, *how = sys.argv[1:]
header = "{'descr': '<U9', 'fortran_order': False, 'shape': (2,), }"
header += " " * (117 - len(header)) + "\n"
names = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + "img0.png\0img1.png\0".encode("utf-32-le")
with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
    for name in [] if how == ["names"] else old.namelist():
        new.writestr(name, old.read(name))
    new.writestr("paths.npy", names)
if how == ["damage"]:
    with zipfile.ZipFile(target) as made:
        places = [info.header_offset + 30 + len(info.filename) + info.compress_size // 2 for info in made.infolist()]
    data = bytearray(open(target, "rb").read())
    for place in places:
        data[place] ^= 0x10
    open(target, "wb").write(data)
