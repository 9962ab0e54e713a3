"""Machine code of sm_90 as the model of clocks reads it: what stands in the 16 bytes
of an instruction, and one warp that walks over them in order."""
import dataclasses
import pathlib
import struct

import hardware

BRA, EXIT, CALL, TRAP, MEMBAR = 0x947, 0x94d, (0x943, 0x944), 0x95c, 0x992
HGMMA, HMMA, LDG, STS = 0x9f0, 0x23c, 0x981, (0x388, 0x988)
UCGABAR_ARV = 0x9c7


@dataclasses.dataclass(frozen=True)
class Instruction:
    low: int
    high: int

    @property
    def opcode(self):
        return self.low & 0xfff

    @property
    def is_conditional(self):
        """Guarded, or a branch on a second predicate, or on divergence."""
        guarded = self.low >> 12 & 7 != 7
        branch = self.opcode == BRA and (self.high >> 23 & 7 != 7 or self.high >> 27 & 1)
        return guarded or branch

    @property
    def offset(self):
        """Of a branch, in instructions from the one behind it."""
        field = self.low >> 34 | (self.high & 0x3ffff) << 30
        value = field << 8 | self.low >> 16 & 0xff
        value -= (value >> 55 & 1) << 56
        return value * 4 // 16

    @property
    def stall(self):
        return max(self.high >> 41 & 15, 1)

    @property
    def scoreboards(self):
        """(set by the result, set when operands are read, mask waited for)"""
        return self.high >> 46 & 7, self.high >> 49 & 7, self.high >> 52 & 63


def elf_sections(data):
    sections_at, = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3a)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, sections_at + i * size)
                for i in range(count)]
    for section in sections:
        at = sections[names][4] + section[0]
        yield data[at:data.index(b"\0", at)].decode(), section


def cubin_of(path):
    """A cubin's bytes, or those of the first one in an artifact."""
    data = pathlib.Path(path).read_bytes()
    at = 0
    while at >= 0:
        if data[at + 18:at + 20] == b"\xbe\0":  # EM_CUDA
            return data[at:]
        at = data.find(b"\x7fELF", at + 1)
    raise SystemExit(f"{path}: holds no cubin")


def kernels(cubin):
    """{name: instructions}"""
    found = {}
    for name, section in elf_sections(cubin):
        if name.startswith(".text."):
            words = struct.iter_unpack("<QQ", cubin[section[4]:section[4] + section[5]])
            found[name[6:]] = [Instruction(*word) for word in words]
    return found


def target(code, at):
    return at + 1 + code[at].offset


def loops(code):
    """(first, last) of each backward branch but the endless one behind EXIT."""
    return [(target(code, i), i) for i, x in enumerate(code)
            if x.opcode == BRA and target(code, i) < i]


def walk(code, begin, end, trips=None, load=None):
    """Clocks that one warp takes from instruction `begin` until it comes to one of
    `end`: stalls as the code says, and waits for scoreboards. Forward branches are
    taken where they are not conditional, or leave out a call or a trap or less than
    nine instructions; a loop is passed `trips` times by its last instruction, else
    once."""
    trips = dict(trips or {})
    clock, ready, at, issued = 0, [0] * 8, begin, 0
    while at not in end and at < len(code) and issued < 200000:
        x = code[at]
        if x.opcode == EXIT and not x.is_conditional:
            break
        written, read, waited = x.scoreboards
        for board in range(6):
            if waited >> board & 1:
                clock = max(clock, ready[board])
        latency = hardware.LATENCY.get(x.opcode, hardware.OTHER_LATENCY)
        if load is not None and x.opcode == LDG:
            latency = load
        if written < 6:
            ready[written] = max(ready[written], clock + latency)
        if read < 6:
            ready[read] = max(ready[read], clock + min(latency, 16))
        issued += 1
        clock += x.stall
        if x.opcode == BRA and is_taken(code, at, trips):
            clock += hardware.TAKEN_BRANCH - x.stall
            at = target(code, at)
        else:
            at += 1
    return clock


def is_taken(code, at, trips):
    to = target(code, at)
    if to <= at:
        trips[at] = trips.get(at, 1) - 1
        return trips[at] > 0
    if not code[at].is_conditional:
        return True
    if code[at].high >> 27 & 1:  # where lanes diverge
        return False
    left_out = code[at + 1:to]
    return len(left_out) <= 8 or (len(left_out) < 64 and any(
        x.opcode == TRAP or x.opcode in CALL for x in left_out))
