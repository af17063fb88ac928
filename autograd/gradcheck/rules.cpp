// The checks that other libraries make by default, from their documentation, on our own machinery. They are
// here to be compared with. PyTorch 2.13, torch.autograd.gradcheck; jax.test_util.check_grads.
#include <algorithm>

#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/gradcheck/problem.hpp"

namespace gradus::gradchecking {
namespace {

/// The output's numbers with `x` moved by h times `direction`.
Numbers outputs_at(const Problem& problem, const Tensor& x, const Numbers& kept, const Numbers& direction,
                   double h) {
  Numbers moved = kept;
  for (size_t i = 0; i < kept.size(); ++i) moved[i] += h * direction[i];
  const KeptValues values({{"", x}});
  assign(x, moved);
  const NoGrad no_grad;
  return numbers(problem.run());
}

/// J u by one central difference.
Numbers numeric_jvp(const Problem& problem, const Tensor& x, const Numbers& direction, double h) {
  const Numbers kept = numbers(x);
  Numbers slope = outputs_at(problem, x, kept, direction, h);
  const Numbers below = outputs_at(problem, x, kept, direction, -h);
  for (size_t i = 0; i < slope.size(); ++i) slope[i] = (slope[i] - below[i]) / (2 * h);
  return slope;
}

/// v^T J for every tensor.
std::vector<Numbers> vjp(const Problem& problem, const Tensor& y, const Numbers& v) {
  const std::vector<Tensor> leaves = problem.leaves();
  const std::vector<Tensor> found =
      grad({y}, leaves, {tensor(v, y.shape()).to(y.dtype())}, {.retain_graph = true, .allow_unused = true});
  std::vector<Numbers> all;
  for (size_t i = 0; i < leaves.size(); ++i) all.push_back(numbers_or_zeros(found[i], leaves[i].numel()));
  return all;
}

double dot(const Numbers& a, const Numbers& b) {
  double total = 0;
  for (size_t i = 0; i < a.size(); ++i) total += a[i] * b[i];
  return total;
}

double sum(const Numbers& values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}

/// Keeps the worst of many comparisons of |analytic - numeric| with absolute + relative |numeric|.
class Comparison {
 public:
  Comparison(const std::string& label, const Tensor& x, double h) {
    row_.name = label;
    row_.shape = x.shape();
    row_.total = x.numel();
    row_.step = h;
  }
  /// Is this the worst so far?
  bool add(double analytic, double numeric, double absolute, double relative) {
    const double difference = std::abs(analytic - numeric), allowed = absolute + relative * std::abs(numeric);
    const double excess = std::isfinite(difference) ? difference / allowed : INFINITY;
    if (!(difference <= allowed)) row_.verdict = looked_at_ = Verdict::fail;
    row_.passed = row_.verdict == Verdict::pass;
    if (excess <= most_) return false;
    most_ = excess;
    row_.error = std::abs(numeric) > 0 ? difference / std::abs(numeric) : difference;
    row_.analytic = analytic;
    row_.numeric = numeric;
    row_.estimate = row_.allowed = allowed;
    return true;
  }
  /// Everything about one element, or one direction, has been added.
  void next() {
    ++row_.counts[static_cast<size_t>(looked_at_)];
    looked_at_ = Verdict::pass;
  }
  GradcheckResult& row() { return row_; }

 private:
  GradcheckResult row_;
  Verdict looked_at_ = Verdict::pass;
  double most_ = -1;
};

constexpr double torch_h = 1e-6, torch_absolute = 1e-5, torch_relative = 1e-3;

/// torch refuses a backward that gives something for a cotangent of zeros.
void check_zero_cotangent(GradcheckReport& report, const Problem& problem, const Tensor& y) {
  const std::vector<Numbers> found = vjp(problem, y, Numbers(static_cast<size_t>(y.numel()), 0));
  for (size_t i = 0; i < found.size(); ++i) {
    if (largest(found[i]) == 0) continue;
    report.add_problem(fmt::format("{}: a zero cotangent gives a gradient", problem.tensors[i].first));
  }
}

GradcheckReport torch_rules(const Problem& problem) {
  GradcheckReport report;
  report.kind = "torch rules";
  const Tensor y = problem.run();
  check_zero_cotangent(report, problem, y);
  const auto outputs = static_cast<size_t>(y.numel());
  std::vector<std::vector<Numbers>> rows;  // of the Jacobian, by output and tensor
  for (size_t j = 0; j < outputs; ++j) {
    Numbers one(outputs, 0);
    one[j] = 1;
    rows.push_back(vjp(problem, y, one));
  }
  for (size_t i = 0; i < problem.tensors.size(); ++i) {
    const auto& [label, x] = problem.tensors[i];
    Comparison comparison(label, x, torch_h);
    for (int64_t k = 0; k < x.numel(); ++k) {
      Numbers one(static_cast<size_t>(x.numel()), 0);
      one[static_cast<size_t>(k)] = 1;
      const Numbers column = numeric_jvp(problem, x, one, torch_h);
      for (size_t j = 0; j < outputs; ++j) {
        if (!comparison.add(rows[j][i][static_cast<size_t>(k)], column[j], torch_absolute, torch_relative))
          continue;
        comparison.row().index = position(x.shape(), k);
        comparison.row().note =
            fmt::format("output {}", to_string(position(y.shape(), static_cast<int64_t>(j))));
      }
      comparison.next();
    }
    comparison.row().checked = comparison.row().elements = x.numel();
    if (!comparison.row().passed)
      comparison.row().inputs = values_around(problem.tensors, i, comparison.row().index);
    report.add(comparison.row());
  }
  return report;
}

/// Uniform in [0, 1), then scaled to length 1.
Numbers unit_vector(int64_t count, Rng& rng) {
  Numbers u;
  double squares = 0;
  for (int64_t i = 0; i < count; ++i) {
    u.push_back(rng.uniform());
    squares += u.back() * u.back();
  }
  for (double& value : u) value /= std::sqrt(std::max(squares, 1e-300));
  return u;
}

GradcheckReport torch_fast_rules(const Problem& problem, Rng& rng) {
  GradcheckReport report;
  report.kind = "torch fast rules";
  const Tensor y = problem.run();
  check_zero_cotangent(report, problem, y);
  const Numbers v = unit_vector(y.numel(), rng);
  const std::vector<Numbers> analytic = vjp(problem, y, v);
  for (size_t i = 0; i < problem.tensors.size(); ++i) {
    const auto& [label, x] = problem.tensors[i];
    const Numbers u = unit_vector(x.numel(), rng);
    Comparison comparison(label, x, torch_h);
    comparison.add(dot(analytic[i], u), dot(numeric_jvp(problem, x, u, torch_h), v),
                   torch_absolute * sum(u) * sum(v), torch_relative);
    comparison.next();
    comparison.row().checked = comparison.row().directions = 1;
    comparison.row().direction = 0;
    report.add(comparison.row());
  }
  return report;
}

Numbers normal_vector(int64_t count, Rng& rng) {
  Numbers u;
  for (int64_t i = 0; i < count; ++i) u.push_back(rng.normal());
  return u;
}

GradcheckReport jax_rules(const Problem& problem, Rng& rng, DType dtype) {
  constexpr double h = 1e-4;
  const double tolerance = dtype == DType::f32 ? 2e-3 : 1e-5;
  GradcheckReport report;
  report.kind = "jax rules";
  const Tensor y = problem.run();
  const Numbers v = normal_vector(y.numel(), rng);
  const std::vector<Numbers> gradients = vjp(problem, y, v);
  std::vector<Numbers> kept, directions;
  double analytic = 0;
  int64_t total = 0;
  for (size_t i = 0; i < problem.tensors.size(); ++i) {
    const Tensor& x = problem.tensors[i].second;
    kept.push_back(numbers(x));
    directions.push_back(normal_vector(x.numel(), rng));
    analytic += dot(gradients[i], directions[i]);
    total += x.numel();
  }
  const auto at = [&](double t) {
    const KeptValues values(problem.tensors);
    for (size_t i = 0; i < kept.size(); ++i) {
      Numbers moved = kept[i];
      for (size_t k = 0; k < moved.size(); ++k) moved[k] += t * directions[i][k];
      assign(problem.tensors[i].second, moved);
    }
    const NoGrad no_grad;
    return numbers(problem.run());
  };
  const Numbers above = at(h), below = at(-h);
  double numeric = 0;
  for (size_t j = 0; j < v.size(); ++j) numeric += v[j] * (above[j] - below[j]) / (2 * h);
  Comparison comparison("all inputs", problem.tensors.front().second, h);
  comparison.add(analytic, numeric, tolerance, tolerance);
  comparison.next();
  comparison.row().shape = Shape{total};
  comparison.row().total = total;
  comparison.row().checked = comparison.row().directions = 1;
  comparison.row().direction = 0;
  report.add(comparison.row());
  return report;
}

}  // namespace

GradcheckReport check_by_rules(const Problem& problem, const GradcheckOptions& options) {
  const ConvertedLeaves converted(problem.tensors, options.dtype);
  Rng rng(options.seed);
  if (!problem.run().needs_grad()) {
    fail<GraphError>("gradcheck: the output depends on no tensor that is checked");
  }
  switch (options.rules) {
    case GradcheckRules::torch:
      return torch_rules(problem);
    case GradcheckRules::torch_fast:
      return torch_fast_rules(problem, rng);
    default:
      return jax_rules(problem, rng, options.dtype);
  }
}

}  // namespace gradus::gradchecking
