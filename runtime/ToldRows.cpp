// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/ToldRows.h"

#include <string_view>

namespace dit::runtime {

std::string rowsOfSamples(const InputValues &values, int64_t samples,
                          int64_t bytes) {
  std::string all;
  all.reserve(static_cast<size_t>(samples * bytes));
  for (int64_t i = 0; i < samples; ++i)
    all.append(static_cast<const char *>(values.data) +
                   values.rowOfSample(i) * bytes,
               static_cast<size_t>(bytes));
  return all;
}

std::vector<int32_t> firstEqualRows(const InputValues &values, int64_t bytes) {
  std::map<std::string_view, int32_t> firstOf;
  std::vector<int32_t> first;
  for (int64_t i = 0; i < values.rows; ++i) {
    std::string_view row(static_cast<const char *>(values.data) + i * bytes,
                         static_cast<size_t>(bytes));
    first.push_back(
        firstOf.try_emplace(row, static_cast<int32_t>(i)).first->second);
  }
  return first;
}

std::vector<ToldRows> toldRows(const Manifest &manifest, const InputMap &inputs,
                               int64_t samples) {
  std::vector<ToldRows> all(manifest.functions.size());
  for (size_t f = 0; f < all.size(); ++f) {
    const FunctionEntry &entry = manifest.functions[f];
    if (entry.rowFloats == 0)
      continue;
    ToldRows &told = all[f];
    std::vector<const InputValues *> read;
    for (const std::string &name : entry.inputs) {
      auto found = inputs.find(name);
      if (found == inputs.end())
        told.isKnown = false;
      else
        read.push_back(&found->second);
    }
    std::vector<const ToldRows *> gathered;
    for (const std::string &maker : entry.tables) {
      gathered.push_back(&all[*manifest.findFunction(maker)]);
      told.isKnown &= gathered.back()->isKnown;
    }
    std::map<std::vector<int32_t>, int32_t> rowOfKey;
    for (int64_t i = 0; i < samples; ++i) {
      std::vector<int32_t> key;
      for (const InputValues *values : read)
        key.push_back(values->rowOfSample(i));
      for (const ToldRows *table : gathered)
        key.push_back(table->rowOf[static_cast<size_t>(i)]);
      auto [at, isNew] = rowOfKey.try_emplace(
          std::move(key), static_cast<int32_t>(told.count()));
      told.rowOf.push_back(at->second);
      if (isNew)
        told.sample.push_back(static_cast<int32_t>(i));
    }
  }
  return all;
}

} // namespace dit::runtime
