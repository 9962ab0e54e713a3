// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The launch lists of an emitted model, run from weights to output, against
// what the interpreter computed: model FOLDER ROWS BUDGET [--few]. FOLDER has
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

namespace {

/// A model with its inputs, its weights and all the memory that it wants.
class Evaluation {
public:
  Evaluation(const std::string &folder, long long rows);

  /// The output's distance from what is wanted, everything computed anew.
  double error(const simt::Schedule &schedule);
  Buffer<float> &weight(int index) { return weights[index]; }

private:
  long long rows;
  Buffer<float> x, t, want;
  Buffer<int> y, rowIndex;
  std::vector<Buffer<float>> weights; // each between guard pages of its own
  std::vector<const float *> addresses;
  Buffer<float> out, table;
  Buffer<unsigned char> prepared, arena, conditionArena;
};

Evaluation::Evaluation(const std::string &folder, long long rows)
    : rows(rows), x(read<float>(folder, "x")),
      t(reversed(read<float>(folder, "t"))), want(read<float>(folder, "want")),
      y(reversed(read<int>(folder, "y"))), rowIndex("row_index", rows),
      out("out", want.size()), table("table", rows * model::conditionFloats()),
      prepared("prepared", model::preparedBytes()),
      arena("arena", rows * model::arenaBytesPerRow()),
      conditionArena("condition arena",
                     rows * model::conditionArenaBytesPerRow()) {
  for (int n = 0; n < rows; ++n)
    rowIndex.data()[n] = rows - 1 - n;
  const auto all = read<float>(folder, "weights");
  size_t begin = 0;
  for (int i = 0; i < model::weightCount(); ++i) {
    weights.emplace_back(model::weightName(i), model::weightFloats(i));
    memcpy(weights[i].data(), all.data() + begin, weights[i].size() * 4);
    addresses.push_back(weights[i].data());
    begin += weights[i].size();
  }
}

double Evaluation::error(const simt::Schedule &schedule) {
  out.clear(), table.clear();
  prepared.clear(), arena.clear(), conditionArena.clear();
  dit::Memory at;
  at.x = x.data(), at.t = t.data(), at.y = y.data(), at.out = out.data();
  at.row_index = rowIndex.data(), at.conditions = table.data();
  at.weights = addresses.data(), at.preparedBytes = prepared.data();
  model::prepare(schedule, at);
  model::tabulate(schedule, at);
  at.arenaBytes = conditionArena.data();
  model::condition(schedule, at, rows);
  at.arenaBytes = arena.data();
  model::denoise(schedule, at, rows);
  for (const auto *memory : {&out.memory(), &table.memory(), &prepared.memory(),
                             &arena.memory(), &conditionArena.memory()})
    memory->checkSlack();
  return relativeL2(out, want);
}

/// Whether the output shows it when any one weight is half as large again.
bool isSensitive(Evaluation &evaluation, double budget) {
  double least = 1;
  for (int i = 0; i < model::weightCount(); ++i) {
    Buffer<float> &weight = evaluation.weight(i);
    const auto before = weight.copy();
    for (size_t k = 0; k < weight.size(); ++k)
      weight.data()[k] *= 1.5f;
    const double error = evaluation.error({});
    weight.assign(before);
    if (!(error > 5 * budget)) {
      printf("%s times 1.5 moves the output by %.1e, budget %.1e\n",
             model::weightName(i), error, budget);
      return false;
    }
    least = std::min(least, error);
  }
  printf("each of %d weights shows in the output, the least by %.1e\n",
         model::weightCount(), least);
  return true;
}

} // namespace

int main(int argc, char **argv) {
  const long long rows = std::atoll(argv[2]);
  const double budget = std::atof(argv[3]);
  const std::string option = argc > 4 ? argv[4] : "";
  Evaluation evaluation(argv[1], rows);
  if (option == "--sensitive")
    return isSensitive(evaluation, budget) ? 0 : 1;

  const auto schedules =
      option == "--few" ? simt::fewSchedules() : simt::allSchedules();
  double worst = 0;
  for (const simt::Schedule &schedule : schedules) {
    const double error = evaluation.error(schedule);
    if (!(error <= budget)) {
      printf("%lld rows: wrong under '%s': relative L2 %.1e, budget %.1e\n",
             rows, schedule.name().c_str(), error, budget);
      return 1;
    }
    worst = std::max(worst, error);
  }
  printf("%lld rows: right under %zu schedules, relative L2 within %.1e of "
         "%.1e\n",
         rows, schedules.size(), worst, budget);
}
