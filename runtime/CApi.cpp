// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc.h: the C++ API with exceptions turned into codes.
#include "runtime/ditc.h"

#include "runtime/Error.h"
#include "runtime/sampling/Sampling.h"

#include "runtime/sampling/Options.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <set>

using namespace dit::runtime;

struct ditc_model {
  std::shared_ptr<const Artifact> artifact;
  std::unique_ptr<Denoiser> denoiser;
  SampleRequest defaults;
  std::map<std::string, NullValue> nulls;
};

static thread_local std::string lastError;

/// Runs `work`; 0, or 1 with the thread's error set.
template <typename F> static int guarded(F work) noexcept {
  try {
    lastError.clear();
    work();
    return 0;
  } catch (const std::bad_alloc &) {
    lastError.assign("no memory"); // short enough to need none
  } catch (const std::exception &e) {
    try {
      lastError = e.what();
    } catch (const std::bad_alloc &) {
      lastError.assign("no memory");
    }
  }
  return 1;
}

static void requirePointer(const void *pointer, const char *name) {
  if (!pointer)
    fail("'{}' must not be null", name);
}

/// Bytes that a struct had when its `size` was introduced: no caller has less.
template <typename T> constexpr size_t firstBytes = 0;
template <>
constexpr size_t firstBytes<ditc_place> =
    offsetof(ditc_place, width) + sizeof(ditc_place::width);
template <>
constexpr size_t firstBytes<ditc_shape> =
    offsetof(ditc_shape, is_latent) + sizeof(ditc_shape::is_latent);
template <>
constexpr size_t firstBytes<ditc_sampling> =
    offsetof(ditc_sampling, sigmas) + sizeof(ditc_sampling::sigmas);

template <typename T>
static size_t checkedSize(const T *given, const char *name) {
  requirePointer(given, name);
  constexpr size_t most = 4096; // no struct will be larger
  if (given->size < firstBytes<T> || given->size > most)
    fail("'{0}->size' must be sizeof(ditc_{0}), {1}, but is {2}", name,
         sizeof(T), given->size);
  return given->size;
}

/// Copies the fields that the caller's struct has into `known`.
template <typename T>
static void receive(const T *given, const char *name, T &known) {
  size_t size = checkedSize(given, name);
  const char *bytes = reinterpret_cast<const char *>(given);
  for (size_t at = sizeof(T); at < size; ++at)
    if (bytes[at] != 0)
      fail("'{}' has fields that ditc {} does not know", name, ditc_version());
  std::memcpy(&known, given, std::min(size, sizeof(T)));
}

/// Fills the fields that the caller's struct has.
template <typename T> static void hand(T known, T *to, const char *name) {
  size_t size = checkedSize(to, name);
  known.size = size;
  std::memcpy(to, &known, std::min(size, sizeof(T)));
}

const char *ditc_version(void) { return DITC_VERSION; }

const char *ditc_error(void) { return lastError.c_str(); }

ditc_model *ditc_open(const char *artifact, const char *weights, int threads) {
  ditc_place place = {};
  place.size = sizeof place;
  place.threads = threads;
  return ditc_open_at(artifact, weights, &place);
}

/// Of null, the default place.
static DeviceOptions optionsOf(const ditc_place *given) {
  DeviceOptions options;
  options.threads = availableThreads();
  if (!given)
    return options;
  ditc_place known = {}, *place = &known;
  receive(given, "place", known);
  if (place->rows < 0)
    fail("'rows' must be at least 0, but is {}", place->rows);
  if (place->threads != 0)
    options.threads = place->threads;
  if (place->device != 0)
    options.device = place->device;
  options.stream = place->stream;
  if (place->rows > 0)
    options.rows = place->rows;
  if ((place->height > 0) != (place->width > 0) || place->height < 0 ||
      place->width < 0)
    fail("'height' and 'width' must both be at least 1, or 0 for the model's "
         "own, but are {} and {}",
         place->height, place->width);
  if (place->height > 0)
    options.size = {place->height, place->width};
  return options;
}

ditc_model *ditc_open_at(const char *artifact, const char *weights,
                         const ditc_place *place) {
  std::unique_ptr<ditc_model> model;
  int code = guarded([&] {
    requirePointer(artifact, "artifact");
    model = std::make_unique<ditc_model>();
    model->artifact = std::make_shared<Artifact>(artifact);
    DeviceOptions options = optionsOf(place);
    const Manifest &manifest = model->artifact->manifest(options.size);
    model->defaults = defaultRequest(manifest);
    std::unique_ptr<WeightSource> source =
        weights ? openWeights(weights, manifest) : randomWeights(0, manifest);
    model->nulls =
        defaultNulls(manifest, [&]() -> WeightSource & { return *source; });
    model->denoiser = std::make_unique<Denoiser>(
        model->artifact, openDevice(*model->artifact, options), *source);
  });
  return code == 0 ? model.release() : nullptr;
}

ditc_model *ditc_open_beside(const ditc_model *model, const ditc_place *place) {
  std::unique_ptr<ditc_model> second;
  int code = guarded([&] {
    requirePointer(model, "model");
    requirePointer(place, "place");
    second = std::make_unique<ditc_model>();
    second->artifact = model->artifact;
    second->defaults = model->defaults;
    second->nulls = model->nulls;
    second->denoiser =
        std::make_unique<Denoiser>(*model->denoiser, optionsOf(place));
  });
  return code == 0 ? second.release() : nullptr;
}

void ditc_close(ditc_model *model) { delete model; }

int64_t ditc_get_sizes(const ditc_model *model, int64_t most, int64_t *heights,
                       int64_t *widths) {
  int64_t count = -1;
  guarded([&] {
    requirePointer(model, "model");
    if (most > 0) {
      requirePointer(heights, "heights");
      requirePointer(widths, "widths");
    }
    std::vector<Resolution> sizes = model->artifact->sizes();
    for (int64_t i = 0; i < std::min<int64_t>(most, std::ssize(sizes)); ++i)
      heights[i] = sizes[i].height, widths[i] = sizes[i].width;
    count = std::ssize(sizes);
  });
  return count;
}

int ditc_get_shape(const ditc_model *model, ditc_shape *shape) {
  return guarded([&] {
    requirePointer(model, "model");
    const Manifest &m = model->denoiser->manifest();
    hand({0, m.channels, m.height, m.width, m.outputChannels, m.classes,
          m.labelDropout, m.isLatent()},
         shape, "shape");
  });
}

/// Checks what the caller gave, and evaluates on memory of the host or the
/// device.
static int denoise(ditc_model *model, int64_t rows, const float *x,
                   const float *t, const int32_t *y, float *out,
                   bool onDevice) {
  return guarded([&] {
    requirePointer(model, "model");
    requirePointer(x, "x");
    requirePointer(t, "t");
    requirePointer(y, "y");
    requirePointer(out, "out");
    if (rows < 1 || rows > INT32_MAX)
      fail("'rows' must be at least 1, but is {}", rows);
    auto count = static_cast<size_t>(rows);
    checkLabels(model->denoiser->manifest(), {y, count});
    if (!onDevice)
      model->denoiser->evaluate(x, {t, count}, {y, count}, out);
    else if (model->denoiser->device().isHost())
      fail("{}: compiled for the target {}, so there is no GPU whose memory it "
           "could read",
           model->artifact->path(), model->denoiser->manifest().target);
    else if (reinterpret_cast<uintptr_t>(x) % 16 != 0 ||
             reinterpret_cast<uintptr_t>(out) % 16 != 0)
      fail("'x' and 'out' must be multiples of 16, but are {} and {}",
           fmt::ptr(x), fmt::ptr(out));
    else
      model->denoiser->evaluateOnDevice(x, {t, count}, {y, count}, out);
  });
}

int ditc_denoise(ditc_model *model, int64_t rows, const float *x,
                 const float *t, const int32_t *y, float *out) {
  return denoise(model, rows, x, t, y, out, /*onDevice=*/false);
}

int ditc_denoise_on_device(ditc_model *model, int64_t rows, const float *x,
                           const float *t, const int32_t *y, float *out) {
  return denoise(model, rows, x, t, y, out, /*onDevice=*/true);
}

int64_t ditc_input_count(const ditc_model *model) {
  return model ? static_cast<int64_t>(model->denoiser->manifest().inputs.size())
               : 0;
}

int ditc_get_input(const ditc_model *model, int64_t index, ditc_input *input) {
  return guarded([&] {
    requirePointer(model, "model");
    requirePointer(input, "input");
    const auto &inputs = model->denoiser->manifest().inputs;
    if (index < 0 || static_cast<size_t>(index) >= inputs.size())
      fail("'index' must be less than the {} inputs, but is {}", inputs.size(),
           index);
    const PortEntry &port = inputs[index];
    const ditc_input all{sizeof(ditc_input),
                         port.name.c_str(),
                         port.dtype.c_str(),
                         port.every.c_str(),
                         static_cast<int64_t>(port.shape.size()),
                         port.shape.data()};
    // A caller made with a smaller struct gets as much as it knows.
    size_t known = std::min(input->size, sizeof(all));
    if (known < sizeof(size_t))
      fail("'input->size' must be sizeof(ditc_input), but is {}", input->size);
    std::memcpy(reinterpret_cast<char *>(input) + sizeof(size_t),
                reinterpret_cast<const char *>(&all) + sizeof(size_t),
                known - sizeof(size_t));
  });
}

/// Checks `count` tensors, which are called `what`, and takes them one by one.
static void readTensors(
    const Manifest &manifest, const char *what, const ditc_tensor *tensors,
    int64_t count, int64_t rows,
    const std::function<void(const PortEntry &, const ditc_tensor &)> &take) {
  std::set<std::string> seen;
  // Tensors lie as far apart as the caller's struct is long.
  auto *at = reinterpret_cast<const char *>(tensors);
  for (int64_t i = 0; i < count; ++i) {
    const auto &tensor = *reinterpret_cast<const ditc_tensor *>(at);
    if (tensor.size < sizeof(ditc_tensor))
      fail("'{}[{}].size' must be sizeof(ditc_tensor), but is {}", what, i,
           tensor.size);
    requirePointer(tensor.name, fmt::format("{}[].name", what).c_str());
    requirePointer(tensor.data, fmt::format("{}[].data", what).c_str());
    const PortEntry *port = manifest.findInput(tensor.name);
    if (!port)
      fail("the model has no input {}", inQuotes(tensor.name));
    if (tensor.rows != 1 && tensor.rows != rows)
      fail("the input {} has {} rows, but the batch {}", inQuotes(tensor.name),
           tensor.rows, rows);
    if (!seen.insert(tensor.name).second)
      fail("the input {} is given twice", inQuotes(tensor.name));
    if (port->name == "y")
      checkLabels(manifest, {static_cast<const int32_t *>(tensor.data),
                             static_cast<size_t>(tensor.rows)});
    else if (port->dtype == "i32" && port->choices > 0)
      for (int64_t n = 0; n < tensor.rows; ++n)
        if (auto value = static_cast<const int32_t *>(tensor.data)[n];
            value < 0 || value >= port->choices)
          fail("the input {} has {} at {}, outside 0 .. {}",
               inQuotes(tensor.name), value, n, port->choices - 1);
    take(*port, tensor);
    at += tensor.size;
  }
}

int ditc_evaluate(ditc_model *model, int64_t rows, const ditc_tensor *inputs,
                  int64_t count, float *out) {
  return guarded([&] {
    requirePointer(model, "model");
    requirePointer(inputs, "inputs");
    requirePointer(out, "out");
    if (rows < 1 || rows > INT32_MAX)
      fail("'rows' must be at least 1, but is {}", rows);
    const Manifest &manifest = model->denoiser->manifest();
    InputMap map;
    readTensors(manifest, "inputs", inputs, count, rows,
                [&](const PortEntry &port, const ditc_tensor &tensor) {
                  map[port.name] = {tensor.data, tensor.rows};
                });
    model->denoiser->evaluate(map, rows, out);
  });
}

int ditc_synchronize(ditc_model *model) {
  return guarded([&] {
    requirePointer(model, "model");
    auto turn = model->denoiser->takeTurn();
    model->denoiser->device().synchronize();
  });
}

static ditc_sampling defaultsOf(const ditc_model &model) {
  ditc_sampling sampling = {};
  for (const SamplingOption &option : samplingOptions())
    option.toC(model.defaults, sampling);
  sampling.batch = model.defaults.batch;
  return sampling;
}

int ditc_get_defaults(const ditc_model *model, ditc_sampling *sampling) {
  return guarded([&] {
    requirePointer(model, "model");
    hand(defaultsOf(*model), sampling, "sampling");
  });
}

/// The request, without labels. Throws for strings that are not there.
static SampleRequest requestOf(const ditc_model &model,
                               const ditc_sampling *given) {
  ditc_sampling sampling = defaultsOf(model);
  receive(given, "sampling", sampling);
  SampleRequest request = model.defaults;
  for (const SamplingOption &option : samplingOptions())
    option.fromC(sampling, request);
  request.batch = sampling.batch;
  if (sampling.progress)
    request.progress = [report = sampling.progress, context = sampling.context](
                           int64_t done, int64_t total) {
      report(context, done, total);
    };
  return request;
}

int ditc_sample(ditc_model *model, const ditc_sampling *sampling, int64_t count,
                const int32_t *labels, float *x) {
  return guarded([&] {
    requirePointer(model, "model");
    requirePointer(labels, "labels");
    requirePointer(x, "x");
    if (count < 1 || count > INT32_MAX)
      fail("'count' must be at least 1, but is {}", count);
    SampleRequest request = requestOf(*model, sampling);
    request.labels.assign(labels, labels + count);
    std::vector<float> samples = sample(*model->denoiser, request);
    std::copy(samples.begin(), samples.end(), x);
  });
}

int ditc_sample_told(ditc_model *model, const ditc_sampling *sampling,
                     int64_t count, const ditc_tensor *inputs,
                     int64_t inputCount, const ditc_tensor *nulls,
                     int64_t nullCount, float *x) {
  return guarded([&] {
    requirePointer(model, "model");
    requirePointer(x, "x");
    if (inputCount > 0)
      requirePointer(inputs, "inputs");
    if (nullCount > 0)
      requirePointer(nulls, "nulls");
    if (count < 1 || count > INT32_MAX)
      fail("'count' must be at least 1, but is {}", count);
    const Manifest &manifest = model->denoiser->manifest();
    SampleRequest request = requestOf(*model, sampling);
    auto bytesOf = [&](const PortEntry &port, const ditc_tensor &tensor) {
      checkIsTold(manifest, port.name); // before anything of it is read
      return std::string(static_cast<const char *>(tensor.data),
                         static_cast<size_t>(tensor.rows * port.bytes()));
    };
    std::map<std::string, InputRows> rows;
    readTensors(manifest, "inputs", inputs, inputCount, count,
                [&](const PortEntry &port, const ditc_tensor &tensor) {
                  rows[port.name] = {bytesOf(port, tensor), tensor.rows};
                });
    std::map<std::string, NullValue> instead = model->nulls;
    readTensors(manifest, "nulls", nulls, nullCount, 1,
                [&](const PortEntry &port, const ditc_tensor &tensor) {
                  instead[port.name] = {NullValue::Value,
                                        bytesOf(port, tensor)};
                });
    request.conditions = Conditions::of(manifest, std::move(rows), instead);
    for (int64_t n = 0; n < count; ++n)
      request.labels.push_back(
          static_cast<int32_t>(std::min(n, request.conditions->rows() - 1)));
    std::vector<float> samples = sample(*model->denoiser, request);
    std::copy(samples.begin(), samples.end(), x);
  });
}
