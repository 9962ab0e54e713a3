"""Checks the include rules of the house: includes.py REPO."""
import pathlib
import re
import sys

ALLOWED = {
    "compiler": {"compiler", "passes", "codegen", "dialect", "runtime"},
    "passes": {"passes", "dialect"},
    "codegen": {"codegen", "dialect", "runtime/Abi.h"},
    "dialect": {"dialect"},
    "runtime": {"runtime"},
}
FOREIGN_TO_RUNTIME = re.compile(r"^(llvm|mlir|lld|clang|yaml-cpp)\b")

repo = pathlib.Path(sys.argv[1])
wrong = 0
for folder, allowed in ALLOWED.items():
    for path in sorted((repo / folder).rglob("*")):
        if path.suffix not in (".h", ".cpp", ".c"):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*[<"]([^">]+)[">]', line)
            if not match:
                continue
            name = match.group(1)
            ours = name.split("/")[0] in ALLOWED
            bad = ours and name.split("/")[0] not in allowed and name not in allowed
            bad = bad or (folder == "runtime" and FOREIGN_TO_RUNTIME.match(name))
            if bad:
                print(f"{path.relative_to(repo)}:{number}: {folder} may not include {name}")
                wrong += 1
if wrong:
    sys.exit(1)
print("every include follows the arrows")
