// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One case an op, the formula as DiTOps.td has it.
#include "codegen/cuda/Expressions.h"

#include "llvm/ADT/TypeSwitch.h"
#include <fmt/format.h>

using namespace mlir;

namespace dit::codegen::cuda {

namespace {

/// A list that stays on a line: `a | b | c | ... (29 in all)`.
std::string joined(OperandRange values, const ValueNames &names) {
  constexpr unsigned kMost = 3;
  std::string text;
  for (auto [i, value] : llvm::enumerate(values.take_front(kMost)))
    text += (i ? " | " : "") + names[value].str();
  if (values.size() > kMost)
    text += fmt::format(" | ... ({} in all)", values.size());
  return text;
}

std::string literal(double value) {
  std::string text = fmt::format("{}", (float)value);
  bool isWhole = StringRef(text).find_first_of(".e") == StringRef::npos;
  return text + (isWhole ? ".f" : "f");
}

/// A norm's `* weight + bias`, where it has them.
std::string scaled(std::string text, Value weight, Value bias,
                   const ValueNames &names) {
  if (weight)
    text += " * " + names[weight].str();
  if (bias)
    text += " + " + names[bias].str();
  return text;
}

std::string linearFormula(LinearOp op, const ValueNames &names) {
  return scaled(fmt::format("{} @ {}^T", names[op.getX()].str(),
                            names[op.getWeight()].str()),
                {}, op.getBias(), names);
}

} // namespace

std::string formula(Operation *op, const ValueNames &names) {
  auto name = [&](Value value) { return names[value].str(); };
  auto call = [&](StringRef function, Value x) {
    return function.str() + "(" + name(x) + ")";
  };
  return llvm::TypeSwitch<Operation *, std::string>(op)
      .Case([&](AddOp add) {
        return name(add.getLhs()) + " + " + name(add.getRhs());
      })
      .Case([&](MulOp mul) {
        return name(mul.getLhs()) + " * " + name(mul.getRhs());
      })
      .Case([&](GateOp gate) {
        return name(gate.getX()) + " * " + name(gate.getGate());
      })
      .Case([&](ModulateOp modulate) {
        return fmt::format("{} * (1.f + {}) + {}", name(modulate.getX()),
                           name(modulate.getScale()),
                           name(modulate.getShift()));
      })
      .Case([&](LayerNormOp norm) {
        auto text = fmt::format("layer_norm({}, {})", name(norm.getX()),
                                literal(norm.getEps().convertToDouble()));
        return scaled(text, norm.getWeight(), norm.getBias(), names);
      })
      .Case([&](RMSNormOp norm) {
        auto text = fmt::format("rms_norm({}, {})", name(norm.getX()),
                                literal(norm.getEps().convertToDouble()));
        return scaled(text, norm.getWeight(), {}, names);
      })
      .Case([&](SiluOp silu) { return call("silu", silu.getX()); })
      .Case([&](GeluOp gelu) {
        return call(gelu.getForm() == GeluForm::Tanh ? "gelu_tanh" : "gelu_erf",
                    gelu.getX());
      })
      .Case([&](EmbeddingOp op) {
        return name(op.getTable()) + "[" + name(op.getIndex()) + "]";
      })
      .Case([&](RotateOp rotate) {
        return fmt::format("rotate({} by {})", name(rotate.getX()),
                           name(rotate.getTable()));
      })
      .Case([&](LinearOp linear) { return linearFormula(linear, names); })
      .Case([&](AttentionOp attention) {
        return fmt::format("softmax({} {}^T / sqrt({})) {}, {} heads",
                           name(attention.getQ()), name(attention.getK()),
                           attention.getHeadDim(), name(attention.getV()),
                           attention.getHeads());
      })
      .Case([&](CastOp cast) {
        return call(cast.getType().getElementType().isBF16() ? "bf16" : "float",
                    cast.getX());
      })
      .Case([&](ConcatOp concat) {
        return "[" + joined(concat->getOperands(), names) + "]";
      })
      .Case<SincosPositionOp, RotaryPositionOp>([&](auto grid) {
        std::string trained =
            grid.getTrainedHeight()
                ? fmt::format(" trained {} x {}", *grid.getTrainedHeight(),
                              *grid.getTrainedWidth())
                : "";
        return fmt::format("{}({} x {}{})",
                           grid->getName().stripDialect().str(),
                           grid.getGridHeight(), grid.getGridWidth(), trained);
      })
      .Default([&](Operation *other) { // a layout: its name says it
        return other->getName().stripDialect().str() + "(" +
               joined(other->getOperands(), names) + ")";
      });
}

std::string formulas(FusedOp op, const ValueNames &names) {
  std::string text;
  for (Operation &inner : op.getBody().front().without_terminator())
    text += (text.empty() ? "" : "; ") + names[inner.getResult(0)].str() +
            " = " + formula(&inner, names);
  return text;
}

/// Values are floats; a store rounds by itself, and so does what keeps a
/// linear's x. Only what is used further must be rounded before.
bool isRoundedByStore(CastOp cast) {
  return llvm::all_of(cast->getUsers(), llvm::IsaPred<YieldOp, LinearOp>);
}

StringRef ExpressionPrinter::at(Value value) {
  if (auto cast = value.getDefiningOp<CastOp>())
    if (isRoundedByStore(cast))
      return at(cast.getX());
  StringRef name = names[value];
  if (!known.insert(value).second)
    return name;
  std::string text;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    text = read(argument);
  } else if (auto embedding = value.getDefiningOp<EmbeddingOp>()) {
    text = lookUp(embedding);
  } else if (auto rotate = value.getDefiningOp<RotateOp>()) {
    (void)at(rotate.getX());
    text = lookUp(rotate);
  } else if (auto cast = value.getDefiningOp<CastOp>()) {
    text = at(cast.getX()).str();
    if (cast.getType().getElementType().isBF16())
      text = "roundToBf16(" + text + ")";
  } else {
    for (Value operand : value.getDefiningOp()->getOperands())
      (void)at(operand);
    text = formula(value.getDefiningOp(), names);
  }
  out += indent + "const auto " + name.str() + " = " + text + ";\n";
  return name;
}

} // namespace dit::codegen::cuda
