// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc evaluate: samples against real images, by features of both.
#include "runtime/commands/Commands.h"

#include "runtime/Error.h"
#include "runtime/MappedFile.h"
#include "runtime/NpyArray.h"
#include "runtime/commands/Messages.h"
#include "runtime/cpu/ThreadPool.h"
#include "runtime/evaluation/Evaluation.h"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <optional>

namespace dit::runtime {
namespace {

struct EvaluateFlags {
  std::string real, samples;
  int threads = 1;
  int neighbours = 3;
  int64_t partSize = 5000;
  bool json = false;
};

/// The arrays of a file that are known here.
struct FeatureFile {
  std::optional<Rows> features, spatial, logits;
  std::optional<Gaussian> statistics, spatialStatistics;
};

using Arrays = std::map<std::string, NpyArray>;

/// The array of one of these names as rows; none is fine. Throws unless it has
/// two dimensions and finite values.
std::optional<Rows> readRows(const Arrays &arrays, const std::string &name) {
  auto found = arrays.find(name);
  if (found == arrays.end())
    return std::nullopt;
  const auto &shape = found->second.shape;
  if (shape.size() != 2 || shape[0] < 1 || shape[1] < 1)
    fail("array '{}' must have two dimensions, images and features, but has "
         "{}",
         name, shape.size());
  std::vector<double> values;
  try {
    values = found->second.toDoubles();
  } catch (const Error &e) {
    fail("array '{}': {}", name, e.sentences()[0]);
  }
  Rows rows = Eigen::Map<Rows>(values.data(), shape[0], shape[1]);
  if (!rows.allFinite())
    fail("array '{}' has values that are not finite", name);
  return rows;
}

/// A mean and a covariance as the published reference batches have them.
std::optional<Gaussian> readGaussian(const Arrays &arrays,
                                     const std::string &meanName,
                                     const std::string &covarianceName) {
  auto mean = arrays.find(meanName);
  std::optional<Rows> covariance = readRows(arrays, covarianceName);
  if (mean == arrays.end() || !covariance)
    return std::nullopt;
  std::vector<double> values = mean->second.toDoubles();
  auto size = static_cast<Eigen::Index>(values.size());
  if (covariance->rows() != size || covariance->cols() != size)
    fail("'{}' must be {}x{}, as '{}' has {} values, but is {}x{}",
         covarianceName, size, size, meanName, size, covariance->rows(),
         covariance->cols());
  return Gaussian{Eigen::Map<Eigen::VectorXd>(values.data(), size),
                  *covariance};
}

FeatureFile readFeatures(const std::string &path) {
  MappedFile file(path);
  try {
    Arrays arrays =
        readNpz(file.bytes(), {"features", "spatial_features", "logits", "mu",
                               "sigma", "mu_s", "sigma_s"});
    FeatureFile f{
        readRows(arrays, "features"), readRows(arrays, "spatial_features"),
        readRows(arrays, "logits"), readGaussian(arrays, "mu", "sigma"),
        readGaussian(arrays, "mu_s", "sigma_s")};
    if (!f.features && !f.spatial && !f.logits && !f.statistics &&
        !f.spatialStatistics)
      fail("has none of the arrays features, spatial_features, logits, mu and "
           "sigma, mu_s and sigma_s, but {} (of pictures a network must make "
           "features first)",
           fmt::join(npzNames(file.bytes()), ", "));
    return f;
  } catch (const Error &e) {
    fail("{}: {}", path, e.sentences()[0]);
  }
}

/// Of the statistics that a file has, else of its features.
std::optional<Gaussian> gaussianOf(const std::optional<Gaussian> &statistics,
                                   const std::optional<Rows> &features,
                                   const std::string &path, ThreadPool &pool) {
  if (statistics || !features)
    return statistics;
  if (features->rows() < 2)
    fail("{}: a covariance needs at least two images", path);
  return fitGaussian(*features, pool);
}

class Evaluation {
public:
  explicit Evaluation(const EvaluateFlags &flags)
      : flags(flags), pool(flags.threads), real(readFeatures(flags.real)),
        samples(readFeatures(flags.samples)) {}

  nlohmann::ordered_json run() {
    addDistance("frechet_distance", real.statistics, real.features,
                samples.statistics, samples.features);
    addDistance("spatial_frechet_distance", real.spatialStatistics,
                real.spatial, samples.spatialStatistics, samples.spatial);
    if (samples.logits) {
      InceptionScore score = inceptionScore(*samples.logits, flags.partSize);
      figures["inception_score"] = score.mean;
      figures["inception_score_deviation"] = score.deviation;
    }
    if (real.features && samples.features)
      addPrecisionRecall();
    if (figures.empty())
      fail("{} and {} have no arrays that can be compared: features, "
           "spatial_features or mu and sigma of both, or logits of the latter",
           flags.real, flags.samples);
    return std::move(figures);
  }

private:
  void checkSizes(Eigen::Index a, Eigen::Index b) {
    if (a != b)
      fail("{} has {} features an image, but {} has {}", flags.real, a,
           flags.samples, b);
  }

  void addDistance(const char *name, const std::optional<Gaussian> &realFit,
                   const std::optional<Rows> &realRows,
                   const std::optional<Gaussian> &sampleFit,
                   const std::optional<Rows> &sampleRows) {
    if ((!realFit && !realRows) || (!sampleFit && !sampleRows))
      return;
    auto a = gaussianOf(realFit, realRows, flags.real, pool);
    auto b = gaussianOf(sampleFit, sampleRows, flags.samples, pool);
    checkSizes(a->mean.size(), b->mean.size());
    figures[name] = frechetDistance(*a, *b, pool);
  }

  void addPrecisionRecall() {
    checkSizes(real.features->cols(), samples.features->cols());
    for (auto [rows, path] : {std::pair{real.features->rows(), &flags.real},
                              {samples.features->rows(), &flags.samples}})
      if (rows <= flags.neighbours)
        fail("{}: {} neighbours need more than {} images", *path,
             flags.neighbours, rows);
    PrecisionRecall result = precisionRecall(*real.features, *samples.features,
                                             flags.neighbours, pool);
    figures["precision"] = result.precision;
    figures["recall"] = result.recall;
  }

  const EvaluateFlags &flags;
  ThreadPool pool;
  FeatureFile real, samples;
  nlohmann::ordered_json figures;
};

void evaluateCommand(const EvaluateFlags &flags) {
  nlohmann::ordered_json figures = Evaluation(flags).run();
  if (flags.json) {
    printResult("{}\n", figures.dump());
    return;
  }
  for (const auto &[name, value] : figures.items())
    printResult("{:<26} {:.10g}\n", name, value.get<double>());
}

} // namespace

void addEvaluateCommand(CLI::App &app) {
  auto flags = std::make_shared<EvaluateFlags>();
  CLI::App *c = app.add_subcommand(
      "evaluate", "compare samples with real images by features of both");
  c->add_option("real", flags->real, "REAL.npz, of the real images")
      ->required();
  c->add_option("samples", flags->samples, "FAKE.npz, of the samples")
      ->required();
  c->add_option("--neighbours", flags->neighbours,
                "of precision and recall (default 3)")
      ->check(CLI::Range(1, 1000));
  c->add_option("--part-size", flags->partSize,
                "images of a part of the inception score (default 5000)")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40));
  c->add_flag("--json", flags->json, "print the figures as JSON");
  addThreadsFlag(*c, flags->threads);
  c->callback([flags] { evaluateCommand(*flags); });
}

} // namespace dit::runtime
