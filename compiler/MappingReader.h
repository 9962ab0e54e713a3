// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the keys of one YAML mapping into Located values and diagnoses whatever
// does not fit: wrong types, numbers out of range, unknown keys, missing keys.
#ifndef DIT_COMPILER_MAPPINGREADER_H
#define DIT_COMPILER_MAPPINGREADER_H

#include "compiler/Spec.h"
#include "compiler/Yaml.h"
#include "mlir/IR/Diagnostics.h"

namespace dit {

/// What a number must be, as a test and as words: "must be at least 1".
struct Bound {
  double min, max;
  bool minIsOpen = false; ///< greater than min
  std::string words() const;
  bool holds(double value) const {
    return (minIsOpen ? value > min : value >= min) && value <= max;
  }
};

/// The candidate that `word` was meant to be; empty where none is near.
llvm::StringRef nearestName(llvm::StringRef word,
                            llvm::ArrayRef<llvm::StringRef> candidates);

/// What a node is, for "but found": "a list".
llvm::StringRef describe(const YamlNode &node);

class MappingReader {
public:
  /// `path` is the mapping's key, for messages; empty for the root.
  MappingReader(const YamlNode &mapping, llvm::StringRef path)
      : mapping(mapping), path(path) {}

  // Each reads one key. A key that is absent leaves the default; a value that
  // does not fit is diagnosed and leaves the default too.
  void integer(llvm::StringRef key, Located<int64_t> &out, Bound bound,
               llvm::StringRef what = "an integer");
  void number(llvm::StringRef key, Located<double> &out, Bound bound);
  void flag(llvm::StringRef key, Located<bool> &out);
  void string(llvm::StringRef key, Located<std::string> &out, size_t maxBytes);
  template <typename E>
  void choice(llvm::StringRef key, Located<E> &out,
              std::initializer_list<E> all);
  /// One of `names`, which may be made while the program runs.
  void word(llvm::StringRef key, Located<std::string> &out,
            llvm::ArrayRef<llvm::StringRef> names);
  /// The mapping at `key`, or null. `what` is called to read it.
  void mappingAt(llvm::StringRef key,
                 llvm::function_ref<void(MappingReader &)> what);

  /// Keys that another reader reads.
  void leave(llvm::ArrayRef<llvm::StringRef> keys) {
    llvm::append_range(known, keys);
  }
  /// The keys that have no default.
  void require(llvm::ArrayRef<llvm::StringRef> keys);
  /// Diagnoses every key that nothing above asked for.
  void finish();
  bool failed() const { return hasFailed; }

  /// The value at `key`, marked as known; null where it is absent.
  const YamlEntry *take(llvm::StringRef key);
  mlir::InFlightDiagnostic error(mlir::LocationAttr loc) {
    hasFailed = true;
    return mlir::emitError(mlir::Location(loc));
  }

private:
  std::string qualified(llvm::StringRef key) const;
  /// The text of a plain scalar; diagnoses anything else as not `what`.
  std::optional<llvm::StringRef>
  scalar(llvm::StringRef key, const YamlNode &value, llvm::StringRef what);
  int64_t choose(llvm::StringRef key, const YamlEntry &entry,
                 llvm::ArrayRef<llvm::StringRef> names);
  void unknown(const YamlEntry &entry);

  const YamlNode &mapping;
  std::string path;
  llvm::SmallVector<llvm::StringRef> known;
  bool hasFailed = false;
};

template <typename E>
void MappingReader::choice(llvm::StringRef key, Located<E> &out,
                           std::initializer_list<E> all) {
  const YamlEntry *entry = take(key);
  if (!entry)
    return;
  llvm::SmallVector<llvm::StringRef> names;
  for (E value : all)
    names.push_back(spelling(value));
  int64_t index = choose(key, *entry, names);
  if (index >= 0)
    out = {all.begin()[index], entry->value.loc};
}

} // namespace dit

#endif // DIT_COMPILER_MAPPINGREADER_H
