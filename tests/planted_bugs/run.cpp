#include "planted_bugs/run.hpp"

#include "autograd/error.hpp"
#include "gradlab/subject.hpp"
#include "planted_bugs/planted.hpp"

namespace gradus {

std::string_view name(GradcheckRules rules) {
  switch (rules) {
    case GradcheckRules::torch:
      return "torch";
    case GradcheckRules::torch_fast:
      return "torch fast";
    case GradcheckRules::jax:
      return "JAX";
    default:
      return "ours";
  }
}

Opinion ask(const Bug& bug, const std::string& subject, GradcheckRules rules) {
  const lab::Subject* found = lab::find_subject(subject);
  if (found == nullptr) {
    fail<IndexError>("{}: the bug \"{}\" is to be shown by \"{}\", and gradlab/ has no such subject",
                     bug.entry, bug.name, subject);
  }
  const lab::Sample sample = found->sample(1);
  const PlantedBug on(bug.name);
  try {
    const GradcheckReport report = lab::check(sample, {.rules = rules, .seed = 1});
    return {report.verdict == Verdict::fail, to_string(report)};
  } catch (const Error& error) {
    return {true, fmt::format("throws: {}\n", error.what())};
  }
}

Finding find(const Bug& bug, const std::vector<GradcheckRules>& rules) {
  Finding finding{.bug = bug};
  for (size_t i = 0; i < all_rules.size(); ++i) {
    if (std::find(rules.begin(), rules.end(), all_rules[i]) == rules.end()) continue;
    for (const std::string& subject : bug.subjects) {
      finding.is_caught[i] = finding.is_caught[i] || ask(bug, subject, all_rules[i]).is_caught;
    }
  }
  return finding;
}

namespace {

/// 1 / (numbers to check): what a subject may cost, so that large ones come seldom.
double frequency(const lab::Subject& subject) {
  const lab::Sample sample = subject.sample(1);
  int64_t numbers = 1;
  for (const Tensor& input : sample.inputs) numbers += input.numel();
  if (sample.module) numbers += sample.module->num_parameters();
  return 1 / static_cast<double>(numbers);
}

}  // namespace

RightChecks check_right_ones(int64_t count, uint64_t seed, const std::function<void(int64_t)>& progress) {
  std::vector<double> up_to;  // cumulated frequencies
  for (const lab::Subject& subject : lab::subjects()) {
    up_to.push_back((up_to.empty() ? 0 : up_to.back()) + frequency(subject));
  }
  Rng rng(seed);
  RightChecks result;
  for (; result.count < count; ++result.count) {
    if (progress) progress(result.count);
    const auto chosen = std::upper_bound(up_to.begin(), up_to.end(), rng.uniform() * up_to.back());
    const lab::Subject& subject = lab::subjects()[static_cast<size_t>(chosen - up_to.begin())];
    const uint64_t sample = rng.below(1'000'000'000);
    GradcheckOptions options{.seed = rng.below(1'000'000'000)};
    const int64_t mode = rng.between(0, 2);
    options.directions = mode == 1 ? 2 : 0;
    options.sample = mode == 2 ? 3 : 0;
    const GradcheckReport report = lab::check(subject.sample(sample), options);
    ++result.verdicts[static_cast<size_t>(report.verdict)];
    if (report.verdict != Verdict::fail) continue;
    constexpr std::array modes = {"every element", "along directions", "sampled elements"};
    result.alarms.push_back(fmt::format("{}, sample {}, seed {}, {}\n{}", subject.name, sample, options.seed,
                                        modes[static_cast<size_t>(mode)], to_string(report)));
  }
  return result;
}

}  // namespace gradus
