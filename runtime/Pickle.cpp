// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pickle machine: a stack, marks and a memo, all of bounded size. Values
// share items, so that a small pickle stays small however often it refers to
// one of them.
#include "runtime/Pickle.h"

#include "runtime/Error.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

namespace dit::runtime {

using Kind = PickleValue::Kind;

const PickleValue *PickleValue::get(std::string_view key) const {
  const PickleValue *found = nullptr;
  for (size_t i = 0; i + 1 < items.size(); i += 2)
    if (items[i]->is(Kind::Text) && items[i]->text == key)
      found = items[i + 1];
  return found;
}

std::string PickleValue::dottedName() const {
  const PickleValue &global = is(Kind::Call) ? *items[0] : *this;
  std::string name(global.text);
  std::replace(name.begin(), name.end(), '\n', '.');
  return name;
}

class PickleReader {
public:
  PickleReader(std::string_view bytes, Pickle &pickle)
      : bytes(bytes), pickle(pickle) {}

  const PickleValue *read() {
    constexpr size_t largest = 64 << 20;
    if (bytes.size() > largest)
      fail("the pickle has {} bytes, more than the {} of any checkpoint",
           bytes.size(), largest);
    constexpr char oldest = 2, newest = 5;
    if (take(1) != "\x80")
      fail("the pickle is not of protocol 2 to 5, which torch.save writes");
    if (char protocol = take(1)[0]; protocol < oldest || protocol > newest)
      fail("the pickle is of protocol {}, but 2 to 5 are read",
           static_cast<unsigned char>(protocol));
    for (;;) {
      opcodeAt = at;
      char opcode = take(1)[0];
      if (opcode == '.')
        break;
      if (!readData(opcode) && !readStructure(opcode))
        fail("the pickle has the opcode 0x{:02x} at byte {}, which torch.save "
             "does not write",
             static_cast<unsigned char>(opcode), opcodeAt);
    }
    const PickleValue *result = pop();
    if (!stack.empty() || !marks.empty() || at != bytes.size())
      fail("the pickle does not end with its value");
    return result;
  }

private:
  static constexpr size_t mostValues = 1 << 20;
  static constexpr int deepest = 64;

  std::string_view take(uint64_t count) {
    if (count > bytes.size() - at)
      fail("truncated pickle: {} bytes were expected at byte {} of {}", count,
           at, bytes.size());
    at += count;
    return bytes.substr(at - count, count);
  }
  template <typename T> T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string_view line() {
    size_t end = bytes.find('\n', at);
    if (end == std::string_view::npos)
      fail("truncated pickle: a name at byte {} does not end", at);
    std::string_view text = take(end - at);
    ++at;
    return text;
  }

  PickleValue *push(Kind kind, int64_t value = 0, std::string_view text = {}) {
    if (stack.size() == mostValues ||
        (pickle.values.size() == mostValues && unused.empty()))
      fail("the pickle has more than {} values", mostValues);
    if (unused.empty()) {
      stack.push_back(&pickle.values.emplace_back());
    } else {
      stack.push_back(unused.back());
      unused.pop_back();
    }
    *stack.back() = {kind, false, 1, value, text, {}};
    return stack.back();
  }
  /// A value that was popped and is kept nowhere: training scripts keep lists
  /// of a million losses.
  void drop(PickleValue *value) {
    if (!value->isInMemo && value->items.empty())
      unused.push_back(value);
  }
  /// Puts `items` into `to`.
  void hold(PickleValue *to, const std::vector<PickleValue *> &items) {
    for (PickleValue *item : items) {
      to->depth = std::max(to->depth, item->depth + 1);
      to->items.push_back(item);
    }
    if (to->depth > deepest)
      fail("the pickle is nested deeper than {} levels at byte {}", deepest,
           opcodeAt);
  }
  void pushHolding(Kind kind, const std::vector<PickleValue *> &items) {
    hold(push(kind), items);
  }

  /// The top `count` values of what was pushed since the last mark.
  std::vector<PickleValue *> pop(size_t count) {
    size_t least = marks.empty() ? 0 : marks.back();
    if (stack.size() - least < count)
      fail("damaged pickle: byte {} takes {} values, there are {}", opcodeAt,
           count, stack.size() - least);
    std::vector<PickleValue *> result(stack.end() - count, stack.end());
    stack.resize(stack.size() - count);
    return result;
  }
  PickleValue *pop() { return pop(1)[0]; }
  std::vector<PickleValue *> popMark() {
    if (marks.empty())
      fail("damaged pickle: byte {} takes a mark, there is none", opcodeAt);
    auto result = pop(stack.size() - marks.back());
    marks.pop_back();
    return result;
  }
  PickleValue *peek() {
    stack.push_back(pop());
    return stack.back();
  }

  void memoize(uint64_t index) {
    if (index >= mostValues)
      fail("the pickle's memo has the index {}, more than its {} values", index,
           mostValues);
    memo[static_cast<uint32_t>(index)] = peek();
    stack.back()->isInMemo = true;
  }
  void recall(uint32_t index) {
    if (stack.size() == mostValues)
      fail("the pickle has more than {} values", mostValues);
    auto it = memo.find(index);
    if (it == memo.end())
      fail("damaged pickle: byte {} takes value {} of the memo, which is not "
           "there",
           opcodeAt, index);
    stack.push_back(it->second);
  }

  /// Numbers, texts and names.
  bool readData(char opcode) {
    switch (opcode) {
    case 'N':
      push(Kind::None);
      return true;
    case '\x88':
    case '\x89':
      push(Kind::Boolean, opcode == '\x88');
      return true;
    case 'K':
      push(Kind::Integer, number<uint8_t>());
      return true;
    case 'M':
      push(Kind::Integer, number<uint16_t>());
      return true;
    case 'J':
      push(Kind::Integer, number<int32_t>());
      return true;
    case '\x8a':
      readLong(take(number<uint8_t>()));
      return true;
    case '\x8b':
      readLong(take(number<uint32_t>()));
      return true;
    case 'G':
      take(8);
      push(Kind::Other);
      return true;
    case '\x8c':
      push(Kind::Text, 0, take(number<uint8_t>()));
      return true;
    case 'X':
      push(Kind::Text, 0, take(number<uint32_t>()));
      return true;
    case '\x8d':
      push(Kind::Text, 0, take(number<uint64_t>()));
      return true;
    case 'C':
      take(number<uint8_t>());
      push(Kind::Other);
      return true;
    case 'B':
      take(number<uint32_t>());
      push(Kind::Other);
      return true;
    case '\x8e':
    case '\x96':
      take(number<uint64_t>());
      push(Kind::Other);
      return true;
    case 'c': {
      size_t begin = at;
      line();
      line();
      push(Kind::Global, 0, bytes.substr(begin, at - 1 - begin));
      return true;
    }
    default:
      return false;
    }
  }

  /// A global whose module and name were pushed as texts.
  void joinGlobal() {
    std::vector<PickleValue *> parts = pop(2);
    constexpr size_t longest = 256;
    for (const PickleValue *part : parts)
      if (!part->is(Kind::Text) || part->text.size() > longest)
        fail("damaged pickle: byte {} takes a module and a name, which are "
             "texts",
             opcodeAt);
    std::string name(parts[0]->text);
    name += '\n';
    name += parts[1]->text;
    pickle.names.push_back(std::move(name));
    push(Kind::Global, 0, pickle.names.back());
  }

  /// A little-endian integer in two's complement.
  void readLong(std::string_view digits) {
    if (digits.size() > 8) {
      push(Kind::Other);
      return;
    }
    uint64_t value =
        !digits.empty() && (digits.back() & 0x80) ? ~uint64_t{0} : 0;
    for (size_t i = digits.size(); i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(digits[i]);
    push(Kind::Integer, static_cast<int64_t>(value));
  }

  /// What holds other values, and the memo.
  bool readStructure(char opcode) {
    switch (opcode) {
    case '(':
      if (marks.size() == deepest)
        fail("the pickle is nested deeper than {} levels at byte {}", deepest,
             opcodeAt);
      marks.push_back(stack.size());
      return true;
    case '}':
      push(Kind::Dict);
      return true;
    case ']':
    case '\x8f':
      push(Kind::List);
      return true;
    case '\x95':
      number<uint64_t>(); // of a frame, how many bytes to read at once
      return true;
    case '0':
      drop(pop());
      return true;
    case '\x91':
      popMark();
      push(Kind::List);
      return true;
    case '\x93':
      joinGlobal();
      return true;
    case ')':
      push(Kind::Tuple);
      return true;
    case '\x85':
    case '\x86':
    case '\x87':
      pushHolding(Kind::Tuple, pop(static_cast<size_t>(opcode - '\x84')));
      return true;
    case 't':
      pushHolding(Kind::Tuple, popMark());
      return true;
    case 'a':
      add(Kind::List, pop(1));
      return true;
    case 'e':
    case '\x90':
      add(Kind::List, popMark());
      return true;
    case 's':
      add(Kind::Dict, pop(2));
      return true;
    case 'u':
      add(Kind::Dict, popMark());
      return true;
    case 'q':
      memoize(number<uint8_t>());
      return true;
    case 'r':
      memoize(number<uint32_t>());
      return true;
    case '\x94':
      memoize(memo.size());
      return true;
    case 'h':
      recall(number<uint8_t>());
      return true;
    case 'j':
      recall(number<uint32_t>());
      return true;
    case 'Q':
      pushHolding(Kind::Persistent, pop(1));
      return true;
    case 'R':
    case '\x81':
      call(pop(2));
      return true;
    case '\x92':
      pushHolding(Kind::Call, pop(3));
      return true;
    case 'b':
      // The state of an object: not of interest, and nothing to give it to.
      pop(1);
      peek();
      return true;
    default:
      return false;
    }
  }

  /// A dict is the one thing that is made by a call and still understood.
  void call(const std::vector<PickleValue *> &calleeAndArguments) {
    const PickleValue &callee = *calleeAndArguments[0];
    if (callee.is(Kind::Global) && callee.text == "collections\nOrderedDict" &&
        calleeAndArguments[1]->is(Kind::Tuple) &&
        calleeAndArguments[1]->items.empty())
      push(Kind::Dict);
    else
      pushHolding(Kind::Call, calleeAndArguments);
  }

  /// Items for the container on the stack, or for an object, which drops them.
  void add(Kind kind, const std::vector<PickleValue *> &items) {
    PickleValue *to = peek();
    if (!to->is(kind) && !to->is(Kind::Call))
      fail("damaged pickle: byte {} adds items to what holds none", opcodeAt);
    if (kind == Kind::Dict && items.size() % 2)
      fail("damaged pickle: byte {} adds a key without a value", opcodeAt);
    if (to->is(kind) && kind != Kind::List)
      hold(to, items);
    else
      for (PickleValue *item : items)
        drop(item);
  }

  std::string_view bytes;
  Pickle &pickle;
  size_t at = 0, opcodeAt = 0;
  std::vector<PickleValue *> stack;
  std::vector<size_t> marks;
  std::vector<PickleValue *> unused;
  std::unordered_map<uint32_t, PickleValue *> memo;
};

Pickle::Pickle(std::string_view bytes) {
  top = PickleReader(bytes, *this).read();
}

} // namespace dit::runtime
