// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc cost: what a spec's network costs, without compiling it.
#include "compiler/CostReport.h"
#include "compiler/Session.h"
#include "compiler/commands/Commands.h"
#include "runtime/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>

using namespace mlir;
using namespace dit;

namespace {

struct CostOptions {
  std::string input, fit, plot;
  std::optional<Resolution> size;
  std::vector<Setting> settings;
  std::optional<int64_t> steps;
  std::optional<double> guidance;
  int64_t batch = 1;
  bool perBlock = false, csv = false, json = false;
};

CostReport reportOf(const Input &input, const CostOptions &options) {
  ModuleOp module = *input.module;
  auto name = module->getAttrOfType<StringAttr>(kNameAttr);
  CostReport report;
  report.model = name ? name.str() : options.input;
  report.parameters = parametersOf(module);
  report.batch = options.batch;
  const auto &diffusion = input.spec.diffusion;
  report.steps = options.steps.value_or(diffusion.sampleSteps);
  if (!input.spec.isFlow() && report.steps > diffusion.steps)
    runtime::failFlag("--steps must be at most {}, the steps of training, but "
                      "is {}",
                      diffusion.steps.value, report.steps);
  // Heun's method evaluates at both ends of a step, but for the end of the
  // last.
  report.evaluations =
      diffusion.sampler == Sampler::Heun ? 2 * report.steps - 1 : report.steps;
  // With guidance, once for the label and once for the null class.
  double scale = options.guidance.value_or(input.spec.guidance.scale);
  if (scale != input.spec.scaleOfNoGuidance())
    report.evaluations *= 2;
  report.rows = costsOf(module, options.batch);
  report.total = totalOf(report.rows);
  if (!options.perBlock)
    report.rows = joinBlocks(report.rows);
  return report;
}

LogicalResult printCost(Session &session, const CostOptions &options) {
  auto input = session.load(options.input, options.size, options.settings);
  if (failed(input))
    return failure();
  if (input->phase != Phase::Dit)
    return session.error(options.input + " has reached phase " +
                         infoOf(input->phase).name +
                         ", but costs are counted on the network of phase dit");
  CostReport report = reportOf(*input, options);
  auto write = options.json ? writeJson : options.csv ? writeCsv : writeTable;
  write(report, llvm::outs());
  return success();
}

} // namespace

void dit::addCost(CLI::App &app, int &exitCode) {
  auto *command =
      app.add_subcommand("cost", "count a spec's parameters and operations");
  auto options = std::make_shared<CostOptions>();
  auto *input = command->add_option("INPUT", options->input,
                                    "SPEC.yaml, or IR.mlir of phase dit");
  auto *fit =
      command
          ->add_option("--fit", options->fit,
                       "instead of INPUT: CSV with a column spec or gflops and "
                       "one with a quality figure, to fit a power law")
          ->excludes(input);
  command->add_option("-o,--output", options->plot, "the SVG plot of --fit")
      ->needs(fit);
  addSize(*command, options->size)->excludes(fit);
  addSet(*command, options->settings)->excludes(fit);
  command
      ->add_option(
          "--steps", options->steps,
          "of the sampler, for FLOPs an image; the spec's if not given")
      ->check(CLI::Range(1, 1000000));
  command->add_option("--cfg-scale", options->guidance,
                      "any but 1 evaluates the network twice as often; the "
                      "spec's if not given");
  command
      ->add_option("--batch", options->batch,
                   "samples that share one reading of the weights (1)")
      ->check(CLI::Range(1, 65536));
  command->add_flag("--per-block", options->perBlock,
                    "every block by itself, not all of them in one row");
  auto *csv =
      command->add_flag("--csv", options->csv, "one row an op, exact integers");
  command->add_flag("--json", options->json, "one object, exact integers")
      ->excludes(csv);
  command->callback([options, &exitCode] {
    if (!options->fit.empty()) {
      exitCode = failed(printFit(options->fit, options->plot));
      return;
    }
    if (options->input.empty())
      runtime::failFlag("expected INPUT or --fit");
    Session session("ditc cost");
    exitCode = session.exitCode(printCost(session, *options));
  });
}
