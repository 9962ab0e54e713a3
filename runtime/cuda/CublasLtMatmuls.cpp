// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matmuls by cuBLASLt, each with the algorithm that was fastest on this GPU.
#include "runtime/Error.h"
#include "runtime/cuda/MatmulTimer.h"
#include "runtime/cuda/Matmuls.h"
#include "runtime/cuda/TuningCache.h"

namespace dit::runtime::cuda {

namespace {

class CublasLtMatmuls : public Matmuls {
public:
  CublasLtMatmuls(std::shared_ptr<const Gpu> gpu, Stream stream, Notice notice);
  ~CublasLtMatmuls() override;

  void choose(std::span<const CublasLtEntry *const> entries,
              int64_t rows) override;
  void run(const CublasLtEntry &entry, void *const *operands, int64_t rows,
           Stream stream) override;

private:
  lt::Candidate choose(const MatmulProblem &problem);
  void note(const std::string &sentence) const {
    if (notice)
      notice(sentence);
  }

  const CublasLt &lt;
  std::shared_ptr<const Gpu> gpu;
  Stream stream;
  Notice notice;
  TuningCache tuning;
  DeviceMemory workspace;
  lt::Handle handle = nullptr;
  std::map<MatmulShape, std::unique_ptr<MatmulProblem>> problems;
};

CublasLtMatmuls::CublasLtMatmuls(std::shared_ptr<const Gpu> onGpu,
                                 Stream stream, Notice toWhom)
    : lt(CublasLt::open()), gpu(std::move(onGpu)), stream(stream),
      notice(std::move(toWhom)), tuning(TuningCache::userPath(), notice),
      workspace(allocate(gpu, matmulsWorkspaceBytes, "cuBLASLt's workspace")) {
  CurrentContext current(*gpu);
  lt.check(lt.Create(&handle), "cuBLASLt cannot be set up on " + gpu->name);
}

CublasLtMatmuls::~CublasLtMatmuls() {
  CurrentContext current(*gpu);
  problems.clear();
  lt.Destroy(handle);
}

/// The 64 bytes of an algorithm as hexadecimal.
std::string write(const lt::Algorithm &algorithm) {
  std::string text;
  for (uint64_t word : algorithm.words)
    text += fmt::format("{:016x}", word);
  return text;
}

std::optional<lt::Algorithm> read(const std::string &text) {
  lt::Algorithm algorithm;
  if (text.size() != 128 ||
      text.find_first_not_of("0123456789abcdef") != std::string::npos)
    return std::nullopt;
  for (int i = 0; i < 8; ++i)
    algorithm.words[i] = std::stoull(text.substr(16 * i, 16), nullptr, 16);
  return algorithm;
}

lt::Candidate CublasLtMatmuls::choose(const MatmulProblem &problem) {
  const std::string shape = problem.shape.show();
  const std::string key =
      fmt::format("{}, cuBLASLt {}, matmul {}", gpu->name, lt.version, shape);
  if (auto kept = tuning.find(key)) {
    auto algorithm = read(kept->choice);
    auto checked = algorithm ? problem.check(*algorithm, matmulsWorkspaceBytes)
                             : std::nullopt;
    if (checked)
      return *checked;
    note(fmt::format("the algorithm kept for matmul {} is none of cuBLASLt "
                     "{}'s, another is measured",
                     shape, lt.version));
  }
  auto candidates = problem.candidates(matmulsWorkspaceBytes);
  if (candidates.empty())
    fail("cuBLASLt {} has no algorithm for matmul {} on {}", lt.version, shape,
         gpu->name);
  MatmulTimer timer(gpu, problem, stream);
  if (!timer.takeMemory()) {
    note(fmt::format("too little memory is free to time algorithms for matmul "
                     "{}, the one that cuBLASLt proposes is taken",
                     shape));
    return candidates[0];
  }
  auto best = timer.fastest(candidates, workspace.data());
  tuning.put(key, {write(best.candidate.algorithm), best.microseconds});
  return best.candidate;
}

void CublasLtMatmuls::choose(std::span<const CublasLtEntry *const> entries,
                             int64_t rows) {
  CurrentContext current(*gpu);
  for (const CublasLtEntry *entry : entries) {
    MatmulShape shape(*entry, rows);
    if (problems.contains(shape))
      continue;
    auto problem = std::make_unique<MatmulProblem>(lt, handle, shape);
    problem->algorithm = choose(*problem).algorithm;
    problems[shape] = std::move(problem);
  }
  tuning.save();
}

void CublasLtMatmuls::run(const CublasLtEntry &entry, void *const *operands,
                          int64_t rows, Stream stream) {
  MatmulShape shape(entry, rows);
  auto found = problems.find(shape);
  if (found == problems.end())
    fail("matmul {} was not prepared", shape.show());
  const MatmulAddresses at = {operands[entry.x], operands[entry.weight],
                              entry.bias ? operands[*entry.bias] : nullptr,
                              operands[entry.out]};
  const void *const all[] = {at.x, at.weight, at.bias, at.out};
  for (const void *address : all)
    if (reinterpret_cast<uintptr_t>(address) % MatmulProblem::kAlignment)
      fail("matmul {}: operands must be at multiples of {} bytes, but one is "
           "at {}",
           shape.show(), MatmulProblem::kAlignment, fmt::ptr(address));
  const MatmulProblem &problem = *found->second;
  CurrentContext current(*gpu);
  lt.check(problem.enqueue(problem.algorithm, at, workspace.data(),
                           matmulsWorkspaceBytes, stream),
           "matmul " + shape.show());
}

} // namespace

std::unique_ptr<Matmuls> makeMatmuls(std::shared_ptr<const Gpu> gpu,
                                     Stream stream, Notice notice) {
  return std::make_unique<CublasLtMatmuls>(std::move(gpu), stream,
                                           std::move(notice));
}

} // namespace dit::runtime::cuda
