// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums in float64, of what the tensor cores would see, rounded once.
#include "LtMatmul.h"
#include <cmath>
#include <cstring>

namespace standin {

std::string Matmul::shapeFault() const {
  const uint64_t rowsOfA = description.transposeA ? a.columns : a.rows;
  const uint64_t rowsOfB = description.transposeB ? b.columns : b.rows;
  const uint64_t columnsOfB = description.transposeB ? b.rows : b.columns;
  for (const Layout *layout : {&a, &b, &d})
    if (!layout->rows || !layout->columns ||
        layout->leading < int64_t(layout->rows))
      return "a layout of " + std::to_string(layout->rows) + " rows and " +
             std::to_string(layout->columns) +
             " columns has a leading dimension of " +
             std::to_string(layout->leading);
  if (rowsOfA != m() || rowsOfB != k() || columnsOfB != n())
    return "op(A) is " + std::to_string(rowsOfA) + "x" + std::to_string(k()) +
           ", op(B) " + std::to_string(rowsOfB) + "x" +
           std::to_string(columnsOfB) + ", D " + std::to_string(m()) + "x" +
           std::to_string(n());
  return "";
}

std::string Matmul::typeFault() const {
  const bool f32 = a.type == CUDA_R_32F && d.type == CUDA_R_32F;
  const bool bf16 = a.type == CUDA_R_16BF &&
                    (d.type == CUDA_R_16BF || d.type == CUDA_R_32F) &&
                    description.compute == CUBLAS_COMPUTE_32F;
  if (a.type != b.type || !(f32 || bf16))
    return "there is no matmul of these types";
  const uint32_t known = CUBLASLT_EPILOGUE_BIAS | CUBLASLT_EPILOGUE_GELU;
  if (description.epilogue != CUBLASLT_EPILOGUE_DEFAULT &&
      (description.epilogue & ~known || !description.epilogue))
    return "there is no epilogue " + std::to_string(description.epilogue);
  if (description.hasBias() && description.biasType != -1 &&
      description.biasType != d.type)
    return "a bias is of D's type";
  return "";
}

uint64_t Matmul::hash() const {
  uint64_t hash = 0xcbf29ce484222325u;
  auto add = [&](uint64_t value) { hash = (hash ^ value) * 0x100000001b3u; };
  add(description.compute), add(description.epilogue);
  add(description.transposeA), add(description.transposeB);
  for (const Layout *layout : {&a, &b, &d})
    add(layout->type), add(layout->rows), add(layout->columns),
        add(layout->leading);
  return hash;
}

std::string Matmul::show() const {
  return "matmul " + std::to_string(m()) + "x" + std::to_string(n()) + "x" +
         std::to_string(k());
}

uint64_t workspaceBytes(const Matmul &matmul, Way way) {
  return way == Way::Halves ? matmul.m() * matmul.n() * 2 * sizeof(float) : 0;
}

namespace {

float fromBits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}
uint32_t toBits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

double load(const void *base, cudaDataType type, uint64_t at) {
  if (type == CUDA_R_16BF)
    return fromBits(uint32_t(static_cast<const uint16_t *>(base)[at]) << 16);
  return static_cast<const float *>(base)[at];
}

void store(void *base, cudaDataType type, uint64_t at, double value) {
  const float rounded = static_cast<float>(value);
  if (type == CUDA_R_32F) {
    static_cast<float *>(base)[at] = rounded;
    return;
  }
  const uint32_t bits = toBits(rounded);
  static_cast<uint16_t *>(base)[at] =
      std::isnan(rounded) ? 0x7fff : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

double geluTanh(double x) {
  return 0.5 * x *
         (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
}

/// Column or row `index` of an operand along k, as the tensor cores take it.
std::vector<double> line(const void *base, const Layout &layout, bool alongRows,
                         uint64_t index, bool tf32) {
  std::vector<double> values(alongRows ? layout.rows : layout.columns);
  for (uint64_t i = 0; i < values.size(); ++i) {
    const uint64_t at =
        alongRows ? index * layout.leading + i : i * layout.leading + index;
    values[i] = load(base, layout.type, at);
    if (tf32)
      values[i] = fromBits((toBits(static_cast<float>(values[i])) + 0x1000u) &
                           ~0x1fffu);
  }
  return values;
}

double sum(const std::vector<double> &a, const std::vector<double> &b,
           uint64_t begin, uint64_t end) {
  double total = 0;
  for (uint64_t i = begin; i < end; ++i)
    total += a[i] * b[i];
  return total;
}

double dot(const std::vector<double> &a, const std::vector<double> &b,
           Way way) {
  if (way == Way::Halves)
    return static_cast<float>(sum(a, b, 0, a.size() / 2)) +
           static_cast<float>(sum(a, b, a.size() / 2, a.size()));
  if (way == Way::Sum)
    return sum(a, b, 0, a.size());
  float total = 0;
  for (uint64_t i = a.size(); i-- > 0;)
    total += static_cast<float>(a[i] * b[i]);
  return total;
}

} // namespace

void compute(const Matmul &matmul, Way way, const void *a, const void *b,
             void *d) {
  const Description &what = matmul.description;
  const bool tf32 = what.compute == CUBLAS_COMPUTE_32F_FAST_TF32;
  std::vector<std::vector<double>> rows;
  for (uint64_t i = 0; i < matmul.m(); ++i)
    rows.push_back(line(a, matmul.a, what.transposeA, i, tf32));
  for (uint64_t j = 0; j < matmul.n(); ++j) {
    const auto column = line(b, matmul.b, !what.transposeB, j, tf32);
    for (uint64_t i = 0; i < matmul.m(); ++i) {
      double value = dot(rows[i], column, way);
      if (what.hasBias())
        value += load(what.bias, matmul.d.type, i);
      if (what.hasGelu())
        value = geluTanh(value);
      store(d, matmul.d.type, j * matmul.d.leading + i, value);
    }
  }
}

} // namespace standin
