// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ditc import: the config.json of a diffusers model in, the spec of the same
// network out.
#include "compiler/Session.h"
#include "compiler/commands/Commands.h"
#include "runtime/Checkpoint.h"
#include "runtime/Error.h"
#include "runtime/InputFile.h"
#include "runtime/Json.h"
#include "runtime/OutputFile.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

using namespace dit;
using nlohmann::json;

namespace {

constexpr int64_t kLargest = 1 << 20;

/// The keys whose value the network of a spec follows, with diffusers'
/// defaults; anything else is another network.
void checkFixedKeys(const json &config) {
  const std::pair<const char *, std::vector<json>> fixed[] = {
      {"_class_name", {"DiTTransformer2DModel", "Transformer2DModel"}},
      {"norm_type", {"ada_norm_zero"}},
      {"norm_elementwise_affine", {false}},
      {"norm_eps", {1e-5}},
      {"attention_bias", {true}},
      {"activation_fn", {"gelu-approximate", "gelu"}},
  };
  std::vector<std::string> errors;
  for (const auto &[key, allowed] : fixed) {
    json found = config.value(key, allowed[0]);
    if (std::find(allowed.begin(), allowed.end(), found) != allowed.end())
      continue;
    std::string choices;
    for (const json &choice : allowed)
      choices += (choices.empty() ? "" : " or ") + runtime::shown(choice);
    errors.push_back(fmt::format("key '{}' must be {}, but is {}", key, choices,
                                 runtime::shown(found)));
  }
  if (!errors.empty())
    throw runtime::Error(std::move(errors));
}

/// A folder's name as a plain YAML text.
std::string plainName(const std::string &folder) {
  std::filesystem::path path =
      std::filesystem::absolute(folder).lexically_normal();
  if (!path.has_filename())
    path = path.parent_path();
  std::string name = path.filename().string().substr(0, 80);
  for (char &c : name)
    if (!isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_' &&
        c != '.')
      c = '-';
  return "diffusers/" + name;
}

std::string specOf(const json &config, const std::string &name) {
  runtime::JsonReader in(config, "the config");
  auto size = [&](const char *key) { return in.integer(key, 1, kLargest); };
  checkFixedKeys(config);
  int64_t heads = size("num_attention_heads"),
          width = heads * size("attention_head_dim"),
          channels = size("in_channels"), side = size("sample_size");
  int64_t out = config.value("out_channels", json()).is_null()
                    ? channels
                    : size("out_channels");
  if (out != channels && out != 2 * channels)
    runtime::fail("{} must be in_channels or twice as many, but is {} for {}",
                  in.name("out_channels"), out, channels);
  bool isExactGelu = config.value("activation_fn", json()) == "gelu";
  return fmt::format("name: {}\ndepth: {}\nwidth: {}\nheads: {}\n"
                     "patch_size: {}\nclasses: {}\nlearn_sigma: {}\n"
                     "latent: {{channels: {}, height: {}, width: {}}}\n"
                     "compat: diffusers\n{}",
                     name, size("num_layers"), width, heads, size("patch_size"),
                     size("num_embeds_ada_norm"), out != channels, channels,
                     side, side,
                     isExactGelu ? "mlp: {activation: gelu}\n" : "");
}

struct ImportOptions {
  std::string folder, output;
  std::vector<Setting> settings;
};

llvm::LogicalResult import(Session &session, const ImportOptions &options) {
  const auto &[folder, output, settings] = options;
  std::string path = runtime::diffusersFolder(folder) + "/config.json";
  constexpr size_t longest = 1 << 20;
  std::string text = runtime::InputFile(path).all(longest);
  std::string spec;
  try {
    json config = runtime::parseJson(text, "the config");
    if (!config.is_object())
      runtime::fail("the config must be an object, but is {}",
                    runtime::shown(config));
    spec = specOf(config, plainName(folder));
  } catch (const runtime::Error &error) {
    std::vector<std::string> sentences;
    for (const std::string &sentence : error.sentences())
      sentences.push_back(path + ": " + sentence);
    throw runtime::Error(std::move(sentences));
  }
  if (!settings.empty()) {
    auto input = session.loadText(output, spec, {}, settings);
    if (llvm::failed(input))
      return llvm::failure();
    spec = input->spec.text;
  }
  runtime::OutputFile out(output);
  out.write(spec);
  out.commit();
  return llvm::success();
}

} // namespace

void dit::addImport(CLI::App &app, int &exitCode) {
  auto *command =
      app.add_subcommand("import", "write the spec of a diffusers model");
  auto options = std::make_shared<ImportOptions>();
  command
      ->add_option("FOLDER", options->folder,
                   "with config.json, or with a folder transformer with it")
      ->required();
  command->add_option("-o,--output", options->output, "the spec to write")
      ->required();
  addSet(*command, options->settings);
  command->callback([options, &exitCode] {
    Session session("ditc import");
    exitCode = session.exitCode(import(session, *options));
  });
}
