// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc.h: the C++ API with exceptions turned into codes.
#include "runtime/ditc.h"

#include "runtime/Error.h"
#include "runtime/sampling/Sampling.h"

#include <algorithm>
#include <cmath>

using namespace dit::runtime;

struct ditc_model {
  std::shared_ptr<const Artifact> artifact;
  std::unique_ptr<Denoiser> denoiser;
  SampleRequest defaults;
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

const char *ditc_error(void) { return lastError.c_str(); }

ditc_model *ditc_open(const char *artifact, const char *weights, int threads) {
  ditc_place place = {};
  place.threads = threads;
  return ditc_open_at(artifact, weights, &place);
}

static DeviceOptions optionsOf(const ditc_place *place) {
  DeviceOptions options;
  options.threads = availableThreads();
  if (!place)
    return options;
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
    second->denoiser =
        std::make_unique<Denoiser>(*model->denoiser, optionsOf(place));
  });
  return code == 0 ? second.release() : nullptr;
}

void ditc_close(ditc_model *model) { delete model; }

int64_t ditc_get_sizes(const ditc_model *model, int64_t most, int64_t *heights,
                       int64_t *widths) {
  std::vector<Resolution> sizes = model->artifact->sizes();
  auto count = static_cast<int64_t>(sizes.size());
  for (int64_t i = 0; i < std::min(most, count); ++i)
    heights[i] = sizes[i].height, widths[i] = sizes[i].width;
  return count;
}

void ditc_get_shape(const ditc_model *model, ditc_shape *shape) {
  const Manifest &m = model->denoiser->manifest();
  *shape = {m.channels, m.height,       m.width,     m.outputChannels,
            m.classes,  m.labelDropout, m.isLatent()};
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

int ditc_synchronize(ditc_model *model) {
  return guarded([&] {
    requirePointer(model, "model");
    auto turn = model->denoiser->takeTurn();
    model->denoiser->device().synchronize();
  });
}

void ditc_get_defaults(const ditc_model *model, ditc_sampling *sampling) {
  const SampleRequest &d = model->defaults;
  const DiffusionDefaults &diffusion = model->denoiser->manifest().diffusion;
  *sampling = {d.sampler.c_str(),
               d.steps.c_str(),
               d.eta,
               d.guidanceScale,
               d.guidanceChannels.value_or(0),
               d.seed,
               d.batch,
               nullptr,
               nullptr,
               diffusion.variance.c_str(),
               diffusion.clipX0,
               diffusion.shift,
               d.guidanceFormula.c_str(),
               -HUGE_VAL,
               HUGE_VAL,
               d.guidanceRescale,
               d.rng.c_str()};
}

/// The request, without labels. Throws for strings that are not there.
static SampleRequest requestOf(const Manifest &manifest,
                               const ditc_sampling &sampling) {
  requirePointer(sampling.sampler, "sampling->sampler");
  requirePointer(sampling.steps, "sampling->steps");
  requirePointer(sampling.variance, "sampling->variance");
  requirePointer(sampling.cfg_formula, "sampling->cfg_formula");
  requirePointer(sampling.rng, "sampling->rng");
  SampleRequest request;
  request.sampler = sampling.sampler;
  request.steps = sampling.steps;
  request.eta = sampling.eta;
  request.variance = sampling.variance;
  request.clipX0 = sampling.clip_x0 != 0;
  if (sampling.shift != manifest.diffusion.shift)
    request.shift = sampling.shift;
  request.guidanceScale = sampling.cfg_scale;
  request.guidanceFormula = sampling.cfg_formula;
  if (sampling.cfg_channels != 0)
    request.guidanceChannels = sampling.cfg_channels;
  request.guidanceInterval = {sampling.cfg_from, sampling.cfg_to};
  request.guidanceRescale = sampling.cfg_rescale;
  request.rng = sampling.rng;
  request.seed = sampling.seed;
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
    requirePointer(sampling, "sampling");
    requirePointer(labels, "labels");
    requirePointer(x, "x");
    if (count < 1 || count > INT32_MAX)
      fail("'count' must be at least 1, but is {}", count);
    SampleRequest request = requestOf(model->denoiser->manifest(), *sampling);
    request.labels.assign(labels, labels + count);
    std::vector<float> samples = sample(*model->denoiser, request);
    std::copy(samples.begin(), samples.end(), x);
  });
}
