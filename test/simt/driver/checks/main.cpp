// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// standin-checks CUBIN right: what a program that uses the driver rightly gets.
// standin-checks CUBIN misuse: each misuse in a process of its own, which must
// end with exit code 3 and the sentence.
#include "Matmuls.h"
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sys/wait.h>
#include <unistd.h>

static int failures = 0;

static void expect(bool holds, const char *what) {
  if (!holds)
    printf("wrong: %s\n", what), ++failures;
}

/// Work runs when somebody waits for it, with the parameters of the launch.
static void runLate(Gpu &gpu) {
  CUdeviceptr in = gpu.allocate(), out = gpu.allocate();
  float *up = gpu.allocatePinned(), *down = gpu.allocatePinned();
  for (unsigned i = 0; i < kCount; ++i)
    up[i] = i, down[i] = 7;
  CHECKED(cuMemcpyHtoDAsync(in, up, kCount * 4, gpu.stream));
  gpu.scale(in, out, 3);
  CHECKED(cuMemcpyDtoHAsync(down, out, kCount * 4, gpu.stream));
  expect(down[5] != 15 && down[5] != 7, "a result is there before the wait");
  gpu.synchronize();
  expect(down[5] == 15 && down[99] == 297, "out = 3 in");

  CHECKED(cuMemcpyHtoDAsync(in, up, kCount * 4, gpu.stream));
  up[5] = 11; // too early: the copy takes what is there later
  gpu.scale(in, out, 3);
  CHECKED(cuMemcpyDtoHAsync(down, out, kCount * 4, gpu.stream));
  gpu.synchronize();
  expect(down[5] == 33, "pinned memory is read late");
}

/// Memory is freed when work that uses it is done.
static void freeInUse(Gpu &gpu) {
  CUdeviceptr in;
  CHECKED(cuMemAlloc(&in, kCount * 4));
  CUdeviceptr out = gpu.allocate();
  float *value = gpu.allocatePinned();
  CHECKED(cuMemsetD8Async(in, 0, kCount * 4, gpu.stream));
  gpu.scale(in, out, 3);
  CHECKED(cuMemFree(in));
  CHECKED(cuMemcpyDtoHAsync(value, out, kCount * 4, gpu.stream));
  gpu.synchronize();
  expect(value[5] == 0, "cuMemFree waits");
}

/// Copies from and to memory that is not pinned are done by the call.
static void copyPageable(Gpu &gpu) {
  CUdeviceptr memory = gpu.allocate();
  float value[2] = {2, 3}, back[2] = {};
  CHECKED(cuMemcpyHtoDAsync(memory, value, 8, gpu.stream));
  value[0] = 0;
  CHECKED(cuMemcpyDtoHAsync(back, memory, 8, gpu.stream));
  expect(back[0] == 2 && back[1] == 3, "pageable memory is copied at once");
}

/// A graph runs what was captured, each time it is launched.
static void replay(Gpu &gpu) {
  CUdeviceptr in = gpu.allocate(), out = gpu.allocate();
  float *value = gpu.allocatePinned();
  for (unsigned i = 0; i < kCount; ++i)
    value[i] = i;
  CHECKED(cuMemcpyHtoDAsync(in, value, kCount * 4, gpu.stream));
  CUgraph graph;
  CUgraphExec exec;
  float factor = 2;
  CHECKED(
      cuStreamBeginCapture(gpu.stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
  gpu.scale(in, out, factor);
  gpu.scale(out, in, factor);
  CHECKED(cuStreamEndCapture(gpu.stream, &graph));
  CHECKED(cuGraphInstantiate(&exec, graph, 0));
  CHECKED(cuGraphDestroy(graph));
  for (int i = 0; i < 3; ++i)
    CHECKED(cuGraphLaunch(exec, gpu.stream));
  CHECKED(cuMemcpyDtoHAsync(value, in, kCount * 4, gpu.stream));
  gpu.synchronize();
  expect(value[1] == 64 && value[3] == 192, "three replays of times four");
  CHECKED(cuGraphExecDestroy(exec));
}

/// An event orders streams, and its time passes.
static void order(Gpu &gpu) {
  CUstream other;
  CUevent before, event;
  CHECKED(cuStreamCreate(&other, CU_STREAM_NON_BLOCKING));
  CHECKED(cuEventCreate(&before, CU_EVENT_DEFAULT));
  CHECKED(cuEventCreate(&event, CU_EVENT_DEFAULT));
  CUdeviceptr memory = gpu.allocate();
  float *value = gpu.allocatePinned();
  CHECKED(cuEventRecord(before, gpu.stream));
  CHECKED(cuMemsetD8Async(memory, 0, kCount * 4, gpu.stream));
  CHECKED(cuEventRecord(event, gpu.stream));
  CHECKED(cuStreamWaitEvent(other, event, 0));
  CHECKED(cuMemcpyDtoHAsync(value, memory, kCount * 4, other));
  float milliseconds = -1;
  expect(
      cuEventElapsedTime(&milliseconds, before, event) ==
          (getenv("DIT_STANDIN_STREAMS") ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY),
      "events pass late");
  CHECKED(cuStreamSynchronize(other));
  expect(value[3] == 0, "the other stream waits for the event");
  CHECKED(cuEventSynchronize(event));
  CHECKED(cuEventElapsedTime(&milliseconds, before, event));
  expect(milliseconds >= 0, "time passes");
  CHECKED(cuEventDestroy(before));
  CHECKED(cuEventDestroy(event));
  CHECKED(cuStreamDestroy(other));
}

/// More shared memory than 48 KB, and a matrix by its tensor map.
static void useBlocks(Gpu &gpu) {
  const int bytes = 60 << 10;
  unsigned count = bytes / 4;
  CUdeviceptr out = gpu.allocate(bytes);
  CHECKED(cuFuncSetAttribute(gpu.function("dit_shared"),
                             CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                             bytes));
  gpu.launch("dit_shared", 64, bytes, {&out, &count});
  float *value = gpu.allocatePinned(bytes);
  CHECKED(cuMemcpyDtoHAsync(value, out, bytes, gpu.stream));
  gpu.synchronize();
  expect(value[0] == count - 1 && value[count - 1] == 0, "shared memory");

  CUtensorMap map = tensorMapOf(out);
  CUdeviceptr box = gpu.allocate(1024);
  gpu.launch("dit_box", 32, 2048, {&map, &box});
  CHECKED(cuMemcpyDtoHAsync(value, box, 1024, gpu.stream));
  gpu.synchronize();
  expect(value[0] == count - 1 && value[31] == count - 32, "a box of a matrix");
}

static int right() {
  Gpu gpu;
  if (!getenv("DIT_STANDIN_STREAMS"))
    runLate(gpu);
  copyPageable(gpu);
  freeInUse(gpu);
  replay(gpu);
  order(gpu);
  useBlocks(gpu);
  gpu.close();
  expect(matmulError() < 1e-6, "matmuls, by algorithms that differ");
  printf("%d wrong\n", failures);
  return failures != 0;
}

/// What the process said, and its exit code.
static int runAlone(void (*misuse)(), std::string &said) {
  int ends[2];
  if (pipe(ends))
    return -1;
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 2);
    close(ends[0]), close(ends[1]);
    misuse();
    exit(0);
  }
  close(ends[1]);
  char buffer[4096];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
    said.append(buffer, n);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int misuseAll() {
  unsigned caught = 0;
  std::vector<Misuse> all = misuses();
  all.insert(all.end(), matmulMisuses().begin(), matmulMisuses().end());
  for (const Misuse &misuse : all) {
    std::string said;
    const int code = runAlone(misuse.run, said);
    const bool right = code == 3 && said.find(misuse.sentence) != said.npos;
    caught += right;
    printf("%s: %s: exit code %d: %s\n", right ? "caught" : "MISSED",
           misuse.name, code, said.substr(0, said.find('\n')).c_str());
  }
  printf("%u of %zu misuses were caught\n", caught, all.size());
  return caught != all.size();
}

int main(int argc, char **argv) {
  if (argc != 3)
    return fprintf(stderr, "standin-checks CUBIN right|misuse\n"), 2;
  std::ifstream file(argv[1], std::ios::binary);
  cubin.assign(std::istreambuf_iterator<char>(file), {});
  setvbuf(stdout, nullptr, _IOLBF, 0);
  return strcmp(argv[2], "right") == 0 ? right() : misuseAll();
}
