// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernels/wrappers.cu: what each primitive means, written down a second time.
#include "Check.h"
#include <cmath>

using namespace check;

struct alignas(64) TensorMap {
  unsigned long long opaque[16];
};
using Matmul = void(const float *, const float *, float *);
extern "C" {
void shuffles(int *);
void named_barrier(int *);
void copies(const float *, float *);
void matrices(const uint16_t *, uint32_t *);
void mma_bf16(const float *, const float *, const float *, float *);
void mma_tf32(const float *, const float *, const float *, float *);
void conversions(const float *, float *, int);
void flags(int *, int *);
void tma_box(TensorMap, uint32_t *);
void cluster_box(TensorMap, uint32_t *, int *);
Matmul wgmma_n8, wgmma_n72, wgmma_n256;
void registers(int *);
}

/// `x` with `kept` bits of its 23 of mantissa; ties to even, or away from zero.
static double rounded(double x, int kept, bool even) {
  if (x == 0 || !std::isfinite(x))
    return x;
  const double unit = std::ldexp(1, std::ilogb(x) - kept);
  return (even ? std::nearbyint(x / unit) : std::round(x / unit)) * unit;
}
static double bf16(double x) { return rounded(x, 7, true); }
static double tf32(double x) { return rounded(x, 10, false); }

static void exchanges() {
  Buffer<int> out("out", 64);
  std::vector<double> want;
  for (int lane = 0; lane < 32; ++lane)
    want.push_back(15);
  for (int lane = 0; lane < 32; ++lane)
    want.push_back(3 * (lane ^ 9));
  Case shuffle("__shfl_sync, __shfl_xor_sync");
  shuffle.expect(out, want, 0);
  shuffle.run({{}, {32}}, [&] { out.clear(); }, [&] { shuffles(out.data()); });

  Buffer<int> squares("out", 32);
  want.clear();
  for (int lane = 31; lane >= 0; --lane)
    want.push_back(lane * lane);
  Case barrier("barrier_arrive, barrier_sync");
  barrier.expect(squares, want, 0);
  barrier.run(
      {{}, {64}, 128}, [&] { squares.clear(); },
      [&] { named_barrier(squares.data()); });

  Buffer<int> flag("flag", 1), sums("out", 9);
  want.clear();
  for (int block = 0, sum = 0; block < 9; ++block)
    want.push_back(sum += block);
  Case persistent("flag_add_release, flag_wait_at_least");
  persistent.expect(sums, want, 0);
  persistent.run(
      {{9}, {64}, 0, {}, 9}, [&] { sums.clear(), *flag.data() = 0; },
      [&] { flags(flag.data(), sums.data()); });

  Buffer<int> numbers("out", 256);
  want.clear();
  for (int i = 0; i < 256; ++i)
    want.push_back(i);
  Case trade("setmaxnreg_dec, setmaxnreg_inc");
  trade.expect(numbers, want, 0);
  trade.run(
      {{}, {256}}, [&] { numbers.clear(); },
      [&] { registers(numbers.data()); });
}

static void smallMatrices() {
  const auto in = randomFloats("in", 128, 1);
  Buffer<float> out("out", 128);
  std::vector<double> want(128);
  for (int i = 0; i < 128; ++i)
    want[i] = i / 4 % 3 ? in[i] : 0;
  Case copy("cp_async16");
  copy.expect(out, want, 0);
  copy.run(
      {{}, {32}, 512}, [&] { out.clear(); },
      [&] { copies(in.data(), out.data()); });

  Buffer<uint16_t> words("in", 256);
  for (int i = 0; i < 256; ++i)
    words.data()[i] = 257 * i;
  Buffer<uint32_t> registers("out", 256);
  std::vector<double> fragments(256);
  for (int m = 0; m < 4; ++m)
    for (int lane = 0; lane < 32; ++lane) {
      const int i = lane / 4, j = lane % 4 * 2;
      auto at = [&](int row, int column) {
        return words.data()[m * 64 + row * 8 + column];
      };
      fragments[m * 32 + lane] = at(i, j) + 65536. * at(i, j + 1);
      fragments[(4 + m) * 32 + lane] = at(j, i) + 65536. * at(j + 1, i);
    }
  Case load("ldmatrix_x4, ldmatrix_x4_trans");
  load.expect(registers, fragments, 0);
  load.run(
      {{}, {32}, 512}, [&] { registers.clear(); },
      [&] { matrices(words.data(), registers.data()); });
}

/// want (m, n) = c + factor * a (m, k) b (n, k)^T with both rounded.
static std::vector<double> product(const Buffer<float> &a,
                                   const Buffer<float> &b,
                                   const Buffer<float> *c, int m, int n, int k,
                                   double (*round)(double), double factor) {
  std::vector<double> want(m * n);
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j) {
      double sum = 0;
      for (int e = 0; e < k; ++e)
        sum += round(a[i * k + e]) * round(b[j * k + e]);
      want[i * n + j] = (c ? (*c)[i * n + j] : 0) + factor * sum;
    }
  return want;
}

static void tensorCores() {
  const auto a = randomFloats("a", 256, 1), b = randomFloats("b", 128, 2);
  const auto c = randomFloats("c", 128, 3);
  Buffer<float> d("d", 128);
  Case half("mma_m16n8k16_bf16");
  half.expect(d, product(a, b, &c, 16, 8, 16, bf16, 1), 1e-6);
  half.run(
      {{}, {32}}, [&] { d.clear(); },
      [&] { mma_bf16(a.data(), b.data(), c.data(), d.data()); });
  Case single("mma_m16n8k8_tf32");
  single.expect(d, product(a, b, &c, 16, 8, 8, tf32, 1), 1e-6);
  single.run(
      {{}, {32}}, [&] { d.clear(); },
      [&] { mma_tf32(a.data(), b.data(), c.data(), d.data()); });

  for (auto [n, kernel] : {std::pair<int, Matmul *>{8, wgmma_n8},
                           {72, wgmma_n72},
                           {256, wgmma_n256}}) {
    const auto rows = randomFloats("a", 64 * 64, 4);
    const auto columns = randomFloats("b", n * 64, 5);
    Buffer<float> out("d", 64 * n);
    Case wide("wgmma<" + std::to_string(n) + ">, fence_proxy_async");
    wide.expect(out, product(rows, columns, nullptr, 64, n, 64, bf16, 2), 1e-6);
    wide.run(
        {{}, {128}, size_t(64 + n) * 128}, [&] { out.clear(); },
        [&] { kernel(rows.data(), columns.data(), out.data()); });
  }
}

static void numbers() {
  std::vector<float> values = {
      0.f,         -0.f,           1.f,     1.00390625f, 1.01171875f,
      -1.0039063f, 1.00048828125f, 65504.f, 3.0e38f,     1e-30f,
      -30.f,       12.5f};
  const int n = values.size();
  Buffer<float> in("in", n), out("out", 7 * n);
  in.assign(values);
  std::vector<double> want;
  for (float x : values)
    want.push_back(bf16(x));
  for (float x : values)
    want.push_back(bf16(x));
  for (float x : values)
    want.push_back(tf32(x));
  for (float x : values)
    want.push_back(std::exp2(x));
  for (float x : values) // denormals are flushed
    want.push_back(std::abs(x) > 1e38f ? 0. : 1. / x);
  for (float x : values) {
    const double u = std::sqrt(2 / M_PI) * (x + 0.044715 * std::pow(x, 3));
    want.push_back(0.5 * x * (1 + std::tanh(u)));
  }
  for (float x : values)
    want.push_back(1 / (1 + std::exp2(-(double)x)));
  Case convert("pack_bf16x2, to_tf32, ex2, rcp, gelu_tanh, sigmoid2");
  convert.expectEach(out, want, 1e-6);
  convert.run(
      {{}, {32}}, [&] { out.clear(); },
      [&] { conversions(in.data(), out.data(), n); });
}

static void bulkCopies() {
  // 9 rows of 56 in rows of 64: the box of 8 x 64 from (40, 5) overhangs.
  const auto matrix = randomBf16("matrix", 9 * 64, 1);
  TensorMap map;
  simt::encodeTensorMap(&map, matrix.data(), 56, 9, 128, 64, 8, 128);
  std::vector<double> box(256);
  for (int row = 0; row < 8; ++row)
    for (int pair = 0; pair < 32; ++pair) {
      auto at = [&](int column) -> uint32_t {
        return row + 5 < 9 && column < 56
                   ? matrix.data()[(row + 5) * 64 + column].bits
                   : 0;
      };
      const int word = pair / 4 ^ row;
      box[row * 32 + word * 4 + pair % 4] =
          at(40 + 2 * pair) | at(41 + 2 * pair) << 16;
    }
  Buffer<uint32_t> out("out", 256);
  Case one("mbarrier, tma_load_2d");
  one.expect(out, box, 0);
  one.run(
      {{}, {32}, 1032}, [&] { out.clear(); },
      [&] { tma_box(map, out.data()); });

  Buffer<uint32_t> both("out", 512);
  Buffer<int> ranks("ranks", 2);
  box.insert(box.end(), box.begin(), box.end());
  Case cluster("tma_load_2d_multicast, cluster_sync, mbarrier_arrive_remote");
  cluster.expect(both, box, 0);
  cluster.expect(ranks, {0, 1}, 0);
  cluster.run(
      {{2}, {32}, 1040, {2}}, [&] { both.clear(), ranks.clear(); },
      [&] { cluster_box(map, both.data(), ranks.data()); });
}

int main(int argc, char **argv) {
  begin(argc, argv);
  exchanges();
  smallMatrices();
  tensorCores();
  numbers();
  bulkCopies();
}
