"""What the model of clocks knows of a GPU: one number a line, with its source.

None was measured with these kernels. The first run of bench/gpu.sh on a GPU prints
measurements beside predictions, and corrects them here.
"""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Hardware:
    name: str
    hbm: float  # bytes a second: the data sheet
    # Data sheet: 1.98 at most; under a full load about this (uncertain: 1.4 to 1.98).
    hertz: float = 1.70e9
    multiprocessors: int = 132  # SXM5: the data sheet
    # bf16 multiply-adds a clock of a multiprocessor: 989 TFLOP/s at 1.83 GHz.
    tensor_macs: int = 4096 // 2
    # mma.sync reaches about this part of wgmma's rate (published microbenchmarks).
    mma_sync: float = 0.62
    cuda_macs: int = 128  # float32, CUDA C++ Programming Guide, Arithmetic Instructions
    # Bytes a clock of a multiprocessor. Shared memory: 32 banks of 4 bytes. That TMA's
    # writes and wgmma's reads share it is UNCERTAIN, and so is the way in, 64.
    shared: int = 128
    ingress: int = 64
    l2: float = 32.0  # from L2, published microbenchmarks (28 to 32)
    l2_bytes: int = 50 << 20  # the data sheet
    l2_latency: int = 300  # of a hit, published microbenchmarks (260 to 300)
    # From one kernel's last block to the next one's first, in a graph: published for
    # H100 as 1.1 to 1.3 us.
    boundary: int = 1900
    # A block of a matmul before its first product: barriers, the cluster's meeting,
    # and the first bytes of the weight from HBM. UNCERTAIN (1500 to 2500).
    start: int = 2000
    # A fence of the whole GPU. UNCERTAIN (0 to 1000).
    gpu_fence: int = 300
    # Blocks of a cluster of 8, of 4, of fewer, that are resident at once: groups of
    # 16 or 18 multiprocessors, published counts.
    resident: tuple = ((8, 120), (4, 128), (1, 132))


H100 = Hardware("H100 SXM", 3.35e12)
H200 = Hardware("H200 SXM", 4.8e12)

# Clocks from issue to result, where they are not the instruction's own fixed stall:
# opcode (the low 12 bits) to clocks. Published microbenchmarks of Volta to Hopper.
LATENCY = {
    0x308: 22, 0x908: 22,  # MUFU
    0x302: 22,  # FCHK
    0x389: 24, 0x589: 24, 0xf89: 24,  # SHFL
    0x981: 300,  # LDG
    0x984: 30,  # LDS
    0x83b: 33,  # LDSM
    0x388: 14, 0x988: 14, 0x986: 14,  # STS, STG
    0x919: 30, 0x9c3: 30,  # S2R, S2UR
    0x2ca: 11,  # R2UR
    0xb82: 40, 0xab9: 12,  # LDC, ULDC
    0x23c: 33,  # HMMA 16816
    0x305: 14, 0x311: 14, 0x312: 14,  # F2I, I2F
    0xfae: 20,  # LDGSTS
    0x5a7: 25, 0x5b2: 25, 0x9a7: 25,  # SYNCS
    0x91a: 0,  # DEPBAR: what it waits for is counted elsewhere
    0x886: 12, 0x82f: 12, 0x3b4: 14,  # VOTEU, ELECT, UTMALDG
}
OTHER_LATENCY = 6
TAKEN_BRANCH = 8
