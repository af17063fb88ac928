// The check by differences: every tensor, by elements and along directions.
#include <algorithm>
#include <numeric>

#include "autograd/gradcheck/tensor_check.hpp"

namespace gradus::gradchecking {
namespace {

/// Which elements to check one by one.
std::vector<int64_t> chosen_elements(int64_t total, const GradcheckOptions& options, Rng& rng) {
  std::vector<int64_t> chosen;
  if (options.sample == 0 && options.directions > 0) return chosen;
  chosen.resize(static_cast<size_t>(total));
  std::iota(chosen.begin(), chosen.end(), 0);
  if (options.sample == 0 || options.sample >= total) return chosen;
  for (int64_t i = 0; i < options.sample; ++i) {
    std::swap(chosen[static_cast<size_t>(i)], chosen[static_cast<size_t>(rng.between(i, total - 1))]);
  }
  chosen.resize(static_cast<size_t>(options.sample));
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

GradcheckResult summary(const std::string& label, const Shape& shape, const TensorCheck& check,
                        const std::vector<Measurement>& measurements) {
  GradcheckResult result;
  result.name = label;
  result.shape = shape;
  result.total = check.total();
  const Measurement* worst = nullptr;
  double most = -1;
  for (const Measurement& m : measurements) {
    const Verdict verdict = check.verdict(m);
    ++result.counts[static_cast<size_t>(verdict)];
    const double excess = check.excess(m);
    if (worst != nullptr && (verdict < result.verdict || (verdict == result.verdict && excess <= most)))
      continue;
    worst = &m;
    most = excess;
    result.verdict = verdict;
  }
  result.passed = result.verdict <= Verdict::kink;
  if (worst == nullptr) return result;
  const Slopes& s = worst->slopes;
  const double size = check.scale(*worst), difference = std::abs(worst->analytic - s.central.value);
  result.error = size > 0 ? difference / size : difference;
  if (worst->element >= 0) result.index = position(shape, worst->element);
  result.direction = worst->element >= 0 ? -1 : worst->direction;
  result.analytic = worst->analytic;
  result.numeric = s.central.value;
  result.estimate = s.central.error;
  result.step = s.central.step;
  result.allowed = check.allowed(*worst);
  result.left = s.left.value;
  result.right = s.right.value;
  if (result.verdict == Verdict::pass && check.is_zero(*worst) && result.error > 1e-6) {
    result.note = "0 up to rounding";
    result.error = 0;  // a ratio of two rounding errors would say nothing
  }
  if (result.verdict == Verdict::inconclusive && !std::isfinite(result.analytic - result.numeric)) {
    result.note = check.has_no_value() ? "the function is not finite here" : "the slope is not finite here";
  }
  if (result.verdict == Verdict::kink) {
    result.note = fmt::format("{} at kinks; slopes {:.6g} from the left, {:.6g} from the right",
                              result.counts[1], s.left.value, s.right.value);
  }
  return result;
}

}  // namespace

GradcheckReport check_by_differences(const Problem& problem, const GradcheckOptions& options) {
  Rng rng(options.seed);
  const Claim claim = options.second_order ? second_order(problem, rng) : first_order(problem, rng);
  const Numbers base = claim.outputs();
  GradcheckReport report;
  report.kind = options.second_order ? "second order" : "first order";
  for (const std::string& sentence : claim.problems) report.add_problem(sentence);
  for (size_t i = 0; i < problem.tensors.size(); ++i) {
    const std::string& label = problem.tensors[i].first;
    const Tensor& x = problem.tensors[i].second;
    TensorCheck check(claim, base, x, i, options);
    std::vector<Measurement> measurements;
    const std::vector<int64_t> elements = chosen_elements(check.total(), options, rng);
    const int64_t directions = check.total() > 0 ? options.directions : 0;
    const double steps = static_cast<double>(elements.size()) + static_cast<double>(directions);
    const auto progress = [&] {
      if (!options.progress) return;
      const double here = steps > 0 ? static_cast<double>(measurements.size()) / steps : 1;
      options.progress(label, (static_cast<double>(i) + here) / static_cast<double>(problem.tensors.size()));
    };
    for (int64_t k = 0; k < directions; ++k) {
      progress();
      measurements.push_back(check.along(k, rng));
    }
    for (const int64_t element : elements) {
      progress();
      measurements.push_back(check.element(element));
    }
    GradcheckResult result = summary(label, x.shape(), check, measurements);
    result.directions = directions;
    result.elements = static_cast<int64_t>(elements.size());
    result.checked = elements.empty() ? directions : static_cast<int64_t>(elements.size());
    if (claim.unused[i] && result.note.empty()) {
      const char* what = options.second_order ? "no first gradient depends" : "the output does not depend";
      result.note = fmt::format("{} on it", what);
    }
    if (!result.passed && result.direction < 0)
      result.inputs = values_around(problem.tensors, i, result.index);
    report.add(std::move(result));
  }
  // Where numbers cancel, neither the differences nor the two sides of a symmetry are known well.
  if (!claim.asymmetry.empty() && report.verdict != Verdict::inconclusive)
    report.add_problem(claim.asymmetry);
  return report;
}

}  // namespace gradus::gradchecking
