// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Importer.h"

#include "compiler/network/Network.h"
#include "dialect/DiTDialect.h"

using namespace mlir;
using namespace dit;

OwningOpRef<ModuleOp> dit::importSpec(MLIRContext *context, const Spec &spec) {
  OpBuilder builder(context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder, Location(spec.loc));
  (*module)->setAttr(kPhaseAttr, builder.getStringAttr("dit"));
  (*module)->setAttr(kNameAttr, builder.getStringAttr(spec.name.value));
  (*module)->setAttr(kSpecAttr, builder.getStringAttr(spec.text));
  if (failed(Network(builder, spec).build(*module)))
    return nullptr;
  return module;
}
