// The gradient in f32 beside the one in f64, at the same values and with the same cotangent.
#include <algorithm>
#include <limits>

#include "autograd/engine.hpp"
#include "autograd/gradcheck/problem.hpp"

namespace gradus::gradchecking {
namespace {

constexpr double epsilon_f32 = std::numeric_limits<float>::epsilon();
/// Values are moved by this share of themselves: two of f32's roundings.
constexpr double move_by = 2 * epsilon_f32;

/// What a function gives: its output, and then the gradient of every tensor.
using Values = std::vector<Numbers>;

Values run(const Problem& problem, const Tensor& v) {
  const Tensor y = problem.run();
  if (!y.needs_grad()) fail<GraphError>("gradcheck: the output depends on no tensor that is checked");
  const std::vector<Tensor> leaves = problem.leaves();
  const std::vector<Tensor> found = grad({y}, leaves, {v.to(y.dtype())}, {.allow_unused = true});
  Values values = {numbers(y)};
  for (size_t i = 0; i < leaves.size(); ++i) values.push_back(numbers_or_zeros(found[i], leaves[i].numel()));
  return values;
}

/// x in f64 with every element moved up or down.
Tensor moved(const Tensor& x, Rng& rng) {
  Numbers values = numbers(x);
  for (double& value : values) value *= 1 + (rng.chance(0.5) ? move_by : -move_by);
  Tensor out = zeros(x.shape(), DType::f64);
  assign(out, values);
  return out;
}

/// How far each of `exact` changes at most when the tensors' values are off by rounding. What f32 has to
/// round on its way changes it about as much, whatever the formula.
Numbers sensitivity(const Problem& problem, const Tensor& v, const Values& exact, Rng& rng) {
  constexpr int tries = 8;
  Numbers most(exact.size(), 0.0);
  for (int i = 0; i < tries; ++i) {
    const ConvertedLeaves elsewhere(problem.tensors, [&](const Tensor& x) { return moved(x, rng); });
    Values other;
    try {
      other = run(problem, v);
    } catch (const Error&) {  // a function may refuse these values
      continue;
    }
    for (size_t row = 0; row < exact.size(); ++row) {
      // More than a thousandth is a jump, as where two values tie for the largest, and no rounding.
      const double jump = 1e-3 * largest(exact[row]);
      for (size_t j = 0; j < exact[row].size(); ++j)
        most[row] = std::max(most[row], std::min(std::abs(other[row][j] - exact[row][j]), jump));
    }
  }
  return most;
}

/// `single` against `exact`, in units of `unit`; `eps` is what one eps32 is here.
GradcheckResult compare(const std::string& label, const Shape& shape, const Numbers& single,
                        const Numbers& exact, double unit, double allowed, double eps) {
  GradcheckResult result;
  result.name = label;
  result.shape = shape;
  result.total = result.checked = result.elements = shape.numel();
  result.step = move_by;
  result.estimate = unit;
  result.allowed = allowed * unit;
  const auto in_eps32 = [eps](double x) { return x > 0 ? x / eps : 0; };
  double most = 0;
  for (size_t i = 0; i < exact.size(); ++i) {
    double difference = std::abs(single[i] - exact[i]);
    if (single[i] == exact[i] || (std::isnan(single[i]) && std::isnan(exact[i]))) difference = 0;
    if (std::isnan(difference)) difference = INFINITY;
    const bool is_right = difference == 0 || difference / unit <= allowed;
    ++result.counts[static_cast<size_t>(is_right ? Verdict::pass : Verdict::fail)];
    if (i > 0 && difference <= most) continue;
    most = difference;
    result.index = position(shape, static_cast<int64_t>(i));
    result.analytic = single[i];
    result.numeric = exact[i];
  }
  result.error = most > 0 ? most / unit : 0;
  result.in_eps32 = in_eps32(most);
  result.allowed_eps32 = in_eps32(result.allowed);
  result.verdict = result.counts[3] > 0 ? Verdict::fail : Verdict::pass;
  result.passed = result.verdict == Verdict::pass;
  return result;
}

}  // namespace

GradcheckReport check_f32_against_f64(const Problem& problem, const GradcheckOptions& options) {
  Rng rng(options.seed);
  std::vector<std::pair<std::string, Shape>> rows;
  for (const auto& [label, x] : problem.tensors) rows.emplace_back(label, x.shape());
  Values single, exact;
  Numbers sensitive;
  {
    const ConvertedLeaves in_f32(problem.tensors, DType::f32);
    rows.insert(rows.begin(), {"output", problem.run().shape()});
    const Tensor v = cotangent(rows[0].second, rng, DType::f32);
    single = run(problem, v);
    const ConvertedLeaves in_f64(problem.tensors, DType::f64);
    exact = run(problem, v);
    sensitive = sensitivity(problem, v, exact, rng);
  }
  int64_t most_terms = 1;
  double largest_of_all = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    most_terms = std::max(most_terms, rows[i].second.numel());
    if (i > 0) largest_of_all = std::max(largest_of_all, largest(exact[i]));
  }
  const double rounding = epsilon_f32 * std::sqrt(static_cast<double>(most_terms));
  GradcheckReport report;
  report.kind = "f32 against f64";
  for (size_t i = 0; i < rows.size(); ++i) {
    // A gradient that is small beside the others is what is left of terms that nearly cancel; one that is 0
    // in exact arithmetic is what their rounding left behind.
    const double own = largest(exact[i]);
    double size = own;
    if (i > 0) size = own > 1e-10 * largest_of_all ? std::max(own, 0.1 * largest_of_all) : largest_of_all;
    GradcheckResult row =
        compare(rows[i].first, rows[i].second, single[i], exact[i], std::max(rounding * size, sensitive[i]),
                options.f32_units, epsilon_f32 * size);
    if (i > 0 && !row.passed) row.inputs = values_around(problem.tensors, i - 1, row.index);
    report.add(std::move(row));
  }
  return report;
}

}  // namespace gradus::gradchecking
