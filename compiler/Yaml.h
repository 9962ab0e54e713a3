// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The part of YAML a spec is written in: mappings, sequences and scalars, each
// with its place in the file. No anchors, aliases or tags, one document.
#ifndef DIT_COMPILER_YAML_H
#define DIT_COMPILER_YAML_H

#include "mlir/IR/Location.h"
#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace dit {

struct YamlEntry;

struct YamlNode {
  enum Kind { Null, Scalar, Sequence, Mapping };
  Kind kind = Null;
  mlir::LocationAttr loc;
  std::string text;               ///< of a scalar
  bool quoted = false;            ///< a string, whatever it looks like
  std::vector<YamlEntry> entries; ///< of a mapping; a sequence's have no key

  const YamlEntry *find(llvm::StringRef key) const;
  /// The value at `path`, as `latent.height`; null where there is none.
  const YamlNode *at(llvm::StringRef path) const;
  bool is(llvm::StringRef word) const { return kind == Scalar && text == word; }

  static YamlNode scalar(llvm::StringRef text, mlir::LocationAttr loc = {});
  static YamlNode make(Kind kind, mlir::LocationAttr loc = {});
  /// Puts `value` behind what a mapping or a sequence has.
  void add(llvm::StringRef key, YamlNode value);
};

struct YamlEntry {
  std::string key;
  mlir::LocationAttr keyLoc;
  YamlNode value;
};

/// A file's bytes, of which there may be at most `limit`; the error names the
/// file.
llvm::Expected<std::string> readTextFile(llvm::StringRef path, size_t limit);

/// The most bytes a spec may have.
inline constexpr size_t kMaxSpecBytes = 1 << 16;

/// Parses one document whose root is a mapping. Diagnoses, at their places in
/// `file`: bytes that are no UTF-8, YAML that does not parse, duplicate keys,
/// anchors, aliases, tags, and nesting deeper than any spec needs.
mlir::FailureOr<YamlNode> parseYaml(mlir::MLIRContext *context,
                                    llvm::StringRef text, llvm::StringRef file);

/// `base` with everything that `over` says in its place, mapping by mapping; a
/// key without a value takes away what `base` has there.
YamlNode mergeYaml(const YamlNode &base, const YamlNode &over);

/// The mapping as YAML that parses to the same values: mappings in block style,
/// but those within sequences that fit in a line.
std::string printYaml(const YamlNode &mapping);

} // namespace dit

#endif // DIT_COMPILER_YAML_H
