// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The identity of a file.
#ifndef DIT_RUNTIME_SHA256_H
#define DIT_RUNTIME_SHA256_H

#include <string>
#include <string_view>

namespace dit::runtime {

/// SHA-256 (FIPS 180-4) of `bytes` in lower-case hexadecimal, as sha256sum
/// prints it.
std::string sha256(std::string_view bytes);

} // namespace dit::runtime

#endif // DIT_RUNTIME_SHA256_H
