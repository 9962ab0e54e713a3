// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/cuda/MatmulProblem.h"

#include "runtime/Error.h"

namespace dit::runtime::cuda {

MatmulShape::MatmulShape(const CublasLtEntry &entry, int64_t rows)
    : m(entry.m.of(rows)), n(entry.n), k(entry.k), type(entry.type),
      outType(entry.outType), epilogue(entry.epilogue) {}

std::string MatmulShape::show() const {
  return fmt::format("{}x{}x{} {} -> {}, {}", m, n, k, type, outType, epilogue);
}

static uint32_t epilogueOf(const std::string &name) {
  return name == "bias"             ? lt::kAddBias
         : name == "gelu_tanh_bias" ? lt::kAddBiasThenGelu
                                    : lt::kNoEpilogue;
}

MatmulProblem::MatmulProblem(const CublasLt &lt, lt::Handle handle,
                             MatmulShape theShape)
    : shape(std::move(theShape)), lt(lt), handle(handle),
      description(nullptr, lt.MatmulDescDestroy),
      x(nullptr, lt.MatrixLayoutDestroy),
      weight(nullptr, lt.MatrixLayoutDestroy),
      out(nullptr, lt.MatrixLayoutDestroy) {
  const std::string what = "matmul " + shape.show();
  const int input = shape.type == "bf16" ? lt::kBfloat16 : lt::kFloat32;
  const int output = shape.outType == "bf16" ? lt::kBfloat16 : lt::kFloat32;
  lt::Description made = nullptr;
  const int compute =
      shape.type == "tf32" ? lt::kComputeTf32 : lt::kComputeFloat32;
  lt.check(lt.MatmulDescCreate(&made, compute, lt::kFloat32), what);
  description.reset(made);
  auto set = [&](int attribute, auto value) {
    lt.check(lt.MatmulDescSetAttribute(description.get(), attribute, &value,
                                       sizeof value),
             what);
  };
  set(lt::kTransposeA, lt::kTransposed);
  set(lt::kEpilogue, epilogueOf(shape.epilogue));
  if (shape.epilogue != "none")
    set(lt::kBiasDataType, static_cast<int32_t>(output));
  auto layout = [&](Owned<lt::Layout> &owner, int type, int64_t rows,
                    int64_t columns) {
    lt::Layout made = nullptr;
    lt.check(lt.MatrixLayoutCreate(&made, type, rows, columns, rows), what);
    owner.reset(made);
  };
  layout(x, input, shape.k, shape.m);
  layout(weight, input, shape.k, shape.n);
  layout(out, output, shape.n, shape.m);
}

std::vector<lt::Candidate>
MatmulProblem::candidates(int64_t workspaceBytes) const {
  constexpr int kMost = 16;
  const std::string what = "candidates for matmul " + shape.show();
  if (shape.epilogue != "none") {
    // Not read, but its alignment counts.
    const void *anywhere = reinterpret_cast<const void *>(kAlignment);
    lt.check(lt.MatmulDescSetAttribute(description.get(), lt::kBiasPointer,
                                       &anywhere, sizeof anywhere),
             what);
  }
  lt::Preference preference = nullptr;
  lt.check(lt.MatmulPreferenceCreate(&preference), what);
  const uint64_t most = workspaceBytes;
  lt::Status status = lt.MatmulPreferenceSetAttribute(
      preference, lt::kMaxWorkspaceBytes, &most, sizeof most);
  for (int operand :
       {lt::kAlignmentA, lt::kAlignmentB, lt::kAlignmentC, lt::kAlignmentD})
    if (status == lt::kSuccess)
      status = lt.MatmulPreferenceSetAttribute(preference, operand, &kAlignment,
                                               sizeof kAlignment);
  std::vector<lt::Candidate> found(kMost);
  int count = 0;
  if (status == lt::kSuccess)
    status = lt.MatmulAlgoGetHeuristic(handle, description.get(), weight.get(),
                                       x.get(), out.get(), out.get(),
                                       preference, kMost, found.data(), &count);
  lt.MatmulPreferenceDestroy(preference);
  if (status != lt::kNotSupported) // which is no candidates
    lt.check(status, what);
  found.resize(status == lt::kSuccess ? count : 0);
  std::erase_if(found, [&](const lt::Candidate &candidate) {
    return candidate.state != lt::kSuccess || candidate.workspaceBytes > most;
  });
  return found;
}

std::optional<lt::Candidate>
MatmulProblem::check(const lt::Algorithm &kept, int64_t workspaceBytes) const {
  lt::Candidate result = {};
  if (lt.MatmulAlgoCheck(handle, description.get(), weight.get(), x.get(),
                         out.get(), out.get(), &kept,
                         &result) != lt::kSuccess ||
      result.workspaceBytes > static_cast<uint64_t>(workspaceBytes))
    return std::nullopt;
  result.algorithm = kept; // not filled by the library
  return result;
}

lt::Status MatmulProblem::enqueue(const lt::Algorithm &algorithm,
                                  const MatmulAddresses &at, void *workspace,
                                  int64_t workspaceBytes, void *stream) const {
  if (at.bias)
    if (lt::Status status = lt.MatmulDescSetAttribute(
            description.get(), lt::kBiasPointer, &at.bias, sizeof at.bias))
      return status;
  const float one = 1, zero = 0;
  return lt.Matmul(handle, description.get(), &one, at.weight, weight.get(),
                   at.x, x.get(), &zero, at.out, out.get(), at.out, out.get(),
                   &algorithm, workspace, workspaceBytes, stream);
}

} // namespace dit::runtime::cuda
