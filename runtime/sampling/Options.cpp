// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The list of choices. What a type's values look like in flags, settings and C
// stands once for the type, below a line each for the choices.
#include "runtime/sampling/Options.h"

#include "runtime/Error.h"
#include "runtime/ditc.h"
#include "runtime/sampling/Timesteps.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace dit::runtime {
namespace {

using Json = nlohmann::ordered_json;

/// "--cfg-scale".
std::string flagOf(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return "--" + name;
}

/// Whether all of `text` is one number, which is then `value`.
template <typename T> bool readNumber(std::string_view text, T &value) {
  auto [end, problem] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc() && end == text.data() + text.size();
}

// A type's values as text, as JSON and in C.

void read(const std::string &, const std::string &text, std::string &value) {
  value = text;
}
void read(const std::string &name, const std::string &text, double &value) {
  if (!readNumber(text, value))
    failFlag("{} must be a number, but is {}", flagOf(name), inQuotes(text));
}
void read(const std::string &name, const std::string &text, bool &value) {
  value = text == "true" || text == "1";
  if (!value && text != "false" && text != "0")
    failFlag("{} must be true or false, but is {}", flagOf(name),
             inQuotes(text));
}
void read(const std::string &name, const std::string &text,
          std::optional<int64_t> &value) {
  int64_t number = 0;
  if (text != "all" && !readNumber(text, number))
    failFlag("{} must be a number or all, but is {}", flagOf(name),
             inQuotes(text));
  value = text == "all" ? std::nullopt : std::optional(number);
}
void read(const std::string &name, const std::string &text,
          std::optional<TimeInterval> &value) {
  TimeInterval read{};
  size_t comma = std::min(text.find(','), text.size());
  std::string_view all = text;
  if (comma == text.size() || !readNumber(all.substr(0, comma), read.low) ||
      !readNumber(all.substr(comma + 1), read.high))
    failFlag("{} must be LO,HI, two timesteps, but is {}", flagOf(name),
             inQuotes(text));
  value = read;
}
void read(const std::string &, const std::string &text, uint64_t &value) {
  value = parseSeed(text);
}

Json jsonOf(const std::optional<int64_t> &value) {
  return value ? Json(*value) : Json("all");
}
Json jsonOf(const std::optional<TimeInterval> &value) {
  return value ? Json{value->low, value->high} : Json();
}
template <typename T> Json jsonOf(const T &value) { return value; }

void convert(const std::string &name, const char *from, std::string &to) {
  if (!from)
    fail("'sampling->{}' must not be null", name);
  to = from;
}
void convert(const std::string &, int64_t from, std::optional<int64_t> &to) {
  to = from == 0 ? std::nullopt : std::optional(from);
}
void convert(const std::string &, const double (&from)[2],
             std::optional<TimeInterval> &to) {
  to = TimeInterval{from[0], from[1]};
  if (from[0] == -HUGE_VAL && from[1] == HUGE_VAL)
    to.reset();
}
template <typename From, typename To>
void convert(const std::string &, const From &from, To &to) {
  to = static_cast<To>(from);
}

void store(const std::string &from, const char *&to) { to = from.c_str(); }
void store(const std::optional<int64_t> &from, int64_t &to) {
  to = from.value_or(0);
}
void store(const std::optional<TimeInterval> &from, double (&to)[2]) {
  to[0] = from ? from->low : -HUGE_VAL;
  to[1] = from ? from->high : HUGE_VAL;
}
template <typename From, typename To> void store(const From &from, To &to) {
  to = static_cast<To>(from);
}

template <typename T, typename C>
SamplingOption option(const std::string &name, T SampleRequest::*field,
                      C ditc_sampling::*inC, std::string summary) {
  SamplingOption o;
  o.name = name;
  o.summary = std::move(summary);
  o.isSwitch = std::is_same_v<T, bool>;
  o.parse = [=](const std::string &text, SampleRequest &request) {
    read(name, text, request.*field);
  };
  o.show = [=](const SamplingPlan &plan) {
    return jsonOf(plan.request().*field);
  };
  o.isSame = [=](const SampleRequest &a, const SampleRequest &b) {
    return a.*field == b.*field;
  };
  o.fromC = [=](const ditc_sampling &from, SampleRequest &to) {
    convert(name, from.*inC, to.*field);
  };
  o.toC = [=](const SampleRequest &from, ditc_sampling &to) {
    store(from.*field, to.*inC);
  };
  return o;
}

/// A number from `low` to `high`.
template <typename C>
SamplingOption number(const std::string &name, double SampleRequest::*field,
                      C ditc_sampling::*inC, double low, double high,
                      std::string summary) {
  SamplingOption o = option(name, field, inC, std::move(summary));
  o.checkBounds = [=](const SampleRequest &request) {
    if (double value = request.*field; !(value >= low && value <= high))
      failFlag("{} must be from {} to {}, but is {}", name, low, high, value);
  };
  return o;
}

// Why a choice has no effect.

std::string idleBut(const SamplingPlan &plan, const char *sampler) {
  const std::string &used = plan.request().sampler;
  return used == sampler ? ""
                         : fmt::format("it is of {}, not of {}", sampler, used);
}

std::string idleUnguided(const SamplingPlan &plan) {
  if (!plan.guidance().isNone())
    return "";
  return fmt::format("there is no guidance with a cfg_scale of {}",
                     plan.request().guidanceScale);
}

std::string idleInterval(const SamplingPlan &plan) {
  std::string unguided = idleUnguided(plan);
  if (!unguided.empty() || plan.hasEvaluation(/*isGuided=*/true))
    return unguided;
  const std::vector<float> &times = plan.sampler().times;
  auto [low, high] = std::minmax_element(times.begin(), times.end());
  return fmt::format("none of the timesteps, which are {} to {}, lies in "
                     "{},{}",
                     *low, *high, plan.request().guidanceInterval->low,
                     plan.request().guidanceInterval->high);
}

bool isFlow(const SamplingPlan &plan) {
  return plan.manifest().diffusion.prediction == "velocity";
}

std::string idleButInFlow(const SamplingPlan &plan) {
  if (isFlow(plan))
    return "";
  return fmt::format("it is for models that predict velocity, but {} predicts "
                     "{}",
                     inQuotes(plan.manifest().name),
                     plan.manifest().diffusion.prediction);
}

std::string idleInFlow(const SamplingPlan &plan) {
  if (!isFlow(plan))
    return "";
  return fmt::format("{} predicts velocity, and a flow has no timesteps to "
                     "choose among",
                     inQuotes(plan.manifest().name));
}

bool isListed(const SamplingPlan &plan) {
  return !plan.request().timesteps.empty() || !plan.request().sigmas.empty();
}

std::string idleSteps(const SamplingPlan &plan) {
  return isListed(plan) ? "the steps are given as a list" : "";
}

/// "name: summary; name: summary".
template <typename Entry> std::string listEntries(std::span<Entry> entries) {
  std::string names;
  for (const Entry &entry : entries)
    names += fmt::format("{}{}: {}", names.empty() ? "" : "; ", entry.name,
                         entry.summary);
  return names;
}

/// Shown where `wanted` says so.
void showWhere(SamplingOption &o, bool (*wanted)(const SamplingPlan &)) {
  o.show = [show = o.show, wanted](const SamplingPlan &plan) {
    return wanted(plan) ? show(plan) : Json();
  };
}

std::vector<SamplingOption> makeOptions() {
  using R = SampleRequest;
  using C = ditc_sampling;
  std::vector<SamplingOption> all;
  // Of the sampler's table.
  all.push_back(
      option("sampler", &R::sampler, &C::sampler, listEntries(samplers())));
  all.push_back(option(
      "steps", &R::steps, &C::steps,
      "N evenly spread steps, ddimN for whole strides, or N,N,N for sections"));
  all.back().idle = idleSteps;
  showWhere(all.back(), [](const SamplingPlan &p) { return !isListed(p); });
  all.push_back(option("spacing", &R::spacing, &C::spacing,
                       "of the steps; " + listEntries(spacings())));
  all.back().idle = [](const SamplingPlan &p) {
    std::string reason = idleSteps(p);
    return reason.empty() ? idleInFlow(p) : reason;
  };
  showWhere(all.back(), [](const SamplingPlan &p) {
    return p.request().spacing != "even";
  });
  all.push_back(option("timesteps", &R::timesteps, &C::timesteps,
                       "999,750,500: the timesteps that the network is asked "
                       "at, instead of --steps"));
  all.back().idle = idleInFlow;
  showWhere(all.back(), [](const SamplingPlan &p) {
    return !p.request().timesteps.empty();
  });
  all.push_back(option("sigmas", &R::sigmas, &C::sigmas,
                       "1,0.75,0.5: a flow's noise levels, instead of --steps; "
                       "they end at 0 by themselves"));
  all.back().idle = idleButInFlow;
  showWhere(all.back(),
            [](const SamplingPlan &p) { return !p.request().sigmas.empty(); });
  all.push_back(number("eta", &R::eta, &C::eta, 0, 1, "noise of ddim, 0 to 1"));
  all.back().idle = [](const SamplingPlan &p) { return idleBut(p, "ddim"); };
  all.push_back(number("shift", &R::shift, &C::shift, 1e-6, 1e6,
                       "of a flow's noise levels s: shift s / (1 + (shift - 1) "
                       "s), 1 leaves them even"));
  all.back().idle = [](const SamplingPlan &p) {
    return p.request().sigmas.empty() ? idleButInFlow(p)
                                      : "the sigmas are taken as they are";
  };
  showWhere(all.back(), isFlow);
  all.push_back(option("variance", &R::variance, &C::variance,
                       "of ddpm: learned_range, fixed_large or fixed_small"));
  all.back().idle = [](const SamplingPlan &p) { return idleBut(p, "ddpm"); };
  showWhere(all.back(), [](const SamplingPlan &p) { return !isFlow(p); });
  all.push_back(option("clip_x0", &R::clipX0, &C::clip_x0,
                       "clamp the estimate of the sample to [-1, 1]; "
                       "--clip-x0=false: do not"));
  for (SamplingOption &o : all)
    o.ofTable = true;

  all.push_back(number("cfg_scale", &R::guidanceScale, &C::cfg_scale, 0, 1e6,
                       "guidance; 1 is none"));
  all.push_back(option(
      "cfg_formula", &R::guidanceFormula, &C::cfg_formula,
      "what the scale s is of, with c and u the predictions with the label and "
      "without: scale, u + s (c - u), or weight, c + s (c - u), where 0 is "
      "none"));
  all.push_back(option("cfg_channels", &R::guidanceChannels, &C::cfg_channels,
                       "guided channels: N or all"));
  all.back().idle = idleUnguided;
  all.push_back(option(
      "cfg_interval", &R::guidanceInterval, &C::cfg_interval,
      "LO,HI: guide timesteps LO <= t <= HI only, as the network is told them "
      "(0 is clean, but of flows whose noise is at 0); elsewhere the "
      "unconditional pass is not computed"));
  all.back().idle = idleInterval;
  all.push_back(number("cfg_rescale", &R::guidanceRescale, &C::cfg_rescale, 0,
                       1,
                       "0 to 1: how far the guided prediction's deviation goes "
                       "back to the conditional one's"));
  all.back().idle = idleUnguided;
  all.push_back(option("rng", &R::rng, &C::rng, listEntries(noises())));
  all.push_back(
      option("seed", &R::seed, &C::seed, "of all that is random (default 0)"));
  return all;
}

} // namespace

std::string SamplingOption::flag() const { return flagOf(name); }

const std::vector<SamplingOption> &samplingOptions() {
  static const std::vector<SamplingOption> options = makeOptions();
  return options;
}

void checkEffects(const SamplingPlan &plan) {
  const SampleRequest defaults = defaultRequest(plan.manifest());
  for (const SamplingOption &o : samplingOptions()) {
    if (!o.idle || o.isSame(plan.request(), defaults))
      continue;
    if (std::string reason = o.idle(plan); !reason.empty())
      failFlag("{} has no effect: {}", o.name, reason);
  }
}

Json describeChoices(const SamplingPlan &plan) {
  Json settings = Json::object();
  for (const SamplingOption &o : samplingOptions())
    if (Json value = o.show(plan); !value.is_null())
      settings[o.name] = std::move(value);
  return settings;
}

uint64_t parseSeed(const std::string &text) {
  uint64_t seed = 0;
  if (!readNumber(text, seed))
    failFlag("the seed must be an integer from 0 to 18446744073709551615, but "
             "is {}",
             inQuotes(text));
  return seed;
}

} // namespace dit::runtime
