// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Check.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

// What the order of a tensor core's sums may add to a budget that is not zero:
// bench/gpu.sh says it, for a GPU.
#ifndef DIT_SUM_SLACK
#define DIT_SUM_SLACK 0
#endif

namespace check {

static std::vector<simt::Schedule> schedules;
static std::vector<std::string> cases;

static std::vector<float> normal(size_t count, unsigned seed, double scale) {
  std::mt19937 generator(seed);
  std::vector<float> values(count);
  for (float &v : values) {
    // Box and Muller's: the library's own distribution may change.
    const double a = (generator() + 1.0) / 4294967297.0;
    const double b = generator() / 4294967296.0;
    v = static_cast<float>(scale * std::sqrt(-2 * std::log(a)) *
                           std::cos(6.283185307179586 * b));
  }
  return values;
}

Buffer<float> randomFloats(std::string name, size_t count, unsigned seed,
                           double scale) {
  Buffer<float> buffer(std::move(name), count);
  buffer.assign(normal(count, seed, scale));
  return buffer;
}

Buffer<Bf16> randomBf16(std::string name, size_t count, unsigned seed,
                        double scale) {
  Buffer<Bf16> buffer(std::move(name), count);
  const std::vector<float> values = normal(count, seed, scale);
  for (size_t i = 0; i < count; ++i) {
    uint32_t bits;
    memcpy(&bits, &values[i], 4);
    buffer.data()[i].bits = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  }
  return buffer;
}

void begin(int argc, char **argv) {
  schedules = simt::allSchedules();
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--few")
      schedules = simt::fewSchedules();
    else if (argument == "--schedule" && i + 1 < argc)
      schedules = {simt::allSchedules().at(std::atoi(argv[++i]))};
    else
      cases.push_back(argument);
  }
}

bool wanted(const std::string &name) {
  if (cases.empty())
    return true;
  for (const std::string &part : cases)
    if (name.find(part) != std::string::npos)
      return true;
  return false;
}

void Case::compare(Output &output, const simt::Schedule &schedule) {
  double square = 0;
  for (double w : output.want)
    square += w * w;
  const double rms =
      output.commonScale ? std::sqrt(square / output.want.size()) : 0;
  const double budget = output.budget + (output.budget > 0 ? DIT_SUM_SLACK : 0);
  for (size_t i = 0; i < output.want.size(); ++i) {
    const double want = output.want[i], got = output.at(i);
    const double error =
        got == want ? 0 : std::fabs(got - want) / (std::fabs(want) + rms);
    if (error <= budget) {
      output.worst = std::max(output.worst, error);
      continue;
    }
    printf("%s: wrong under '%s': %s[%zu] is %g, expected %g, error %.1e, "
           "budget %.1e\n",
           name.c_str(), schedule.name().c_str(), output.memory->name.c_str(),
           i, got, want, error, budget);
    fflush(stdout);
    _Exit(1);
  }
  output.memory->checkSlack();
}

void Case::run(const simt::LaunchShape &shape,
               const std::function<void()> &reset,
               const std::function<void()> &kernel) {
  if (!wanted(name))
    return;
  const auto start = std::chrono::steady_clock::now();
  for (const simt::Schedule &schedule : schedules) {
    reset();
    simt::LaunchShape resident = shape;
    // Blocks that run interleaved: what they race for shows too.
    if (schedule.order == simt::Order::Random)
      resident.residentClusters = std::max(4u, shape.residentClusters);
    simt::launch(resident, schedule, kernel);
    for (Output &output : outputs)
      compare(output, schedule);
  }
  const std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  printf("%s: right under %zu schedules,", name.c_str(), schedules.size());
  for (const Output &output : outputs)
    printf(" %s within %.1e of %.1e,", output.memory->name.c_str(),
           output.worst, output.budget);
  printf(" %.2f s\n", seconds.count());
}

} // namespace check
