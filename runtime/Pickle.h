// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A pickle as plain data. Nothing is imported, called or built: a call is kept
// as its callee's name and its arguments.
#ifndef DIT_RUNTIME_PICKLE_H
#define DIT_RUNTIME_PICKLE_H

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace dit::runtime {

struct PickleValue {
  enum class Kind {
    None,
    Boolean,   ///< number
    Integer,   ///< number
    Other,     ///< a float, bytes, or an integer of more than 64 bits
    Text,      ///< text
    Global,    ///< text: "argparse\nNamespace"
    Tuple,     ///< items
    List,      ///< a list or set, whose items nobody reads: it keeps none
    Dict,      ///< items: key, value, key, value, ...; an OrderedDict too
    Call,      ///< items: callee, arguments; an object too
    Persistent ///< items: the id
  };
  Kind kind = Kind::None;
  bool isInMemo = false;
  int depth = 1;
  int64_t number = 0;
  std::string_view text; ///< into the pickle, or its names
  std::vector<const PickleValue *> items;

  bool is(Kind k) const { return kind == k; }
  /// The value of the last item of a Dict whose key is `key`, or null.
  const PickleValue *get(std::string_view key) const;
  /// "argparse.Namespace" of a Global, or of what a Call calls.
  std::string dottedName() const;
};

/// A pickle of protocol 2 to 5: torch.save writes 2, or what it is told to.
class Pickle {
public:
  /// Reads all of `bytes`, which must outlive the object. Throws an Error
  /// without the file's name for anything but one whole value: opcodes that
  /// torch.save does not write, and pickles too large or too deep to be a
  /// checkpoint.
  explicit Pickle(std::string_view bytes);
  const PickleValue &root() const { return *top; }

private:
  friend class PickleReader;
  std::deque<PickleValue> values; ///< all of them: no recursion to free them
  std::deque<std::string> names;  ///< of globals whose parts lie apart
  const PickleValue *top = nullptr;
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_PICKLE_H
