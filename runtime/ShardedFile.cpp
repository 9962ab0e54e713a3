// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An index and its shards, each held to what the other says.
#include "runtime/ShardedFile.h"

#include "runtime/Error.h"
#include "runtime/Json.h"

#include <algorithm>
#include <filesystem>

namespace dit::runtime {

namespace fs = std::filesystem;

ShardedFile::ShardedFile(const std::string &path, const std::string &key)
    : TensorFile(path) {
  std::vector<std::string> errors;
  WeightMap index;
  try {
    index = readIndex();
  } catch (const Error &e) {
    if (e.sentences()[0].starts_with(path))
      throw;
    fail("{}: {}", path, e.what());
  }
  openShards(index, errors);
  addTensors(index, errors);
  if (!errors.empty())
    throwMismatches(path, errors);
  keepOnly(key);
}

/// The shard of every tensor.
ShardedFile::WeightMap ShardedFile::readIndex() const {
  constexpr size_t longest = 64 << 20;
  nlohmann::json parsed = parseJson(file.all(longest), "the index");
  JsonReader map = JsonReader(parsed, "the index").object("weight_map");
  WeightMap index;
  for (const auto &[name, value] : parsed["weight_map"].items()) {
    std::string shard = map.string(name.c_str());
    // A name and no path: nothing outside of the folder is opened.
    if (shard.empty() || fs::path(shard).filename() != shard || shard == "." ||
        shard == ".." || shard.ends_with(ending))
      fail("tensor {} must be in a file beside the index, but is in {}",
           inQuotes(name), inQuotes(shard));
    index[name] = shard;
  }
  if (index.empty())
    fail("the index names no tensors");
  return index;
}

void ShardedFile::openShards(const WeightMap &index,
                             std::vector<std::string> &errors) {
  std::map<std::string, int64_t> tensors;
  for (const auto &[name, shard] : index)
    ++tensors[shard];
  for (const auto &[shard, count] : tensors) {
    fs::path at = fs::path(path()).parent_path() / shard;
    std::error_code ignored;
    if (fs::exists(at, ignored)) {
      shards.push_back(openTensorFile(at.string()));
      names.push_back(shard);
    } else {
      errors.push_back(fmt::format("the shard {}, with {} of {} tensors, is "
                                   "missing",
                                   inQuotes(shard), count, index.size()));
    }
  }
}

void ShardedFile::addTensors(const WeightMap &index,
                             std::vector<std::string> &errors) {
  for (size_t i = 0; i < shards.size(); ++i)
    for (auto [name, tensor] : shards[i]->tensors()) {
      tensor.shard = i;
      auto [it, isFirst] = entries.emplace(name, tensor);
      if (!isFirst)
        errors.push_back(
            fmt::format("tensor {} is in two shards, {} and {}", inQuotes(name),
                        inQuotes(names[it->second.shard]), inQuotes(names[i])));
      else if (!index.contains(name))
        errors.push_back(fmt::format("tensor {} of {} is not in the index",
                                     inQuotes(name), inQuotes(names[i])));
    }
  for (const auto &[name, shard] : index) {
    auto opened = std::find(names.begin(), names.end(), shard);
    if (opened == names.end())
      continue; // told already
    const StoredTensor *found = find(name);
    if (!found)
      errors.push_back(fmt::format("tensor {} is in no shard, but should be "
                                   "in {}",
                                   inQuotes(name), inQuotes(shard)));
    else if (names[found->shard] != shard &&
             !shards[opened - names.begin()]->find(name))
      errors.push_back(
          fmt::format("tensor {} is in {}, but should be in {}", inQuotes(name),
                      inQuotes(names[found->shard]), inQuotes(shard)));
  }
}

} // namespace dit::runtime
