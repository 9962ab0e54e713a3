// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The runtime's matmuls by cuBLASLt against double loops, on the first GPU or
// its stand-in: every type and epilogue that an artifact may ask for, captured
// in a graph and replayed, and chosen anew from what was kept. Says which GELU
// the library's is.
#include "runtime/Error.h"
#include "runtime/SeededWeights.h"
#include "runtime/cuda/Gpu.h"
#include "runtime/cuda/Matmuls.h"

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

using namespace dit::runtime;
using namespace dit::runtime::cuda;

namespace {

float bf16(float x) {
  uint32_t bits = std::bit_cast<uint32_t>(x);
  bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
  return std::bit_cast<float>(bits);
}

/// Numbers on the host, and as elements of a type on the device.
class Tensor {
public:
  Tensor(std::shared_ptr<const Gpu> gpu, Stream stream, int64_t count,
         bool isHalf)
      : gpu(gpu), stream(stream), isHalf(isHalf), values(count),
        memory(allocate(gpu, bytes(), "a tensor")) {}

  void fill(const char *name, float scale) {
    fillUniform(name, 1, values);
    std::vector<uint16_t> halves;
    for (float &value : values) {
      value *= scale;
      if (isHalf) {
        value = bf16(value);
        halves.push_back(std::bit_cast<uint32_t>(value) >> 16);
      }
    }
    const void *from = isHalf ? static_cast<const void *>(halves.data())
                              : static_cast<const void *>(values.data());
    check(gpu->driver.cuMemcpyHtoDAsync(address(), from, bytes(), stream));
    check(gpu->driver.cuStreamSynchronize(stream));
  }
  void poison() {
    check(gpu->driver.cuMemsetD8Async(address(), 0xff, bytes(), stream));
  }
  void read() {
    std::vector<uint16_t> halves(isHalf ? values.size() : 0);
    void *to = isHalf ? static_cast<void *>(halves.data())
                      : static_cast<void *>(values.data());
    check(gpu->driver.cuMemcpyDtoHAsync(to, address(), bytes(), stream));
    check(gpu->driver.cuStreamSynchronize(stream));
    for (size_t i = 0; i < halves.size(); ++i)
      values[i] = std::bit_cast<float>(uint32_t(halves[i]) << 16);
  }
  double operator[](int64_t i) const { return values[i]; }
  void *data() const { return memory.data(); }

private:
  int64_t bytes() const { return values.size() * (isHalf ? 2 : 4); }
  DevicePointer address() const {
    return reinterpret_cast<DevicePointer>(memory.data());
  }
  void check(Result result) const { gpu->driver.check(result, "a tensor"); }

  std::shared_ptr<const Gpu> gpu;
  Stream stream;
  bool isHalf;
  std::vector<float> values;
  DeviceMemory memory;
};

double geluTanh(double x) {
  return x / 2 *
         (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}
double geluErf(double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.))); }

struct Case {
  int64_t rows, perRow, n, k;
  const char *type, *outType, *epilogue;
};

class Check {
public:
  Check(std::shared_ptr<const Gpu> gpu, Stream stream)
      : gpu(gpu), stream(stream),
        matmuls(makeMatmuls(gpu, stream, [](const std::string &text) {
          printf("note: %s\n", text.c_str());
        })) {}
  bool run(const Case &which);

private:
  void check(Result result) const { gpu->driver.check(result, "a graph"); }
  void runInGraph(const CublasLtEntry &entry, void *const *operands,
                  int64_t rows);

  std::shared_ptr<const Gpu> gpu;
  Stream stream;
  std::unique_ptr<Matmuls> matmuls;
};

/// As a step does: captured, then replayed twice.
void Check::runInGraph(const CublasLtEntry &entry, void *const *operands,
                       int64_t rows) {
  const Driver &driver = gpu->driver;
  Graph graph = nullptr;
  GraphExec exec = nullptr;
  check(driver.cuStreamBeginCapture(stream, captureModeRelaxed));
  matmuls->run(entry, operands, rows, stream);
  check(driver.cuStreamEndCapture(stream, &graph));
  check(driver.cuGraphInstantiate(&exec, graph, 0));
  check(driver.cuGraphLaunch(exec, stream));
  check(driver.cuGraphLaunch(exec, stream));
  check(driver.cuStreamSynchronize(stream));
  driver.cuGraphExecDestroy(exec);
  driver.cuGraphDestroy(graph);
}

bool Check::run(const Case &which) {
  CublasLtEntry entry;
  entry.m = {which.perRow, 0};
  entry.n = which.n, entry.k = which.k;
  entry.type = which.type, entry.outType = which.outType;
  entry.epilogue = which.epilogue;
  entry.x = 0, entry.weight = 1, entry.out = 3;
  const bool hasBias = entry.epilogue != "none";
  if (hasBias)
    entry.bias = 2;
  const int64_t m = entry.m.of(which.rows), n = entry.n, k = entry.k;
  const bool isHalf = entry.type == "bf16", isHalfOut = entry.outType == "bf16";
  Tensor x(gpu, stream, m * k, isHalf), weight(gpu, stream, n * k, isHalf),
      bias(gpu, stream, n, isHalfOut), out(gpu, stream, m * n, isHalfOut);
  x.fill("x", 1), weight.fill("weight", 2 / std::sqrt(float(k)));
  bias.fill("bias", 1);
  out.poison();
  void *operands[] = {x.data(), weight.data(), bias.data(), out.data()};
  const CublasLtEntry *const entries[] = {&entry};
  matmuls->choose(entries, which.rows);
  runInGraph(entry, operands, which.rows);
  out.read();

  const bool isGelu = entry.epilogue == "gelu_tanh_bias";
  double square = 0, error = 0, erfError = 0;
  // Of many rows every 97th: plain loops are slow.
  for (int64_t i = 0; i < m; i += m > 200 ? 97 : 1)
    for (int64_t j = 0; j < n; ++j) {
      double sum = hasBias ? bias[j] : 0;
      for (int64_t e = 0; e < k; ++e)
        sum += x[i * k + e] * weight[j * k + e];
      const double want = isGelu ? geluTanh(sum) : sum, got = out[i * n + j];
      square += want * want;
      error += (got - want) * (got - want);
      erfError += std::pow(got - geluErf(sum), 2);
    }
  error = std::sqrt(error / square);
  const double budget = isHalfOut ? 4e-3 : entry.type == "tf32" ? 1e-3 : 1e-5;
  const bool isRight = error <= budget; // false for NaN
  printf("%s matmul %ldx%ldx%ld %s -> %s, %s: %.1e of %.0e\n",
         isRight ? "right" : "WRONG", long(m), long(n), long(k), which.type,
         which.outType, which.epilogue, error, budget);
  if (isGelu && !isHalfOut)
    printf("its GELU is %.1e from the tanh form, %.1e from the erf form\n",
           error, std::sqrt(erfError / square));
  return isRight;
}

bool runAll(int count, char **model) {
  auto gpu = std::make_shared<const Gpu>(0);
  CurrentContext current(*gpu);
  OwnStream stream(gpu);
  Check check(gpu, stream.get());
  bool right = true;
  auto run = [&](const Case &which) {
    try {
      right &= check.run(which);
    } catch (const Error &error) { // the library may lack one and have others
      printf("WRONG %s\n", error.what());
      right = false;
    }
  };
  for (const char *epilogue : {"none", "bias", "gelu_tanh_bias"}) {
    for (const char *outType : {"bf16", "f32"})
      run({3, 13, 40, 88, "bf16", outType, epilogue});
    for (const char *type : {"f32", "tf32"})
      run({3, 13, 40, 88, type, "f32", epilogue});
  }
  // The linears of a block of XL/2 at batch 1, guided.
  if (count > 1 && !strcmp(model[1], "--large")) {
    run({2, 256, 3456, 1152, "bf16", "bf16", "bias"});
    run({2, 256, 1152, 1152, "bf16", "f32", "bias"});
    run({2, 256, 4608, 1152, "bf16", "bf16", "gelu_tanh_bias"});
    run({2, 256, 1152, 4608, "bf16", "f32", "bias"});
  }
  return right;
}

} // namespace

int main(int argc, char **argv) {
  try {
    return runAll(argc, argv) ? 0 : 1;
  } catch (const Error &error) {
    printf("error: %s\n", error.what());
    return 3;
  }
}
