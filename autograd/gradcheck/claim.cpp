// What a backward claims: a function of plain numbers and the gradients it says there are, of the first and
// second order; and what every backward must be, linear and symmetric.
#include "autograd/gradcheck/problem.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops.hpp"
#include "autograd/plural.hpp"

namespace gradus::gradchecking {
namespace {

/// The relative difference that the order of a few additions explains.
constexpr double linearity_bound = 1e-12;
/// The same for numbers so small that they have few digits left.
constexpr double subnormal_rounding = 8 * std::numeric_limits<double>::denorm_min();
constexpr double symmetry_bound = 1e-9;
/// What is left of numbers near 1 that cancel.
constexpr double least_slack = 1e-13;

Tensor output_of(const Problem& problem) {
  Tensor y = problem.run();
  if (!y.needs_grad()) fail<GraphError>("gradcheck: the output depends on no tensor that is checked");
  return y;
}

void refuse_if_it_changes(const Claim& claim) {
  const Numbers once = claim.outputs(), again = claim.outputs();
  for (size_t i = 0; i < std::max(once.size(), again.size()); ++i) {
    if (once.size() != again.size()) {
      fail<GraphError>("gradcheck: the function gives {} {} and then {} for the same input", once.size(),
                       plural(once.size(), "number"), again.size());
    }
    if (!is_same(once[i], again[i])) {
      fail<GraphError>("gradcheck: the function gives {} and then {} for the same input", once[i], again[i]);
    }
  }
}

void take_gradients(Claim& claim, const std::vector<Tensor>& gradients, const std::vector<Tensor>& leaves) {
  for (size_t i = 0; i < leaves.size(); ++i) {
    const bool is_there = i < gradients.size() && gradients[i].defined();
    claim.unused.push_back(!is_there);
    claim.gradients.push_back(numbers_or_zeros(is_there ? gradients[i] : Tensor(), leaves[i].numel()));
    for (const double value : numbers(leaves[i])) {
      if (std::isfinite(value)) claim.largest_input = std::max(claim.largest_input, std::abs(value));
    }
  }
}

/// A vjp is linear in its cotangent: vjp(0) = 0, vjp(2v) = 2 vjp(v) and vjp(-v) = -vjp(v).
void check_linearity(Claim& claim, const Problem& problem, const Tensor& y, const Tensor& v) {
  const std::vector<Tensor> leaves = problem.leaves();
  for (const double factor : {0.0, 2.0, -1.0}) {
    const std::vector<Tensor> found =
        grad({y}, leaves, {v * factor}, {.retain_graph = true, .allow_unused = true});
    for (size_t i = 0; i < leaves.size(); ++i) {
      const Numbers& once = claim.gradients[i];
      const Numbers scaled = numbers_or_zeros(found[i], leaves[i].numel());
      const double bound =
          linearity_bound * std::min(largest(once), std::numeric_limits<double>::max()) + subnormal_rounding;
      for (size_t k = 0; k < once.size(); ++k) {
        if (is_same(scaled[k], factor * once[k]) || std::abs(scaled[k] - factor * once[k]) <= bound) continue;
        if (!std::isfinite(once[k])) continue;  // the comparison with differences reports it
        if (!std::isfinite(scaled[k]) && std::abs(once[k]) > 0x1p1000) continue;  // overflow on the way
        const Shape at = position(leaves[i].shape(), static_cast<int64_t>(k));
        claim.problems.push_back(
            factor == 0
                ? fmt::format(
                      "{}: a zero cotangent gives the gradient {:g} at {}; backward must be linear in it",
                      problem.tensors[i].first, scaled[k], at)
                : fmt::format(
                      "{}: vjp({}v) is {:g} and {} vjp(v) is {:g} at {}; backward must be linear in its "
                      "cotangent",
                      problem.tensors[i].first, factor, scaled[k], factor, factor * once[k], at));
        break;
      }
    }
  }
}

/// The sum of gradients times u, as a tensor that can be differentiated.
Tensor weighted_sum(const std::vector<Tensor>& gradients, const std::vector<Tensor>& u) {
  Tensor total = scalar(0, u.front().dtype());
  for (size_t i = 0; i < u.size(); ++i) {
    if (gradients[i].defined()) total = total + sum(gradients[i] * u[i]);
  }
  return total;
}

/// The gradients of weighted_sum(gradients, u).
std::vector<Tensor> second_gradients(const std::vector<Tensor>& gradients, const std::vector<Tensor>& u,
                                     const std::vector<Tensor>& leaves) {
  const Tensor total = weighted_sum(gradients, u);
  if (!total.needs_grad()) return std::vector<Tensor>(leaves.size());
  return grad({total}, leaves, {}, {.retain_graph = true, .allow_unused = true});
}

std::vector<Numbers> all_numbers(const std::vector<Tensor>& gradients, const std::vector<Tensor>& leaves) {
  std::vector<Numbers> all;
  for (size_t i = 0; i < leaves.size(); ++i) all.push_back(numbers_or_zeros(gradients[i], leaves[i].numel()));
  return all;
}

/// What Claim::rounding is to be.
std::function<const std::vector<std::vector<Numbers>>&()> measured_once(const Problem& problem,
                                                                        const std::vector<Numbers>& gradients,
                                                                        const GradientsAt& gradients_at) {
  using Changes = std::vector<std::vector<Numbers>>;
  const auto found = std::make_shared<std::optional<Changes>>();
  std::vector<Numbers> here;
  for (const auto& [label, x] : problem.tensors) here.push_back(numbers(x));
  return [=]() -> const Changes& {
    if (!*found) {
      // A check may be on its way, with a tensor moved.
      const KeptValues moved(problem.tensors);
      for (size_t i = 0; i < here.size(); ++i) assign(problem.tensors[i].second, here[i]);
      const GradMode mode(true);
      *found = rounding_of(problem, gradients, gradients_at);
    }
    return **found;
  };
}

/// sum over all tensors of a_i b_i, and of |a_i b_i|.
std::pair<double, double> inner(const std::vector<Numbers>& a, const std::vector<Numbers>& b) {
  double total = 0, magnitude = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t k = 0; k < b[i].size(); ++k) {
      total += a[i][k] * b[i][k];
      magnitude += std::abs(a[i][k] * b[i][k]);
    }
  }
  return {total, magnitude};
}

std::vector<Numbers> numbers_of(const std::vector<Tensor>& tensors) {
  std::vector<Numbers> all;
  for (const Tensor& x : tensors) all.push_back(numbers(x));
  return all;
}

/// The matrix H of second derivatives is symmetric: w^T (H u) = u^T (H w). Claim holds H u. What is small
/// beside the gradients themselves is rounding.
void check_symmetry(Claim& claim, const std::vector<Tensor>& gradients, const std::vector<Tensor>& u,
                    const std::vector<Tensor>& leaves, Rng& rng) {
  std::vector<Tensor> w;
  w.reserve(leaves.size());
  for (const Tensor& x : leaves) w.push_back(cotangent(x.shape(), rng));
  const std::vector<Numbers> hw = all_numbers(second_gradients(gradients, w, leaves), leaves);
  const std::vector<Numbers> first = all_numbers(gradients, leaves);
  const std::vector<Numbers> along_u = numbers_of(u), along_w = numbers_of(w);
  const auto [left, left_size] = inner(claim.gradients, along_w);
  const auto [right, right_size] = inner(hw, along_u);
  const double gradient_size = inner(first, along_u).second;
  const double bound = least_slack + symmetry_bound * (1e-3 * gradient_size + left_size + right_size);
  const double difference = std::abs(left - right);
  if (!std::isfinite(difference) || difference <= bound) return;
  claim.asymmetry = fmt::format(
      "the second derivative is not symmetric: w^T H u is {:.12g} and u^T H w is {:.12g}", left, right);
}

/// Runs the function once at other values, as a next training step would. A backward that finds what it needs
/// in memory that all calls share finds the wrong numbers there afterwards.
void run_elsewhere(const Problem& problem) {
  const ConvertedLeaves elsewhere(problem.tensors, [](const Tensor& x) { return x * 0.9; });
  try {
    problem.run();
  } catch (const Error&) {  // a function may refuse these values; nothing is lost
  }
}

}  // namespace

Claim first_order(const Problem& problem, Rng& rng) {
  const std::vector<Tensor> leaves = problem.leaves();
  const Tensor y = output_of(problem);
  const Tensor v = cotangent(y.shape(), rng);
  Claim claim;
  claim.outputs = [problem] {
    const NoGrad no_grad;
    return numbers(problem.run());
  };
  refuse_if_it_changes(claim);
  claim.weights = numbers(v);
  run_elsewhere(problem);
  take_gradients(claim, grad({y}, leaves, {v}, {.retain_graph = true, .allow_unused = true}), leaves);
  check_linearity(claim, problem, y, v);
  claim.rounding = measured_once(problem, claim.gradients, [problem, leaves, v](const auto& round) {
    return all_numbers(grad({problem.run()}, leaves, {round(v)}, {.allow_unused = true}), leaves);
  });
  return claim;
}

Claim second_order(const Problem& problem, Rng& rng) {
  const std::vector<Tensor> leaves = problem.leaves();
  const Tensor y = output_of(problem);
  const Tensor v = cotangent(y.shape(), rng);
  std::vector<Tensor> u;
  Claim claim;
  for (const Tensor& x : leaves) {
    u.push_back(cotangent(x.shape(), rng));
    const Numbers entries = numbers(u.back());
    claim.weights.insert(claim.weights.end(), entries.begin(), entries.end());
  }
  // The numbers that are differenced come from a plain backward, and their gradient from one that was
  // recorded: so the two ways of running backward are checked against each other.
  claim.outputs = [problem, leaves, v] {
    Numbers all;
    for (const Numbers& one : all_numbers(grad({problem.run()}, leaves, {v}, {.allow_unused = true}), leaves))
      all.insert(all.end(), one.begin(), one.end());
    return all;
  };
  refuse_if_it_changes(claim);
  const std::vector<Tensor> gradients = grad({y}, leaves, {v}, {.create_graph = true, .allow_unused = true});
  take_gradients(claim, second_gradients(gradients, u, leaves), leaves);
  claim.rounding = measured_once(problem, claim.gradients, [problem, leaves, v, u](const auto& round) {
    std::vector<Tensor> rounded;
    for (const Tensor& one : u) rounded.push_back(round(one));
    const std::vector<Tensor> first =
        grad({problem.run()}, leaves, {round(v)}, {.create_graph = true, .allow_unused = true});
    return all_numbers(second_gradients(first, rounded, leaves), leaves);
  });
  check_symmetry(claim, gradients, u, leaves, rng);
  return claim;
}

}  // namespace gradus::gradchecking
