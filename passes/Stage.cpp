// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Stage: a binding-time analysis over operands, and the three functions it
// splits the network into. No op is named here.
#include "passes/Crossings.h"
#include "passes/Passes.h"
#include "passes/Phase.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace dit {
#define GEN_PASS_DEF_STAGE
#include "passes/Passes.h.inc"

namespace {

/// When a value is known: at load, with (t, y), with x.
enum Time { Prepare, Condition, Denoise };

constexpr StringLiteral kFunctions[] = {kPrepare, kCondition, kDenoise};

/// All that an op reads, also in its regions.
SetVector<Value> valuesRead(Operation *op) {
  SetVector<Value> read(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), read);
  return read;
}

class Stager {
public:
  explicit Stager(func::FuncOp network) : network(network), builder(network) {}

  /// Replaces the network by the three functions.
  LogicalResult run() {
    if (failed(findTimes()) || failed(findCrossings()))
      return failure();
    for (Time time : {Prepare, Condition, Denoise})
      build(time);
    network.erase();
    return success();
  }

private:
  LogicalResult findTimes();
  LogicalResult findCrossings();
  void build(Time time);
  Value materialise(Value value, OpBuilder &body, IRMapping &map);
  void addArguments(Time time, func::FuncOp function, IRMapping &map);

  func::FuncOp network;
  OpBuilder builder;
  DenseMap<Value, Time> times;
  DenseMap<Operation *, Time> opTimes;
  /// What each function returns to later ones, in the order of the network.
  SetVector<Value> crossings[2];
  /// The crossing values that each function reads.
  SetVector<Value> readBy[3];
  DenseMap<Value, std::string> names;
};

LogicalResult Stager::findTimes() {
  for (BlockArgument arg : network.getArguments()) {
    auto name =
        network.getArgAttrOfType<StringAttr>(arg.getArgNumber(), kNameAttr);
    if (!name || (name != "x" && name != "t" && name != "y"))
      return network.emitError("argument ")
             << arg.getArgNumber() << " must be named x, t or y, but is "
             << (name ? "'" + name.getValue() + "'"
                      : Twine("without dit.name"));
    times[arg] = name == "x" ? Denoise : Condition;
  }
  for (Operation &op : network.getBody().front()) {
    bool moves = isPure(&op) && !op.hasTrait<OpTrait::IsTerminator>();
    Time time = moves ? Prepare : Denoise;
    for (Value value : valuesRead(&op))
      if (auto known = times.find(value); known != times.end())
        time = std::max(time, known->second);
    opTimes[&op] = time;
    for (Value result : op.getResults())
      times[result] = time;
  }
  return success();
}

LogicalResult Stager::findCrossings() {
  SetVector<Value> crossing;
  for (Operation &op : network.getBody().front()) {
    Time time = opTimes[&op];
    for (Value read : valuesRead(&op)) {
      Value value = viewedValue(read);
      auto known = times.find(value);
      if (known == times.end() || known->second == time)
        continue;
      if (isa<BlockArgument>(value))
        return op.emitError("reads t or y beside x; only what is computed from "
                            "t and y can cross into @denoise");
      crossing.insert(value);
      readBy[time].insert(value);
    }
  }
  UniqueNames unique;
  for (Operation &op : network.getBody().front())
    for (Value result : op.getResults())
      if (crossing.contains(result)) {
        crossings[times[result]].insert(result);
        names[result] = unique(crossingName(result));
      }
  return success();
}

/// `value` in the function being built: known already, or a view of such.
Value Stager::materialise(Value value, OpBuilder &body, IRMapping &map) {
  if (Value known = map.lookupOrNull(value))
    return known;
  Operation *view = value.getDefiningOp();
  assert(view && isView(view) && "a value was not passed where it is read");
  materialise(view->getOperand(0), body, map);
  return body.clone(*view, map)->getResult(0);
}

void Stager::addArguments(Time time, func::FuncOp function, IRMapping &map) {
  auto add = [&](Value value, StringRef name, StringRef from) {
    map.map(value,
            addArgument(function, value.getType(), name, from, value.getLoc()));
  };
  for (BlockArgument arg : network.getArguments())
    if (times[arg] == time)
      add(arg, argumentName(network, arg.getArgNumber()), "input");
  for (int earlier = time - 1; earlier >= 0; --earlier)
    for (Value value : crossings[earlier])
      if (readBy[time].contains(value))
        add(value, names[value], kFunctions[earlier]);
}

void Stager::build(Time time) {
  builder.setInsertionPoint(network);
  auto function =
      func::FuncOp::create(builder, network.getLoc(), kFunctions[time],
                           builder.getFunctionType({}, {}));
  OpBuilder body = OpBuilder::atBlockEnd(function.addEntryBlock());
  IRMapping map;
  addArguments(time, function, map);
  Operation *end = network.getBody().front().getTerminator();
  for (Operation &op : network.getBody().front().without_terminator()) {
    if (opTimes[&op] != time || isView(&op))
      continue;
    for (Value value : valuesRead(&op))
      if (times.contains(value))
        materialise(value, body, map);
    body.clone(op, map);
  }
  if (time != Denoise) {
    func::ReturnOp::create(body, end->getLoc());
    for (Value value : crossings[time])
      addResult(function, map.lookup(value), names[value]);
    return;
  }
  SmallVector<Value> results;
  for (Value value : end->getOperands())
    results.push_back(materialise(value, body, map));
  func::ReturnOp::create(body, end->getLoc(), results);
  function.setType(builder.getFunctionType(function.getArgumentTypes(),
                                           ValueRange(results).getTypes()));
  if (ArrayAttr attrs = network.getAllResultAttrs())
    function.setAllResultAttrs(attrs);
  for (NamedAttribute attr : network->getDiscardableAttrs())
    function->setAttr(attr.getName(), attr.getValue());
}

struct Stage : impl::StageBase<Stage> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto network = module.lookupSymbol<func::FuncOp>(kDenoise);
    if (!network || network.isExternal() || module.lookupSymbol(kPrepare) ||
        module.lookupSymbol(kCondition)) {
      module.emitError(
          "expected one function @denoise and neither @prepare nor @condition");
      return signalPassFailure();
    }
    if (failed(Stager(network).run()))
      return signalPassFailure();
    module->setAttr(kPhaseAttr, StringAttr::get(&getContext(), "staged"));
  }
};

} // namespace
} // namespace dit
