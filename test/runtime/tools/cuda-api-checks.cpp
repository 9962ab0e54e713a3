// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The C and C++ APIs on a GPU: a caller's stream and memory, callbacks, batches
// of changing size, threads that take turns.
//
//   cuda-api-checks MODEL.so CHECK...
//
// Weights are random. Prints what is wrong; 0 where nothing is.
#include "runtime/Error.h"
#include "runtime/cuda/CudaDevice.h"
#include "runtime/cuda/Staging.h"
#include "runtime/ditc.h"
#include "runtime/sampling/Sampling.h"

#include <fmt/core.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <map>
#include <thread>

using namespace dit::runtime;

namespace {

std::atomic<int> wrong = 0;

void expect(bool isRight, const std::string &what) {
  if (isRight)
    return;
  fmt::print("wrong: {}\n", what);
  ++wrong;
}

/// Inputs of `rows` rows, and room for the output.
struct Batch {
  std::vector<float> x, t, out;
  std::vector<int32_t> y;

  Batch(int64_t rows, int64_t floats, int64_t outFloats)
      : x(rows * floats), t(rows), out(rows * outFloats), y(rows) {
    CounterNoise noise(7);
    for (int64_t n = 0; n < rows; ++n) {
      noise.normal(n, 0, 0,
                   {x.data() + n * floats, static_cast<size_t>(floats)});
      t[n] = static_cast<float>(100 * n + 3);
      y[n] = static_cast<int32_t>(n % 3);
    }
  }
  int64_t rows() const { return static_cast<int64_t>(t.size()); }
};

/// A model in a stream of the caller's, with inputs and outputs in his memory.
void checkStream(const char *path) {
  auto gpu = std::make_shared<const cuda::Gpu>(0);
  cuda::OwnStream stream(gpu);
  ditc_place place = {};
  place.size = sizeof place;
  place.stream = stream.get();
  ditc_model *model = ditc_open_at(path, nullptr, &place);
  expect(model, ditc_error());
  if (!model)
    return;
  ditc_shape shape = {};
  shape.size = sizeof shape;
  ditc_get_shape(model, &shape);
  int64_t plane = shape.height * shape.width;
  for (int64_t rows : {3, 1, 4, 1}) {
    Batch b(rows, shape.channels * plane, shape.output_channels * plane);
    expect(ditc_denoise(model, rows, b.x.data(), b.t.data(), b.y.data(),
                        b.out.data()) == 0,
           ditc_error());
    auto bytes = static_cast<int64_t>(b.x.size() * 4),
         outBytes = static_cast<int64_t>(b.out.size() * 4);
    DeviceMemory x = cuda::allocate(gpu, bytes, "x"),
                 out = cuda::allocate(gpu, outBytes, "out");
    std::vector<float> seen(b.out.size());
    cuda::CurrentContext current(*gpu);
    auto address = [](const DeviceMemory &memory) {
      return reinterpret_cast<cuda::DevicePointer>(memory.data());
    };
    const cuda::Driver &driver = gpu->driver;
    driver.check(
        driver.cuMemcpyHtoDAsync(address(x), b.x.data(), bytes, stream.get()),
        "upload");
    expect(ditc_denoise_on_device(model, rows, x.as<float>(), b.t.data(),
                                  b.y.data(), out.as<float>()) == 0,
           ditc_error());
    b.t.assign(b.t.size(), -1); // read before the call returned
    driver.check(driver.cuMemcpyDtoHAsync(seen.data(), address(out), outBytes,
                                          stream.get()),
                 "download");
    expect(ditc_synchronize(model) == 0, ditc_error());
    expect(seen == b.out, fmt::format("{} rows in the caller's memory", rows));
  }
  float t = 0, *odd = reinterpret_cast<float *>(4);
  int32_t y = 0;
  expect(ditc_denoise_on_device(model, 1, odd, &t, &y, odd) == 1 &&
             std::string(ditc_error()) ==
                 "'x' and 'out' must be multiples of 16, but are 0x4 and 0x4",
         "an address between is refused");
  ditc_close(model);
}

std::unique_ptr<Denoiser> open(const char *path) {
  auto artifact = std::make_shared<Artifact>(path);
  auto source = randomWeights(0, artifact->manifest());
  return std::make_unique<Denoiser>(artifact, *source, 2);
}

SampleRequest requestOf(const Denoiser &denoiser) {
  SampleRequest request = defaultRequest(denoiser.manifest());
  request.labels = {1, 0, 2};
  request.batch = 2;
  request.steps = "5";
  request.guidanceScale = 2;
  return request;
}

/// observe sees every state in order, and the same samples come of it; progress
/// rises to the end.
void checkCallbacks(const char *path) {
  auto denoiser = open(path);
  SampleRequest request = requestOf(*denoiser);
  int64_t before = 0, all = 0;
  request.progress = [&](int64_t done, int64_t total) {
    expect(done > before && done <= total, "progress rises");
    before = done, all = total;
  };
  std::vector<float> plain = sample(*denoiser, request);
  expect(before == 15 && all == 15, "progress ends with all");
  before = 0;
  std::map<int64_t, int64_t> lastStep; // by first sample
  std::vector<float> states;
  int64_t floats = denoiser->manifest().sampleFloats();
  request.observe = [&](int64_t i, int64_t first, std::span<const float> x) {
    if (i < 0) {
      states.assign(x.begin(), x.end());
      return;
    }
    expect(i == lastStep[first]++, "observe sees every step in order");
    std::copy(x.begin(), x.end(), states.begin() + first * floats);
  };
  std::vector<float> watched = sample(*denoiser, request);
  expect(watched == plain, "samples that are watched are the same");
  expect(states == plain, "observe sees the samples at last");
  expect(lastStep == std::map<int64_t, int64_t>{{0, 5}, {2, 5}},
         "observe sees every batch");
}

/// A sample depends on its number, not on the batch, the table or how many
/// steps a graph has.
void checkBatches(const char *path) {
  auto denoiser = open(path);
  SampleRequest request = requestOf(*denoiser);
  std::vector<float> expected = sample(*denoiser, request);
  for (int64_t batch : {1, 3}) {
    request.batch = batch;
    expect(sample(*denoiser, request) == expected,
           fmt::format("batches of {}", batch));
  }
  request.conditionBytes = 1;
  expect(sample(*denoiser, request) == expected, "a table of one step");
  request.labels = {0, 2};
  request.firstSample = 1;
  std::vector<float> part = sample(*denoiser, request);
  expect(std::equal(part.begin(), part.end(),
                    expected.begin() + denoiser->manifest().sampleFloats()),
         "a part of the samples");
}

/// Two threads with one model: each has what it has alone.
void checkThreads(const char *path) {
  auto denoiser = open(path);
  const Manifest &m = denoiser->manifest();
  SampleRequest request = requestOf(*denoiser);
  std::vector<float> samples = sample(*denoiser, request);
  Batch b(2, m.sampleFloats(), m.outputFloats());
  denoiser->evaluate(b.x.data(), b.t, b.y, b.out.data());
  std::vector<float> alone = b.out;
  std::thread other([&] {
    expect(sample(*denoiser, request) == samples, "sampling beside");
  });
  for (int i = 0; i < 5; ++i) {
    b.out.assign(b.out.size(), 0);
    denoiser->evaluate(b.x.data(), b.t, b.y, b.out.data());
    expect(b.out == alone, "evaluating beside");
  }
  other.join();
}

/// Copies of less than a page-locked chunk and of several; what is copied from
/// is free again at once.
void checkCopies(const char *) {
  auto gpu = std::make_shared<const cuda::Gpu>(0);
  cuda::OwnStream stream(gpu);
  cuda::Staging staging(gpu);
  constexpr int64_t chunk = int64_t{8} << 20;
  for (int64_t bytes : {int64_t{0}, int64_t{1}, chunk, chunk + 3, 2 * chunk + 5,
                        int64_t{70'000}}) {
    std::vector<char> from(bytes), to(bytes, 'x');
    for (int64_t i = 0; i < bytes; ++i)
      from[i] = static_cast<char>(i * 31 + i / 251);
    std::vector<char> expected = from;
    DeviceMemory memory = cuda::allocate(gpu, bytes, "bytes");
    staging.upload(memory.data(), from.data(), bytes, stream.get());
    from.assign(from.size(), 'y');
    staging.download(to.data(), memory.data(), bytes, stream.get());
    expect(to == expected, fmt::format("{} bytes there and back", bytes));
  }
}

/// Requests that leave their memory to the next one draw what each draws alone:
/// of another batch, with more labels, watched, and a first one again.
void checkSeries(const char *path) {
  auto denoiser = open(path);
  SampleRequest request = requestOf(*denoiser);
  std::shared_ptr<SamplingMemory> memory;
  auto draw = [&](const char *what) {
    std::vector<float> alone = sample(*denoiser, request);
    SamplingPlan plan(denoiser->manifest(), request);
    expect(sample(*denoiser, plan, memory) == alone, what);
  };
  request.labels = {1, 1};
  draw("the first of a series");
  request.firstSample = 2, request.labels = {2, 0};
  draw("more labels, so a larger table");
  request.labels = {1, 1};
  draw("the table is large enough");
  request.labels = {2, 0, 1};
  draw("another batch");
  request.steps = "17", request.guidanceScale = 1;
  draw("more steps, not guided");
  request.observe = [](int64_t, int64_t, std::span<const float>) {};
  draw("watched");
  request = requestOf(*denoiser);
  draw("as the beginning");
}

/// Two rows through the network at each of an artifact's sizes, and samples.
struct SizeCase {
  std::vector<float> out, samples;
};

bool isNear(const std::vector<float> &a, const std::vector<float> &b,
            double budget) {
  double difference = 0, square = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
    square += double{b[i]} * b[i];
  }
  return a.size() == b.size() && difference <= budget * budget * square;
}

/// To the bit, but where each handle times the algorithms of a library, which
/// sum in other orders: within 1e-5 an evaluation, 1e-4 for samples of five
/// steps.
void expectSame(const SizeCase &a, const SizeCase &b, const Denoiser &denoiser,
                const std::string &what) {
  const bool isTimed = denoiser.manifest().matmul == "cublaslt";
  expect(isTimed
             ? isNear(a.out, b.out, 1e-5) && isNear(a.samples, b.samples, 1e-4)
             : a.out == b.out && a.samples == b.samples,
         what + " of " + denoiser.manifest().resolution().show());
}

SizeCase runSize(Denoiser &denoiser) {
  const Manifest &m = denoiser.manifest();
  Batch b(2, m.sampleFloats(), m.outputFloats());
  denoiser.evaluate(b.x.data(), b.t, b.y, b.out.data());
  return {b.out, sample(denoiser, requestOf(denoiser))};
}

/// Every size alone, each with weights of its own; with the matmuls of `like`.
std::map<Resolution, SizeCase>
sizesAlone(const std::shared_ptr<const Artifact> &artifact, Denoiser &like) {
  std::map<Resolution, SizeCase> alone;
  for (Resolution size : artifact->sizes()) {
    auto source = randomWeights(0, artifact->manifest(size));
    auto device = like.device().beside(
        artifact->alternativeOf(like.manifest(), size), {});
    Denoiser denoiser(artifact, std::move(device), *source);
    alone[size] = runSize(denoiser);
  }
  return alone;
}

size_t freeBytes(Device &device) {
  const cuda::Gpu &gpu = *dynamic_cast<cuda::CudaDevice &>(device).gpu();
  cuda::CurrentContext current(gpu);
  size_t free = 0, total = 0;
  gpu.driver.check(gpu.driver.cuMemGetInfo(&free, &total), "free memory");
  return free;
}

/// Handles of several sizes that share their weights are what each is alone, in
/// any order of their beginnings and ends, and in threads at once.
void checkSizes(const char *path) {
  auto artifact = std::make_shared<Artifact>(path);
  expect(artifact->sizes().size() >= 2, "the artifact has several sizes");
  for (Resolution size : artifact->sizes()) {
    auto source = randomWeights(0, artifact->manifest(size));
    auto first = std::make_unique<Denoiser>(
        artifact, openDevice(*artifact, {.size = size}), *source);
    source.reset();
    auto alone = sizesAlone(artifact, *first);
    std::vector<std::unique_ptr<Denoiser>> others;
    std::vector<std::thread> threads;
    const size_t free = freeBytes(first->device());
    for (Resolution other : artifact->sizes())
      others.push_back(
          std::make_unique<Denoiser>(*first, DeviceOptions{.size = other}));
    if (first->manifest().matmul != "cublaslt") // which has a workspace each
      expect(freeBytes(first->device()) == free, "nothing is packed again");
    for (auto &other : others)
      threads.emplace_back([&alone, other = other.get()] {
        expectSame(runSize(*other), alone.at(other->manifest().resolution()),
                   *other, "in a thread, what is");
      });
    expectSame(runSize(*first), alone.at(size), *first, "the first");
    for (std::thread &thread : threads)
      thread.join();
    first.reset();
    for (auto &other : others) {
      expectSame(runSize(*other), alone.at(other->manifest().resolution()),
                 *other, "without the first, what is");
      other.reset();
    }
  }
}

/// Handles in streams of the caller's, which end with their handles: the
/// weights outlive the stream they were packed in.
void checkStreams(const char *path) {
  auto artifact = std::make_shared<Artifact>(path);
  auto gpu = std::make_shared<const cuda::Gpu>(0);
  auto stream = std::make_unique<cuda::OwnStream>(gpu);
  DeviceOptions options{.size = artifact->sizes()[0], .stream = stream->get()};
  auto source = randomWeights(0, artifact->manifest());
  auto first = std::make_unique<Denoiser>(
      artifact, openDevice(*artifact, options), *source);
  auto alone = sizesAlone(artifact, *first);
  cuda::OwnStream another(gpu);
  options = {.size = artifact->sizes()[1], .stream = another.get()};
  Denoiser second(*first, options);
  first.reset();
  stream.reset();
  expectSame(runSize(second), alone.at(*options.size), second,
             "in the other stream, what is");
  options.device = 1;
  try {
    Denoiser none(second, options);
    expect(false, "another GPU is refused");
  } catch (const FlagError &error) {
    expect(error.what() == std::string("the packed weights are in the memory "
                                       "of GPU 0, but --device is 1"),
           error.what());
  }
}

} // namespace

int main(int argc, char **argv) {
  const std::map<std::string, void (*)(const char *)> checks = {
      {"stream", checkStream},   {"callbacks", checkCallbacks},
      {"batches", checkBatches}, {"threads", checkThreads},
      {"copies", checkCopies},   {"series", checkSeries},
      {"sizes", checkSizes},     {"streams", checkStreams}};
  if (argc < 3)
    return 2;
  try {
    for (int i = 2; i < argc; ++i)
      checks.at(argv[i])(argv[1]);
  } catch (const std::exception &e) {
    expect(false, e.what());
  }
  fmt::print("{} checks, {} wrong\n", argc - 2, wrong.load());
  return wrong ? 1 : 0;
}
