// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calls an artifact's functions in order and owns the memory they work in.
#include "runtime/Denoiser.h"

#include "runtime/Error.h"

#include <algorithm>

namespace dit::runtime {

/// `rows * bytesPerRow`, which a flag may have made too large.
static int64_t rowBytes(int64_t rows, int64_t bytesPerRow, const char *what) {
  int64_t bytes;
  if (__builtin_mul_overflow(rows, bytesPerRow, &bytes))
    fail("{} of {} rows of {} bytes exceeds what a machine has", what, rows,
         bytesPerRow);
  return bytes;
}

Plan::Plan(Denoiser &denoiser, int64_t rows) : denoiser(denoiser), count(rows) {
  auto turn = denoiser.takeTurn();
  Device &device = denoiser.device();
  const Manifest &manifest = device.manifest();
  device.settle(manifest.functions.size() - 1, rows);
  arena = device.allocate(
      rowBytes(rows, manifest.network().arenaPerRow, "a workspace"),
      "the workspace");
}

void Plan::run(std::span<const void *const> inputs,
               std::span<const DitTable> tables,
               std::span<void *const> outputs) {
  auto turn = denoiser.takeTurn();
  denoiser.call(denoiser.manifest().functions.size() - 1,
                {&denoiser.device().host(), count,
                 denoiser.prepared->memory.data(), arena.data(), inputs.data(),
                 tables.data(), outputs.data()});
}

/// Throws for a model that is told more than x at a step and one table's rows.
static void checkToldByTable(const Manifest &manifest) {
  for (const PortEntry &input : manifest.inputs)
    if (input.name != "x" && input.name != "t" && input.name != "y")
      fail("the model is told {} beside x, t and y", inQuotes(input.name));
  const FunctionEntry &network = manifest.network();
  if (network.inputs != std::vector<std::string>{"x"} ||
      network.tables.size() > 1)
    fail("the model reads more than x and one table at a step");
}

void Plan::denoise(const float *x, const int32_t *rowIndex, const float *table,
                   float *out) {
  checkToldByTable(denoiser.manifest());
  const void *inputs[] = {x};
  const DitTable tables[] = {{table, rowIndex}};
  void *outputs[] = {out};
  run(inputs, tables, outputs);
}

Denoiser::Denoiser(std::shared_ptr<const Artifact> loaded,
                   std::unique_ptr<Device> device, WeightSource &weights)
    : artifact(std::move(loaded)), prepared(std::make_shared<Prepared>()),
      runner(std::move(device)), tables(manifest().functions.size()) {
  prepared->memory = runner->allocateShared(artifact->preparedBytes(manifest()),
                                            "the packed weights");
  runner->bindWeights(&weights);
  for (size_t i = 0; i < manifest().functions.size(); ++i)
    if (entry(i).every == kEveryLoad && entry(i).readsWeights)
      runOnce(i);
  weights.check();
  runner->bindWeights(nullptr);
  makePrepared();
}

Denoiser::Denoiser(const Denoiser &first, const DeviceOptions &options)
    : artifact(first.artifact), prepared(first.prepared),
      runner(first.runner->beside(
          artifact->alternativeOf(first.manifest(), options.size), options)),
      tables(manifest().functions.size()) {
  makePrepared();
}

Denoiser::Denoiser(std::shared_ptr<const Artifact> loaded,
                   WeightSource &weights, int threads)
    : Denoiser(loaded, openDevice(*loaded, {.threads = threads}), weights) {}

Denoiser::~Denoiser() { lastPlan.reset(); }

DitStatus Denoiser::call(FunctionIndex function, const DitCall &call) {
  runner->enter(function, call.rows);
  DitStatus status = runner->call(function, call);
  runner->leave();
  artifact->check(status, entry(function).name);
  return status;
}

/// Done on return: whatever shares what is prepared need not wait for this
/// device.
void Denoiser::runOnce(FunctionIndex function) {
  runner->settle(function, 1);
  call(function, {&runner->host(), 1, prepared->memory.data(), nullptr, nullptr,
                  nullptr, nullptr});
  runner->synchronize();
}

/// What this size has of its own, unless somebody who shares the weights has
/// made it.
void Denoiser::makePrepared() {
  std::lock_guard lock(prepared->turn);
  if (!prepared->tables.insert(manifest().resolution()).second)
    return;
  for (size_t i = 0; i < manifest().functions.size(); ++i)
    if (entry(i).every == kEveryLoad && !entry(i).readsWeights)
      runOnce(i);
}

DeviceMemory &Denoiser::grow(DeviceMemory &memory, int64_t bytes,
                             const char *what) {
  if (!memory.data() || memory.bytes() < bytes) {
    memory = DeviceMemory();
    memory = runner->allocate(bytes, what);
  }
  return memory;
}

int64_t Denoiser::rowBytesOf(std::string_view input) const {
  return manifest().findInput(input)->elements() * 4;
}

void Denoiser::fillTable(FunctionIndex function, int64_t total,
                         std::span<const void *const> inputs,
                         std::span<const std::vector<int32_t>> rowsOfTables,
                         float *table) {
  const FunctionEntry &e = entry(function);
  // Rows share a pass over the weights, so more at once is faster; this many
  // bounds the memory.
  constexpr int64_t mostRows = 256, mostBytes = int64_t{64} << 20;
  int64_t fitting = e.arenaPerRow > 0 ? mostBytes / e.arenaPerRow : mostRows;
  int64_t batch = std::clamp<int64_t>(fitting, 1, mostRows);
  // Whatever a row is, every part of the table then begins at 64 bytes.
  constexpr int64_t granule = 16;
  if (batch > granule)
    batch -= batch % granule;
  batch = std::min(total, batch);
  grow(tableArena, batch * e.arenaPerRow, "a table's workspace");
  tableInputs.resize(
      std::max(tableInputs.size(), e.inputs.size() + e.tables.size()));
  for (int64_t i = 0; i < total; i += batch) {
    int64_t rows = std::min(batch, total - i);
    /// `from` on the device, the host's own where that is the device.
    auto there = [&](size_t slot, const void *from, int64_t bytesPerRow) {
      const void *begin = static_cast<const char *>(from) + i * bytesPerRow;
      if (runner->isHost())
        return begin;
      DeviceMemory &memory =
          grow(tableInputs[slot], batch * bytesPerRow, "the inputs of a table");
      runner->upload(memory.data(), begin, rows * bytesPerRow);
      return static_cast<const void *>(memory.data());
    };
    std::vector<const void *> own;
    for (size_t k = 0; k < e.inputs.size(); ++k)
      own.push_back(there(k, inputs[k], rowBytesOf(e.inputs[k])));
    std::vector<DitTable> read;
    for (size_t k = 0; k < e.tables.size(); ++k)
      read.push_back(
          {tables[*manifest().findFunction(e.tables[k])].rows.as<float>(),
           static_cast<const int32_t *>(
               there(e.inputs.size() + k, rowsOfTables[k].data(), 4))});
    void *outputs[] = {table + i * e.rowFloats};
    runner->settle(function, rows);
    call(function, {&runner->host(), rows, prepared->memory.data(),
                    tableArena.data(), own.data(), read.data(), outputs});
  }
}

void Denoiser::condition(std::span<const float> t, std::span<const int32_t> y,
                         float *table) {
  auto lock = takeTurn();
  auto function = manifest().findFunction("condition");
  if (!function)
    return; // nothing depends on t and y alone
  checkToldByTable(manifest());
  std::vector<const void *> inputs;
  for (const std::string &name : entry(*function).inputs)
    inputs.push_back(name == "t" ? static_cast<const void *>(t.data())
                                 : y.data());
  fillTable(*function, static_cast<int64_t>(t.size()), inputs, {}, table);
}

void Denoiser::checkInputs(const InputMap &inputs, int64_t rows) const {
  for (const PortEntry &port : manifest().inputs) {
    auto found = inputs.find(port.name);
    if (found == inputs.end())
      fail("the input {} is missing: the model reads {} of {} a sample",
           inQuotes(port.name), port.dtype, showShape(port.shape));
    if (found->second.rows != rows && found->second.rows != 1)
      fail("the input {} has {} rows, but the batch {}", inQuotes(port.name),
           found->second.rows, rows);
  }
}

/// The row of sample i, of one row for all.
static const char *rowOf(const InputValues &values, int64_t i, int64_t bytes) {
  return static_cast<const char *>(values.data) +
         (values.rows == 1 ? 0 : i * bytes);
}

/// Tables of the slower functions, one row for samples that are told the same,
/// by bits: a NaN is told like any other number.
void Denoiser::fillTables(const InputMap &inputs, int64_t rows) {
  for (size_t f = 0; f < manifest().functions.size(); ++f) {
    const FunctionEntry &e = entry(f);
    if (e.rowFloats == 0)
      continue;
    std::map<std::string, int32_t> rowOfKey;
    std::vector<std::string> gathered(e.inputs.size());
    std::vector<std::vector<int32_t>> rowsOfTables(e.tables.size());
    Table &table = tables[f];
    table.rowOf.clear();
    for (int64_t i = 0; i < rows; ++i) {
      std::string key;
      for (const std::string &name : e.inputs)
        key.append(rowOf(inputs.find(name)->second, i, rowBytesOf(name)),
                   rowBytesOf(name));
      for (const std::string &maker : e.tables)
        key += fmt::format("{},",
                           tables[*manifest().findFunction(maker)].rowOf[i]);
      auto [it, isNew] = rowOfKey.try_emplace(
          std::move(key), static_cast<int32_t>(rowOfKey.size()));
      table.rowOf.push_back(it->second);
      if (!isNew)
        continue;
      for (size_t k = 0; k < e.inputs.size(); ++k)
        gathered[k].append(
            rowOf(inputs.find(e.inputs[k])->second, i, rowBytesOf(e.inputs[k])),
            rowBytesOf(e.inputs[k]));
      for (size_t k = 0; k < e.tables.size(); ++k)
        rowsOfTables[k].push_back(
            tables[*manifest().findFunction(e.tables[k])].rowOf[i]);
    }
    auto distinct = static_cast<int64_t>(rowOfKey.size());
    grow(table.rows, rowBytes(distinct, e.rowFloats * 4, "a condition table"),
         "the condition table");
    std::vector<const void *> own;
    for (const std::string &values : gathered)
      own.push_back(values.data());
    fillTable(f, distinct, own, rowsOfTables, table.rows.as<float>());
  }
}

/// The network's function with the tables that there are; `x` and `out` are the
/// device's.
void Denoiser::evaluateNetwork(const InputMap &inputs, const float *x,
                               int64_t rows, float *out) {
  const FunctionEntry &network = manifest().network();
  if (!lastPlan || lastPlan->rows() != rows) {
    lastPlan.reset();
    lastPlan = std::make_unique<Plan>(*this, rows);
  }
  std::vector<DitTable> read;
  for (const std::string &maker : network.tables) {
    Table &table = tables[*manifest().findFunction(maker)];
    grow(table.rowIndex, rows * 4, "the rows of a batch");
    runner->upload(table.rowIndex.data(), table.rowOf.data(), rows * 4);
    read.push_back({table.rows.as<float>(), table.rowIndex.as<int32_t>()});
  }
  networkInputs.resize(network.inputs.size());
  std::vector<const void *> own;
  for (size_t k = 0; k < network.inputs.size(); ++k) {
    const std::string &name = network.inputs[k];
    if (name == "x") {
      own.push_back(x);
      continue;
    }
    // One row a sample, on the device.
    const InputValues &values = inputs.find(name)->second;
    int64_t bytes = rowBytesOf(name);
    std::string all;
    for (int64_t i = 0; i < rows; ++i)
      all.append(rowOf(values, i, bytes), bytes);
    DeviceMemory &memory =
        grow(networkInputs[k], rows * bytes, "an input of a batch");
    runner->upload(memory.data(), all.data(), rows * bytes);
    own.push_back(memory.data());
  }
  void *outputs[] = {out};
  lastPlan->run(own, read, outputs);
}

void Denoiser::evaluateOnDevice(const float *x, std::span<const float> t,
                                std::span<const int32_t> y, float *out) {
  auto rows = static_cast<int64_t>(t.size());
  InputMap inputs{
      {"x", {x, rows}}, {"t", {t.data(), rows}}, {"y", {y.data(), rows}}};
  checkInputs(inputs, rows);
  auto lock = takeTurn(); // of what is kept from one evaluation to the next
  fillTables(inputs, rows);
  evaluateNetwork(inputs, x, rows, out);
}

void Denoiser::evaluate(const InputMap &inputs, int64_t rows, float *out) {
  checkInputs(inputs, rows);
  auto lock = takeTurn();
  fillTables(inputs, rows);
  const InputValues &x = inputs.find("x")->second;
  int64_t floats = manifest().sampleFloats();
  int64_t inBytes = rowBytes(rows, floats * 4, "an input");
  int64_t outBytes =
      rowBytes(rows, manifest().outputFloats() * 4, "a prediction");
  if (runner->isHost() && x.rows == rows) {
    evaluateNetwork(inputs, static_cast<const float *>(x.data), rows, out);
    return;
  }
  grow(input, inBytes, "the states of a batch");
  grow(output, outBytes, "the predictions of a batch");
  for (int64_t i = 0; i < rows; i += x.rows)
    runner->upload(input.as<float>() + i * floats, x.data, x.rows * floats * 4);
  evaluateNetwork(inputs, input.as<float>(), rows, output.as<float>());
  runner->download(out, output.data(), outBytes);
}

void Denoiser::evaluate(const float *x, std::span<const float> t,
                        std::span<const int32_t> y, float *out) {
  auto rows = static_cast<int64_t>(t.size());
  evaluate(InputMap{{"x", {x, rows}},
                    {"t", {t.data(), rows}},
                    {"y", {y.data(), rows}}},
           rows, out);
}

int64_t evaluationBytes(const Manifest &manifest, int64_t rows) {
  return rowBytes(rows,
                  manifest.network().arenaPerRow + manifest.tableArenaPerRow() +
                      4 * (manifest.rowFloats() + manifest.sampleFloats() +
                           manifest.outputFloats()),
                  "a workspace");
}

} // namespace dit::runtime
