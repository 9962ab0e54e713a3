// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reading a planned module: where every tensor is, and which launches share a
// kernel.
#include "codegen/Launches.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace dit::codegen {

namespace {

constexpr int64_t kFloatBytes = 4;

/// Row-major strides; a batched tensor's first one is its elements a sample.
SmallVector<int64_t, 4> contiguousStrides(RankedTensorType type) {
  SmallVector<int64_t, 4> strides(type.getRank(), 1);
  for (int64_t dim = type.getRank() - 2; dim >= 0; --dim)
    strides[dim] = strides[dim + 1] * type.getDimSize(dim + 1);
  return strides;
}

Place contiguous(Value value, Base base, int64_t index = 0,
                 int64_t offset = 0) {
  Place place;
  place.base = base, place.index = index, place.offset = offset;
  place.type = cast<RankedTensorType>(value.getType());
  place.strides = contiguousStrides(place.type);
  return place;
}

class Reader {
public:
  explicit Reader(ModuleOp module) : module(module) {}

  FailureOr<Program> read() {
    auto functions = functionsOf(module);
    if (functions.empty() || rateOf(functions.back()) != Rate::Step)
      return module.emitError()
             << "a planned module has @" << infoOf(Rate::Step).function
             << ", found none";
    for (func::FuncOp function : functions)
      if (failed(readFunction(function)))
        return failure();
    return std::move(program);
  }

private:
  LogicalResult readFunction(func::FuncOp function);
  void splitTables();
  LogicalResult placeArguments();
  size_t inputOf(StringRef name, unsigned argument);
  LogicalResult placeReturned();
  LogicalResult placeOp(Operation &op);
  LogicalResult placeView(Operation &op);
  LogicalResult placeFused(FusedOp op);
  void keepResults();
  size_t kernelOf(const Launch &launch);

  Function &own() { return program.functions.back(); }
  size_t ownIndex() { return program.functions.size() - 1; }
  bool isPrepare() { return own().rate == Rate::Load; }
  bool fillsTable() {
    return own().rate == Rate::Prompt || own().rate == Rate::Condition;
  }

  ModuleOp module;
  Program program;
  func::FuncOp current;
  DenseMap<Value, Place> places;
  llvm::StringMap<llvm::StringMap<Place>> returned; // by function, dit.name
  llvm::StringMap<int64_t> weightIndex;
  llvm::StringMap<size_t> kernelByKey;
  llvm::StringMap<int> nameUses;
};

int64_t integerAttr(Operation *op, StringRef name) {
  auto attr = op->getAttrOfType<IntegerAttr>(name);
  return attr ? attr.getInt() : 0;
}

LogicalResult Reader::readFunction(func::FuncOp function) {
  current = function;
  places.clear();
  Function made;
  made.name = function.getName().str();
  made.rate = rateOf(function);
  program.functions.push_back(std::move(made));
  if (failed(placeArguments()) || failed(placeReturned()))
    return failure();
  for (Operation &op : current.getBody().front().without_terminator())
    if (failed(placeOp(op)))
      return failure();
  keepResults();
  llvm::SmallSetVector<size_t, 2> tables;
  for (const Launch &launch : own().launches)
    for (const Place &place : launch.operands)
      if (place.gathered)
        tables.insert(place.index);
  own().tables = tables.takeVector();
  llvm::sort(own().tables);
  if (isPrepare())
    splitTables();
  return success();
}

/// What lies behind sharedBytes is made by a function of its own.
void Reader::splitTables() {
  Function tables;
  tables.name = "tabulate";
  tables.rate = Rate::Load;
  auto isTable = [&](const Launch &launch) {
    return llvm::any_of(launch.results, [&](const Place &place) {
      return place.offset >= program.sharedBytes;
    });
  };
  std::vector<Launch> launches = std::move(own().launches);
  own().launches.clear();
  for (Launch &launch : launches)
    (isTable(launch) ? tables : own()).launches.push_back(std::move(launch));
  if (!tables.launches.empty())
    program.functions.push_back(std::move(tables));
}

/// The input's number among the function's own.
size_t Reader::inputOf(StringRef name, unsigned argument) {
  auto found = llvm::find_if(
      program.inputs, [&](const Port &port) { return port.name == name; });
  size_t index = found - program.inputs.begin();
  if (found == program.inputs.end())
    program.inputs.push_back(
        {name.str(),
         cast<RankedTensorType>(current.getArgumentTypes()[argument]),
         rateOfArgument(current, argument)});
  own().inputs.push_back(index);
  return own().inputs.size() - 1;
}

LogicalResult Reader::placeArguments() {
  for (BlockArgument arg : current.getArguments()) {
    unsigned i = arg.getArgNumber();
    auto from = current.getArgAttrOfType<StringAttr>(i, kFromAttr);
    auto name = current.getArgAttrOfType<StringAttr>(i, kNameAttr);
    if (!from || !name)
      return current.emitError() << "argument " << i << " needs " << kFromAttr
                                 << " and " << kNameAttr;
    if (from == kFromInput) {
      size_t index = inputOf(name, i);
      places[arg] = contiguous(arg, Base::Input, index);
      continue;
    }
    auto &known = returned[from.getValue()];
    auto found = known.find(name.getValue());
    if (found == known.end())
      return current.emitError()
             << "argument " << i << " is " << name << " of @" << from.getValue()
             << ", which returns no such value";
    places[arg] = found->second;
    places[arg].gathered = found->second.base == Base::Table;
  }
  return success();
}

/// Values that the function returns are where the caller wants them, from their
/// definition on.
LogicalResult Reader::placeReturned() {
  int64_t arenaBytes = integerAttr(current, kArenaAttr);
  if (isPrepare()) {
    program.preparedBytes = arenaBytes;
    program.sharedBytes = current->hasAttr(kSharedAttr)
                              ? integerAttr(current, kSharedAttr)
                              : arenaBytes;
    return success();
  }
  own().arenaBytesPerRow = arenaBytes;
  if (fillsTable())
    own().rowFloats = integerAttr(current, kRowFloatsAttr);
  Operation *ret = current.getBody().front().getTerminator();
  for (auto [i, value] : llvm::enumerate(ret->getOperands())) {
    if (!value.getDefiningOp<FusedOp>())
      return current.emitError()
             << "result " << i << " must be a kernel's result";
    if (!fillsTable()) {
      auto name = current.getResultAttrOfType<StringAttr>(i, kNameAttr);
      places[value] = contiguous(value, Base::Output, i);
      program.outputs.push_back(
          {name ? name.str() : "", places[value].type, Rate::Step});
      continue;
    }
    Place place = contiguous(value, Base::Table, ownIndex());
    place.tableRate = own().rate;
    auto slot = current.getResultAttrOfType<IntegerAttr>(i, kSlotAttr);
    if (!slot)
      return current.emitError() << "result " << i << " needs " << kSlotAttr;
    place.offset = slot.getInt() * kFloatBytes;
    place.strides[0] = own().rowFloats;
    places[value] = place;
  }
  return success();
}

LogicalResult Reader::placeOp(Operation &op) {
  if (auto weight = dyn_cast<WeightOp>(op)) {
    auto [entry, isNew] =
        weightIndex.try_emplace(weight.getName(), program.weights.size());
    if (isNew)
      program.weights.push_back({weight.getName().str(),
                                 llvm::to_vector(weight.getType().getShape())});
    own().readsWeights = true;
    places[weight] = contiguous(weight, Base::Weight, entry->second);
    return success();
  }
  if (isView(&op))
    return placeView(op);
  if (auto fused = dyn_cast<FusedOp>(op))
    return placeFused(fused);
  return op.emitOpError(
      "is not in a dit.fused; a planned module holds views and kernels");
}

LogicalResult Reader::placeView(Operation &op) {
  Place place = places.lookup(op.getOperand(0));
  auto type = cast<RankedTensorType>(op.getResult(0).getType());
  if (auto slice = dyn_cast<SliceOp>(op)) {
    place.offset += (int64_t)slice.getOffset() * place.strides[slice.getDim()] *
                    place.elementBytes();
  } else {
    // Strides of a reshape follow from the shape only where the elements are
    // packed; the batch may be apart (a slot of a condition row).
    auto packed = contiguousStrides(place.type);
    ArrayRef<int64_t> have = place.strides, want = packed;
    bool batched = place.isBatched();
    if (batched)
      have = have.drop_front(), want = want.drop_front();
    if (have != want)
      return op.emitOpError("of a strided view has no strides of its own");
    auto strides = contiguousStrides(type);
    if (batched)
      strides[0] = place.strides[0];
    place.strides = strides;
  }
  place.type = type;
  places[op.getResult(0)] = place;
  return success();
}

LogicalResult Reader::placeFused(FusedOp op) {
  if (!op.getOffsets())
    return op.emitOpError("has no offsets; a planned module has one a result");
  if (op.getNumResults() == 0)
    return op.emitOpError("makes nothing; a kernel has at least one result");
  Launch launch{op, 0, {}, {}};
  for (Value input : op.getInputs())
    launch.operands.push_back(places.lookup(input));
  for (auto [result, offset] : llvm::zip(op.getResults(), *op.getOffsets())) {
    if (offset >= 0) {
      places[result] =
          contiguous(result, isPrepare() ? Base::Prepared : Base::Arena);
      auto &at =
          isPrepare() ? places[result].offset : places[result].offsetPerRow;
      at = offset;
    } else if (!places.contains(result)) {
      return op.emitOpError("has offset -1 for a result that is not returned");
    }
    launch.results.push_back(places[result]);
  }
  launch.kernel = kernelOf(launch);
  own().launches.push_back(std::move(launch));
  return success();
}

void Reader::keepResults() {
  auto &known = returned[current.getName()];
  Operation *ret = current.getBody().front().getTerminator();
  for (auto [i, value] : llvm::enumerate(ret->getOperands()))
    if (auto name = current.getResultAttrOfType<StringAttr>(i, kNameAttr))
      known[name.getValue()] = places.lookup(value);
}

void printLayout(llvm::raw_ostream &os, ArrayRef<Place> places) {
  for (const Place &place : places) {
    os << place.type;
    if (place.gathered)
      os << " of table " << place.index;
    os << '[';
    llvm::interleaveComma(place.strides, os);
    os << "] ";
  }
}

/// Launches whose bodies print alike and whose tensors lie alike share a
/// kernel.
size_t Reader::kernelOf(const Launch &launch) {
  FusedOp op = launch.op;
  std::string key;
  llvm::raw_string_ostream os(key);
  os << stringifyKernelKind(op.getKind()) << '\n';
  for (Operation &inner : op.getBody().front()) {
    inner.print(os, OpPrintingFlags().useLocalScope());
    os << '\n';
  }
  printLayout(os, launch.operands);
  os << "-> ";
  printLayout(os, launch.results);

  auto [entry, isNew] = kernelByKey.try_emplace(key, program.kernels.size());
  if (isNew) {
    std::string name = kernelName(op);
    if (int use = nameUses[name]++)
      name += "_" + std::to_string(use + 1);
    program.kernels.push_back({name, op, launch.operands, launch.results});
  }
  return entry->second;
}

} // namespace

bool isRoundedWhenStored(CastOp cast) {
  Type element = cast.getType().getElementType();
  SmallVector<Value> open{cast.getResult()};
  while (!open.empty())
    for (Operation *user : open.pop_back_val().getUsers()) {
      if (isa<YieldOp>(user))
        continue;
      if (!user->hasTrait<MovesElements>() ||
          getElementTypeOrSelf(user->getResult(0)) != element)
        return false;
      open.push_back(user->getResult(0));
    }
  return true;
}

const Function *Program::find(StringRef name) const {
  for (const Function &function : functions)
    if (function.name == name)
      return &function;
  return nullptr;
}

const Port *Program::findInput(StringRef name) const {
  for (const Port &input : inputs)
    if (input.name == name)
      return &input;
  return nullptr;
}

FailureOr<Program> planLaunches(ModuleOp module) {
  return Reader(module).read();
}

} // namespace dit::codegen
