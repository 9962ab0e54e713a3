// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A model's trained tensors by their official names, whatever file or folder
// they are in.
#ifndef DIT_RUNTIME_CHECKPOINT_H
#define DIT_RUNTIME_CHECKPOINT_H

#include "runtime/TensorFile.h"

namespace dit::runtime {

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
class Checkpoint {
public:
  explicit Checkpoint(const std::string &path);

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

  /// The values where they lie in the file, or null where they need to be
  /// converted or joined.
  const float *inPlace(const CheckpointTensor &t) const;
  /// Writes all values to `to`, and gives the file's pages back.
  void read(const CheckpointTensor &t, float *to) const;
  void forget(const CheckpointTensor &t) const noexcept;

private:
  void addDiffusers();
  void addCopy(const std::string &name, const StoredTensor &t,
               const std::string &official);
  void join(const std::string &official);

  std::unique_ptr<TensorFile> file;
  bool isDiffusers = false;
  std::map<std::string, CheckpointTensor> entries;
  std::map<std::string, std::vector<const StoredTensor *>> joined;
  std::vector<std::string> errors;
};

/// The folder of a diffusers model: `path`, or its folder `transformer`.
std::string diffusersFolder(const std::string &path);

} // namespace dit::runtime

#endif // DIT_RUNTIME_CHECKPOINT_H
