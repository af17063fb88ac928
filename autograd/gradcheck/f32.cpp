// The gradient in f32 beside the one in f64, at the same values and with the same cotangent.
#include <algorithm>

#include "autograd/engine.hpp"
#include "autograd/gradcheck/problem.hpp"

namespace gradus::gradchecking {
namespace {

struct Run {
  Numbers output;
  std::vector<Numbers> gradients;
};

Run run(const Problem& problem, const Tensor& v) {
  const Tensor y = problem.run();
  if (!y.needs_grad()) fail<GraphError>("gradcheck: the output depends on no tensor that is checked");
  const std::vector<Tensor> leaves = problem.leaves();
  const std::vector<Tensor> found = grad({y}, leaves, {v.to(y.dtype())}, {.allow_unused = true});
  Run result{numbers(y), {}};
  for (size_t i = 0; i < leaves.size(); ++i) {
    result.gradients.push_back(numbers_or_zeros(found[i], leaves[i].numel()));
  }
  return result;
}

/// `single` against `exact`, in units of `unit` times the largest of `exact`; `largest_of_all` is that of
/// every tensor's gradient.
GradcheckResult compare(const std::string& label, const Shape& shape, const Numbers& single,
                        const Numbers& exact, double largest_of_all, double unit, double allowed) {
  GradcheckResult result;
  result.name = label;
  result.shape = shape;
  result.total = result.checked = result.elements = shape.numel();
  // A gradient that is 0 in exact arithmetic is what the rounding of other gradients' terms left behind; one
  // that is small beside the others is what is left of terms that nearly cancel.
  const double own = largest(exact), least = 0.01 * largest_of_all;
  const double size = own > 1e-10 * largest_of_all ? std::max(own, least) : largest_of_all;
  double most = -1;
  for (size_t i = 0; i < exact.size(); ++i) {
    double difference = std::abs(single[i] - exact[i]);
    if (single[i] == exact[i] || (std::isnan(single[i]) && std::isnan(exact[i]))) difference = 0;
    if (std::isnan(difference)) difference = INFINITY;
    if (difference <= most) continue;
    most = difference;
    result.index = position(shape, static_cast<int64_t>(i));
    result.analytic = single[i];
    result.numeric = exact[i];
  }
  if (most <= 0) return result;
  result.estimate = unit * size;
  result.error = most / result.estimate;
  result.verdict = result.error <= allowed ? Verdict::pass : Verdict::fail;
  result.passed = result.verdict == Verdict::pass;
  return result;
}

}  // namespace

GradcheckReport check_f32_against_f64(const Problem& problem, const GradcheckOptions& options) {
  Rng rng(options.seed);
  GradcheckReport report;
  report.kind = "f32 against f64";
  Run single, exact;
  Shape output_shape;
  {
    const ConvertedLeaves in_f32(problem.tensors, DType::f32);
    output_shape = problem.run().shape();
    const Tensor v = cotangent(output_shape, rng, DType::f32);
    single = run(problem, v);
    const ConvertedLeaves in_f64(problem.tensors, DType::f64);
    exact = run(problem, v);
  }
  int64_t most_terms = std::max<int64_t>(1, output_shape.numel());
  double largest_of_all = 0;
  for (size_t i = 0; i < problem.tensors.size(); ++i) {
    most_terms = std::max(most_terms, problem.tensors[i].second.numel());
    largest_of_all = std::max(largest_of_all, largest(exact.gradients[i]));
  }
  const double unit = std::numeric_limits<float>::epsilon() * std::sqrt(static_cast<double>(most_terms));
  report.add(compare("output", output_shape, single.output, exact.output, 0, unit, options.f32_units));
  for (size_t i = 0; i < problem.tensors.size(); ++i) {
    const auto& [label, x] = problem.tensors[i];
    report.add(compare(label, x.shape(), single.gradients[i], exact.gradients[i], largest_of_all, unit,
                       options.f32_units));
  }
  return report;
}

}  // namespace gradus::gradchecking
