// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/Evaluation.h"

namespace dit::runtime {

Evaluation::Evaluation(Denoiser &denoiser, int64_t rows)
    : denoiser(denoiser), plan(denoiser, rows), tables(denoiser) {}

void Evaluation::tell(const InputMap &told) {
  const Manifest &manifest = denoiser.manifest();
  // Equal rows are one, so that what is computed from them is too.
  InputMap distinct;
  std::map<std::string, std::vector<int32_t>> rowOf;
  for (const auto &[name, values] : told) {
    if (name == "x")
      continue;
    rowOf[name] = firstEqualRows(values, manifest.findInput(name)->bytes());
    if (values.rows == 1)
      rowOf[name].assign(static_cast<size_t>(rows()), 0);
    distinct[name] = {values.data, values.rows, rowOf[name]};
  }
  tables.tell(distinct, rows());
  const FunctionEntry &network = manifest.network();
  rowIndices.resize(network.tables.size());
  for (size_t k = 0; k < network.tables.size(); ++k) {
    FunctionIndex maker = *manifest.findFunction(network.tables[k]);
    std::vector<int32_t> index;
    for (int64_t i = 0; i < rows(); ++i)
      index.push_back(tables.row(maker, i));
    denoiser.grow(rowIndices[k], rows() * 4, "the rows of a batch");
    denoiser.device().upload(rowIndices[k].data(), index.data(), rows() * 4);
  }
  inputs.resize(network.inputs.size());
  for (size_t k = 0; k < network.inputs.size(); ++k) {
    const std::string &name = network.inputs[k];
    if (name == "x")
      continue;
    int64_t bytes = manifest.findInput(name)->bytes();
    std::string all = rowsOfSamples(distinct.at(name), rows(), bytes);
    denoiser.grow(inputs[k], rows() * bytes, "an input of a batch");
    denoiser.device().upload(inputs[k].data(), all.data(), rows() * bytes);
  }
}

void Evaluation::run(const float *x, float *out) {
  const Manifest &manifest = denoiser.manifest();
  const FunctionEntry &network = manifest.network();
  std::vector<const void *> read;
  for (size_t k = 0; k < network.inputs.size(); ++k)
    read.push_back(network.inputs[k] == "x" ? static_cast<const void *>(x)
                                            : inputs[k].data());
  std::vector<DitTable> gathered;
  for (size_t k = 0; k < network.tables.size(); ++k)
    gathered.push_back({tables.rows(*manifest.findFunction(network.tables[k])),
                        rowIndices[k].as<int32_t>()});
  void *outputs[] = {out};
  plan.run(read, gathered, outputs);
}

} // namespace dit::runtime
