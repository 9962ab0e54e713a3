// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Two ops without TableGen: they need no syntax of their own.
#include "test/passes/tool/TestDialect.h"

#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace dit::test {

class PureOp
    : public Op<PureOp, OpTrait::VariadicOperands, OpTrait::VariadicResults,
                MemoryEffectOpInterface::Trait,
                ConditionallySpeculatable::Trait> {
public:
  using Op::Op;
  static StringRef getOperationName() { return "test.pure"; }
  static ArrayRef<StringRef> getAttributeNames() { return {}; }
  void getEffects(SmallVectorImpl<MemoryEffects::EffectInstance> &) {}
  Speculation::Speculatability getSpeculatability() {
    return Speculation::Speculatable;
  }
};

class EffectOp
    : public Op<EffectOp, OpTrait::VariadicOperands, OpTrait::VariadicResults> {
public:
  using Op::Op;
  static StringRef getOperationName() { return "test.effect"; }
  static ArrayRef<StringRef> getAttributeNames() { return {}; }
};

class TestDialect : public Dialect {
public:
  explicit TestDialect(MLIRContext *context)
      : Dialect("test", context, TypeID::get<TestDialect>()) {
    addOperations<PureOp, EffectOp>();
  }
  static StringRef getDialectNamespace() { return "test"; }
};

void registerTestDialect(DialectRegistry &registry) {
  registry.insert<TestDialect>();
}

} // namespace dit::test
