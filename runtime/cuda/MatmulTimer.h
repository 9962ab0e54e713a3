// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which of several algorithms is fastest for a matmul on this GPU.
#ifndef DIT_RUNTIME_CUDA_MATMULTIMER_H
#define DIT_RUNTIME_CUDA_MATMULTIMER_H

#include "runtime/cuda/Gpu.h"
#include "runtime/cuda/MatmulProblem.h"

namespace dit::runtime::cuda {

/// Memory of one shape to time it in: random values, and as many copies of the
/// weight, up to a limit, as make each launch read one that no cache holds, as
/// in a model, where every block has its own.
class MatmulTimer {
public:
  /// Takes no memory yet.
  MatmulTimer(std::shared_ptr<const Gpu> gpu, const MatmulProblem &problem,
              Stream stream);

  /// Takes the memory; where the device has too little for copies, one will do.
  /// False if it has too little for that.
  bool takeMemory();

  struct Fastest {
    lt::Candidate candidate;
    double microseconds; ///< of one launch
  };
  /// After takeMemory(): the candidate with the least median; those that fail
  /// are passed over. Throws an Error when all do.
  Fastest fastest(const std::vector<lt::Candidate> &candidates,
                  void *workspace);

private:
  void fill();
  MatmulAddresses addresses(int64_t copy) const;
  /// Microseconds a launch, over `launches` in a row; negative if one fails.
  double time(const lt::Candidate &candidate, void *workspace, int launches);
  double median(const lt::Candidate &candidate, void *workspace,
                double bestSoFar);

  std::shared_ptr<const Gpu> gpu;
  const MatmulProblem &problem;
  Stream stream;
  EventMark begin, end;
  int64_t copies = 1, next = 0;
  int64_t xBytes, weightBytes, biasBytes, outBytes; ///< each a multiple of 256
  DeviceMemory memory;
};

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_MATMULTIMER_H
