"""Plants a list's bugs one at a time: mutants.py BUILD LIST [CHECK [PART]].

Each must compile, and must be caught by the check it names: by a wrong result,
by the executor's own diagnosis, by a sanitizer or by a hang. CHECK selects the
mutants of one check, PART those whose headline holds it.
"""
import pathlib
import re
import shutil
import sys
import tempfile

import build

# Tried in this order until one notices.
ATTEMPTS = [("plain", ()), ("asan", ("--few",)), ("tsan", ("--few",))]


def parse(text):
    """Yields (headline, check, file, [(old, new)...])."""
    for block in re.split(r"\n\s*\n", re.sub(r"(?m)^#.*\n", "", text).strip()):
        head, *lines = block.splitlines()
        check, file, headline = head.split(None, 2)
        edits = []
        for line in lines:
            sign, text = line[0], line[2:]
            if sign == "-":
                edits.append((text, ""))
            elif sign == "+":
                edits[-1] = (edits[-1][0], text)
            else:
                sys.exit(f"mutants: expected '-' or '+', but found '{line}'")
        yield headline, check, file, edits


def edited(source, edits, headline):
    """Whitespace is as the formatter likes it: any matches any."""
    for old, new in edits:
        pattern = r"\s*".join(map(re.escape, re.findall(r"\w+|[^\w\s]", old)))
        source, count = re.subn(pattern, lambda match: new, source)
        if count != 1:
            sys.exit(f"mutants: {headline}: expected '{old}' once, but found it "
                     f"{count} times")
    return source


def summary(code, text):
    """What a failed run said, in one line."""
    for mark in ("simt: error:", "WARNING: ThreadSanitizer:", "runtime error:",
                 "ERROR: AddressSanitizer:", ": wrong under"):
        for line in text.splitlines():
            if mark in line:
                return line[line.index(mark):] if mark != ": wrong under" else line
    return text.strip() or f"exit code {code}"


def caught(check, scratch, folder):
    for variant, arguments in ATTEMPTS:
        executable = build.program(check, variant, folder, scratch / "device",
                                   scratch / "kernels", scratch)
        code, text = build.run(executable, arguments, timeout=60)
        if code != 0:
            return f"{variant}: {summary(code, text)}"
    return None


def main():
    folder, path, only, part = (sys.argv[1:] + ["", ""])[:4]
    survivors, count = [], 0
    mutants = parse(pathlib.Path(path).read_text())
    for headline, check, file, edits in mutants:
        if only not in ("", check) or part not in f"{file}: {headline}":
            continue
        count += 1
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            shutil.copytree(build.DEVICE, scratch / "device")
            shutil.copytree(build.HERE / "kernels", scratch / "kernels")
            path = scratch / ("device" if file.endswith(".h") else "kernels") / file
            path.write_text(edited(path.read_text(), edits, headline))
            try:
                how = caught(check, scratch, folder)
            except build.CompileError as error:
                sys.exit(f"{file}: {headline}: does not compile:\n{error}")
        print(f"{'caught' if how else 'SURVIVES'}: {file}: {headline}: {how}",
              flush=True)
        if not how:
            survivors.append(headline)
    print(f"{count - len(survivors)} of {count} mutants were caught")
    return 1 if survivors or not count else 0


if __name__ == "__main__":
    sys.exit(main())
