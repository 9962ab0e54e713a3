// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/commands/SampleFlags.h"

namespace dit::runtime {

void addChoiceFlags(CLI::App &command, ChoiceFlags &given, bool ofTableOnly) {
  for (const SamplingOption &option : samplingOptions()) {
    if (ofTableOnly && !option.ofTable)
      continue;
    auto keep = [&given, name = option.name](const std::string &text) {
      given[name] = text;
    };
    if (option.isSwitch) {
      // CLI11 tells a flag that was not given from a false one by its text.
      auto text = std::make_shared<std::string>();
      command.add_flag(option.flag(), *text, option.summary)
          ->each([text, keep](const std::string &value) { keep(value); });
    } else {
      command.add_option_function<std::string>(option.flag(), keep,
                                               option.summary);
    }
  }
}

void applyChoiceFlags(const ChoiceFlags &given, SampleRequest &request) {
  const std::string formula = request.guidanceFormula;
  for (const SamplingOption &option : samplingOptions())
    if (auto found = given.find(option.name); found != given.end())
      option.parse(found->second, request);
  if (request.guidanceFormula != formula && !given.contains("cfg_scale"))
    request.guidanceScale +=
        makeGuidance(request.guidanceFormula, 1, 0).fromConditional ? -1 : 1;
}

} // namespace dit::runtime
