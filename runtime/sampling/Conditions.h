// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What samples can be told beside x and t: rows of the model's other inputs. A
// sample says the number of a row, which of a model that is told a class alone
// is the class.
#ifndef DIT_RUNTIME_SAMPLING_CONDITIONS_H
#define DIT_RUNTIME_SAMPLING_CONDITIONS_H

#include "runtime/ToldRows.h"

#include <functional>
#include <memory>
#include <optional>

namespace dit::runtime {

class WeightSource;

/// Rows of one input: elements as its PortEntry says, as bytes.
struct InputRows {
  std::string values;
  int64_t rows = 0;
};

/// What guidance tells instead of an input's rows.
struct NullValue {
  enum Kind { None, Same, Zeros, Value } kind = None;
  std::string value; ///< one row, of Value
};

/// By input, what the model was trained to be told instead. A value may be one
/// of `weights`, which are asked for then alone.
std::map<std::string, NullValue>
defaultNulls(const Manifest &manifest,
             const std::function<WeightSource &()> &weights);

/// Throws a FlagError for what is no input of the model, and for x and t, which
/// the sampler tells.
void checkIsTold(const Manifest &manifest, const std::string &name);

class Conditions {
public:
  /// Of a model that is told no more than a class: row i is class i. The last,
  /// `classes`, is no class.
  static std::shared_ptr<const Conditions> ofLabels(const Manifest &manifest);
  /// Nothing: for whoever looks at a sampler's table alone.
  static std::shared_ptr<const Conditions> ofNothing() {
    return std::make_shared<Conditions>();
  }
  /// Of rows for every input but x and t, each of the same number of rows or of
  /// one; `nulls` say what guidance tells instead. Throws a FlagError for what
  /// is missing, too much, or of another size.
  static std::shared_ptr<const Conditions>
  of(const Manifest &manifest, std::map<std::string, InputRows> rows,
     const std::map<std::string, NullValue> &nulls);

  /// Whether rows are classes.
  bool areLabels() const { return isOfLabels; }
  /// How many rows samples may be told.
  int64_t rows() const { return count; }
  /// The row that guidance evaluates beside row `row`. Throws a FlagError for
  /// a model that was not trained for it, naming `guidance`.
  int32_t nullOf(int32_t row) const;
  /// The input that has no null value; empty where guidance is possible.
  const std::string &withoutNull() const { return unguided; }

  /// For samples that are told `rows`: valid as long as this and `rowOf`, which
  /// is written.
  InputMap tell(std::span<const int32_t> rows,
                std::map<std::string, std::vector<int32_t>> &rowOf) const;
  /// The same for the same values.
  std::string identity() const;

private:
  struct Input {
    std::string values;         ///< rows that differ
    int64_t rows = 0;           ///< of them
    std::vector<int32_t> rowOf; ///< by row of this, then by null row
  };

  std::map<std::string, Input> inputs;
  int64_t count = 1;
  bool isOfLabels = false;
  std::string unguided;
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_SAMPLING_CONDITIONS_H
