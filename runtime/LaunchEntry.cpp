// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The JSON objects of launches to structs, every key checked.
#include "runtime/LaunchEntry.h"

#include "runtime/Error.h"
#include "runtime/Json.h"

#include <fmt/ranges.h>

namespace dit::runtime {

// What a launch on any GPU of this decade keeps to; the numbers of the GPU at
// hand are checked where it is at hand.
static constexpr int64_t maxThreads = 1024;
static constexpr int64_t maxSharedBytes = 1 << 20;
static constexpr int64_t maxOperands = 64;
static constexpr int64_t maxElements = int64_t{1} << 40;

/// [per_row, fixed].
static RowCount readRowCount(const JsonReader &json, const char *key) {
  std::vector<int64_t> v = json.integers(key, 0, maxElements);
  if (v.size() != 2)
    fail("{} must be two integers (per row, fixed), but has {}", json.name(key),
         v.size());
  return {v[0], v[1]};
}

static std::vector<GridDimension> readGrid(const JsonReader &json) {
  std::vector<GridDimension> grid;
  for (const std::vector<int64_t> &v :
       json.integerLists("grid", 0, maxElements)) {
    std::string name = json.name(fmt::format("grid[{}]", grid.size()));
    if (v.size() != 3)
      fail("{} must be three integers (per row, fixed, tile), but has {}", name,
           v.size());
    if (v[2] == 0 || v[0] + v[1] == 0)
      fail("{} must have work and a tile of at least 1, but is [{}]", name,
           fmt::join(v, ", "));
    grid.push_back({{v[0], v[1]}, v[2]});
  }
  if (grid.empty() || grid.size() > 3)
    fail("{} must have one to three dimensions, but has {}", json.name("grid"),
         grid.size());
  return grid;
}

static TensorMapEntry readTensorMap(const JsonReader &json) {
  TensorMapEntry map;
  map.operand = json.integer("operand", 0, maxOperands - 1);
  map.columns = json.integer("columns", 1, maxElements);
  map.rows = readRowCount(json, "rows");
  map.rowBytes = json.integer("row_bytes", 1, maxElements);
  std::vector<int64_t> box = json.integers("box", 1, 256);
  if (box.size() != 2)
    fail("{} must be two integers (columns, rows), but has {}",
         json.name("box"), box.size());
  map.boxColumns = box[0], map.boxRows = box[1];
  map.swizzle = json.integer("swizzle", 0, 128);
  if (map.swizzle != 0 && map.swizzle != 32 && map.swizzle != 64 &&
      map.swizzle != 128)
    fail("{} must be 0, 32, 64 or 128, but is {}", json.name("swizzle"),
         map.swizzle);
  return map;
}

LaunchEntry readLaunch(const JsonReader &json) {
  LaunchEntry launch;
  launch.function = json.string("function");
  launch.grid = readGrid(json);
  launch.threads = json.integer("threads", 1, maxThreads);
  launch.sharedBytes = json.integer("shared_bytes", 0, maxSharedBytes);
  launch.operands = json.integer("operands", 1, maxOperands);
  launch.takesRows = json.boolean("takes_rows");
  if (json.has("tensor_maps"))
    for (const JsonReader &map : json.objects("tensor_maps")) {
      launch.tensorMaps.push_back(readTensorMap(map));
      map.integer("operand", 0, launch.operands - 1);
    }
  return launch;
}

CublasLtEntry readCublasLt(const JsonReader &json) {
  CublasLtEntry matmul;
  auto operand = [&](const char *key) {
    return json.integer(key, 0, maxOperands - 1);
  };
  matmul.m = readRowCount(json, "m");
  matmul.n = json.integer("n", 1, maxElements);
  matmul.k = json.integer("k", 1, maxElements);
  matmul.x = operand("x"), matmul.weight = operand("weight");
  matmul.out = operand("out");
  if (!json.at("bias").is_null())
    matmul.bias = operand("bias");
  matmul.type = json.choice("type", {"bf16", "f32", "tf32"});
  matmul.outType = json.choice("out_type", {"bf16", "f32"});
  matmul.epilogue = json.choice("epilogue", {"none", "bias", "gelu_tanh_bias"});
  if (matmul.bias.has_value() != (matmul.epilogue != "none"))
    fail("{} is {}, but the epilogue is {}", json.name("bias"),
         matmul.bias ? std::to_string(*matmul.bias) : "null", matmul.epilogue);
  return matmul;
}

} // namespace dit::runtime
