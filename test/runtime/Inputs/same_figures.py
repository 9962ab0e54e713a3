"""same_figures.py EXPECTED.json NAME=KEY...: figures on stdin, as JSON, are the
expected ones, to 1e-6 of their size."""
import json
import sys

expected, got = json.load(open(sys.argv[1])), json.load(sys.stdin)
wrong = 0
for pair in sys.argv[2:]:
    name, key = pair.split("=") if "=" in pair else (pair, pair)
    want = expected[key]
    if not abs(got[name] - want) <= 1e-6 * abs(want):
        print(f"{name}: {got[name]}, but expected {want}")
        wrong += 1
print(f"{len(sys.argv) - 2} figures, {wrong} wrong")
sys.exit(1 if wrong else 0)
