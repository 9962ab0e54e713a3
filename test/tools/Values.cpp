// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the tensors of a check come from: the IR file, a seed, a safetensors
// file.
#include "test/tools/Check.h"

#include "dialect/DiTDialect.h"
#include "dialect/Semantics.h"
#include "runtime/Error.h"
#include "runtime/Safetensors.h"
#include "runtime/SeededWeights.h"

#include <cstring>
#include <fmt/format.h>

using namespace mlir;
using llvm::createStringError;
using llvm::Expected;

namespace dit::test {

static Tensor fromDense(DenseElementsAttr dense, Type elementType) {
  Tensor tensor(dense.getType().getShape(), elementType);
  for (auto [i, value] : llvm::enumerate(tensor.values))
    value = isa<FloatType>(dense.getElementType())
                ? dense.getValues<APFloat>()[i].convertToDouble()
                : double(dense.getValues<APInt>()[i].getSExtValue());
  return tensor;
}

/// Rows of the smallest label table that the module reads; 1 without any.
static int64_t labelCount(func::FuncOp function) {
  std::optional<int64_t> rows;
  function->getParentOfType<ModuleOp>().walk([&](EmbeddingOp op) {
    if (!op.getIndex().getType().getElementType().isInteger())
      return; // a timestep
    int64_t count = op.getTable().getType().getDimSize(0);
    rows = rows ? std::min(*rows, count) : count;
  });
  return rows.value_or(1);
}

Expected<Tensor> makeInput(func::FuncOp function, unsigned i,
                           const CheckOptions &options) {
  auto type = dyn_cast<RankedTensorType>(function.getArgumentTypes()[i]);
  if (!type)
    return createStringError("every argument must be a tensor");
  std::string name = nameOfArgument(function, i);
  if (auto dense =
          function.getArgAttrOfType<DenseElementsAttr>(i, "dit.values"))
    return fromDense(dense, type.getElementType());
  Tensor tensor(shapeWithBatch(type, options.batch), type.getElementType());
  std::vector<float> floats(tensor.size());
  runtime::fillUniform(name, options.seed, floats);
  tensor.values.assign(floats.begin(), floats.end());
  for (double &value : tensor.values)
    if (type.getElementType().isInteger())
      value = std::floor((value + 1) / 2 * labelCount(function));
    else if (name == "t")
      value = float((value + 1) / 2 * 1000);
  return tensor;
}

WeightSource seededWeights(ModuleOp module, uint64_t seed) {
  TensorMap given;
  module.walk([&](WeightOp op) {
    if (auto dense = op->getAttrOfType<DenseElementsAttr>("dit.values"))
      given[op.getName().str()] =
          fromDense(dense, op.getType().getElementType());
  });
  return [=](StringRef name, ArrayRef<int64_t> shape) -> Expected<Tensor> {
    if (auto it = given.find(name.str()); it != given.end())
      return it->second;
    Tensor tensor(shape, {});
    std::vector<float> floats(tensor.size());
    runtime::fillSeeded(std::string_view(name), shape, seed, floats);
    return Tensor(shape, {}, floats);
  };
}

WeightSource scaleWeight(WeightSource weights, std::string scaled,
                         double factor) {
  return [=](StringRef name, ArrayRef<int64_t> shape) -> Expected<Tensor> {
    auto tensor = weights(name, shape);
    if (tensor && name == scaled)
      for (double &value : tensor->values)
        value *= factor;
    return tensor;
  };
}

template <typename T>
static void widen(const char *bytes, std::vector<double> &values) {
  for (double &value : values) {
    T element;
    std::memcpy(&element, bytes, sizeof element);
    value = double(element);
    bytes += sizeof element;
  }
}

Expected<TensorMap> readTensors(MLIRContext *context, const std::string &path) {
  TensorMap tensors;
  try {
    runtime::SafetensorsFile file(path);
    Builder builder(context);
    for (const auto &[name, stored] : file.tensors()) {
      Tensor &tensor = tensors[name] =
          Tensor(stored.shape, builder.getF32Type());
      std::string content(stored.bytes, '\0');
      file.readBytes(stored, content.data());
      const char *bytes = content.data();
      if (stored.dtype == "F64")
        widen<double>(bytes, tensor.values);
      else if (stored.dtype == "F32")
        widen<float>(bytes, tensor.values);
      else if (stored.dtype == "I64")
        widen<int64_t>(bytes, tensor.values);
      else if (stored.dtype == "I32")
        widen<int32_t>(bytes, tensor.values);
      else
        return createStringError(
            fmt::format("{}: '{}' is {}, not F64, F32, I64 or I32", path, name,
                        stored.dtype));
    }
  } catch (const runtime::Error &error) {
    return createStringError(error.what());
  }
  return tensors;
}

WeightSource storedWeights(TensorMap tensors) {
  return [tensors = std::move(tensors)](
             StringRef name, ArrayRef<int64_t> shape) -> Expected<Tensor> {
    auto it = tensors.find(name.str());
    if (it == tensors.end())
      return createStringError(fmt::format("there is no weight '{}', {}",
                                           name.str(), showShape(shape)));
    return it->second;
  };
}

} // namespace dit::test
