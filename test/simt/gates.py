"""What can be said of a kernel without running it.

gates.py BUILD host: g++ compiles the host's half of kernels/ without a warning.
gates.py BUILD nvcc LIMITS [NAME...]: ptxas' report of each file, and the opcodes
in its cubin, are held against a file of limits.
gates.py BUILD emitted FILE: the kernels of an emitted file that use wgmma have
their opcodes, all in registers.
gates.py BUILD mutants LIST FILE: each bug of a list, planted in the device
headers, is found by `emitted`.
gates.py BUILD faults ARCH FILE...: no kernel of emitted files has one.
gates.py BUILD model ARCH LIMITS FILE...: the same of emitted files.
gates.py BUILD nvrtc [FILE...]: what ditc uses compiles the same text, or other
files, for more architectures, from memory and without the toolkit's headers.
"""
import collections
import contextlib
import ctypes
import fnmatch
import io
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

import build
from mutants import edited, parse

PORTABLE = ["row", "attention", "matmul", "step"]
HOPPER = ["matmul_sm90", "wrappers"]
FILES = {"sm_80": PORTABLE, "sm_90a": PORTABLE + HOPPER}
NVRTC_FILES = {**FILES, "sm_86": PORTABLE, "sm_89": PORTABLE, "sm_100": PORTABLE}

# The low 12 bits of an instruction's first word. Local memory is in the list to
# be absent.
OPCODES = {0x23c: "HMMA", 0x9f0: "HGMMA", 0x83b: "LDSM", 0xfae: "LDGSTS",
           0x5b4: "UTMALDG", 0x3b4: "UTMALDG",  # the latter to several blocks
           0x981: "LDG", 0x986: "STG", 0xf89: "SHFL",
           0x9c8: "USETMAXREG", 0x983: "LDL", 0x387: "STL", 0x987: "STL",
           0x302: "FCHK", 0x992: "MEMBAR"}

# What the machine code of a kernel must not have, and what is wrong with it.
# Kernels that run once a load may divide, and compute in float64.
FAULTS = {"FCHK": "a division that is right to the last bit (use device::rcp)",
          "slow path": "of a division or a root that is right to the last bit",
          "MEMBAR.GPU": "a fence of the whole GPU"}
ONCE_A_LOAD = ("dit_timestep_embedding_*", "dit_sincos_position_*",
               "dit_rotary_position_*")


def toolkit():
    nvcc = shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc"
    return pathlib.Path(nvcc).resolve().parent.parent if pathlib.Path(nvcc).exists() else None


def read_limits(path):
    """{(kernel, arch): (most registers, opcodes that must be there)}; a kernel may
    be a pattern. An opcode `local` is leave to use local memory."""
    limits = {}
    for line in pathlib.Path(path).read_text().splitlines():
        if line and not line.startswith("#"):
            kernel, arch, registers, *opcodes = line.split()
            limits[kernel, arch] = int(registers), opcodes
    return limits


def census(cubin):
    """{kernel: Counter of opcodes}: every instruction is 16 bytes."""
    data = cubin.read_bytes()
    sections_at, = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3a)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, sections_at + i * size)
                for i in range(count)]
    found, by_section, symbols = {}, {}, []
    for index, section in enumerate(sections):
        at = sections[names][4] + section[0]
        name = data[at:data.index(b"\0", at)].decode()
        if name.startswith(".text."):
            words = range(section[4], section[4] + section[5], 16)
            found[name[6:]] = collections.Counter(
                opcode(data, word) for word in words)
            by_section[index] = found[name[6:]]
        if section[1] == 2:  # the symbols
            strings = sections[section[6]][4]
            symbols += [(strings + name, of) for name, _, _, of, _, _ in
                        struct.iter_unpack("<IBBHQQ", data[section[4]:section[4] + section[5]])]
    # ptxas calls what a division or a root needs for the rare operands.
    for at, of in symbols:
        name = data[at:data.index(b"\0", at)]
        if of in by_section and re.search(rb"__cuda_sm\w+_(div|rcp|sqrt)_", name):
            by_section[of]["slow path"] += 1
    return found


def opcode(data, at):
    name = OPCODES.get(struct.unpack_from("<H", data, at)[0] & 0xfff)
    if name == "MEMBAR":  # of a block, or of the GPU and more
        is_block = struct.unpack_from("<H", data, at + 8)[0] & 0xf000 == 0x8000
        return "MEMBAR" if is_block else "MEMBAR.GPU"
    return name


def faults(kernel, found):
    if any(fnmatch.fnmatchcase(kernel, pattern) for pattern in ONCE_A_LOAD):
        return []
    return [f"{kernel}: {found[name]} {name}: {what}"
            for name, what in FAULTS.items() if found[name]]


def ptxas_report(text):
    """{kernel: (registers, bytes of stack, bytes spilled)}"""
    report, kernel, stack, spilled = {}, None, 0, 0
    for line in text.splitlines():
        if match := re.search(r"Compiling entry function '(\w+)'", line):
            kernel = match[1]
        elif match := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, "
                                r"(\d+) bytes spill loads", line):
            stack, spilled = int(match[1]), int(match[2]) + int(match[3])
        elif (match := re.search(r"Used (\d+) registers", line)) and kernel:
            report[kernel] = int(match[1]), stack, spilled
    return report


def run_nvcc(cuda, arch, source, cubin, device=build.DEVICE):
    return subprocess.run(
        [str(cuda / "bin" / "nvcc"), "-std=c++17", "-cubin",
         f"-gencode=arch=compute_{arch[3:]},code={arch}",
         "-Xptxas", "-v,-warn-spills,-warn-lmem-usage", f"-I{device}", f"-I{build.SHARED}",
         "-o", str(cubin), str(source)],
        capture_output=True, text=True)


def check_emitted(cuda, path, folder, device=build.DEVICE):
    """Complaints about an emitted file: a kernel has a fault; ptxas serialises
    one on wgmma, or that lacks an opcode, uses local memory or too many
    registers."""
    arch, text = "sm_90a", path.read_text()
    kernels = re.findall(r"__launch_bounds__\((\d+), 1\) (\w+)\(.*?using Tile = "
                         r"(Wgmma\w+<[^>]*>)", text, re.S)
    cubin = folder / "emitted.cubin"
    done = run_nvcc(cuda, arch, path, cubin, device)
    said = done.stdout + done.stderr
    if done.returncode:
        return [f"{path.name}: nvcc for {arch}:\n{said}"]
    wrong = [line for line in said.splitlines() if re.search(r"\bC75\d\d\b", line)]
    if not kernels:
        wrong.append(f"{path.name}: no kernel uses wgmma")
    opcodes, report = census(cubin), ptxas_report(said)
    for kernel in report:
        wrong += faults(kernel, opcodes[kernel])
    for threads, kernel, tile in kernels:
        registers, stack, spilled = report[kernel]
        found = opcodes[kernel]
        print(f"{kernel}: {tile}: {registers} registers, {found['HGMMA']} HGMMA, "
              f"{found['UTMALDG']} UTMALDG")
        if registers * int(threads) > 65536:
            wrong.append(f"{kernel}: {registers} registers for {threads} threads")
        if stack or spilled or found["LDL"] or found["STL"]:
            wrong.append(f"{kernel}: uses local memory: {stack} bytes of stack, "
                         f"{spilled} spilled")
        wrong += [f"{kernel}: no {opcode}" for opcode in ("HGMMA", "UTMALDG")
                  if not found[opcode]]
    return wrong


def check_faults(cuda, arch, path, folder):
    cubin = folder / "faults.cubin"
    done = run_nvcc(cuda, arch, path, cubin)
    if done.returncode:
        return [f"{path.name}: nvcc for {arch}:\n{done.stdout + done.stderr}"]
    opcodes = census(cubin)
    print(f"{path.name} {arch}: {len(opcodes)} kernels,",
          f"{sum(found['HMMA'] > 0 for found in opcodes.values())} of them on mma.sync")
    return [fault for kernel, found in opcodes.items() for fault in faults(kernel, found)]


def limit_of(limits, kernel, arch):
    for (pattern, of), limit in limits.items():
        if of == arch and fnmatch.fnmatchcase(kernel, pattern):
            return limit
    return None


def check_nvcc(cuda, arch, source, limits, folder):
    """Complaints about one file for one architecture."""
    cubin = folder / f"{source.stem}.{arch}.cubin"
    done = run_nvcc(cuda, arch, source, cubin)
    text = done.stdout + done.stderr
    if done.returncode:
        return [f"{source.name}: nvcc for {arch}:\n{text}"]
    # Of local memory there is more to say below.
    wrong = [f"{source.name}: {arch}: {line}" for line in text.splitlines()
             if re.search(r"warning|\bC75\d\d\b", line)
             and "Local memory used for" not in line]
    if source.stem == "wrappers":
        return wrong
    opcodes = census(cubin)
    for kernel, (registers, stack, spilled) in ptxas_report(text).items():
        limit = limit_of(limits, kernel, arch)
        if not limit:
            wrong.append(f"{kernel}: no line in the limits for {arch}: {registers} "
                         f"registers, {dict(opcodes[kernel])}")
            continue
        most, needed = limit
        found = opcodes[kernel]
        is_local = stack or found["LDL"] or found["STL"]
        found["local"] = 1
        print(f"{kernel} {arch}: {registers} registers of {most},",
              ", ".join(f"{found[o]} {o}" for o in needed))
        if registers > most:
            wrong.append(f"{kernel}: {registers} registers for {arch}, at most {most}")
        if spilled or (is_local and "local" not in needed):
            wrong.append(f"{kernel}: uses local memory for {arch}: {stack} bytes of "
                         f"stack, {spilled} spilled")
        wrong += [f"{kernel}: no {opcode} for {arch}" for opcode in needed
                  if not found[opcode]]
        wrong += [] if "local" in needed else faults(kernel, found)
    return wrong


class Nvrtc:
    def __init__(self, cuda, device=build.DEVICE):
        self.library = ctypes.CDLL(str(cuda / "lib64" / "libnvrtc.so"))
        headers = sorted(device.glob("*.h")) + [build.SHARED / "StepRow.h"]
        self.count = len(headers)
        strings = ctypes.c_char_p * self.count
        self.texts = strings(*(h.read_bytes() for h in headers))
        self.names = strings(*(h.name.encode() for h in headers))

    def compile(self, path, arch):
        """The log, or None for a cubin."""
        source, name = path.read_bytes(), path.name
        handle = ctypes.c_void_p()
        self.library.nvrtcCreateProgram(ctypes.byref(handle), source, name.encode(),
                                        self.count, self.texts, self.names)
        options = [b"-std=c++17", f"-arch={arch}".encode()]
        options = (ctypes.c_char_p * len(options))(*options)
        failed = self.library.nvrtcCompileProgram(handle, len(options), options)
        size = ctypes.c_size_t()
        self.library.nvrtcGetProgramLogSize(handle, ctypes.byref(size))
        log = ctypes.create_string_buffer(size.value)
        self.library.nvrtcGetProgramLog(handle, log)
        self.library.nvrtcGetCUBINSize(handle, ctypes.byref(size))
        self.library.nvrtcDestroyProgram(ctypes.byref(handle))
        if failed or not size.value or re.search(rb"warning|\bC75\d\d\b", log.value):
            return f"{name}: NVRTC for {arch}:\n{log.value.decode()}"
        return None


def check_mutants(cuda, mutants, path, folder):
    """Complaints about planted bugs that no gate finds."""
    wrong = []
    for headline, _, file, edits in parse(pathlib.Path(mutants).read_text()):
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            device = pathlib.Path(scratch) / "device"
            shutil.copytree(build.DEVICE, device)
            header = device / file
            header.write_text(edited(header.read_text(), edits, headline))
            with contextlib.redirect_stdout(io.StringIO()):
                found = check_emitted(cuda, path, pathlib.Path(scratch), device)
        if not found:
            wrong.append(f"SURVIVES: {file}: {headline}")
        else:
            print(f"caught: {file}: {headline}: {found[0].splitlines()[0]}")
    return wrong


def check_gcc():
    wrong = []
    for source in sorted((build.HERE / "kernels").glob("*.cu")):
        done = subprocess.run(
            ["g++", "-x", "c++", "-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror",
             "-fno-strict-aliasing", "-DDIT_SIMT", f"-I{build.DEVICE}", f"-I{build.SHARED}",
             f"-I{build.EXECUTOR}", "-c", str(source), "-o", "/dev/null"],
            capture_output=True, text=True)
        if done.returncode:
            wrong.append(f"{source.name}: g++:\n{done.stderr}")
    return wrong


def main():
    build_folder, gate, *rest = sys.argv[1:]
    folder = pathlib.Path(build_folder) / "simt-objects"
    folder.mkdir(parents=True, exist_ok=True)
    cuda = toolkit()
    wrong = []
    if gate == "host":
        wrong = check_gcc()
    elif not cuda:
        print("skipped: no CUDA toolkit")
    elif gate == "nvcc":
        limits = read_limits(rest[0])
        for arch, names in FILES.items():
            for name in names:
                if not rest[1:] or name in rest[1:]:
                    source = build.HERE / "kernels" / f"{name}.cu"
                    wrong += check_nvcc(cuda, arch, source, limits, folder)
    elif gate == "model":
        arch, limits, *files = rest
        for path in map(pathlib.Path, files):
            wrong += check_nvcc(cuda, arch, path, read_limits(limits), folder)
    elif gate == "faults":
        for path in map(pathlib.Path, rest[1:]):
            wrong += check_faults(cuda, rest[0], path, folder)
    elif gate == "mutants":
        wrong = check_mutants(cuda, rest[0], pathlib.Path(rest[1]), folder)
    elif gate == "emitted":
        wrong = check_emitted(cuda, pathlib.Path(rest[0]), folder)
    else:
        nvrtc = Nvrtc(cuda)
        for arch, names in NVRTC_FILES.items():
            paths = [path for path in map(pathlib.Path, rest)
                     if arch == "sm_90a" or "Wgmma" not in path.read_text()]
            if not rest:
                paths = [build.HERE / "kernels" / f"{name}.cu" for name in names]
            logs = [log for path in paths if (log := nvrtc.compile(path, arch))]
            print(f"{arch}: {len(paths) - len(logs)} of {len(paths)} files compile")
            wrong += logs
    print(*(wrong or [f"{gate}: nothing to complain about"]), sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
