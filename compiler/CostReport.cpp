// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The three forms of a cost report.
#include "compiler/CostReport.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace dit;
using llvm::formatv;

double CostReport::flopsPerImage() const {
  return 2.0 * double(total.macs) * double(evaluations);
}

static void writeRow(const OpCost &cost, int64_t batch, llvm::raw_ostream &os) {
  os << formatv("{0,-24} {1,5} {2,12} {3,10:F4} {4,10:F4} {5,10:F3} {6,10:F3} "
                "{7,8:F2}\n",
                cost.name, cost.count, cost.parameters, cost.macs * 1e-9,
                cost.macsPaper * 1e-9, cost.bytesRead * 1e-6,
                cost.bytesWritten * 1e-6, cost.flopsPerByte(batch));
}

static std::string counted(int64_t count, StringRef noun) {
  return formatv("{0} {1}{2}", count, noun, count == 1 ? "" : "s");
}

void dit::writeTable(const CostReport &report, llvm::raw_ostream &os) {
  const OpCost &total = report.total;
  os << report.model << '\n'
     << "parameters   " << report.parameters << '\n'
     << "weight bytes " << 4 * report.parameters << " (float32)\n"
     << "macs         " << total.macs
     << formatv(" a sample ({0:F4} G)\n", total.macs * 1e-9) << "macs, paper  "
     << total.macsPaper
     << formatv(
            " a sample ({0:F2} G; its counting rule was found by fitting)\n",
            total.macsPaper * 1e-9)
     << formatv("flops        {0:F3} T an image: {1}, {2} x 2 flops a mac\n",
                report.flopsPerImage() * 1e-12, counted(report.steps, "step"),
                counted(report.evaluations, "evaluation"))
     << formatv("\nEach op run alone, a batch of {0}; rows are sums over their "
                "count.\n",
                report.batch)
     << formatv("{0,-24} {1,5} {2,12} {3,10} {4,10} {5,10} {6,10} {7,8}\n",
                "op", "count", "parameters", "G macs", "G paper", "MB read",
                "MB written", "flop/B");
  for (const OpCost &cost : report.rows)
    writeRow(cost, report.batch, os);
  writeRow(total, report.batch, os);
}

/// Locations of hand-written IR may name an op anything.
static std::string csvField(StringRef text) {
  if (text.find_first_of(",\"\n\r") == StringRef::npos)
    return text.str();
  std::string quoted = "\"";
  for (char c : text)
    quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

void dit::writeCsv(const CostReport &report, llvm::raw_ostream &os) {
  os << "name,kind,count,parameters,macs,macs_paper,bytes_read,bytes_written,"
        "flops_per_byte\n";
  auto row = [&](const OpCost &cost) {
    os << csvField(cost.name) << ',' << cost.kind << ',' << cost.count << ','
       << cost.parameters << ',' << cost.macs << ',' << cost.macsPaper << ','
       << cost.bytesRead << ',' << cost.bytesWritten
       << formatv(",{0:F4}\n", cost.flopsPerByte(report.batch));
  };
  for (const OpCost &cost : report.rows)
    row(cost);
  row(report.total);
}

static void writeNumbers(llvm::json::OStream &json, const OpCost &cost,
                         int64_t batch) {
  json.attribute("macs", cost.macs);
  json.attribute("macs_paper", cost.macsPaper);
  json.attribute("bytes_read", cost.bytesRead);
  json.attribute("bytes_written", cost.bytesWritten);
  json.attribute("flops_per_byte", cost.flopsPerByte(batch));
}

void dit::writeJson(const CostReport &report, llvm::raw_ostream &os) {
  llvm::json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("name", report.model);
    json.attribute("parameters", report.parameters);
    json.attribute("batch", report.batch);
    writeNumbers(json, report.total, report.batch);
    json.attribute("steps", report.steps);
    json.attribute("evaluations", report.evaluations);
    json.attribute("flops_per_image", report.flopsPerImage());
    json.attributeArray("ops", [&] {
      for (const OpCost &cost : report.rows)
        json.object([&] {
          json.attribute("name", cost.name);
          json.attribute("kind", cost.kind);
          json.attribute("count", cost.count);
          json.attribute("parameters", cost.parameters);
          writeNumbers(json, cost, report.batch);
        });
    });
  });
  os << '\n';
}
