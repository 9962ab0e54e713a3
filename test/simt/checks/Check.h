// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the checks of kernels share: buffers with watched ends, the schedules to
// run under, and the comparison with a plain double loop.
#ifndef DIT_SIMT_CHECK_H
#define DIT_SIMT_CHECK_H

#include "Simt.h"
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace check {

/// What kernels store as bf16.
struct Bf16 {
  uint16_t bits;
};
inline double value(float x) { return x; }
inline double value(int x) { return x; }
inline double value(uint32_t x) { return x; }
inline double value(Bf16 x) {
  const uint32_t bits = uint32_t(x.bits) << 16;
  float f;
  memcpy(&f, &bits, 4);
  return f;
}

/// Elements between guard pages; NaN until written.
template <class T> class Buffer {
public:
  Buffer(std::string name, size_t count)
      : region(std::make_unique<simt::Region>(std::move(name),
                                              count * sizeof(T), 16)),
        count(count) {}

  T *data() const { return reinterpret_cast<T *>(region->data()); }
  size_t size() const { return count; }
  double operator[](size_t i) const { return value(data()[i]); }
  const simt::Region &memory() const { return *region; }

  std::vector<T> copy() const { return {data(), data() + count}; }
  void assign(const std::vector<T> &from) {
    memcpy(data(), from.data(), count * sizeof(T));
  }
  void clear() { memset(data(), 0xff, count * sizeof(T)); }

private:
  std::unique_ptr<simt::Region> region;
  size_t count;
};

/// Normally distributed, times `scale`; the same in every run.
Buffer<float> randomFloats(std::string name, size_t count, unsigned seed,
                           double scale = 1);
Buffer<Bf16> randomBf16(std::string name, size_t count, unsigned seed,
                        double scale = 1);

/// Reads the command line: [--few | --schedule N] [CASE...].
void begin(int argc, char **argv);
/// Whether the command line asks for this case, by part of its name.
bool wanted(const std::string &name);

/// Runs `launch` under every schedule that the command line asks for and
/// compares its outputs after each. Prints one line; ends the process at the
/// first wrong element.
class Case {
public:
  explicit Case(std::string name) : name(std::move(name)) {}

  /// |got - want| <= budget * (|want| + root mean square of want), everywhere.
  template <class T>
  void expect(const Buffer<T> &got, std::vector<double> want, double budget) {
    outputs.push_back({&got.memory(), [&got](size_t i) { return got[i]; },
                       std::move(want), budget, true});
  }
  /// The same of `at(i)`, values that a launch leaves in `buffer`.
  template <class T>
  void expectAt(const Buffer<T> &buffer, std::function<double(size_t)> at,
                std::vector<double> want, double budget) {
    outputs.push_back(
        {&buffer.memory(), std::move(at), std::move(want), budget, true});
  }
  /// |got - want| <= budget * |want|, where elements have no common scale.
  template <class T>
  void expectEach(const Buffer<T> &got, std::vector<double> want,
                  double budget) {
    expect(got, std::move(want), budget);
    outputs.back().commonScale = false;
  }
  void run(const simt::LaunchShape &shape, const std::function<void()> &reset,
           const std::function<void()> &kernel);

private:
  struct Output {
    const simt::Region *memory;
    std::function<double(size_t)> at;
    std::vector<double> want;
    double budget;
    bool commonScale;
    double worst = 0;
  };
  void compare(Output &output, const simt::Schedule &schedule);

  std::string name;
  std::vector<Output> outputs;
};

} // namespace check

#endif // DIT_SIMT_CHECK_H
