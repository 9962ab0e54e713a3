// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reading a planned module: where every tensor is, and which launches share a
// kernel.
#include "codegen/Launches.h"

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
    if (failed(readFunction("prepare", program.prepare)) ||
        failed(readFunction("condition", program.condition)) ||
        failed(readFunction("denoise", program.denoise)))
      return failure();
    return std::move(program);
  }

private:
  LogicalResult readFunction(StringRef name, std::vector<Launch> &launches);
  LogicalResult placeArguments(func::FuncOp function);
  LogicalResult placeReturned(func::FuncOp function);
  LogicalResult placeOp(Operation &op, std::vector<Launch> &launches);
  LogicalResult placeView(Operation &op);
  LogicalResult placeFused(FusedOp op, std::vector<Launch> &launches);
  LogicalResult keepResults(func::FuncOp function);
  size_t kernelOf(const Launch &launch);

  ModuleOp module;
  Program program;
  func::FuncOp current;
  DenseMap<Value, Place> places;
  llvm::StringMap<Place> prepared, conditions; // by dit.name
  llvm::StringMap<int64_t> weightIndex;
  llvm::StringMap<size_t> kernelByKey;
  llvm::StringMap<int> nameUses;
};

int64_t integerAttr(Operation *op, StringRef name) {
  auto attr = op->getAttrOfType<IntegerAttr>(name);
  return attr ? attr.getInt() : 0;
}

LogicalResult Reader::readFunction(StringRef name,
                                   std::vector<Launch> &launches) {
  current = module.lookupSymbol<func::FuncOp>(name);
  if (!current)
    return module.emitError()
           << "a planned module has @" << name << ", found none";
  places.clear();
  if (failed(placeArguments(current)) || failed(placeReturned(current)))
    return failure();
  for (Operation &op : current.getBody().front().without_terminator())
    if (failed(placeOp(op, launches)))
      return failure();
  return keepResults(current);
}

LogicalResult Reader::placeArguments(func::FuncOp function) {
  for (BlockArgument arg : function.getArguments()) {
    unsigned i = arg.getArgNumber();
    auto from = function.getArgAttrOfType<StringAttr>(i, kFromAttr);
    auto name = function.getArgAttrOfType<StringAttr>(i, kNameAttr);
    if (!from || !name)
      return function.emitError() << "argument " << i << " needs " << kFromAttr
                                  << " and " << kNameAttr;
    if (from == "input") {
      int64_t input = name == "x" ? 0 : name == "t" ? 1 : 2;
      places[arg] = contiguous(arg, Base::Input, input);
      continue;
    }
    auto &known = from == "prepare" ? prepared : conditions;
    auto found = known.find(name.getValue());
    if (found == known.end())
      return function.emitError()
             << "argument " << i << " is " << name << " of @" << from.getValue()
             << ", which returns no such value";
    places[arg] = found->second;
    places[arg].gathered = from == "condition";
  }
  return success();
}

/// Values that the function returns are where the caller wants them, from their
/// definition on.
LogicalResult Reader::placeReturned(func::FuncOp function) {
  StringRef name = function.getName();
  if (name == "prepare") {
    program.preparedBytes = integerAttr(function, kArenaAttr);
    program.sharedBytes = function->hasAttr(kSharedAttr)
                              ? integerAttr(function, kSharedAttr)
                              : program.preparedBytes;
    return success();
  }
  int64_t rowFloats = integerAttr(function, kRowFloatsAttr);
  if (name == "condition") {
    program.conditionArenaBytesPerRow = integerAttr(function, kArenaAttr);
    program.conditionRowFloats = rowFloats;
  } else {
    program.arenaBytesPerRow = integerAttr(function, kArenaAttr);
  }
  Operation *ret = function.getBody().front().getTerminator();
  for (auto [i, value] : llvm::enumerate(ret->getOperands())) {
    if (!value.getDefiningOp<FusedOp>())
      return function.emitError()
             << "result " << i << " must be a kernel's result";
    Place place =
        contiguous(value, name == "condition" ? Base::Table : Base::Output, i);
    if (name == "condition") {
      auto slot = function.getResultAttrOfType<IntegerAttr>(i, kSlotAttr);
      if (!slot)
        return function.emitError() << "result " << i << " needs " << kSlotAttr;
      place.offset = slot.getInt() * kFloatBytes;
      place.strides[0] = rowFloats;
    }
    places[value] = place;
  }
  return success();
}

LogicalResult Reader::placeOp(Operation &op, std::vector<Launch> &launches) {
  if (auto weight = dyn_cast<WeightOp>(op)) {
    auto [entry, isNew] =
        weightIndex.try_emplace(weight.getName(), program.weights.size());
    if (isNew)
      program.weights.push_back({weight.getName().str(),
                                 llvm::to_vector(weight.getType().getShape())});
    places[weight] = contiguous(weight, Base::Weight, entry->second);
    return success();
  }
  if (isView(&op))
    return placeView(op);
  if (auto fused = dyn_cast<FusedOp>(op))
    return placeFused(fused, launches);
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

LogicalResult Reader::placeFused(FusedOp op, std::vector<Launch> &launches) {
  if (!op.getOffsets())
    return op.emitOpError("has no offsets; a planned module has one a result");
  if (op.getNumResults() == 0)
    return op.emitOpError("makes nothing; a kernel has at least one result");
  Launch launch{op, 0, {}, {}};
  for (Value input : op.getInputs())
    launch.operands.push_back(places.lookup(input));
  bool inPrepare = current.getName() == "prepare";
  for (auto [result, offset] : llvm::zip(op.getResults(), *op.getOffsets())) {
    if (offset >= 0) {
      places[result] =
          contiguous(result, inPrepare ? Base::Prepared : Base::Arena);
      auto &at =
          inPrepare ? places[result].offset : places[result].offsetPerRow;
      at = offset;
    } else if (!places.contains(result)) {
      return op.emitOpError("has offset -1 for a result that is not returned");
    }
    launch.results.push_back(places[result]);
  }
  launch.kernel = kernelOf(launch);
  bool isTable = inPrepare && llvm::any_of(*op.getOffsets(), [&](int64_t at) {
                   return at >= program.sharedBytes;
                 });
  (isTable ? program.tables : launches).push_back(std::move(launch));
  return success();
}

LogicalResult Reader::keepResults(func::FuncOp function) {
  auto &known = function.getName() == "prepare" ? prepared : conditions;
  Operation *ret = function.getBody().front().getTerminator();
  for (auto [i, value] : llvm::enumerate(ret->getOperands()))
    if (auto name = function.getResultAttrOfType<StringAttr>(i, kNameAttr))
      known[name.getValue()] = places.lookup(value);
  return success();
}

void printLayout(llvm::raw_ostream &os, ArrayRef<Place> places) {
  for (const Place &place : places) {
    os << place.type << (place.gathered ? " gathered" : "") << '[';
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
      if (!isa<ReshapeOp, ConcatOp, PackOp, PatchifyOp, UnpatchifyOp>(user) ||
          getElementTypeOrSelf(user->getResult(0)) != element)
        return false;
      open.push_back(user->getResult(0));
    }
  return true;
}

FailureOr<Program> planLaunches(ModuleOp module) {
  return Reader(module).read();
}

} // namespace dit::codegen
