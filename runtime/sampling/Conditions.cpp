// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows 0 .. n - 1 are what samples are told, row n + i is what guidance tells
// instead of row i.
#include "runtime/sampling/Conditions.h"

#include "runtime/Error.h"
#include "runtime/Sha256.h"
#include "runtime/Weights.h"

#include <algorithm>
#include <cstring>

namespace dit::runtime {

static bool isTold(const PortEntry &port) {
  return port.name != "x" && port.name != "t";
}

std::shared_ptr<const Conditions>
Conditions::ofLabels(const Manifest &manifest) {
  auto made = std::make_shared<Conditions>();
  made->isOfLabels = true;
  for (const PortEntry &port : manifest.inputs)
    if (isTold(port) && port.name != "y")
      failFlag("the model is told {}: give --input {}=FILE",
               inQuotes(port.name), port.name);
  if (!manifest.findInput("y")) {
    made->unguided = "a class";
    return made;
  }
  const auto classes = static_cast<int32_t>(manifest.classes);
  made->count = classes + (manifest.labelDropout ? 1 : 0);
  Input &y = made->inputs["y"];
  y.rows = classes + 1;
  for (int32_t i = 0; i <= classes; ++i)
    y.values.append(reinterpret_cast<const char *>(&i), sizeof(i));
  for (int32_t i = 0; i < made->count; ++i)
    y.rowOf.push_back(i);
  if (manifest.labelDropout)
    y.rowOf.insert(y.rowOf.end(), static_cast<size_t>(made->count), classes);
  else
    made->unguided = "y";
  return made;
}

/// The weight called `name`, of `port`'s shape, as a row.
static NullValue weightValue(const Manifest &manifest, const PortEntry &port,
                             WeightSource &weights) {
  for (size_t i = 0; i < manifest.weights.size(); ++i)
    if (manifest.weights[i].name == port.nullValue) {
      const float *floats = weights.read(static_cast<int32_t>(i));
      weights.check();
      return {NullValue::Value,
              std::string(reinterpret_cast<const char *>(floats),
                          static_cast<size_t>(port.bytes()))};
    }
  return {};
}

std::map<std::string, NullValue>
defaultNulls(const Manifest &manifest,
             const std::function<WeightSource &()> &weights) {
  std::map<std::string, NullValue> nulls;
  for (const PortEntry &port : manifest.inputs)
    if (port.name == "y" && manifest.labelDropout) {
      auto none = static_cast<int32_t>(manifest.classes);
      nulls["y"] = {
          NullValue::Value,
          std::string(reinterpret_cast<const char *>(&none), sizeof(none))};
    } else if (port.nullValue == "zeros") {
      nulls[port.name].kind = NullValue::Zeros;
    } else if (!port.nullValue.empty()) {
      nulls[port.name] = weightValue(manifest, port, weights());
    }
  return nulls;
}

void checkIsTold(const Manifest &manifest, const std::string &name) {
  const PortEntry *port = manifest.findInput(name);
  if (!port)
    failFlag("the model has no input {}", inQuotes(name));
  if (!isTold(*port))
    failFlag("the input {} is the sampler's to tell", inQuotes(name));
}

std::shared_ptr<const Conditions>
Conditions::of(const Manifest &manifest, std::map<std::string, InputRows> rows,
               const std::map<std::string, NullValue> &nulls) {
  auto made = std::make_shared<Conditions>();
  for (const auto &[name, values] : rows) {
    checkIsTold(manifest, name);
    made->count = std::max(made->count, values.rows);
  }
  for (const auto &[name, value] : nulls)
    checkIsTold(manifest, name);
  for (const PortEntry &port : manifest.inputs) {
    if (!isTold(port))
      continue;
    auto found = rows.find(port.name);
    if (found == rows.end())
      failFlag("the model is told {}: give --input {}=FILE{}",
               inQuotes(port.name), port.name,
               port.name == "y" ? " or --classes" : "");
    InputRows &given = found->second;
    if (given.rows != 1 && given.rows != made->count)
      failFlag("the input {} has {} rows, another {}: expected as many, or one "
               "for all",
               inQuotes(port.name), given.rows, made->count);
    Input &input = made->inputs[port.name];
    std::vector<int32_t> first =
        firstEqualRows({given.values.data(), given.rows}, port.bytes());
    for (int64_t i = 0; i < made->count; ++i)
      input.rowOf.push_back(first[given.rows == 1 ? 0 : i]);
    auto asked = nulls.find(port.name);
    NullValue null = asked == nulls.end() ? NullValue() : asked->second;
    input.values = std::move(given.values);
    input.rows = given.rows;
    if (null.kind == NullValue::None) {
      if (made->unguided.empty())
        made->unguided = port.name;
    } else if (null.kind == NullValue::Same) {
      input.rowOf.insert(input.rowOf.end(), input.rowOf.begin(),
                         input.rowOf.begin() + made->count);
    } else {
      null.value.resize(static_cast<size_t>(port.bytes()));
      input.values += null.value;
      input.rowOf.insert(input.rowOf.end(), static_cast<size_t>(made->count),
                         static_cast<int32_t>(input.rows++));
    }
  }
  return made;
}

int32_t Conditions::nullOf(int32_t row) const {
  return row + static_cast<int32_t>(count);
}

InputMap
Conditions::tell(std::span<const int32_t> rows,
                 std::map<std::string, std::vector<int32_t>> &rowOf) const {
  InputMap map;
  for (const auto &[name, input] : inputs) {
    std::vector<int32_t> &of = rowOf[name];
    of.clear();
    for (int32_t row : rows)
      of.push_back(input.rowOf[static_cast<size_t>(row)]);
    map[name] = {input.values.data(), input.rows, of};
  }
  return map;
}

std::string Conditions::identity() const {
  std::string all;
  for (const auto &[name, input] : inputs) {
    all += name + "\n" + input.values;
    for (int32_t row : input.rowOf)
      all += fmt::format(",{}", row);
  }
  return sha256({all.data(), all.size()});
}

} // namespace dit::runtime
