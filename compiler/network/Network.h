// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds `@denoise` of a network that NetworkReader wrote out. What does not
// fit together is diagnosed where it stands: a value that cannot be built is
// left out, and so is what reads it, so that all mistakes come in one run.
#ifndef DIT_COMPILER_NETWORK_NETWORK_H
#define DIT_COMPILER_NETWORK_NETWORK_H

#include "compiler/network/NetworkBuilder.h"
#include "compiler/network/Sizes.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

namespace dit {

/// A value that the spec names, while the network is built.
struct Stream {
  mlir::Value value;
  std::string base; ///< what names of values made of it begin with
  /// Of tokens: the streams they are of, in order, and how many of each.
  llvm::SmallVector<std::pair<std::string, int64_t>> parts = {};
  int64_t rows = 0, columns = 0; ///< the grid that its first tokens are on

  mlir::RankedTensorType type() const {
    return mlir::cast<mlir::RankedTensorType>(value.getType());
  }
  bool isTokens() const { return type().getRank() == 3; }
  bool isVector() const { return type().getRank() == 2; }
  int64_t features() const { return type().getShape().back(); }
  Stream with(mlir::Value other) const {
    Stream stream = *this;
    stream.value = other;
    return stream;
  }
};

class Network {
public:
  /// `spec.network` at the size of `spec`.
  Network(mlir::OpBuilder &builder, const Spec &spec);

  mlir::LogicalResult build(mlir::ModuleOp module);
  /// Diagnoses what of a network that was built nothing reads; a size may also
  /// be read through numbers().
  mlir::LogicalResult checkAllUsed();

  const NetworkBuilder &ops() const { return net; }
  /// The spec's numbers, which know what read them.
  Sizes &numbers() { return sizes; }
  /// Weights that a checkpoint may have and that are computed instead.
  llvm::SmallVector<std::string> computedWeights;
  bool learnsPositions = false; ///< so that there is one size

private:
  /// Where a step stands: what begins the names of its values and weights, what
  /// its result is called (where that is known), and its place.
  struct Where {
    std::string values, weights, result;
    mlir::LocationAttr key;
    bool inBlock = false;
  };
  using Rows = llvm::StringMap<mlir::Value>;
  /// One block while it is built.
  struct Block {
    std::string values;           ///< `blocks[3].`
    llvm::StringMap<Where> where; ///< by stream
    llvm::StringMap<Rows> rows;
    llvm::SmallVector<std::string> streams;
    llvm::StringMap<int> branchNames;
    mlir::LocationAttr adds;
  };

  // Network.cpp: inputs, names, and what is not used.
  void addFunction(mlir::ModuleOp module);
  const Stream &lookup(const YamlNode &name);
  void define(llvm::StringRef name);
  mlir::InFlightDiagnostic fail(mlir::LocationAttr loc);
  [[noreturn]] void stop(mlir::LocationAttr loc, const llvm::Twine &sentence);
  /// Runs `build`; false after a mistake in it.
  bool attempt(llvm::function_ref<void()> build);

  // Chains.cpp
  Stream chain(const YamlNode &node, llvm::StringRef name, bool isStream);
  Stream source(const YamlNode &node, llvm::StringRef name);
  Stream joinTokens(const YamlNode &node, llvm::ArrayRef<Stream> items,
                    llvm::StringRef name);

  // Steps.cpp
  Stream step(const YamlNode &node, const Stream &x, const Where &where);
  Stream linear(const YamlNode &node, const Stream &x, const Where &where);
  Stream mlp(const YamlNode &node, const Stream &x, const Where &where);
  Stream sinusoid(const YamlNode &node, const Stream &x, const Where &where);
  Stream table(const YamlNode &node, const Stream &x, const Where &where);
  Stream patches(const YamlNode &node, const Stream &x, const Where &where);
  Stream position(const YamlNode &node, const Stream &x, const Where &where);
  Stream sideBySide(const YamlNode &node, const Stream &x, const Where &where);
  mlir::Value norm(const Origin &origin, mlir::Value x, llvm::StringRef kind,
                   const YamlNode &eps, llvm::StringRef prefix);

  // Attention.cpp
  Stream attention(const YamlNode &node, const Stream &x, const Where &where);
  /// Of all `streams` at once; each its own result.
  llvm::StringMap<Stream> jointAttention(const YamlNode &node,
                                         const llvm::StringMap<Stream> &normed,
                                         llvm::ArrayRef<std::string> streams,
                                         llvm::ArrayRef<std::string> addsTo,
                                         const Block &block);
  int64_t headsOf(const YamlNode &node, int64_t features);
  mlir::Value angles(const Stream &x, int64_t headDim, const YamlNode &step);
  void prepareAngles(const YamlNode &branches, const Block &block);
  Where attentionAt(const YamlNode &node, const Where &where);

  // Blocks.cpp
  void item(const YamlNode &node);
  void group(const YamlNode &node);
  void block(const YamlNode &node, llvm::StringRef pattern);
  Rows modulation(const YamlNode *node, llvm::StringRef stream,
                  const Where &where);
  void skip(const YamlNode &node, Block &block);
  mlir::Value row(const YamlNode &name, const Rows &rows);

  // Branches.cpp
  void branches(const YamlNode &list, Block &block);
  /// What the branch adds to each of its streams.
  llvm::StringMap<mlir::Value> branch(const YamlNode &node, Block &block,
                                      llvm::StringRef name);
  llvm::SmallVector<std::string> chosen(const YamlNode &node,
                                        llvm::StringRef key,
                                        llvm::ArrayRef<std::string> among);
  mlir::Value normOf(const YamlNode &node, mlir::Value x, const Where &where,
                     llvm::StringRef name);
  mlir::Value normed(const YamlNode &node, mlir::Value x, const Rows &rows,
                     const Where &where, llvm::StringRef normName,
                     llvm::StringRef modulateName);
  void final(const YamlNode &node);

  int64_t size(const YamlNode &node, const llvm::Twine &what, int64_t min = 1);
  double number(const YamlNode &node, llvm::StringRef what);
  /// The user's own place of a node, else the place of what governs it.
  mlir::LocationAttr place(const YamlNode &node, mlir::LocationAttr governing) {
    mlir::LocationAttr own = places.written(node.loc);
    return own ? own : governing;
  }

  const Spec &spec;
  const YamlNode &network;
  const Places &places;
  Sizes sizes;
  NetworkBuilder net;

  llvm::StringMap<Stream> values;
  llvm::MapVector<llvm::StringRef, const YamlEntry *> pending;
  llvm::StringSet<> used, failedNames, beingDefined;
  llvm::StringMap<mlir::Value> activated; ///< silu(c), once for all blocks
  llvm::StringMap<mlir::Value> angleTables;
  /// What blocks kept under a name and none took.
  struct Kept {
    llvm::SmallVector<mlir::Value> values;
    mlir::LocationAttr key;
    bool isSame = false; ///< the first is taken each time
  };
  llvm::StringMap<Kept> kept;
  llvm::StringMap<int64_t> counters; ///< blocks of each name
  mlir::Value result;
  int64_t blockCount = 0;
  std::string inBlocks; ///< "(in blocks[0], 28 times)"
  bool hasFailed = false;
};

} // namespace dit

#endif // DIT_COMPILER_NETWORK_NETWORK_H
