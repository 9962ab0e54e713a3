// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Stage: a function for each rate that has work, by the binding times of what
// the network computes. No op and no input is named here.
#include "passes/BindingTimes.h"
#include "passes/Crossings.h"
#include "passes/Passes.h"
#include "passes/Phase.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace dit {
#define GEN_PASS_DEF_STAGE
#include "passes/Passes.h.inc"

namespace {

class Stager {
public:
  explicit Stager(func::FuncOp network)
      : network(network), builder(network), times(network) {}

  /// Replaces the network by a function for each rate that has work.
  LogicalResult run() {
    if (failed(checkInputs()))
      return failure();
    findCrossings();
    for (const RateInfo &info : rates())
      if (hasWork(info.rate))
        build(info);
    network.erase();
    return success();
  }

private:
  LogicalResult checkInputs();
  void findCrossings();
  bool hasWork(Rate rate);
  void build(const RateInfo &info);
  Value materialise(Value value, OpBuilder &body, IRMapping &map);
  void addArguments(Rate rate, func::FuncOp function, IRMapping &map);
  void returnResults(func::FuncOp function, OpBuilder &body, IRMapping &map);

  Block &ops() { return network.getBody().front(); }
  /// What is read in a function other than its own, views looked through.
  SetVector<Value> &readIn(Rate rate) {
    return read[static_cast<size_t>(rate)];
  }
  SetVector<Value> &madeIn(Rate rate) {
    return made[static_cast<size_t>(rate)];
  }

  func::FuncOp network;
  OpBuilder builder;
  BindingTimes times;
  /// The crossing values of each rate, in the order of the network, and those
  /// that each rate's function reads; inputs that it reads are among the
  /// latter.
  SmallVector<SetVector<Value>> made{rates().size()}, read{rates().size()};
  DenseMap<Value, std::string> names;
};

LogicalResult Stager::checkInputs() {
  for (unsigned i = 0; i < network.getNumArguments(); ++i) {
    if (argumentName(network, i).empty())
      return network.emitError("argument ")
             << i << " must have " << kNameAttr << ", by which it is known";
    Attribute every = network.getArgAttr(i, kEveryAttr);
    if (!every)
      continue;
    auto rate = dyn_cast<StringAttr>(every);
    if (!rate || !findRate(rate) || *findRate(rate) == Rate::Load)
      return network.emitError("argument '")
             << argumentName(network, i) << "' must have " << kEveryAttr
             << " prompt, condition or step, but has " << every;
  }
  return success();
}

void Stager::findCrossings() {
  SetVector<Value> crossing;
  for (Operation &op : ops()) {
    Rate rate = times(&op);
    for (Value value : valuesRead(&op)) {
      Value source = viewedValue(value);
      if (isa<BlockArgument>(source)) {
        readIn(rate).insert(source);
      } else if (times(source) != rate) {
        crossing.insert(source);
        readIn(rate).insert(source);
      }
    }
  }
  UniqueNames unique;
  for (Operation &op : ops())
    for (Value result : op.getResults())
      if (crossing.contains(result)) {
        madeIn(times(result)).insert(result);
        names[result] = unique(crossingName(result));
      }
}

/// @prepare and the network itself are always there.
bool Stager::hasWork(Rate rate) {
  return rate == Rate::Load || rate == Rate::Step || !madeIn(rate).empty();
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

/// Its own inputs, faster ones' that it reads, then what slower functions
/// return, the fastest of them first.
void Stager::addArguments(Rate rate, func::FuncOp function, IRMapping &map) {
  auto add = [&](Value value, StringRef name, StringRef from) {
    Value argument =
        addArgument(function, value.getType(), name, from, value.getLoc());
    map.map(value, argument);
    return cast<BlockArgument>(argument).getArgNumber();
  };
  for (BlockArgument arg : network.getArguments()) {
    if (times(arg) != rate && !readIn(rate).contains(arg))
      continue;
    unsigned from = arg.getArgNumber();
    unsigned to = add(arg, argumentName(network, from), kFromInput);
    if (Attribute every = network.getArgAttr(from, kEveryAttr))
      function.setArgAttr(to, kEveryAttr, every);
  }
  for (const RateInfo &maker : llvm::reverse(rates()))
    for (Value value : madeIn(maker.rate))
      if (readIn(rate).contains(value))
        add(value, names[value], maker.function);
}

void Stager::build(const RateInfo &info) {
  builder.setInsertionPoint(network);
  auto function = func::FuncOp::create(builder, network.getLoc(), info.function,
                                       builder.getFunctionType({}, {}));
  OpBuilder body = OpBuilder::atBlockEnd(function.addEntryBlock());
  IRMapping map;
  addArguments(info.rate, function, map);
  for (Operation &op : ops().without_terminator()) {
    if (times(&op) != info.rate || isView(&op))
      continue;
    for (Value value : valuesRead(&op))
      materialise(value, body, map);
    body.clone(op, map);
  }
  if (info.rate == Rate::Step) {
    returnResults(function, body, map);
    return;
  }
  func::ReturnOp::create(body, ops().getTerminator()->getLoc());
  for (Value value : madeIn(info.rate))
    addResult(function, map.lookup(value), names[value]);
}

/// The network's own results and attributes.
void Stager::returnResults(func::FuncOp function, OpBuilder &body,
                           IRMapping &map) {
  Operation *end = ops().getTerminator();
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
    auto functions = functionsOf(module);
    if (functions.size() != 1 || rateOf(functions[0]) != Rate::Step) {
      module.emitError("expected one function, @")
          << infoOf(Rate::Step).function << ", and none of a slower rate";
      return signalPassFailure();
    }
    if (failed(Stager(functions[0]).run()))
      return signalPassFailure();
    module->setAttr(kPhaseAttr, StringAttr::get(&getContext(), "staged"));
  }
};

} // namespace
} // namespace dit
