// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The vocabulary of a network, as tables: which mappings there are, their keys,
// what each may be, its default and its meaning. The reader, its messages and
// model_specs/README.md are made of them.
#ifndef DIT_COMPILER_NETWORK_KEYS_H
#define DIT_COMPILER_NETWORK_KEYS_H

#include "compiler/Yaml.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

namespace dit {

enum class Kind {
  Size,    ///< an integer or an expression of sizes
  Sizes,   ///< two sizes, [height, width]
  Number,  ///< a number, or the name of one
  Flag,    ///< true or false
  Word,    ///< one of `words`
  Name,    ///< of a value, as [a-z][a-z0-9_]*
  Names,   ///< a name or a list of names
  Weight,  ///< the beginning of weights' names
  Weights, ///< two such beginnings
  Source,  ///< what a chain begins with
  Chain,   ///< a source and steps
  Steps,   ///< a step or a list of steps
  Norm,    ///< default, layer_norm, rms_norm or the keys of a norm
  Other    ///< what the code that reads it says
};

struct Key {
  llvm::StringLiteral name;
  Kind kind;
  llvm::StringLiteral byDefault; ///< as it would be written; "" where the key
                                 ///< may be left out without one
  llvm::StringLiteral meaning;
  llvm::StringLiteral words = ""; ///< of a Word: "layer_norm rms_norm"
  bool isRequired = false;
};

/// A mapping with these keys. Of a step the first key is the op.
struct KeyTable {
  llvm::StringLiteral what; ///< "a branch", "the step linear"
  llvm::ArrayRef<Key> keys;
  llvm::StringLiteral meaning = "";

  const Key *find(llvm::StringRef name) const;
  /// Puts the entries of a mapping into the table's order.
  void sort(YamlNode &mapping) const;
};

extern const KeyTable kInput, kNorm, kAttention, kMlp, kRope, kModulation,
    kGroup, kBranch, kSkip, kFinal;
/// Steps; those that are one word have no keys.
llvm::ArrayRef<KeyTable> stepTables();
const KeyTable *findStep(llvm::StringRef op);
/// What a chain may begin with beside a name: sum, side_by_side, tokens.
llvm::ArrayRef<KeyTable> sourceTables();

/// All tables as Markdown.
void printKeys(llvm::raw_ostream &os);

} // namespace dit

#endif // DIT_COMPILER_NETWORK_KEYS_H
