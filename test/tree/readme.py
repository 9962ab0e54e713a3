"""Checks that what README.md shows is what the tools print.

A fenced block after `<!-- output of: COMMAND -->` must be COMMAND's output, with
numbers of time and load written as they come. `--update` writes it anew. Run in the
repository's root with build/bin on PATH."""
import pathlib
import re
import subprocess
import sys

path = pathlib.Path("README.md")
text = path.read_text()
block = re.compile(r"<!-- output of: (.+?) -->\n```(\w*)\n(.*?)```\n", re.S)


def run(command):
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    return done.stdout + done.stderr


def replaced(match):
    command, language, _ = match.groups()
    return f"<!-- output of: {command} -->\n```{language}\n{run(command)}```\n"


fresh = block.sub(replaced, text)
if "--update" in sys.argv:
    path.write_text(fresh)
elif fresh != text:
    for match in block.finditer(text):
        if match.group(3) != run(match.group(1)):
            print(f"README.md: the output of `{match.group(1)}` is now:\n{run(match.group(1))}")
    sys.exit(1)
print(len(block.findall(text)), "outputs checked")
