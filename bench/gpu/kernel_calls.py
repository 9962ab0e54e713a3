# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints, for a file of kernels, one C function a kernel that launches it:

    kernel_calls.py CXX FOLDERS... FILE.cu

The file is read as the host executor reads it, macros expanded.
"""
import re
import subprocess
import sys


def parameter(text, number):
    """`const float *x`, as a C function of the same layout takes it."""
    if "*" in text:
        return f"const void *p{number}"
    kind = re.sub(r"\bconst\b", "", text).split()[0]
    kind = {"int": "int", "float": "float", "TensorMap": "gpu::Map",
            "dit::TensorMap": "gpu::Map"}.get(kind)
    if not kind:
        sys.exit(f"kernel_calls.py: a parameter must be a pointer, an int, a float or "
                 f"a TensorMap, but is '{text}'")
    return f"{kind} p{number}"


def main():
    compiler, *folders, path = sys.argv[1:]
    text = subprocess.run(
        [compiler, "-x", "c++", "-std=c++17", "-DDIT_SIMT", "-E", "-P",
         *(f"-I{folder}" for folder in folders), path],
        check=True, capture_output=True, text=True).stdout
    print('#include "GpuExecutor.h"')
    kernels = re.findall(r'extern "C"\s+void\s+(\w+)\s*\(([^()]*)\)\s*\{', text)
    if not kernels:
        sys.exit(f"kernel_calls.py: no kernel in {path}")
    for name, parameters in kernels:
        taken = [parameter(p.strip(), i) for i, p in enumerate(parameters.split(","))
                 if p.strip()]
        given = "".join(f", p{i}" for i in range(len(taken)))
        print(f'extern "C" void {name}({", ".join(taken)}) {{\n'
              f'  gpu::call("{name}"{given});\n}}')


main()
