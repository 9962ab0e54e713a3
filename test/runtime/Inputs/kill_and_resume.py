# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kills `COMMAND -o FILE` at 20 random moments, lets it go on after each, and
compares the finished file with an unbroken run's, byte for byte."""
import json
import os
import random
import signal
import subprocess
import sys
import time

folder, command = sys.argv[1], sys.argv[2:]
unbroken, broken = folder + "/unbroken.npz", folder + "/broken.npz"
part, journal = broken + ".part", broken + ".part.json"
os.makedirs(folder, exist_ok=True)


def start(path):
    return subprocess.Popen(command + ["-o", path], stdout=subprocess.DEVNULL)


def remove(*paths):
    for path in paths:
        if os.path.exists(path):
            os.remove(path)


remove(unbroken, unbroken + ".part", unbroken + ".part.json")
begin = time.monotonic()
assert start(unbroken).wait() == 0
seconds = time.monotonic() - begin
expected = open(unbroken, "rb").read()

moments = random.Random(7)
kills, halfway = 0, 0
for attempt in range(200):
    if kills == 20:
        break
    remove(broken, part, journal)
    process = start(broken)
    time.sleep(moments.uniform(0, seconds))
    process.send_signal(signal.SIGKILL)
    if process.wait() != -signal.SIGKILL:
        continue  # It was faster this time.
    kills += 1
    assert not os.path.exists(broken) or open(broken, "rb").read() == expected
    if os.path.exists(journal):
        state = json.load(open(journal))
        first, end = state["settings"]["samples"]
        halfway += 0 < state["done"] < end - first
    # What a kill of the writing leaves behind the last sample counts for nothing.
    if os.path.exists(part) and kills % 2:
        with open(part, "ab") as file:
            file.write(b"torn" * 25)
    assert start(broken).wait() == 0
    if open(broken, "rb").read() != expected:
        sys.exit(f"the file differs after kill {kills}")
    if os.path.exists(part) or os.path.exists(journal):
        sys.exit("the parts of a finished file are still there")
print(f"{kills} kills, all files the same; halfway: "
      + ("many" if halfway >= 5 else str(halfway)))
