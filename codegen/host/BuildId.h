// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an artifact says of its own bytes, for the runtime to see damage by.
#ifndef DIT_CODEGEN_HOST_BUILDID_H
#define DIT_CODEGEN_HOST_BUILDID_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace dit::codegen::host {

/// The flag of ld.lld that leaves room for it.
inline constexpr llvm::StringLiteral kBuildIdFlag =
    "--build-id=0x"
    "0000000000000000000000000000000000000000000000000000000000000000";

/// Makes the build ID of the shared object at `path`, linked with
/// kBuildIdFlag, the SHA-256 of the file as it is with zeros there.
llvm::Error writeBuildId(llvm::StringRef path);

} // namespace dit::codegen::host

#endif // DIT_CODEGEN_HOST_BUILDID_H
