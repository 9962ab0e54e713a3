"""Builds and runs checks: run.py BUILD VARIANT NAME [ARGUMENT...]."""
import sys

import build

folder, variant, name, *arguments = sys.argv[1:]
try:
    executable = build.program(name, variant, folder)
except build.CompileError as error:
    sys.exit(f"{name} does not compile:\n{error}")
code, text = build.run(executable, arguments)
print(text, end="")
sys.exit(code)
