// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes the entries of a kernel table from the kernels' types; included behind
// an emitted file.
#ifndef DIT_STANDIN_KERNELENTRIES_H
#define DIT_STANDIN_KERNELENTRIES_H

#include "KernelTable.h"
#include <type_traits>
#include <utility>

namespace standin {

template <class T> constexpr Parameter parameterOf() {
  if (std::is_pointer_v<T>)
    return {sizeof(T), std::is_const_v<std::remove_pointer_t<T>>
                           ? Kind::Input
                           : Kind::Output};
  return {sizeof(T),
          std::is_same_v<T, dit::TensorMap> ? Kind::TensorMap : Kind::Value};
}

template <auto kKernel> struct EntryOf;
template <class... Ts, void (*kKernel)(Ts...)> struct EntryOf<kKernel> {
  static constexpr Parameter kParameters[] = {parameterOf<Ts>()..., {}};

  template <size_t... kAt>
  static void call(void **parameters, std::index_sequence<kAt...>) {
    kKernel(*static_cast<Ts *>(parameters[kAt])...);
  }
  static void run(void **parameters) {
    call(parameters, std::index_sequence_for<Ts...>());
  }
  static constexpr KernelEntry make(const char *name, unsigned threads,
                                    unsigned x, unsigned y, unsigned z) {
    return {name, threads, {x, y, z}, kParameters, sizeof...(Ts), run};
  }
};

} // namespace standin

#endif // DIT_STANDIN_KERNELENTRIES_H
