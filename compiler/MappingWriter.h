// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The reverse of MappingReader: each key's value, written or default, as YAML.
#ifndef DIT_COMPILER_MAPPINGWRITER_H
#define DIT_COMPILER_MAPPINGWRITER_H

#include "compiler/MappingReader.h"

namespace dit {

class MappingWriter {
public:
  /// Keys of `left` out, with their path as `diffusion.shift`, are not written.
  explicit MappingWriter(llvm::ArrayRef<llvm::StringRef> leftOut,
                         std::string path = "")
      : leftOut(leftOut), path(std::move(path)) {}

  YamlNode mapping = YamlNode::make(YamlNode::Mapping);

  void integer(llvm::StringRef key, const Located<int64_t> &value, Bound,
               llvm::StringRef = "") {
    if (value.value || value.isWritten()) // 0: no such number
      text(key, std::to_string(value.value));
  }
  void number(llvm::StringRef key, const Located<double> &value, Bound);
  void flag(llvm::StringRef key, const Located<bool> &value) {
    text(key, value ? "true" : "false");
  }
  void string(llvm::StringRef key, const Located<std::string> &value, size_t) {
    text(key, value.value);
  }
  template <typename E>
  void choice(llvm::StringRef key, const Located<E> &value,
              std::initializer_list<E>) {
    text(key, spelling(value.value));
  }
  void word(llvm::StringRef key, const Located<std::string> &value,
            llvm::ArrayRef<llvm::StringRef>) {
    if (!value.value.empty())
      text(key, value.value);
  }
  void mappingAt(llvm::StringRef key,
                 llvm::function_ref<void(MappingWriter &)> what);
  void text(llvm::StringRef key, llvm::StringRef value);
  void leave(llvm::ArrayRef<llvm::StringRef>) {}
  void require(llvm::ArrayRef<llvm::StringRef>) {}
  void finish() {}

private:
  llvm::ArrayRef<llvm::StringRef> leftOut;
  std::string path; ///< "diffusion.", "" for the root
};

} // namespace dit

#endif // DIT_COMPILER_MAPPINGWRITER_H
