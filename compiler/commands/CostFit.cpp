// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc cost --fit: how a quality figure of several models falls with their
// compute.
#include "compiler/Cost.h"
#include "compiler/PowerLaw.h"
#include "compiler/Session.h"
#include "compiler/Yaml.h"
#include "compiler/commands/Commands.h"
#include "runtime/Error.h"
#include "runtime/OutputFile.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace mlir;
using namespace dit;

namespace {

constexpr size_t kMaxCsvBytes = 1 << 20;

/// What each column of the file is; -1 where there is none.
struct Columns {
  int count = 0, name = -1, spec = -1, gflops = -1, figure = -1;
  std::string figureName;
};

SmallVector<StringRef> fieldsOf(StringRef line) {
  SmallVector<StringRef> fields;
  line.split(fields, ',');
  for (StringRef &field : fields)
    field = field.trim();
  return fields;
}

Columns readHeader(StringRef line, const std::string &path) {
  Columns columns;
  for (StringRef title : fieldsOf(line)) {
    int &column = title == "name"     ? columns.name
                  : title == "spec"   ? columns.spec
                  : title == "gflops" ? columns.gflops
                                      : columns.figure;
    if (column >= 0)
      runtime::fail("{}:1: expected one column of each kind, but {} is a "
                    "second one",
                    path, runtime::inQuotes(title.str()));
    column = columns.count++;
    if (&column == &columns.figure)
      columns.figureName = title.str();
  }
  if (columns.figure < 0 || columns.figureName.empty())
    runtime::fail("{}:1: expected a column with a quality figure", path);
  if ((columns.spec < 0) == (columns.gflops < 0))
    runtime::fail("{}:1: expected one of the columns spec and gflops", path);
  return columns;
}

double positive(StringRef field, const std::string &place) {
  double value;
  // to_float alone would take "nan" and "inf".
  if (!llvm::to_float(field, value) || !std::isfinite(value) || value <= 0)
    runtime::fail("{}: expected a positive number, but found {}", place,
                  runtime::inQuotes(field.str()));
  return value;
}

/// What the paper calls a model's Gflops.
FailureOr<double> gflopsOf(StringRef spec, const std::string &csv) {
  llvm::SmallString<128> path(llvm::sys::path::parent_path(csv));
  if (llvm::sys::path::is_absolute(spec))
    path = spec;
  else
    llvm::sys::path::append(path, spec);
  Session session("ditc cost");
  auto input = session.load(path);
  if (failed(input))
    return failure();
  if (input->phase != Phase::Dit)
    return session.error(path + " has reached phase " +
                         infoOf(input->phase).name +
                         ", but costs are counted on the network of phase dit");
  return totalOf(costsOf(*input->module, /*batch=*/1)).macsPaper * 1e-9;
}

FailureOr<std::vector<Measured>> readRows(ArrayRef<StringRef> lines,
                                          const Columns &columns,
                                          const std::string &path) {
  std::vector<Measured> rows;
  for (auto [index, line] : llvm::enumerate(lines)) {
    if (line.trim().empty() || index == 0)
      continue;
    std::string place = path + ":" + std::to_string(index + 1);
    auto fields = fieldsOf(line);
    if (int(fields.size()) != columns.count)
      runtime::fail("{}: expected {} fields, but found {}", place,
                    columns.count, fields.size());
    Measured row;
    row.y = positive(fields[columns.figure], place);
    if (columns.gflops >= 0) {
      row.x = positive(fields[columns.gflops], place);
    } else {
      auto gflops = gflopsOf(fields[columns.spec], path);
      if (failed(gflops))
        return failure();
      row.x = *gflops;
      row.name = llvm::sys::path::stem(fields[columns.spec]).str();
    }
    if (columns.name >= 0)
      row.name = fields[columns.name].str();
    rows.push_back(std::move(row));
  }
  auto differ = [&](double Measured::*value) {
    return llvm::any_of(
        rows, [&](const Measured &r) { return r.*value != rows[0].*value; });
  };
  if (!differ(&Measured::x) || !differ(&Measured::y))
    runtime::fail("{}: expected rows that differ in compute and in {}, but "
                  "found none among {}",
                  path, columns.figureName, rows.size());
  return rows;
}

} // namespace

LogicalResult dit::printFit(const std::string &csv, const std::string &plot) {
  auto file = readTextFile(csv, kMaxCsvBytes);
  if (!file)
    throw runtime::Error(llvm::toString(file.takeError()));
  SmallVector<StringRef> lines;
  StringRef(*file).split(lines, '\n');
  Columns columns = readHeader(lines[0], csv);
  auto rows = readRows(lines, columns, csv);
  if (failed(rows))
    return failure();
  PowerLaw law = fitPowerLaw(*rows);
  const std::string &figure = columns.figureName;
  llvm::outs() << llvm::formatv(
      "{0} models, {1} over Gflops (1e9 MACs in the paper's counting)\n"
      "correlation of log Gflops with {1}      {2:F4}\n"
      "correlation of log Gflops with log {1}  {3:F4}\n"
      "fit  {1} = {4:F4} * Gflops^{5:F4}\n",
      rows->size(), figure, law.correlation, law.logCorrelation, law.factor,
      law.exponent);
  if (!plot.empty()) {
    runtime::OutputFile output(plot);
    output.write(plotPowerLaw(*rows, law, "Gflops", figure));
    output.commit();
  }
  return success();
}
