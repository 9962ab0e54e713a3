// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of rates, and which rate a function or an argument has.
#include "dialect/Rate.h"

#include "dialect/DiTDialect.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace dit {

static constexpr RateInfo kRates[] = {
    {Rate::Load, "load", "prepare"},
    {Rate::Prompt, "prompt", "prompt"},
    {Rate::Condition, "condition", "condition"},
    {Rate::Step, "step", "denoise"},
};

ArrayRef<RateInfo> rates() { return kRates; }

const RateInfo &infoOf(Rate rate) { return kRates[static_cast<int>(rate)]; }

std::optional<Rate> findRate(StringRef name) {
  for (const RateInfo &info : kRates)
    if (info.name == name)
      return info.rate;
  return std::nullopt;
}

std::string listOfRates() {
  std::string text;
  for (const RateInfo &info : kRates) {
    if (!text.empty())
      text += &info == std::end(kRates) - 1 ? " or " : ", ";
    text += info.name;
  }
  return text;
}

static std::optional<Rate> rateOfFunction(StringRef name) {
  for (const RateInfo &info : kRates)
    if (info.function == name)
      return info.rate;
  return std::nullopt;
}

/// The rate that an attribute names; contracts refuse other strings.
static std::optional<Rate> rateNamed(Attribute attr) {
  auto name = dyn_cast_or_null<StringAttr>(attr);
  return name ? findRate(name) : std::nullopt;
}

Rate rateOf(func::FuncOp function) {
  if (auto rate = rateNamed(function->getAttr(kEveryAttr)))
    return *rate;
  return rateOfFunction(function.getName()).value_or(Rate::Step);
}

Rate rateOfArgument(func::FuncOp function, unsigned index) {
  if (auto rate = rateNamed(function.getArgAttr(index, kEveryAttr)))
    return *rate;
  auto from = function.getArgAttrOfType<StringAttr>(index, kFromAttr);
  if (!from || from == kFromInput)
    return rateOf(function);
  return rateOfFunction(from).value_or(rateOf(function));
}

bool isOfNetwork(func::FuncOp function) {
  return function->hasAttr(kEveryAttr) || rateOfFunction(function.getName());
}

SmallVector<func::FuncOp> functionsOf(ModuleOp module) {
  SmallVector<func::FuncOp> functions;
  for (const RateInfo &info : kRates)
    for (auto function : module.getOps<func::FuncOp>())
      if (!function.isExternal() && isOfNetwork(function) &&
          rateOf(function) == info.rate)
        functions.push_back(function);
  return functions;
}

} // namespace dit
