// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The memory of a planned function, as the interpreter checks it: values at
// their real byte addresses, NaN everywhere else.
#ifndef DIT_DIALECT_SHADOWARENA_H
#define DIT_DIALECT_SHADOWARENA_H

#include "dialect/Interpreter.h"

namespace dit {

/// The bytes one value takes: [begin, begin + bytes), one element every `step`.
struct Span {
  int64_t begin = 0, bytes = 0, step = 4;
};

/// Byte b of the plan is slot b/2 of the shadow, which holds a double: a value
/// keeps its 53 bits at any element size down to two bytes.
class ShadowArena {
public:
  ShadowArena(std::string name, int64_t bytes);

  /// Writes values to their span, NaN to the rest of it. An error where the
  /// span is misaligned, leaves the arena or meets a live value.
  llvm::Error store(llvm::StringRef value, Span span,
                    llvm::ArrayRef<double> values);
  void load(Span span, llvm::MutableArrayRef<double> values) const;
  /// The value is dead: its bytes become NaN.
  void release(Span span);

private:
  struct Live {
    Span span;
    std::string value;
  };
  std::string name;
  int64_t bytes;
  std::vector<double> shadow;
  std::vector<Live> live;
};

} // namespace dit

#endif // DIT_DIALECT_SHADOWARENA_H
