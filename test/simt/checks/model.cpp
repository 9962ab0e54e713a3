// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The launch lists of an emitted model, run from weights to output, against
// what the interpreter computed: model FOLDER ROWS BUDGET [--few]. FOLDER has
// weights.bin, one file an input (x.bin, t.bin, ..) and want.bin, plain arrays
// of four bytes an element.
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

/// Sample n's values at row rows - 1 - n: that is where a table has them.
static Buffer<float> reversed(const Buffer<float> &from, long long rows) {
  Buffer<float> to(from.memory().name + " of the table", from.size());
  const size_t size = from.size() / rows;
  for (long long n = 0; n < rows; ++n)
    memcpy(to.data() + n * size, from.data() + (rows - 1 - n) * size, size * 4);
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
  /// What function `index` reads of each input: its table's rows stand in the
  /// opposite order of the samples.
  std::vector<const void *> inputsOf(int index);

  long long rows;
  std::vector<Buffer<float>> inputs, reversedInputs; // labels by their bits
  Buffer<float> want;
  Buffer<int> turned, straight;       // rows of tables
  std::vector<Buffer<float>> weights; // each between guard pages of its own
  std::vector<const float *> addresses;
  Buffer<float> out;
  Buffer<unsigned char> prepared;
  std::vector<Buffer<float>> tables;         // one a function
  std::vector<Buffer<unsigned char>> arenas; // one a function
};

Evaluation::Evaluation(const std::string &folder, long long rows)
    : rows(rows), want(read<float>(folder, "want")), turned("row_index", rows),
      straight("prompt_row_index", rows), out("out", want.size()),
      prepared("prepared", model::preparedBytes()) {
  for (int n = 0; n < rows; ++n) {
    turned.data()[n] = rows - 1 - n;
    straight.data()[n] = n;
  }
  for (int i = 0; i < model::inputCount(); ++i) {
    inputs.push_back(read<float>(folder, model::input(i).name));
    reversedInputs.push_back(reversed(inputs.back(), rows));
  }
  for (int i = 0; i < model::functionCount(); ++i) {
    const auto function = model::function(i);
    tables.emplace_back(function.name + "'s table", rows * function.rowFloats);
    arenas.emplace_back(function.name + "'s arena",
                        rows * function.arenaBytesPerRow);
  }
  const auto all = read<float>(folder, "weights");
  size_t begin = 0;
  for (int i = 0; i < model::weightCount(); ++i) {
    weights.emplace_back(model::weightName(i), model::weightFloats(i));
    memcpy(weights[i].data(), all.data() + begin, weights[i].size() * 4);
    addresses.push_back(weights[i].data());
    begin += weights[i].size();
  }
}

std::vector<const void *> Evaluation::inputsOf(int index) {
  const bool isOfStep = model::function(index).every == "step";
  std::vector<const void *> list;
  for (auto &input : isOfStep ? inputs : reversedInputs)
    list.push_back(input.data());
  return list;
}

double Evaluation::error(const simt::Schedule &schedule) {
  out.clear(), prepared.clear();
  std::vector<float *> rowsOf;
  for (auto &table : tables)
    table.clear(), rowsOf.push_back(table.data());
  void *outputs[] = {out.data()};
  for (int i = 0; i < model::functionCount(); ++i) {
    const auto inputs = inputsOf(i);
    // Tables are in the order of one another, and in reverse for the network.
    const bool isOfStep = model::function(i).every == "step";
    const std::vector<const int *> indices(
        tables.size(), isOfStep ? turned.data() : straight.data());
    arenas[i].clear();
    dit::Memory at;
    at.inputs = inputs.data(), at.outputs = outputs;
    at.tables = rowsOf.data(), at.row_indices = indices.data();
    at.weights = addresses.data(), at.preparedBytes = prepared.data();
    at.arenaBytes = arenas[i].data();
    model::run(i, schedule, at, rows);
    arenas[i].memory().checkSlack();
    tables[i].memory().checkSlack();
  }
  out.memory().checkSlack();
  prepared.memory().checkSlack();
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
