// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From a network as it may be written to the same network with everything
// written out: every key of every table there, shorthands as mappings, `define`
// gone. What it returns is a spec's sections itself, of the same network.
#ifndef DIT_COMPILER_NETWORK_NETWORKREADER_H
#define DIT_COMPILER_NETWORK_NETWORKREADER_H

#include "compiler/Yaml.h"
#include "compiler/network/Keys.h"
#include "compiler/network/Places.h"

namespace dit {

/// The sections of a spec that are its network.
llvm::ArrayRef<llvm::StringRef> networkSections();

class NetworkReader {
public:
  /// `spec` is over its designs.
  NetworkReader(const YamlNode &spec, const Places &places)
      : spec(spec), places(places) {}

  /// Everything that does not fit is diagnosed before failure is returned.
  mlir::FailureOr<YamlNode> read();

private:
  using Scopes = llvm::ArrayRef<const YamlNode *>;
  /// Where defaults are looked for, the nearest first.
  struct Defaults {
    llvm::SmallVector<const YamlNode *, 2> attention, mlp, norm;
    bool inBlock = false;
  };

  // Tables and values, in NetworkReader.cpp.
  YamlNode fill(const YamlNode &node, const KeyTable &table, Scopes scopes = {},
                llvm::ArrayRef<llvm::StringRef> more = {});
  /// What a file or a block says for all its steps of a kind; other readers may
  /// know more keys there.
  void checkDefaults(const YamlNode *section, const KeyTable &table,
                     bool othersRead = false);
  YamlNode value(const Key &key, const YamlNode &node, const KeyTable &table);
  YamlNode word(const Key &key, const YamlNode &node, const KeyTable &table);
  void unknownKey(const YamlEntry &entry, const KeyTable &table,
                  llvm::ArrayRef<llvm::StringRef> more);
  void name(const YamlNode &node, llvm::StringRef what);
  YamlNode list(const YamlNode &node);
  bool must(const YamlNode &node, YamlNode::Kind kind, llvm::StringRef what);
  mlir::InFlightDiagnostic error(mlir::LocationAttr loc) {
    hasFailed = true;
    return places.error(loc);
  }

  // Chains, in ReadSteps.cpp.
  YamlNode chain(const YamlNode &node);
  YamlNode source(const YamlNode &node);
  YamlNode steps(const YamlNode &node, const Defaults &defaults);
  YamlNode step(const YamlNode &node, const Defaults &defaults);
  YamlNode norm(const YamlNode &node, const Defaults &defaults,
                llvm::StringRef name);
  void addGridTo(YamlNode &node);

  // Blocks, in ReadBlocks.cpp.
  YamlNode blocks(const YamlNode &node);
  YamlNode group(YamlNode node);
  YamlNode branches(const YamlNode &node, const Defaults &defaults,
                    llvm::ArrayRef<llvm::StringRef> streams, int64_t &ordinal);
  YamlNode branch(const YamlNode &node, const Defaults &defaults,
                  int64_t &ordinal);
  YamlNode modulation(const YamlNode &node,
                      llvm::ArrayRef<llvm::StringRef> streams);
  YamlNode final(const YamlNode &node);
  YamlNode mainStream(const YamlNode &node);
  /// The file's sections of defaults, under those of the block `node`.
  Defaults defaultsOf(const YamlNode *node);

  const YamlNode &spec;
  const Places &places;
  llvm::SmallVector<std::string> streamNames;
  bool hasFailed = false;
};

} // namespace dit

#endif // DIT_COMPILER_NETWORK_NETWORKREADER_H
