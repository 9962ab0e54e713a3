# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""layouts.py MODEL.so: a line a weight that a layout of the artifact's manifest makes of other tensors."""
import json
import pathlib
import sys

data = pathlib.Path(sys.argv[1]).read_bytes()
begin = data.index(b'{"abi"')
manifest = json.loads(data[begin:data.index(b"\0", begin)])
for layout in manifest["checkpoint"]["layouts"]:
    for weight in layout["weights"]:
        print(layout["name"], weight["name"], weight["is"])
