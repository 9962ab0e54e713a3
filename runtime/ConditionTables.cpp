// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Row by row of a table: what its sample is told, gathered from the host, and
// the rows of other tables that it reads.
#include "runtime/ConditionTables.h"

#include "runtime/Error.h"

#include <algorithm>
#include <cstring>

namespace dit::runtime {

ConditionTables::ConditionTables(Denoiser &denoiser)
    : denoiser(denoiser), tables(denoiser.manifest().functions.size()) {}

bool ConditionTables::reserve(std::span<const int64_t> rows) {
  bool isWhereItWas = true;
  for (size_t f = 0; f < tables.size(); ++f) {
    int64_t rowFloats = denoiser.manifest().functions[f].rowFloats;
    const void *before = tables[f].memory.data();
    if (rowFloats > 0)
      denoiser.grow(tables[f].memory,
                    rowBytes(rows[f], rowFloats * 4, "a condition table"),
                    "the condition table");
    isWhereItWas &= tables[f].memory.data() == before;
  }
  return isWhereItWas;
}

void ConditionTables::tell(InputMap told, int64_t samples) {
  inputs = std::move(told);
  std::vector<ToldRows> rows = toldRows(denoiser.manifest(), inputs, samples);
  for (size_t f = 0; f < tables.size(); ++f) {
    tables[f].told = std::move(rows[f]);
    if (tables[f].told.count() > 0 && tables[f].told.isKnown)
      fill(f, {});
  }
}

void ConditionTables::tellSteps(std::span<const float> t) {
  for (size_t f = 0; f < tables.size(); ++f)
    if (!tables[f].told.isKnown)
      fill(f, t);
}

int32_t ConditionTables::row(FunctionIndex f, int64_t sample,
                             int64_t step) const {
  const ToldRows &told = tables[f].told;
  return told.rowOf[static_cast<size_t>(sample)] +
         static_cast<int32_t>(told.isKnown ? 0 : step * told.count());
}

/// For every step the rows of one after another; `t` is empty where there are
/// no steps.
void ConditionTables::fill(FunctionIndex f, std::span<const float> t) {
  const FunctionEntry &entry = denoiser.manifest().functions[f];
  const ToldRows &told = tables[f].told;
  const int64_t total = told.count() * std::max<int64_t>(1, std::ssize(t));
  denoiser.grow(tables[f].memory,
                rowBytes(total, entry.rowFloats * 4, "a condition table"),
                "the condition table");
  // Rows share a pass over the weights, so more at once is faster; this many
  // bounds the memory.
  constexpr int64_t mostRows = 256, mostBytes = int64_t{64} << 20;
  int64_t bytes = entry.arenaPerRow;
  for (const std::string &name : entry.inputs)
    bytes += denoiser.manifest().findInput(name)->bytes();
  int64_t batch =
      std::clamp<int64_t>(mostBytes / std::max<int64_t>(bytes, 1), 1, mostRows);
  // Whatever a row is, every part of the table then begins at 64 bytes.
  constexpr int64_t granule = 16;
  if (batch > granule)
    batch -= batch % granule;
  batch = std::min(total, batch);
  denoiser.grow(arena, batch * entry.arenaPerRow, "a table's workspace");
  for (int64_t first = 0; first < total; first += batch)
    fillPiece(f, t, first, std::min(batch, total - first));
}

void ConditionTables::fillPiece(FunctionIndex f, std::span<const float> t,
                                int64_t first, int64_t count) {
  const Manifest &manifest = denoiser.manifest();
  const FunctionEntry &entry = manifest.functions[f];
  const ToldRows &told = tables[f].told;
  auto sampleOf = [&](int64_t row) { return told.sample[row % told.count()]; };
  auto stepOf = [&](int64_t row) { return row / told.count(); };
  uploaded.resize(
      std::max(uploaded.size(), entry.inputs.size() + entry.tables.size()));
  // What the function reads stays until its kernels are enqueued.
  std::vector<std::string> gathered(entry.inputs.size());
  std::vector<const void *> own;
  for (size_t k = 0; k < entry.inputs.size(); ++k) {
    int64_t bytes = manifest.findInput(entry.inputs[k])->bytes();
    auto values = inputs.find(entry.inputs[k]);
    std::string &rows = gathered[k];
    for (int64_t i = first; i < first + count; ++i)
      if (values == inputs.end())
        rows.append(reinterpret_cast<const char *>(&t[stepOf(i)]), bytes);
      else
        rows.append(static_cast<const char *>(values->second.data) +
                        values->second.rowOfSample(sampleOf(i)) * bytes,
                    bytes);
    own.push_back(onDevice(k, rows.data(), count * bytes));
  }
  std::vector<std::vector<int32_t>> indices(entry.tables.size());
  std::vector<DitTable> read;
  for (size_t k = 0; k < entry.tables.size(); ++k) {
    FunctionIndex maker = *manifest.findFunction(entry.tables[k]);
    for (int64_t i = first; i < first + count; ++i)
      indices[k].push_back(row(maker, sampleOf(i), stepOf(i)));
    read.push_back({rows(maker), static_cast<const int32_t *>(
                                     onDevice(entry.inputs.size() + k,
                                              indices[k].data(), count * 4))});
  }
  void *outputs[] = {tables[f].memory.as<float>() + first * entry.rowFloats};
  denoiser.device().settle(f, count);
  denoiser.call(f, {&denoiser.device().host(), count,
                    denoiser.prepared->memory.data(), arena.data(), own.data(),
                    read.data(), outputs});
}

/// `from`, the host's memory, where that is the device; else a copy.
const void *ConditionTables::onDevice(size_t slot, const void *from,
                                      int64_t bytes) {
  if (denoiser.device().isHost())
    return from;
  denoiser.grow(uploaded[slot], bytes, "the inputs of a table");
  denoiser.device().upload(uploaded[slot].data(), from, bytes);
  return uploaded[slot].data();
}

} // namespace dit::runtime
