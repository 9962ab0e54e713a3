// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What dialect/README.md promises of each phase, checked at its end and before
// a dumped module is taken up again.
#include "compiler/Phases.h"
#include "dialect/DiTDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/BindingTimes.h"
#include "passes/Grammar.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace dit;

namespace {

StringRef attrOf(DictionaryAttr attrs, StringRef name) {
  auto value = attrs ? attrs.getAs<StringAttr>(name) : StringAttr();
  return value ? value.getValue() : "";
}

/// ` (in blocks[3].fc1)`, where the op has a name.
std::string inName(Operation *op) {
  StringRef name = nameOf(op->getLoc());
  return name.empty() ? "" : " (in " + name.str() + ")";
}

/// The function of a rate, defined and with one block.
func::FuncOp findFunction(ModuleOp module, Rate rate) {
  StringRef name = infoOf(rate).function;
  auto func = module.lookupSymbol<func::FuncOp>(name);
  if (!func)
    module.emitError() << "must have a function @" << name;
  else if (!func.getBody().hasOneBlock())
    func.emitError() << "@" << name << " must have a body of one block",
        func = {};
  return func;
}

/// The module holds functions named for the rates from `first` on and nothing
/// else.
LogicalResult checkNothingElse(ModuleOp module, Rate first) {
  SmallVector<StringRef> names;
  for (const RateInfo &info : rates())
    if (info.rate >= first)
      names.push_back(info.function);
  for (Operation &op : *module.getBody()) {
    auto func = dyn_cast<func::FuncOp>(op);
    if (!func || !llvm::is_contained(names, func.getName()))
      return op.emitOpError() << "must be inside @" << llvm::join(names, ", @")
                              << ", the only functions of this phase";
    if (!func.getBody().hasOneBlock())
      return func.emitError()
             << "@" << func.getName() << " must have a body of one block";
  }
  return success();
}

/// `input`, or the functions of slower rates: what dit.from may say.
LogicalResult checkFrom(func::FuncOp func, unsigned i) {
  StringRef from = attrOf(func.getArgAttrDict(i), kFromAttr);
  SmallVector<StringRef> makers{kFromInput};
  for (const RateInfo &info : rates())
    if (info.rate < rateOf(func))
      makers.push_back(info.function);
  if (llvm::is_contained(makers, from))
    return success();
  StringRef last = makers.pop_back_val();
  return func.emitError() << "argument " << i << " must have " << kFromAttr
                          << ' ' << llvm::join(makers, ", ")
                          << (makers.empty() ? "" : " or ") << last
                          << ", but has '" << from << "'";
}

LogicalResult checkNames(func::FuncOp func) {
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    DictionaryAttr attrs = func.getArgAttrDict(i);
    if (attrOf(attrs, kNameAttr).empty())
      return func.emitError() << "argument " << i << " must have " << kNameAttr;
    if (failed(checkFrom(func, i)))
      return failure();
    auto rate = findRate(attrOf(attrs, kEveryAttr));
    bool isInput = attrOf(attrs, kFromAttr) == kFromInput;
    if (attrs.contains(kEveryAttr) &&
        (!isInput || !rate || *rate == Rate::Load || *rate > rateOf(func)))
      return func.emitError()
             << "argument " << i << " of @" << func.getName() << " must have "
             << kEveryAttr
             << " of an input, prompt, condition or step and no faster than "
                "its function, but has "
             << attrs.get(kEveryAttr);
  }
  llvm::StringSet<> names;
  for (unsigned i = 0; i < func.getNumResults(); ++i) {
    StringRef name = attrOf(func.getResultAttrDict(i), kNameAttr);
    if (name.empty())
      return func.emitError() << "result " << i << " must have " << kNameAttr;
    if (!names.insert(name).second)
      return func.emitError() << "result " << i << " must have a name of its "
                              << "own, but '" << name << "' is another's";
  }
  return success();
}

/// Every argument that comes from @`maker` is one of its results, of its type.
LogicalResult checkCrossing(func::FuncOp user, func::FuncOp maker) {
  for (unsigned i = 0; i < user.getNumArguments(); ++i) {
    if (attrOf(user.getArgAttrDict(i), kFromAttr) != maker.getName())
      continue;
    StringRef name = attrOf(user.getArgAttrDict(i), kNameAttr);
    bool found = false;
    for (unsigned r = 0; r < maker.getNumResults() && !found; ++r)
      found = attrOf(maker.getResultAttrDict(r), kNameAttr) == name &&
              maker.getResultTypes()[r] == user.getArgumentTypes()[i];
    if (!found)
      return user.emitError()
             << "argument '" << name << "' must be a result of @"
             << maker.getName() << " of the same type";
  }
  return success();
}

/// Every argument that is no input comes from a function that there is.
LogicalResult checkMakers(func::FuncOp user, ArrayRef<func::FuncOp> makers) {
  for (func::FuncOp maker : makers)
    if (failed(checkCrossing(user, maker)))
      return failure();
  for (unsigned i = 0; i < user.getNumArguments(); ++i) {
    StringRef from = attrOf(user.getArgAttrDict(i), kFromAttr);
    if (from != kFromInput && llvm::none_of(makers, [&](func::FuncOp maker) {
          return maker.getName() == from;
        }))
      return user.emitError() << "argument " << i << " is from @" << from
                              << ", which the module does not have";
  }
  return success();
}

/// Every op of `func` but views must change as often as the function runs.
LogicalResult checkBinding(func::FuncOp func) {
  BindingTimes times(func);
  SmallVector<StringRef> inputs;
  for (unsigned i = 0; i < func.getNumArguments(); ++i)
    if (rateOfArgument(func, i) == rateOf(func))
      inputs.push_back(attrOf(func.getArgAttrDict(i), kNameAttr));
  std::string names = inputs.empty() ? "an input" : llvm::join(inputs, " or ");
  for (Operation &op : func.getBody().front().without_terminator())
    if (times(&op) != rateOf(func) && !isView(&op))
      return op.emitOpError()
             << "in @" << func.getName() << " must depend on " << names
             << ", but could run earlier" << inName(&op);
  return success();
}

/// The functions of a staged module, slowest first.
FailureOr<SmallVector<func::FuncOp>> checkFunctions(ModuleOp module) {
  if (!findFunction(module, Rate::Load) || !findFunction(module, Rate::Step) ||
      failed(checkNothingElse(module, Rate::Load)))
    return failure();
  auto functions = functionsOf(module);
  for (func::FuncOp func : functions)
    if (failed(checkNames(func)))
      return failure();
  if (functions[0].getNumArguments())
    return functions[0].emitError("@prepare must have no arguments");
  for (size_t i = 0; i < functions.size(); ++i)
    if (failed(checkMakers(functions[i], ArrayRef(functions).take_front(i))))
      return failure();
  return functions;
}

/// A multiple of 64, where memory is concerned.
bool isAligned(int64_t offset) { return offset >= 0 && offset % 64 == 0; }

LogicalResult checkOffsets(func::FuncOp func, bool isPrepare) {
  auto arena = func->getAttrOfType<IntegerAttr>(kArenaAttr);
  if (!arena || !isAligned(arena.getInt()))
    return func.emitError() << "@" << func.getName() << " must have "
                            << kArenaAttr << ", a multiple of 64";
  for (auto fused : func.getOps<FusedOp>()) {
    if (!fused.getOffsets())
      return fused.emitOpError() << "must have offsets" << inName(fused);
    ArrayRef<int64_t> offsets = *fused.getOffsets();
    for (int64_t offset : offsets)
      if (!isAligned(offset) && (offset != -1 || isPrepare))
        return fused.emitOpError()
               << "must have offsets that are multiples of 64, found " << offset
               << inName(fused);
  }
  return success();
}

/// Each region of @prepare makes what lies below dit.shared_bytes or above it;
/// the former needs nothing of the latter, the latter no weight.
LogicalResult checkTables(func::FuncOp prepare) {
  auto shared = prepare->getAttrOfType<IntegerAttr>(kSharedAttr);
  if (!shared)
    return success();
  if (!isAligned(shared.getInt()))
    return prepare.emitError()
           << "@prepare must have " << kSharedAttr
           << " that is a multiple of 64, found " << shared.getInt();
  llvm::DenseSet<Operation *> tables;
  for (auto fused : prepare.getOps<FusedOp>()) {
    auto isTable = [&](int64_t offset) { return offset >= shared.getInt(); };
    bool makesTable = llvm::any_of(*fused.getOffsets(), isTable);
    if (makesTable && !llvm::all_of(*fused.getOffsets(), isTable))
      return fused.emitOpError() << "must have all its results below "
                                 << kSharedAttr << ", or none" << inName(fused);
    if (makesTable)
      tables.insert(fused);
    for (Value input : fused.getInputs()) {
      while (isView(input.getDefiningOp()))
        input = input.getDefiningOp()->getOperand(0);
      Operation *maker = input.getDefiningOp();
      if (makesTable ? isa<WeightOp>(maker) : tables.contains(maker))
        return fused.emitOpError()
               << (makesTable ? "lies above " : "lies below ") << kSharedAttr
               << ", so must read no " << (makesTable ? "weight" : "table")
               << inName(fused);
    }
  }
  return success();
}

LogicalResult checkSlots(func::FuncOp func) {
  if (!func->getAttrOfType<IntegerAttr>(kRowFloatsAttr))
    return func.emitError()
           << "@" << func.getName() << " must have " << kRowFloatsAttr;
  for (unsigned i = 0; i < func.getNumResults(); ++i) {
    auto slot = func.getResultAttrOfType<IntegerAttr>(i, kSlotAttr);
    if (!slot || slot.getInt() < 0 || slot.getInt() % 16)
      return func.emitError()
             << "result " << i << " of @" << func.getName() << " must have "
             << kSlotAttr << ", a multiple of 16";
  }
  return success();
}

} // namespace

LogicalResult dit::checkDit(ModuleOp module) {
  func::FuncOp network = findFunction(module, Rate::Step);
  if (!network || failed(checkNothingElse(module, Rate::Step)) ||
      failed(checkNames(network)))
    return failure();
  for (unsigned i = 0; i < network.getNumArguments(); ++i)
    if (attrOf(network.getArgAttrDict(i), kFromAttr) != kFromInput)
      return network.emitError() << "argument " << i << " must have "
                                 << kFromAttr << " input at phase dit";
  return success();
}

LogicalResult dit::checkStaged(ModuleOp module) {
  auto functions = checkFunctions(module);
  if (failed(functions))
    return failure();
  for (func::FuncOp func : ArrayRef(*functions).drop_front()) {
    auto walk = func.walk([](WeightOp weight) {
      weight.emitError() << "'" << weight.getName()
                         << "' must be read in @prepare alone";
      return WalkResult::interrupt();
    });
    if (walk.wasInterrupted() || failed(checkBinding(func)))
      return failure();
  }
  return success();
}

LogicalResult dit::checkFused(ModuleOp module) {
  if (failed(checkStaged(module)))
    return failure();
  for (auto func : module.getOps<func::FuncOp>())
    for (Operation &op : func.getBody().front().without_terminator())
      if (!isView(&op) && !isa<FusedOp, WeightOp>(op))
        return op.emitOpError() << "in @" << func.getName()
                                << " must be inside a dit.fused" << inName(&op);
  WalkResult walk = module.walk([](FusedOp fused) {
    std::string fault = grammarFault(fused);
    if (fault.empty())
      return WalkResult::advance();
    fused.emitOpError() << "must keep to the grammar of kind "
                        << stringifyKernelKind(fused.getKind()) << ": " << fault
                        << inName(fused);
    return WalkResult::interrupt();
  });
  return failure(walk.wasInterrupted());
}

LogicalResult dit::checkPlanned(ModuleOp module) {
  if (failed(checkFused(module)))
    return failure();
  for (func::FuncOp func : functionsOf(module)) {
    Rate rate = rateOf(func);
    if (failed(checkOffsets(func, rate == Rate::Load)))
      return failure();
    if (rate == Rate::Load && failed(checkTables(func)))
      return failure();
    if ((rate == Rate::Prompt || rate == Rate::Condition) &&
        failed(checkSlots(func)))
      return failure();
  }
  return checkMemory(module);
}
