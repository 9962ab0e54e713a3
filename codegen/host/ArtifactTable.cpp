// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emits the constant DitArtifact of runtime/Abi.h with all that it points at,
// and the function that returns it.
#include "codegen/host/EntryPoints.h"

#include "runtime/Abi.h"

#include <cstddef>

using namespace mlir;

namespace dit::codegen::host {

static_assert(offsetof(DitArtifact, manifest) == 8 &&
              offsetof(DitArtifact, function_count) == 16 &&
              offsetof(DitArtifact, functions) == 24 &&
              offsetof(DitArtifact, code) == 32 &&
              offsetof(DitArtifact, code_bytes) == 40 &&
              offsetof(DitArtifact, alternative) == 48 &&
              sizeof(DitArtifact) == 56);

LLVM::GlobalOp EntryPoints::bytesOf(StringRef name, StringRef value,
                                    StringRef section, uint64_t alignment) {
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), value.size());
  auto global = LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/true,
                                       LLVM::Linkage::Internal, name,
                                       builder.getStringAttr(value));
  global.setSection(section);
  global.setAlignment(alignment);
  return global;
}

/// `dit_artifact_1`: what the alternative before it points at.
static std::string artifactName(size_t index) {
  return "dit_artifact_" + std::to_string(index);
}

void EntryPoints::emitFunctionList() {
  Type ptr = LLVM::LLVMPointerType::get(builder.getContext());
  auto type = LLVM::LLVMArrayType::get(ptr, program.functions.size());
  auto list =
      LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/true,
                             LLVM::Linkage::Internal, "functions", Attribute());
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&list.getInitializerRegion());
  builder.setInsertionPointToStart(block);
  Value value = LLVM::UndefOp::create(builder, loc, type);
  for (auto [i, function] : llvm::enumerate(program.functions))
    value = LLVM::InsertValueOp::create(
        builder, loc, value,
        LLVM::AddressOfOp::create(builder, loc, ptr, function.name),
        static_cast<int64_t>(i));
  LLVM::ReturnOp::create(builder, loc, value);
}

/// The manifest and the code in their sections, and the constant DitArtifact.
void EntryPoints::emitArtifact(StringRef manifest, StringRef code,
                               ChainPlace place) {
  Type i32 = builder.getI32Type(), i64 = builder.getI64Type();
  Type ptr = LLVM::LLVMPointerType::get(builder.getContext());
  // abi_version, manifest_bytes, manifest, function_count, functions, code,
  // code_bytes, alternative
  auto type = LLVM::LLVMStructType::getLiteral(
      builder.getContext(), {i32, i32, ptr, i64, ptr, ptr, i64, ptr});
  auto declare = [&](size_t index) {
    auto global = LLVM::GlobalOp::create(
        builder, loc, type, /*isConstant=*/true, LLVM::Linkage::External,
        artifactName(index), Attribute());
    global.setVisibility_(LLVM::Visibility::Hidden);
    return global;
  };
  builder.setInsertionPointToEnd(module.getBody());
  // Nothing lies between one manifest's final 0 and the next manifest.
  bytesOf("manifest", manifest.str() + '\0', DIT_MANIFEST_SECTION, 1);
  if (!code.empty())
    bytesOf("code", code, ".dit.code", 64);
  emitFunctionList();
  if (!place.isLast)
    declare(place.index + 1);
  LLVM::GlobalOp artifact = declare(place.index);

  Block *block = builder.createBlock(&artifact.getInitializerRegion());
  builder.setInsertionPointToStart(block);
  Value value = LLVM::UndefOp::create(builder, loc, type);
  int64_t field = 0;
  auto set = [&](Value x) {
    value = LLVM::InsertValueOp::create(builder, loc, value, x, field++);
  };
  auto setInt = [&](Type type, int64_t number) {
    set(LLVM::ConstantOp::create(builder, loc, type,
                                 builder.getIntegerAttr(type, number)));
  };
  auto setAddress = [&](StringRef symbol) {
    set(LLVM::AddressOfOp::create(builder, loc, ptr, symbol));
  };
  auto setNull = [&] { set(LLVM::ZeroOp::create(builder, loc, ptr)); };
  setInt(i32, DIT_ABI_VERSION);
  setInt(i32, manifest.size());
  setAddress("manifest");
  setInt(i64, program.functions.size());
  setAddress("functions");
  code.empty() ? setNull() : setAddress("code");
  setInt(i64, code.size());
  place.isLast ? setNull() : setAddress(artifactName(place.index + 1));
  LLVM::ReturnOp::create(builder, loc, value);
}

void EntryPoints::emitEntry() {
  Type ptr = LLVM::LLVMPointerType::get(builder.getContext());
  builder.setInsertionPointToEnd(module.getBody());
  auto entry = LLVM::LLVMFuncOp::create(builder, loc, DIT_ENTRY_NAME,
                                        LLVM::LLVMFunctionType::get(ptr, {}));
  builder.setInsertionPointToStart(entry.addEntryBlock(builder));
  Value address = LLVM::AddressOfOp::create(builder, loc, ptr, artifactName(0));
  LLVM::ReturnOp::create(builder, loc, address);
}

} // namespace dit::codegen::host
