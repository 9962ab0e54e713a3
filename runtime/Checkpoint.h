// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A model's trained tensors by the names of its weights, whatever file or
// folder they are in, and however they are stored there.
#ifndef DIT_RUNTIME_CHECKPOINT_H
#define DIT_RUNTIME_CHECKPOINT_H

#include "runtime/Manifest.h"
#include "runtime/TensorFile.h"

#include <functional>
#include <optional>
#include <set>

namespace dit::runtime {

/// What of a checkpoint is not the model's, and who hears what was chosen.
struct CheckpointOptions {
  /// Patterns of names, * for any text, beside those of what training scripts
  /// are known to keep beside a model.
  std::vector<std::string> ignored = {};
  /// Gets sentences; none is needed.
  std::function<void(const std::string &)> notice = {};
};

/// Some elements of a stored tensor.
struct CheckpointPart {
  const StoredTensor *stored;
  int64_t begin, count;
  bool isWhole() const { return count == stored->elements(); }
};

/// A tensor of the model: `parts` follow on each other along the first
/// dimension.
struct CheckpointTensor {
  std::string dtype;
  std::vector<int64_t> shape;
  std::vector<CheckpointPart> parts;
  int64_t elements() const;
};

/// A file of a model's tensors, or a folder of diffusers: config.json and
/// diffusion_pytorch_model.safetensors (or .bin, or the index of several of
/// either), or a folder `transformer` with them. `path#key` reads a part of it.
/// What all names begin with because of a wrapper around the model is taken
/// off. The tensors have the model's own names, or those of the layout of its
/// manifest of which most are in the file; where several have all, they must
/// give the same values.
class Checkpoint {
public:
  explicit Checkpoint(const std::string &path, const Manifest &manifest,
                      const CheckpointOptions &options = {});

  /// The file's path, with which errors begin.
  const std::string &path() const { return file->path(); }
  /// The tensors of the file, and those of them that are none of the model's.
  const std::map<std::string, const StoredTensor *> &stored() const {
    return chosen;
  }
  const std::map<std::string, const StoredTensor *> &others() const {
    return unread;
  }
  /// A weight, or what the manifest says that may be there; null also where it
  /// cannot be put together, of which `mismatches` speaks.
  const CheckpointTensor *find(const std::string &weight) const;
  /// Sentences without the path: parts that are missing or of another shape
  /// than the rest, copies that differ.
  const std::vector<std::string> &mismatches() const { return errors; }
  /// What the file calls a weight; of several tensors each, with * for any
  /// text.
  std::vector<std::string> storedNames(const std::string &weight) const;
  /// The same in quotes, and what the weight is called here.
  std::string shownName(const std::string &weight) const;
  /// True when the file has no complete tensor of that name, and `mismatches`
  /// says why.
  bool isExplained(const std::string &weight) const {
    return explained.contains(weight);
  }
  /// Which of the manifest's layouts the tensors have; empty for the model's
  /// own names. And how many weights are there under its names.
  const std::string &layout() const { return layoutName; }
  int64_t foundCount() const { return found; }

  /// Writes all values, as float32, to `to`.
  void read(const CheckpointTensor &t, float *to) const;
  /// Hands the bytes as they are stored to `take`, piece by piece.
  void visit(const CheckpointTensor &t,
             const std::function<void(std::string_view)> &take) const;
  /// The folder that was given, or empty.
  const std::string &folder() const { return givenFolder; }

private:
  /// The weights whose tensors have other names, or are several.
  using Expressions = std::map<std::string, LayoutExpression>;

  /// The file's tensors by their names without a wrapper's prefix, and without
  /// those that are not the model's.
  void choose(const CheckpointOptions &options);
  void chooseLayout(const Manifest &manifest);
  void checkSame(const std::vector<std::string> &weights,
                 const Expressions &other, std::string_view otherName);
  bool has(const LayoutExpression &e) const;
  LayoutExpression expressionOf(const std::string &weight,
                                const Expressions &of) const;
  std::vector<const StoredTensor *> matching(const std::string &pattern) const;
  /// Nothing for what is not there, and, with a sentence in `errors`, for what
  /// does not fit together.
  std::optional<CheckpointTensor> evaluate(const LayoutExpression &e,
                                           const std::string &weight);
  std::optional<CheckpointTensor> concat(const LayoutExpression &e,
                                         const std::string &weight);
  std::optional<CheckpointTensor> copies(const LayoutExpression &e,
                                         const std::string &weight);
  std::vector<float> valuesOf(const CheckpointTensor &t) const;
  /// Adds a sentence that says why `weight` is not there.
  void explain(const std::string &weight, std::string sentence);

  std::unique_ptr<TensorFile> file;
  std::string givenFolder;
  std::map<std::string, const StoredTensor *> chosen, unread;
  std::string layoutName;
  int64_t found = 0;
  Expressions expressions; ///< of the layout that was chosen
  std::map<std::string, CheckpointTensor> entries;
  std::set<std::string> explained;
  std::vector<std::string> errors;
};

/// The folder of a diffusers model: `path`, or its folder `transformer`.
std::string diffusersFolder(const std::string &path);

} // namespace dit::runtime

#endif // DIT_RUNTIME_CHECKPOINT_H
