"""Every primitive of the device header has a host half and an executed case, and
README.md says of each that no GPU has confirmed it: wrappers_table.py REPO."""
import pathlib
import re
import sys

repo = pathlib.Path(sys.argv[1])
device = repo / "codegen/cuda/device"
text = "".join((device / name).read_text() for name in ("ptx.h", "ptx_sm90.h"))
names = sorted(set(re.findall(r"DIT_INLINE\s+[\w ]+?(\w+)\s*\(", text)) - {"run"})
host = (repo / "test/simt/executor/simt_device.h").read_text()
cases = (repo / "test/simt/kernels/wrappers.cu").read_text()
cases += (device / "dit_device.h").read_text()  # called through it
readme = (repo / "test/simt/README.md").read_text().split("## Unconfirmed", 1)[-1]
unconfirmed = readme.split("\n## ", 1)[0]
wrong = 0
for name in names:
    for what, where in (("host half", host), ("case in wrappers.cu", cases),
                        ("place in README.md's list", unconfirmed)):
        if not re.search(rf"\b{name}\b", where):
            print(f"{name}: no {what}")
            wrong += 1
print(f"{len(names)} primitives, {wrong} gaps")
sys.exit(1 if wrong else 0)
