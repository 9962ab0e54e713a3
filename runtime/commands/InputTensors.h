// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a network is told, read from files of tensors.
#ifndef DIT_RUNTIME_COMMANDS_INPUTTENSORS_H
#define DIT_RUNTIME_COMMANDS_INPUTTENSORS_H

#include "runtime/TensorFile.h"
#include "runtime/sampling/Conditions.h"

namespace dit::runtime {

/// The leading dimension of `t`, whose others must be the input's.
int64_t rowsOf(const TensorFile &file, const PortEntry &input,
               const StoredTensor &t);

/// The values of `t` as the network reads them: float32 from any float, int32
/// from any integer. Where they pick rows of a table, which it has.
InputRows readRows(const TensorFile &file, const PortEntry &input,
                   const StoredTensor &t);

/// NAME=FILE, NAME=FILE:TENSOR, or NAME=NUMBER of an input that is one number a
/// sample: what --input says. Without TENSOR it is the one called like the
/// input, or the only one. Throws a FlagError for another form.
std::map<std::string, InputRows>
readInputs(const Manifest &manifest, const std::vector<std::string> &given);

/// The same of --null, which may also say NAME=zeros and NAME=same; one row of
/// each.
std::map<std::string, NullValue>
readNulls(const Manifest &manifest, const std::vector<std::string> &given);

} // namespace dit::runtime

#endif // DIT_RUNTIME_COMMANDS_INPUTTENSORS_H
