// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The launch lists of an emitted model, run from weights to output, against
// what the interpreter computed: model FOLDER ROWS [--few]. FOLDER has
// weights.bin, x.bin, t.bin, y.bin and want.bin, plain arrays.
#include "Model.h"
#include "Check.h"
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>

using check::Buffer;

template <class T>
static Buffer<T> read(const std::string &folder, const std::string &name) {
  std::ifstream file(folder + "/" + name + ".bin", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  Buffer<T> buffer(name, bytes.size() / sizeof(T));
  memcpy(buffer.data(), bytes.data(), buffer.size() * sizeof(T));
  return buffer;
}

/// The t and y of sample n stand in the condition table's row rows - 1 - n.
template <class T> static Buffer<T> reversed(const Buffer<T> &from) {
  Buffer<T> to(from.memory().name + " of the table", from.size());
  for (size_t i = 0; i < from.size(); ++i)
    to.data()[i] = from.data()[from.size() - 1 - i];
  return to;
}

static double relativeL2(const Buffer<float> &got, const Buffer<float> &want) {
  double error = 0, norm = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    error += std::pow(got[i] - want[i], 2);
    norm += std::pow(want[i], 2);
  }
  return std::sqrt(error / norm); // NaN where something was not written
}

int main(int argc, char **argv) {
  const std::string folder = argv[1];
  const long long rows = std::atoll(argv[2]);
  const bool few = argc > 3 && std::string(argv[3]) == "--few";
  const double budget = 1e-5;

  const auto weights = read<float>(folder, "weights");
  const auto x = read<float>(folder, "x"), t = read<float>(folder, "t");
  const auto y = read<int>(folder, "y");
  const auto want = read<float>(folder, "want");
  const auto tableT = reversed(t);
  const auto tableY = reversed(y);
  Buffer<int> rowIndex("row_index", rows);
  for (int n = 0; n < rows; ++n)
    rowIndex.data()[n] = rows - 1 - n;

  // Each weight between guard pages of its own.
  std::vector<Buffer<float>> apart;
  std::vector<const float *> addresses;
  size_t begin = 0;
  for (int i = 0; i < model::weightCount(); ++i) {
    apart.emplace_back(model::weightName(i), model::weightFloats(i));
    memcpy(apart[i].data(), weights.data() + begin, apart[i].size() * 4);
    addresses.push_back(apart[i].data());
    begin += apart[i].size();
  }

  Buffer<float> out("out", want.size());
  Buffer<float> table("table", rows * model::conditionFloats());
  Buffer<unsigned char> prepared("prepared", model::preparedBytes());
  Buffer<unsigned char> arena("arena", rows * model::arenaBytesPerRow());
  Buffer<unsigned char> conditionArena(
      "condition arena", rows * model::conditionArenaBytesPerRow());

  dit::Memory at;
  at.x = x.data(), at.out = out.data(), at.row_index = rowIndex.data();
  at.t = tableT.data(), at.y = tableY.data();
  at.conditions = table.data(), at.weights = addresses.data();
  at.preparedBytes = prepared.data();

  const auto schedules = few ? simt::fewSchedules() : simt::allSchedules();
  double worst = 0;
  for (const simt::Schedule &schedule : schedules) {
    out.clear(), table.clear(), prepared.clear(), arena.clear();
    conditionArena.clear();
    model::prepare(schedule, at);
    at.arenaBytes = conditionArena.data();
    model::condition(schedule, at, rows);
    at.arenaBytes = arena.data();
    model::denoise(schedule, at, rows);
    const double error = relativeL2(out, want);
    if (!(error <= budget)) {
      printf("%lld rows: wrong under '%s': relative L2 %.1e, budget %.1e\n",
             rows, schedule.name().c_str(), error, budget);
      return 1;
    }
    worst = std::max(worst, error);
    for (const auto *memory :
         {&out.memory(), &table.memory(), &prepared.memory(), &arena.memory()})
      memory->checkSlack();
  }
  printf("%lld rows: right under %zu schedules, relative L2 within %.1e of "
         "%.1e\n",
         rows, schedules.size(), worst, budget);
}
