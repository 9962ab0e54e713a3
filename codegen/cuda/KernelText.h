// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A kernel of the CUDA target while its text is being made: the names it is
// written in, where its tensors lie, and what the makers of each kind fill in.
#ifndef DIT_CODEGEN_CUDA_KERNELTEXT_H
#define DIT_CODEGEN_CUDA_KERNELTEXT_H

#include "codegen/Launches.h"
#include "codegen/cuda/Arch.h"
#include "codegen/cuda/Emit.h"
#include "llvm/ADT/StringSet.h"

namespace dit::codegen::cuda {

/// The names that a kernel's text calls the graph's values, each once: the last
/// part of what they are called in the graph, `gate_msa` of
/// `blocks[3].gate_msa`.
class ValueNames {
public:
  explicit ValueNames(FusedOp op);
  llvm::StringRef operator[](mlir::Value value) const {
    return names.find(value)->second;
  }

private:
  void add(mlir::Value value, llvm::StringRef graphName);
  llvm::DenseMap<mlir::Value, std::string> names;
  llvm::StringSet<> used;
};

/// What a value outside of regions is called in the graph.
llvm::StringRef graphName(mlir::Value value);

/// `gate_msa` of `blocks[3].gate_msa`, `qkv_weight` of
/// `blocks.3.attn.qkv.weight.packed`: an identifier.
std::string leafName(llvm::StringRef graphName);

/// What the graph or a file calls something, as a comment to the end of a line
/// may hold it: without what would end the line, or go on behind it.
std::string inComment(llvm::StringRef text);

/// One kernel: what is known of it, and its text.
///
/// Kernels are written with these names in scope: `row` counts tokens of all
/// samples, `sample` and `token` are its parts, `condition` is the row of the
/// condition table that the sample reads.
struct KernelText {
  KernelText(const Kernel &kernel, const Arch &arch, int64_t batchHint)
      : kernel(kernel), arch(arch), batchHint(batchHint),
        names(const_cast<FusedOp &>(kernel.op)) {}

  const Kernel &kernel;
  const Arch &arch;
  int64_t batchHint; ///< that tiles are chosen for
  ValueNames names;
  /// Elements that divide the begin of each operand and result in every launch.
  llvm::SmallVector<int64_t> operandSteps, resultSteps;

  std::string body; ///< between the braces
  std::string note; ///< how the work is divided, for the comment
  /// Its function and takesRows are known when all is printed.
  KernelLaunch launch;
  /// A block's shared memory leaves no place for another's on a multiprocessor,
  /// so that all registers are its own.
  bool isAlone = false;

  FusedOp op() const { return const_cast<FusedOp &>(kernel.op); }
  mlir::Block &block() const { return op().getBody().front(); }
  /// `in_gate_msa`, the pointer parameter of a region argument.
  std::string operandName(unsigned index) const;
  std::string resultName(unsigned index) const;
  /// What the kernel reads an operand by, where that is TMA; else null.
  const TensorMap *tensorMap(unsigned index) const;
  bool isBatched() const;
  /// One operand gathered from each table that there is, in the order of the
  /// parameters that say which row is a sample's.
  llvm::SmallVector<Place> tables() const;
  /// The body asks how many samples there are: kernels whose grid alone says
  /// it are not told.
  bool takesRows() const;
};

/// Panels of one feature: (M, K) as in the checkpoint.
inline bool isRowMajor(LayoutAttr layout) {
  return layout.getPanel() == 1 && layout.getGroup() == 1;
}

/// A region's tokens a sample: 1 of (N, D), T of (N, T, D) and of (T, D).
int64_t tokensOf(mlir::RankedTensorType type);

/// `tokens` of each sample, or in all where nothing is batched, in tiles.
GridDim tilesOfRows(const KernelText &text, int64_t tokens, int64_t tile = 1);

/// `15 * rows`, or `15` where nothing is batched: the tokens of all samples.
std::string rowCount(const KernelText &text, int64_t tokens);

/// `15 * rows + 4`, `rows`, `4`.
std::string printCount(const Count &count);

/// `tiles(15 * rows, 4), 5`: an initialiser of launches.h's Grid.
std::string printGrid(llvm::ArrayRef<GridDim> grid);

/// Says in the kernel's text what the launch gives it: the shared memory that
/// `constant` of the template asks for.
std::string assertSharedBytes(llvm::StringRef constant, int64_t bytes);

/// `const int sample = row / 15, token = row % 15;` and what else the
/// statements name of it, each line behind `indent`.
std::string rowPosition(const KernelText &text, llvm::StringRef statements,
                        int64_t tokens, llvm::StringRef indent);

/// The sample's row in the table that `place` is gathered from, as kernels call
/// it, and the parameter that says which it is: `condition`, `row_index`.
std::string rowOfTable(const Place &place);
std::string rowIndexOfTable(const Place &place);

/// `const int condition = row_index[sample];` for each table whose row the
/// statements name, each line behind `indent`.
std::string tableRows(const KernelText &text, llvm::StringRef statements,
                      llvm::StringRef indent);

/// True where `text` names `word`.
bool namesWord(llvm::StringRef text, llvm::StringRef word);

/// Where the sample begins: `in_x + sample * 300ll`.
std::string sampleAddress(const Place &place, llvm::StringRef pointer);

/// The pointer to element `column` of the row at (sample, token), as an
/// expression: `in_x + sample * 300ll + token * 20 + column`. Each dimension
/// that the tensor lacks is left out, and `row` is named where tokens follow
/// one another over all samples.
std::string rowAddress(const Place &place, llvm::StringRef pointer,
                       llvm::StringRef column = "");

/// The pointer to element `index` of a sample, counted row-major.
std::string elementAddress(const Place &place, llvm::StringRef pointer,
                           llvm::StringRef index);

/// `float`, `bf16` or `int`: what an element is in memory.
std::string typeName(mlir::Type element);

/// `in_x[column]` of the pointer `in_x + column`.
std::string elementAt(llvm::StringRef address);

/// The same as a number: `toFloat(in_x[column])` of a bf16.
std::string readElement(const Place &place, llvm::StringRef address);

/// `out_x[column] = x`, rounded where the element is a bf16.
std::string writeElement(const Place &place, llvm::StringRef address,
                         llvm::StringRef value);

/// Whether every row of the tensor begins at a multiple of so many elements,
/// when `step` divides the tensor's own begin.
bool rowsBeginAt(const Place &place, int64_t step, int64_t elements);

// Each fills in the text, or diagnoses at the region what it cannot print.
mlir::LogicalResult printRow(KernelText &text);
mlir::LogicalResult printLinear(KernelText &text);
mlir::LogicalResult printAttention(KernelText &text);
/// Kinds patch and pack: what moves elements, and work on weights.
mlir::LogicalResult printElements(KernelText &text);

} // namespace dit::codegen::cuda

#endif // DIT_CODEGEN_CUDA_KERNELTEXT_H
