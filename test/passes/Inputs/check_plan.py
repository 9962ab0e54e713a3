#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Makes random graphs of regions with random sizes and second readers, plans
# them, and checks each plan by itself: lives that meet must not overlap, and the
# arena is at most 1.1 times the largest sum of live bytes. With a file, checks
# that planned module instead.
import random
import re
import subprocess
import sys


def graph(rand, steps):
    """A function of regions; returns its text."""
    lines, widths = [], {}
    for i in range(steps):
        widths[i] = rand.choice([3, 16, 17, 40, 64, 100, 256])
        # Long lives are rarer than short ones.
        reads = sorted({j for j in [i - 1, rand.randrange(i + 1) - 1] if j >= 0}) if i else []
        if rand.random() < 0.5:
            reads = reads[-1:]
        if not reads:
            inputs, body = "%a = %x", ("%a", 8)
            types = "tensor<?x8xf32>"
        else:
            inputs = ", ".join(f"%a{j} = %{j}" for j in reads)
            types = ", ".join(f"tensor<?x{widths[j]}xf32>" for j in reads)
            body = (f"%a{reads[-1]}", widths[reads[-1]])
        # The body only has to be legal to the verifier: memory planning looks at boundaries.
        out = f"tensor<?x{widths[i]}xf32>"
        lines.append(f"  %w{i} = dit.weight \"w{i}\" : tensor<{widths[i]}x{body[1]}xf32>")
        lines.append(f"  %{i} = dit.fused linear ({inputs}, %w = %w{i}) : ({types}, tensor<{widths[i]}x{body[1]}xf32>) -> {out} {{")
        lines.append(f"    %r = dit.linear {body[0]} weight(%w) : (tensor<?x{body[1]}xf32>, tensor<{widths[i]}x{body[1]}xf32>) -> {out}")
        lines.append(f"    dit.yield %r : {out}\n  }}")
    last = f"tensor<?x{widths[steps - 1]}xf32>"
    return (f"func.func @denoise(%x: tensor<?x8xf32>) -> {last} {{\n" + "\n".join(lines) +
            f"\n  return %{steps - 1} : {last}\n}}\n")


def bytes_of(type):
    size = 4
    for dim in re.findall(r"(\d+)x", type):
        size *= int(dim)
    return (size + 63) // 64 * 64


def check(text):
    """(arena, bound) of each function, after checking that nothing overlaps."""
    found = []
    for function in re.split(r"(?=func\.func )", text)[1:]:
        if "@prepare" in function:
            continue
        lives, views, step = {}, {}, 0
        base = lambda name: base(views[name]) if name in views else name
        for line in function.split("\n"):
            view = re.match(r"\s+(%\w+) = dit\.(?:slice|reshape) (%[\w#]+)", line)
            region = re.match(r"\s+(%\w+)(?::\d+)? = dit\.fused \w+ \((.*?)\) : .*-> (.*) \{", line)
            offsets = re.search(r"offsets = array<i64: ([-\d, ]+)>", line)
            if view:
                views[view[1]] = view[2]
            elif region:
                for name in re.findall(r"= (%[\w#]+)", region[2]):
                    if base(name) in lives:
                        lives[base(name)][1] = step
                types = re.findall(r"tensor<[^>]*>", region[3])
                made = [region[1]] if len(types) == 1 else [f"{region[1]}#{i}" for i in range(len(types))]
                for name, type in zip(made, types):
                    lives[name] = [step, step, bytes_of(type), None]
                step += 1
            elif offsets:
                for name, offset in zip(made, offsets[1].split(", ")):
                    lives[name][3] = int(offset)
            elif line.lstrip().startswith("return "):
                for name in re.findall(r"%[\w#]+", line):
                    if base(name) in lives:
                        assert lives[base(name)][3] == -1, f"{name} is returned, but has an offset"
        placed = {name: life for name, life in lives.items() if life[3] != -1}
        for a, (first, last, size, offset) in placed.items():
            assert offset % 64 == 0, a
            for b, (other_first, other_last, other_size, other) in placed.items():
                meet = a != b and first <= other_last and other_first <= last
                assert not (meet and offset < other + other_size and other < offset + size), f"{a} and {b} overlap"
        arena = int(re.search(r"dit.arena_bytes = (\d+)", function)[1])
        bound = max([sum(l[2] for l in placed.values() if l[0] <= s <= l[1]) for s in range(step)], default=0)
        assert bound == int(re.search(r"dit.live_bytes = (\d+)", function)[1]), "another bound than the pass says"
        assert max([l[3] + l[2] for l in placed.values()], default=0) <= arena <= 1.1 * bound, (arena, bound)
        found.append((arena, bound))
    return found


def main():
    if len(sys.argv) > 1:
        for arena, bound in check(open(sys.argv[1]).read()):
            print(f"arena {arena}, at least {bound}, ratio {arena / max(bound, 1):.3f}")
        return
    rand = random.Random(1)
    modules = [f"module {{\n{graph(rand, rand.randrange(3, 70))}}}\n" for _ in range(100)]
    planned = subprocess.run(["dit-opt", "--split-input-file", "--dit-plan-memory", "-"], input="// -----\n".join(modules),
                             capture_output=True, text=True)
    assert planned.returncode == 0, planned.stderr
    found = check(planned.stdout)
    print(f"{len(found)} random graphs, worst ratio {max(a / b for a, b in found):.3f}")


if __name__ == "__main__":
    main()
