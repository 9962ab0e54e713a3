"""Clocks of a kernel, from its machine code and its launch.

A launch is waves of blocks. A block of a matmul on wgmma is a start, steps of 64 deep
and an epilogue, one behind the other; a step is the slowest of the tensor cores, of
the warp's own way, and of the ports into the multiprocessor. Other kernels are the
longest of one warp's way, of what a multiprocessor can do and of their bytes.
"""
import dataclasses
import math

import sass
from sass import HGMMA, HMMA, STS, UCGABAR_ARV


@dataclasses.dataclass
class Prediction:
    name: str
    kind: str
    blocks: int
    waves: float
    prologue: float = 0.0  # clocks of a block
    step: float = 0.0
    epilogue: float = 0.0
    steps: int = 0
    tensor: float = 0.0  # clocks of a block in which the tensor cores work
    shared: float = 0.0  # bytes through a block's shared memory
    l2: float = 0.0  # bytes to all multiprocessors
    hbm: float = 0.0
    clocks: float = 0.0  # of the launch
    count: int = 1

    def micros(self, gpu):
        return self.clocks / gpu.hertz * 1e6

    @property
    def tensor_share(self):
        return self.tensor * self.waves / self.clocks if self.clocks else 0.0


def blocks_of(launch, rows):
    count = 1
    for per_row, fixed, tile in launch["grid"]:
        count *= -(-(per_row * rows + fixed) // tile)
    return count


def waves_of(blocks, resident):
    """Whole waves where there are few; of many, blocks drift apart."""
    waves = blocks / resident
    return math.ceil(waves) if waves <= 2 else waves + 0.4


class Matmul:
    """The tile of a kernel on wgmma, read off its launch."""

    def __init__(self, kernel, code, rows):
        launch = kernel["launch"]
        weight, *x = launch["tensor_maps"]
        self.consumers = launch["threads"] // 128 - 1
        self.down = launch["grid"][1][1]
        self.columns = weight["box"][1] * self.down
        self.rows = 64 * self.consumers
        self.across = self.rows // x[0]["box"][1] if x else 1
        self.steps = -(-weight["columns"] // 64)
        self.features = weight["rows"][1]
        self.makes_rows = not x
        first = next(i for i, one in enumerate(code) if one.opcode == HGMMA)
        column_blocks = launch["grid"][0][1]
        self.tiles = -(-self.features // (self.columns * column_blocks)) if self.makes_rows else 1
        self.first = first

    def port_bytes(self):
        """Of a step: (read by wgmma, written by TMA)."""
        read = 4 * self.consumers * (64 + self.columns) * 32
        written = (self.columns + (0 if self.makes_rows else self.rows)) * 128
        return read, written


def products_loop(code):
    """(first, last, products in it) of the innermost loop around products, or of all
    products where they are unrolled."""
    products = [i for i, x in enumerate(code) if x.opcode == HGMMA]
    around = [loop for loop in sass.loops(code)
              if sum(loop[0] <= i <= loop[1] for i in products)]
    if around:
        begin, end = min(around, key=lambda loop: loop[1] - loop[0])
        count = sum(begin <= i <= end for i in products)
    else:
        begin, end, count = products[0], products[-1], len(products) - 1
    return begin, end, count


def own_way(code):
    """Clocks that a consumer's warp takes for a step itself, fences of the GPU left
    out, and how many of these there are."""
    begin, end, count = products_loop(code)
    fences = sum(x.opcode == sass.MEMBAR and x.high >> 12 & 15 != 8
                 for x in code[begin:end + 1])
    steps = max(count / 4, 1)
    return sass.walk(code, begin, {end}) / steps, fences / steps


def epilogue_of(code, gpu):
    begin = products_loop(code)[1] + 1
    ends = {i for i in range(begin, len(code)) if code[i].opcode == UCGABAR_ARV}
    first = next(i for i, x in enumerate(code) if x.opcode == HGMMA)
    ends |= {i for begin_, i in sass.loops(code) if i > begin and begin_ < first}
    return sass.walk(code, begin, ends, load=gpu.l2_latency)


def rows_made(code, matmul, gpu):
    """Of the loop that makes rows before the first product, 0 where none does."""
    around = [(a, b) for a, b in sass.loops(code)
              if b < matmul.first and any(x.opcode in STS for x in code[a:b])]
    if not around:
        return 0
    begin, end = max(around, key=lambda loop: loop[1] - loop[0])
    # A store a chunk of 8 columns, of 32 lanes; 8 or 12 warps share the rows.
    once = max(1, round(sum(x.opcode in STS for x in code[begin:end]) /
                        (matmul.steps * 8 / 32 + 1)))
    trips = matmul.rows // (once * 4 * (1 + matmul.consumers))
    return trips * sass.walk(code, begin, {end}, load=gpu.l2_latency)


def moved_bytes(kernel, rows):
    """(weights, all else): a launch's bytes outside of multiprocessors."""
    return kernel["fixed_bytes"], (kernel["bytes"] - kernel["fixed_bytes"]) * rows


def is_cached(kernel, rows, gpu):
    """What kernels leave each other is still in the L2 cache."""
    return moved_bytes(kernel, rows)[1] < gpu.l2_bytes / 2


def supply(kernel, rows, gpu):
    """Bytes a clock to each multiprocessor, of what all read and write at once."""
    hbm = gpu.hbm / gpu.hertz / gpu.multiprocessors
    return gpu.l2 if is_cached(kernel, rows, gpu) else hbm


def beside_products(kernel, rows):
    """Bytes that a matmul's epilogue reads and writes: not the weight, not x."""
    x = kernel["launch"]["tensor_maps"][1:]
    return moved_bytes(kernel, rows)[1] - sum(
        one["row_bytes"] * one["rows"][0] * rows for one in x)


def predict_wgmma(kernel, code, rows, gpu):
    m = Matmul(kernel, code, rows)
    blocks = blocks_of(kernel["launch"], rows)
    cluster = m.down * m.across
    resident = next(count for size, count in gpu.resident if cluster >= size)
    waves = waves_of(blocks, resident)
    tensor = m.consumers * 64 * m.columns * 64 / gpu.tensor_macs
    read, written = m.port_bytes()
    way, fences = own_way(code)
    moved = written / m.down if m.makes_rows else (
        m.columns * 128 / m.down + m.rows * 128 / m.across)
    step = max(tensor, way + fences * gpu.gpu_fence, (read + written) / gpu.shared,
               written / gpu.ingress, moved / gpu.l2)
    result = Prediction(kernel["name"], "wgmma", blocks, waves, steps=m.steps * m.tiles)
    result.prologue = gpu.start + (rows_made(code, m, gpu) if m.makes_rows else 0)
    result.step = step
    result.epilogue = max(epilogue_of(code, gpu),
                          beside_products(kernel, rows) / blocks / m.tiles / supply(kernel, rows, gpu))
    result.tensor = m.tiles * m.steps * tensor
    result.shared = m.tiles * m.steps * (read + written)
    result.l2 = blocks * m.tiles * m.steps * moved
    result.clocks = waves * (result.prologue +
                             m.tiles * (m.steps * step + result.epilogue))
    return result


def predict_attention(kernel, code, rows, gpu):
    """One warp of four a scheduler; the blocks of keys are the loop around HMMA."""
    products = [i for i, x in enumerate(code) if x.opcode == HMMA]
    around = [loop for loop in sass.loops(code)
              if all(loop[0] <= i <= loop[1] for i in products)]
    begin, end = min(around, key=lambda loop: loop[1] - loop[0])
    launch = kernel["launch"]
    tokens = kernel["tokens"]
    keys = -(-tokens // 64)
    blocks = blocks_of(launch, rows)
    at_once = max(1, min(227 * 1024 // (launch["shared_bytes"] + 1024), 16))
    waves = waves_of(blocks, gpu.multiprocessors * at_once)
    result = Prediction(kernel["name"], "attention", blocks, waves, steps=keys)
    result.prologue = sass.walk(code, 0, {begin}) + gpu.l2_latency
    result.step = sass.walk(code, begin, {end})
    result.epilogue = sass.walk(code, end + 1, set())
    # 4 warps a block share 4 schedulers; mma.sync and ldmatrix are the blocks' own.
    issue = (end - begin) * at_once
    macs = kernel["macs"] * rows / blocks / keys
    tensor = macs / (gpu.tensor_macs * gpu.mma_sync)
    loads = sum(x.opcode == 0x83b for x in code[begin:end]) * 4 * 512 / gpu.shared
    busy = min(at_once, math.ceil(blocks / gpu.multiprocessors))
    step = max(result.step, issue * busy / at_once, tensor * busy, loads * busy)
    result.tensor = macs * keys / gpu.tensor_macs * busy
    result.shared = loads * gpu.shared * keys
    result.clocks = waves * (result.prologue + keys * step + result.epilogue)
    return result


def predict_other(kernel, code, rows, gpu):
    """Row kernels, and what the ordinary cores do."""
    launch = kernel["launch"]
    blocks = blocks_of(launch, rows)
    at_once = max(1, min(2048 // launch["threads"], 32))
    waves = waves_of(blocks, gpu.multiprocessors * at_once)
    result = Prediction(kernel["name"], kernel["kind"], blocks, waves)
    way = sass.walk(code, 0, set(), load=gpu.l2_latency)
    busy = min(blocks / gpu.multiprocessors, at_once)
    macs = kernel["macs"] * rows / min(blocks, gpu.multiprocessors)
    result.prologue = way
    issue = len(code) * launch["threads"] / 128 * busy if kernel["kind"] == "row" else 0
    # A block's products, at half the cores' rate: tiles are small.
    result.clocks = max(waves * max(way, issue), macs / (gpu.cuda_macs / 2) + way)
    return result


def is_wgmma(code):
    return any(x.opcode == HGMMA for x in code)


def predict(kernel, code, rows, gpu):
    if is_wgmma(code):
        result = predict_wgmma(kernel, code, rows, gpu)
    elif kernel["kind"] == "attention" and any(x.opcode == HMMA for x in code):
        result = predict_attention(kernel, code, rows, gpu)
    else:
        result = predict_other(kernel, code, rows, gpu)
    weights, rest = moved_bytes(kernel, rows)
    result.hbm = weights + (0 if is_cached(kernel, rows, gpu) else rest)
    result.clocks = max(result.clocks, result.hbm / gpu.hbm * gpu.hertz)
    return result
