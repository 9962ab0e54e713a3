// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A model's trained tensors by their official names, whatever file or folder
// they are in.
#ifndef DIT_RUNTIME_CHECKPOINT_H
#define DIT_RUNTIME_CHECKPOINT_H

#include "runtime/TensorFile.h"

#include <functional>

namespace dit::runtime {

/// What of a checkpoint is not the model's, and who hears what was chosen.
struct CheckpointOptions {
  /// Patterns of names, * for any text, beside those of what training scripts
  /// are known to keep beside a model.
  std::vector<std::string> ignored = {};
  /// Gets sentences; none is needed.
  std::function<void(const std::string &)> notice = {};
};

/// A tensor of the model: `parts` follow on each other along the first
/// dimension.
struct CheckpointTensor {
  std::string dtype;
  std::vector<int64_t> shape;
  std::vector<const StoredTensor *> parts;
  int64_t elements() const;
};

/// A file of tensors with the official names or those of diffusers, or a folder
/// of diffusers: config.json and diffusion_pytorch_model.safetensors (or .bin,
/// or the index of several of either), or a folder `transformer` with them.
/// `path#key` reads a part of it. What all names begin with because of a
/// wrapper around the model is taken off.
class Checkpoint {
public:
  explicit Checkpoint(const std::string &path,
                      const CheckpointOptions &options = {});

  /// The file's path, with which errors begin.
  const std::string &path() const { return file->path(); }
  /// Tensors that cannot be put together are not among them, but in
  /// `mismatches`.
  const std::map<std::string, CheckpointTensor> &tensors() const {
    return entries;
  }
  const CheckpointTensor *find(const std::string &official) const;
  /// Sentences without the path: parts that are missing or of another shape
  /// than the rest, copies that differ.
  const std::vector<std::string> &mismatches() const { return errors; }
  /// In quotes, what the file calls a tensor, and what it is called here.
  std::string shownName(const std::string &official) const;
  /// True when the file has no complete tensor of that name, and `mismatches`
  /// says why.
  bool isExplained(const std::string &official) const;

  /// Writes all values, as float32, to `to`.
  void read(const CheckpointTensor &t, float *to) const;
  /// Hands the bytes as they are stored to `take`, piece by piece.
  void visit(const CheckpointTensor &t,
             const std::function<void(std::string_view)> &take) const;
  /// The folder that was given, or empty.
  const std::string &folder() const { return givenFolder; }

private:
  /// The file's tensors by their names without a wrapper's prefix, and without
  /// those that are not the model's.
  void choose(const CheckpointOptions &options);
  void addDiffusers();
  void addCopy(const std::string &name, const StoredTensor &t,
               const std::string &official);
  void join(const std::string &official);

  std::unique_ptr<TensorFile> file;
  std::string givenFolder;
  std::map<std::string, const StoredTensor *> chosen;
  bool isDiffusers = false;
  std::map<std::string, CheckpointTensor> entries;
  std::map<std::string, std::vector<const StoredTensor *>> joined;
  std::vector<std::string> errors;
};

/// The folder of a diffusers model: `path`, or its folder `transformer`.
std::string diffusersFolder(const std::string &path);

/// Whether `name` is what `pattern`, with * for any text, describes.
bool matchesPattern(std::string_view pattern, std::string_view name);

} // namespace dit::runtime

#endif // DIT_RUNTIME_CHECKPOINT_H
