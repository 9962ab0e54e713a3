// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Emits the constant DitArtifact of runtime/Abi.h with all that it points at,
// and the function that returns it.
#include "codegen/host/EntryPoints.h"

#include "runtime/Abi.h"

#include <cstddef>

using namespace mlir;

namespace dit::codegen::host {

static_assert(offsetof(DitArtifact, manifest) == 8 &&
              offsetof(DitArtifact, prepare) == 16 &&
              offsetof(DitArtifact, tabulate) == 24 &&
              offsetof(DitArtifact, code) == 80 &&
              offsetof(DitArtifact, code_bytes) == 88 &&
              offsetof(DitArtifact, alternative) == 96 &&
              sizeof(DitArtifact) == 104);

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

/// The manifest and the code in their sections, and the constant DitArtifact.
void EntryPoints::emitArtifact(StringRef manifest, StringRef code,
                               ChainPlace place) {
  Type i32 = builder.getI32Type(), i64 = builder.getI64Type();
  Type ptr = LLVM::LLVMPointerType::get(builder.getContext());
  SmallVector<Type> fields{i32, i32};
  fields.append(10, ptr);    // manifest to code
  fields.append({i64, ptr}); // code_bytes, alternative
  auto type = LLVM::LLVMStructType::getLiteral(builder.getContext(), fields);
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
  auto setAddress = [&](StringRef symbol) {
    set(LLVM::AddressOfOp::create(builder, loc, ptr, symbol));
  };
  auto setNull = [&] { set(LLVM::ZeroOp::create(builder, loc, ptr)); };
  set(LLVM::ConstantOp::create(builder, loc, i32, (int32_t)DIT_ABI_VERSION));
  set(LLVM::ConstantOp::create(builder, loc, i32, (int32_t)manifest.size()));
  setAddress("manifest");
  setAddress("prepare");
  program.tables.empty() ? setNull() : setAddress("tabulate");
  for (const char *symbol : {"create", "plan", "condition", "denoise"})
    setAddress(symbol);
  setNull(); // unplan
  setNull(); // destroy
  code.empty() ? setNull() : setAddress("code");
  set(LLVM::ConstantOp::create(builder, loc, i64, (int64_t)code.size()));
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
