// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which of several algorithms is fastest for a matmul on this GPU.
#ifndef DIT_RUNTIME_CUDA_MATMULTIMER_H
#define DIT_RUNTIME_CUDA_MATMULTIMER_H

#include "runtime/cuda/Driver.h"
#include "runtime/cuda/MatmulProblem.h"

namespace dit::runtime::cuda {

/// Memory of one shape to time it in: random values, and as many copies of the
/// weight, up to a limit, as make each launch read one that no cache holds, as
/// in a model, where every block has its own.
class MatmulTimer {
public:
  /// Takes no memory yet.
  MatmulTimer(const Driver &driver, const MatmulProblem &problem,
              Stream stream);
  ~MatmulTimer();
  MatmulTimer(const MatmulTimer &) = delete;
  MatmulTimer &operator=(const MatmulTimer &) = delete;

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
                  DevicePointer workspace);

private:
  void fill();
  MatmulAddresses addresses(int64_t copy) const;
  /// Microseconds a launch, over `launches` in a row; negative if one fails.
  double time(const lt::Candidate &candidate, DevicePointer workspace,
              int launches);
  double median(const lt::Candidate &candidate, DevicePointer workspace,
                double bestSoFar);

  const Driver &driver;
  const MatmulProblem &problem;
  Stream stream;
  Event begin = nullptr, end = nullptr;
  int64_t copies = 1, next = 0;
  int64_t xBytes, weightBytes, biasBytes, outBytes; ///< each a multiple of 256
  DevicePointer memory = 0;
};

} // namespace dit::runtime::cuda

#endif // DIT_RUNTIME_CUDA_MATMULTIMER_H
