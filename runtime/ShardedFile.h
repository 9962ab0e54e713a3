// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A model's tensors in several files, and the index that says which is where.
#ifndef DIT_RUNTIME_SHARDEDFILE_H
#define DIT_RUNTIME_SHARDEDFILE_H

#include "runtime/TensorFile.h"

#include <string_view>

namespace dit::runtime {

/// An index as diffusers writes it: JSON whose `weight_map` names the file, in
/// the index's folder, of every tensor. All that is there is read: a shard that
/// is missing, a tensor that is not in its shard or not in the index, or that
/// is in two shards, is an error; all of them are in one.
class ShardedFile : public TensorFile {
public:
  /// `path` is that of the index.
  explicit ShardedFile(const std::string &path, const std::string &key = "");

  /// What an index's name ends in.
  static constexpr std::string_view ending = ".index.json";

  void readBytes(const StoredTensor &t, char *to) const override {
    shards[t.shard]->readBytes(t, to);
  }

private:
  using WeightMap = std::map<std::string, std::string>;
  WeightMap readIndex() const;
  void openShards(const WeightMap &index, std::vector<std::string> &errors);
  void addTensors(const WeightMap &index, std::vector<std::string> &errors);

  std::vector<std::unique_ptr<TensorFile>> shards;
  std::vector<std::string> names; ///< of the shards
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_SHARDEDFILE_H
