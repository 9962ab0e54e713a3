// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a command has read, so that it does not write over it.
#ifndef DIT_RUNTIME_OPENEDINPUTS_H
#define DIT_RUNTIME_OPENEDINPUTS_H

#include <string>

namespace dit::runtime {

/// While one lives, the files that rememberInput() is told of are kept in mind;
/// outside of it, as in a program that uses the C API, nothing is.
class OpenedInputs {
public:
  OpenedInputs();
  ~OpenedInputs();
  OpenedInputs(const OpenedInputs &) = delete;
};

/// To be called by whatever reads a file for the user: a spec, a table, weights
/// and each of their shards, tensors, an artifact.
void rememberInput(const std::string &path);

/// Throws an Error where the file at `path` is one that was read, under
/// whatever name. To be called by whatever replaces a file, before it does.
void refuseInput(const std::string &path);

} // namespace dit::runtime

#endif // DIT_RUNTIME_OPENEDINPUTS_H
