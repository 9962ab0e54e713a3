// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What dialect/README.md promises of each phase, checked at its end and before
// a dumped module is taken up again.
#include "compiler/Phases.h"
#include "dialect/DiTDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
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

/// The three functions of a staged module.
struct Program {
  func::FuncOp prepare, condition, denoise;
};

/// `name`, defined and with one block.
func::FuncOp findFunction(ModuleOp module, StringRef name) {
  auto func = module.lookupSymbol<func::FuncOp>(name);
  if (!func)
    module.emitError() << "must have a function @" << name;
  else if (!func.getBody().hasOneBlock())
    func.emitError() << "@" << name << " must have a body of one block",
        func = {};
  return func;
}

/// The module holds the functions `names` and nothing else.
LogicalResult checkNothingElse(ModuleOp module, ArrayRef<StringRef> names) {
  for (Operation &op : *module.getBody()) {
    auto func = dyn_cast<func::FuncOp>(op);
    if (!func || !llvm::is_contained(names, func.getName()))
      return op.emitOpError() << "must be inside @" << llvm::join(names, ", @")
                              << ", the only functions of this phase";
  }
  return success();
}

LogicalResult checkNames(func::FuncOp func) {
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    StringRef from = attrOf(func.getArgAttrDict(i), kFromAttr);
    if (attrOf(func.getArgAttrDict(i), kNameAttr).empty())
      return func.emitError() << "argument " << i << " must have " << kNameAttr;
    if (from != "input" && from != "prepare" && from != "condition")
      return func.emitError()
             << "argument " << i << " must have " << kFromAttr
             << " input, prepare or condition, but has '" << from << "'";
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

/// Every op of `func` but views must depend on an argument of which `counts` is
/// true.
LogicalResult checkBinding(func::FuncOp func, StringRef inputs,
                           llvm::function_ref<bool(unsigned)> counts) {
  llvm::DenseSet<Value> dependent;
  for (unsigned i = 0; i < func.getNumArguments(); ++i)
    if (counts(i))
      dependent.insert(func.getArgument(i));
  for (Operation &op : func.getBody().front().without_terminator()) {
    bool depends = llvm::any_of(op.getOperands(), [&](Value operand) {
      return dependent.contains(operand);
    });
    if (depends)
      dependent.insert(op.result_begin(), op.result_end());
    else if (!isView(&op) && mlir::isPure(&op))
      return op.emitOpError()
             << "in @" << func.getName() << " must depend on " << inputs
             << ", but could run earlier" << inName(&op);
  }
  return success();
}

FailureOr<Program> checkFunctions(ModuleOp module) {
  Program program{findFunction(module, "prepare"),
                  findFunction(module, "condition"),
                  findFunction(module, "denoise")};
  if (!program.prepare || !program.condition || !program.denoise ||
      failed(checkNothingElse(module, {"prepare", "condition", "denoise"})))
    return failure();
  for (func::FuncOp func :
       {program.prepare, program.condition, program.denoise})
    if (failed(checkNames(func)))
      return failure();
  if (program.prepare.getNumArguments())
    return program.prepare.emitError("@prepare must have no arguments");
  if (failed(checkCrossing(program.condition, program.prepare)) ||
      failed(checkCrossing(program.denoise, program.prepare)) ||
      failed(checkCrossing(program.denoise, program.condition)))
    return failure();
  return program;
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

LogicalResult checkSlots(func::FuncOp condition) {
  if (!condition->getAttrOfType<IntegerAttr>(kRowFloatsAttr))
    return condition.emitError() << "@condition must have " << kRowFloatsAttr;
  for (unsigned i = 0; i < condition.getNumResults(); ++i) {
    auto slot = condition.getResultAttrOfType<IntegerAttr>(i, kSlotAttr);
    if (!slot || slot.getInt() < 0 || slot.getInt() % 16)
      return condition.emitError()
             << "result " << i << " of @condition must have " << kSlotAttr
             << ", a multiple of 16";
  }
  return success();
}

} // namespace

LogicalResult dit::checkDit(ModuleOp module) {
  func::FuncOp denoise = findFunction(module, "denoise");
  if (!denoise || failed(checkNothingElse(module, {"denoise"})) ||
      failed(checkNames(denoise)))
    return failure();
  for (unsigned i = 0; i < denoise.getNumArguments(); ++i)
    if (attrOf(denoise.getArgAttrDict(i), kFromAttr) != "input")
      return denoise.emitError() << "argument " << i << " must have "
                                 << kFromAttr << " input at phase dit";
  return success();
}

LogicalResult dit::checkStaged(ModuleOp module) {
  auto program = checkFunctions(module);
  if (failed(program))
    return failure();
  for (func::FuncOp func : {program->condition, program->denoise}) {
    auto walk = func.walk([](WeightOp weight) {
      weight.emitError() << "'" << weight.getName()
                         << "' must be read in @prepare alone";
      return WalkResult::interrupt();
    });
    if (walk.wasInterrupted())
      return failure();
  }
  func::FuncOp condition = program->condition, denoise = program->denoise;
  auto isInput = [&](unsigned i) {
    return attrOf(condition.getArgAttrDict(i), kFromAttr) == "input";
  };
  auto isX = [&](unsigned i) {
    return attrOf(denoise.getArgAttrDict(i), kFromAttr) == "input";
  };
  if (failed(checkBinding(condition, "t or y", isInput)))
    return failure();
  return checkBinding(denoise, "x", isX);
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
  for (auto func : module.getOps<func::FuncOp>())
    if (failed(checkOffsets(func, func.getName() == "prepare")))
      return failure();
  if (failed(checkTables(module.lookupSymbol<func::FuncOp>("prepare"))))
    return failure();
  if (failed(checkSlots(module.lookupSymbol<func::FuncOp>("condition"))))
    return failure();
  return checkMemory(module);
}
