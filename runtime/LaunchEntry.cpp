// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The keys of launches in a manifest, every one with its bounds.
#include "runtime/LaunchEntry.h"

#include "runtime/JsonFields.h"

#include <fmt/ranges.h>

namespace dit::runtime {

// What a launch on any GPU of this decade keeps to; the numbers of the GPU at
// hand are checked where it is at hand.
static constexpr int64_t maxThreads = 1024;
static constexpr int64_t maxSharedBytes = 1 << 20;
static constexpr int64_t maxOperands = 64;
static constexpr int64_t maxElements = int64_t{1} << 40;

/// [per_row, fixed].
template <class Fields>
static void describeCount(Fields &f, const char *key, RowCount &count) {
  std::vector<int64_t> v{count.perRow, count.fixed};
  f.integers(key, v, 0, maxElements);
  if (v.size() != 2)
    fail("{} must be two integers (per row, fixed), but has {}", f.name(key),
         v.size());
  count = {v[0], v[1]};
}

/// [[per_row, fixed, tile], ...]: one to three dimensions, each
/// ceil((per_row * batch + fixed) / tile) blocks.
template <class Fields>
static void describeGrid(Fields &f, std::vector<GridDimension> &grid) {
  std::vector<std::vector<int64_t>> lists;
  for (const GridDimension &dim : grid)
    lists.push_back({dim.work.perRow, dim.work.fixed, dim.tile});
  f.integerLists("grid", lists, 0, maxElements);
  grid.clear();
  for (const std::vector<int64_t> &v : lists) {
    std::string name = f.name(fmt::format("grid[{}]", grid.size()));
    if (v.size() != 3)
      fail("{} must be three integers (per row, fixed, tile), but has {}", name,
           v.size());
    if (v[2] == 0 || v[0] + v[1] == 0)
      fail("{} must have work and a tile of at least 1, but is [{}]", name,
           fmt::join(v, ", "));
    grid.push_back({{v[0], v[1]}, v[2]});
  }
  if (grid.empty() || grid.size() > 3)
    fail("{} must have one to three dimensions, but has {}", f.name("grid"),
         grid.size());
}

template <class Fields> static void describe(Fields &f, TensorMapEntry &map) {
  f.integer("operand", map.operand, 0, maxOperands - 1);
  f.integer("columns", map.columns, 1, maxElements);
  describeCount(f, "rows", map.rows);
  f.integer("row_bytes", map.rowBytes, 1, maxElements);
  std::vector<int64_t> box{map.boxColumns, map.boxRows};
  f.integers("box", box, 1, 256);
  if (box.size() != 2)
    fail("{} must be two integers (columns, rows), but has {}", f.name("box"),
         box.size());
  map.boxColumns = box[0], map.boxRows = box[1];
  f.integer("swizzle", map.swizzle, 0, 128);
  if (map.swizzle != 0 && map.swizzle != 32 && map.swizzle != 64 &&
      map.swizzle != 128)
    fail("{} must be 0, 32, 64 or 128, but is {}", f.name("swizzle"),
         map.swizzle);
}

template <class Fields> void describe(Fields &f, LaunchEntry &launch) {
  f.string("function", launch.function);
  describeGrid(f, launch.grid);
  f.integer("threads", launch.threads, 1, maxThreads);
  f.integer("shared_bytes", launch.sharedBytes, 0, maxSharedBytes);
  f.integer("operands", launch.operands, 1, maxOperands);
  f.boolean("takes_rows", launch.takesRows);
  f.objects("tensor_maps", launch.tensorMaps);
  for (size_t i = 0; i < launch.tensorMaps.size(); ++i)
    if (launch.tensorMaps[i].operand >= launch.operands)
      fail("{} must be an integer from 0 to {}, but is {}",
           f.name(fmt::format("tensor_maps[{}].operand", i)),
           launch.operands - 1, launch.tensorMaps[i].operand);
}

template <class Fields> void describe(Fields &f, CublasLtEntry &matmul) {
  auto operand = [&](const char *key, int64_t &to) {
    f.integer(key, to, 0, maxOperands - 1);
  };
  describeCount(f, "m", matmul.m);
  f.integer("n", matmul.n, 1, maxElements);
  f.integer("k", matmul.k, 1, maxElements);
  operand("x", matmul.x), operand("weight", matmul.weight);
  f.optionalInteger("bias", matmul.bias, 0, maxOperands - 1);
  operand("out", matmul.out);
  f.choice("type", matmul.type, {"bf16", "f32", "tf32"});
  f.choice("out_type", matmul.outType, {"bf16", "f32"});
  f.choice("epilogue", matmul.epilogue, {"none", "bias", "gelu_tanh_bias"});
  if (matmul.bias.has_value() != (matmul.epilogue != "none"))
    fail("{} is {}, but the epilogue is {}", f.name("bias"),
         matmul.bias ? std::to_string(*matmul.bias) : "null", matmul.epilogue);
}

template void describe(FieldReader &, LaunchEntry &);
template void describe(FieldWriter &, LaunchEntry &);
template void describe(FieldReader &, CublasLtEntry &);
template void describe(FieldWriter &, CublasLtEntry &);

} // namespace dit::runtime
