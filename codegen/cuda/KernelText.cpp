// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names and addresses, as every kernel's text has them.
#include "codegen/cuda/KernelText.h"

#include "llvm/ADT/StringExtras.h"
#include <fmt/format.h>

using namespace mlir;

namespace dit::codegen::cuda {

namespace {

/// What kernels name themselves, what the device headers give, and what the
/// language keeps for itself.
bool isTaken(StringRef name) {
  static const llvm::StringSet<> taken = [] {
    constexpr StringLiteral kNames =
        // of kernels
        "row rows sample token condition prompt row_index "
        "prompt_row_index shared sum other column i "
        "head channel pixel_y pixel_x "
        // of the headers
        "load store bf16 map zip silu gelu_tanh gelu_erf layer_norm rms_norm "
        "rotate timestep_embedding sincos_position rotary_position dit "
        // of the language
        "alignas alignof and and_eq asm auto bitand bitor bool break case "
        "catch char char16_t char32_t class compl const const_cast constexpr "
        "continue decltype default delete do double dynamic_cast else enum "
        "explicit export extern false float for friend goto if inline int "
        "long mutable namespace new noexcept not not_eq nullptr operator or "
        "or_eq private protected public register reinterpret_cast return "
        "short signed sizeof static static_assert static_cast struct switch "
        "template this thread_local throw true try typedef typeid typename "
        "union unsigned using virtual void volatile wchar_t while xor xor_eq";
    SmallVector<StringRef> names;
    kNames.split(names, ' ');
    llvm::StringSet<> set;
    set.insert(names.begin(), names.end());
    return set;
  }();
  return taken.contains(name);
}

/// IR that was written by hand has no names: then what the op is.
StringRef nameOfOp(Operation *op) {
  StringRef name = nameOf(op->getLoc());
  return name.empty() ? op->getName().stripDialect() : name;
}

/// Strides in elements of a sample's dimensions, without the batch.
ArrayRef<int64_t> innerStrides(const Place &place) {
  ArrayRef<int64_t> strides = place.strides;
  return place.isBatched() ? strides.drop_front() : strides;
}

ArrayRef<int64_t> innerShape(const Place &place) {
  ArrayRef<int64_t> shape = place.type.getShape();
  return place.isBatched() ? shape.drop_front() : shape;
}

} // namespace

StringRef graphName(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto function = cast<func::FuncOp>(argument.getOwner()->getParentOp());
    return function
        .getArgAttrOfType<StringAttr>(argument.getArgNumber(), kNameAttr)
        .getValue();
  }
  if (auto weight = value.getDefiningOp<WeightOp>())
    return weight.getName();
  if (auto fused = value.getDefiningOp<FusedOp>()) {
    unsigned index = cast<OpResult>(value).getResultNumber();
    value = fused.getBody().front().getTerminator()->getOperand(index);
    if (auto inner = dyn_cast<BlockArgument>(value))
      return graphName(fused.getInputs()[inner.getArgNumber()]);
  }
  return nameOfOp(value.getDefiningOp());
}

std::string leafName(StringRef graphName) {
  SmallVector<StringRef> parts;
  graphName.split(parts, '.');
  if (parts.back() == "packed" && parts.size() > 1)
    parts.pop_back();
  std::string name;
  bool isWhole = false;
  while (!parts.empty() && !isWhole) {
    StringRef part = parts.pop_back_val();
    name = part.str() + (name.empty() ? "" : "_" + name);
    isWhole =
        part != "weight" && part != "bias" && !llvm::isDigit(part.front());
  }
  for (char &c : name)
    if (!llvm::isAlnum(c))
      c = '_';
  return name.empty() || llvm::isDigit(name.front()) ? "v" + name : name;
}

std::string inComment(StringRef text) {
  std::string line = text.str();
  for (char &c : line)
    if (!llvm::isPrint(c) || c == '\\')
      c = '?';
  return line;
}

ValueNames::ValueNames(FusedOp op) {
  Block &body = op.getBody().front();
  for (auto [argument, input] : llvm::zip(body.getArguments(), op.getInputs()))
    add(argument, graphName(input));
  for (Operation &inner : body.without_terminator())
    add(inner.getResult(0), nameOfOp(&inner));
}

void ValueNames::add(Value value, StringRef graphName) {
  std::string name = leafName(graphName);
  if (isTaken(name))
    name += "_";
  // Pointers are called so: operandName, resultName.
  if (StringRef(name).starts_with("in_") || StringRef(name).starts_with("out_"))
    name = "v_" + name;
  std::string whole = name;
  for (int use = 2; !used.insert(whole).second; ++use)
    whole = name + "_" + std::to_string(use);
  names[value] = whole;
}

std::string KernelText::operandName(unsigned index) const {
  return "in_" + names[block().getArgument(index)].str();
}

std::string KernelText::resultName(unsigned index) const {
  Operation *yield = block().getTerminator();
  Value value = yield->getOperand(index);
  // A value may be yielded twice; no value's name begins with a digit.
  bool isAgain =
      llvm::is_contained(yield->getOperands().take_front(index), value);
  return "out_" + (isAgain ? std::to_string(index + 1) + "_" : "") +
         names[value].str();
}

const TensorMap *KernelText::tensorMap(unsigned index) const {
  const auto *found =
      llvm::find_if(launch.tensorMaps, [&](const TensorMap &map) {
        return map.operand == (int)index;
      });
  return found == launch.tensorMaps.end() ? nullptr : found;
}

bool KernelText::isBatched() const {
  return llvm::any_of(kernel.results,
                      [](const Place &place) { return place.isBatched(); });
}

SmallVector<Place> KernelText::tables() const {
  SmallVector<Place> found;
  for (const Place &place : kernel.operands)
    if (place.gathered && llvm::none_of(found, [&](const Place &other) {
          return other.index == place.index;
        }))
      found.push_back(place);
  return found;
}

bool KernelText::takesRows() const { return namesWord(body, "rows"); }

int64_t tokensOf(RankedTensorType type) {
  if (type.getRank() == 3)
    return type.getDimSize(1);
  return type.getRank() == 2 && !type.isDynamicDim(0) ? type.getDimSize(0) : 1;
}

GridDim tilesOfRows(const KernelText &text, int64_t tokens, int64_t tile) {
  return text.isBatched() ? GridDim{tokens, 0, tile} : GridDim{0, tokens, tile};
}

std::string rowCount(const KernelText &text, int64_t tokens) {
  return printGrid(tilesOfRows(text, tokens));
}

std::string printCount(const Count &count) {
  std::string text = count.perRow == 0 ? ""
                     : count.perRow == 1
                         ? "rows"
                         : fmt::format("{} * rows", count.perRow);
  if (count.fixed || text.empty())
    text += fmt::format("{}{}", text.empty() ? "" : " + ", count.fixed);
  return text;
}

std::string printGrid(ArrayRef<GridDim> grid) {
  std::string text;
  for (const GridDim &dim : grid) {
    std::string count = printCount({dim.perRow, dim.fixed});
    text += text.empty() ? "" : ", ";
    text +=
        dim.tile == 1 ? count : fmt::format("tiles({}, {})", count, dim.tile);
  }
  return text;
}

std::string assertSharedBytes(StringRef constant, int64_t bytes) {
  return fmt::format("  static_assert({} == {});\n", constant.str(), bytes);
}

bool namesWord(StringRef text, StringRef word) {
  auto isPart = [](char c) { return llvm::isAlnum(c) || c == '_'; };
  for (size_t at = text.find(word); at != StringRef::npos;
       at = text.find(word, at + 1)) {
    size_t end = at + word.size();
    if ((at == 0 || !isPart(text[at - 1])) &&
        (end == text.size() || !isPart(text[end])))
      return true;
  }
  return false;
}

std::string rowOfTable(const Place &place) {
  return infoOf(place.tableRate).name.str();
}

std::string rowIndexOfTable(const Place &place) {
  // Most kernels gather from the condition's table alone.
  return place.tableRate == Rate::Condition ? "row_index"
                                            : rowOfTable(place) + "_row_index";
}

std::string tableRows(const KernelText &text, StringRef statements,
                      StringRef indent) {
  std::string lines;
  for (const Place &place : text.tables())
    if (namesWord(statements, rowOfTable(place)))
      lines += fmt::format("{}const int {} = {}[sample];\n", indent.str(),
                           rowOfTable(place), rowIndexOfTable(place));
  return lines;
}

std::string rowPosition(const KernelText &kernel, StringRef statements,
                        int64_t tokens, StringRef indent) {
  std::string text, in = indent.str();
  std::string rows = tableRows(kernel, statements, indent);
  if (namesWord(statements, "sample") || !rows.empty())
    text += in + (tokens == 1
                      ? std::string("const int sample = row;\n")
                      : fmt::format("const int sample = row / {};\n", tokens));
  if (namesWord(statements, "token"))
    text += in + (tokens == 1
                      ? std::string("const int token = 0;\n")
                      : fmt::format("const int token = row % {};\n", tokens));
  return text + rows;
}

std::string sampleAddress(const Place &place, StringRef pointer) {
  if (!place.isBatched())
    return pointer.str();
  std::string sample = place.gathered ? rowOfTable(place) : "sample";
  if (place.strides[0] == 1)
    return fmt::format("{} + {}", pointer.str(), sample);
  return fmt::format("{} + {} * {}ll", pointer.str(), sample, place.strides[0]);
}

std::string rowAddress(const Place &place, StringRef pointer,
                       StringRef column) {
  std::string text = sampleAddress(place, pointer);
  ArrayRef<int64_t> strides = innerStrides(place);
  // A static tensor of three dimensions has its one sample first.
  bool hasTokens = strides.size() >= 2;
  int64_t tokens = hasTokens ? tokensOf(place.type) : 1;
  int64_t stride = hasTokens ? strides[strides.size() - 2] : 0;
  if (hasTokens && place.isBatched() && !place.gathered &&
      place.strides[0] == tokens * stride)
    text = fmt::format("{} + row * {}ll", pointer.str(), stride);
  else if (hasTokens)
    text += fmt::format(" + token * {}", stride);
  if (!column.empty())
    text += " + " + column.str();
  return text;
}

std::string elementAddress(const Place &place, StringRef pointer,
                           StringRef index) {
  std::string text = sampleAddress(place, pointer);
  ArrayRef<int64_t> strides = innerStrides(place), shape = innerShape(place);
  int64_t packed = 1;
  bool isPacked = true;
  for (int64_t dim = (int64_t)shape.size() - 1; dim >= 0; --dim) {
    isPacked &= strides[dim] == packed || shape[dim] == 1;
    packed *= shape[dim];
  }
  if (isPacked)
    return text + " + " + index.str();
  packed = 1;
  for (int64_t dim = (int64_t)shape.size() - 1; dim >= 0; --dim) {
    text += fmt::format(" + {} / {} % {} * {}", index.str(), packed, shape[dim],
                        strides[dim]);
    packed *= shape[dim];
  }
  return text;
}

std::string typeName(Type element) {
  return element.isBF16() ? "bf16" : element.isF32() ? "float" : "int";
}

std::string readElement(const Place &place, StringRef address) {
  std::string element = elementAt(address);
  return place.type.getElementType().isBF16() ? "toFloat(" + element + ")"
                                              : element;
}

std::string writeElement(const Place &place, StringRef address,
                         StringRef value) {
  bool rounds = place.type.getElementType().isBF16();
  return fmt::format("{} = {}{}{}", elementAt(address), rounds ? "toBf16(" : "",
                     value.str(), rounds ? ")" : "");
}

bool rowsBeginAt(const Place &place, int64_t step, int64_t elements) {
  return step % elements == 0 &&
         llvm::all_of(ArrayRef(place.strides).drop_back(),
                      [&](int64_t stride) { return stride % elements == 0; });
}

std::string elementAt(StringRef address) {
  auto [pointer, index] = address.split(" + ");
  return index.empty() ? "*" + pointer.str()
                       : pointer.str() + "[" + index.str() + "]";
}

} // namespace dit::codegen::cuda
