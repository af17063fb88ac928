// The two forms of GELU: how far apart they are, and who notices when one has the derivative of the other.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autograd/autograd.hpp"
#include "autograd/gradcheck/ladder.hpp"
#include "gradlab/experiments/experiment.hpp"
#include "gradlab/experiments/measure.hpp"

namespace gradus::lab {
namespace {

constexpr double end = 5;
constexpr int points = 641;  // from -5 to 5, 1/64 apart
constexpr uint64_t trials = 100;
constexpr double torch_absolute = 1e-5, torch_relative = 1e-3;

/// The value of erf GELU with the derivative of tanh GELU: what is added is 0, but its gradient is not.
Tensor mixed(const Tensor& x) {
  const Tensor approximate = gelu_tanh(x);
  return gelu(x).detach() + (approximate - approximate.detach());
}

struct ValuesAndSlopes {
  std::vector<double> values, slopes;
};

ValuesAndSlopes of(Tensor (*f)(const Tensor&), const std::vector<double>& x) {
  const Tensor leaf = tensor(x).requires_grad();
  const Tensor y = f(leaf);
  return {y.to_vector<double>(), grad({sum(y)}, {leaf})[0].to_vector<double>()};
}

/// Where |gap| is largest.
size_t widest(const std::vector<double>& gap) {
  return static_cast<size_t>(
      std::max_element(gap.begin(), gap.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }) -
      gap.begin());
}

/// How many of `trials` gradient checks of `mixed`, each at 12 normal numbers, fail by each set of rules?
void add_verdicts(Outcome& outcome, uint64_t seed) {
  const auto fn = [](const std::vector<Tensor>& in) { return mixed(in[0]); };
  const auto add = [&](const std::string& rules, const std::string& fact, GradcheckOptions options) {
    double caught = 0;
    for (uint64_t trial = 0; trial < trials; ++trial) {
      Rng rng(seed, trial);
      options.seed = trial;
      caught += gradcheck(fn, {randn({12}, rng, DType::f64)}, options).passed ? 0 : 1;
    }
    outcome.table.rows.push_back({rules, caught});
    outcome.facts.emplace_back("caught_by_" + fact, caught);
  };
  outcome.table.columns = {{"rules"}, {fmt::format("caught, of {}", trials), "{:.0f}"}};
  add("gradus, every element", "gradus", {});
  add("gradus, one direction", "direction", {.directions = 1});
  add("torch, default", "torch", {.rules = GradcheckRules::torch});
  add("torch, fast_mode", "torch_fast", {.rules = GradcheckRules::torch_fast});
  add("JAX check_grads, f64", "jax", {.rules = GradcheckRules::jax});
  add("f32 against f64", "f32", {.dtype = DType::f32});
}

Outcome run(const ExperimentOptions& options) {
  std::vector<double> x;
  x.reserve(points);
  for (int i = 0; i < points; ++i) x.push_back(-end + 2 * end * i / (points - 1));
  const ValuesAndSlopes exact = of(gelu, x), approximate = of(gelu_tanh, x);
  std::vector<double> value_gap, slope_gap, distance, ours, torch;
  double caught_by_torch = 0, caught_by_us = 0;
  const auto erf_gelu = [](double t) { return t / 2 * std::erfc(-t / std::sqrt(2.0)); };
  for (size_t i = 0; i < x.size(); ++i) {
    value_gap.push_back(approximate.values[i] - exact.values[i]);
    slope_gap.push_back(approximate.slopes[i] - exact.slopes[i]);
    const Estimate numeric = ridders(erf_gelu, x[i]);
    distance.push_back(std::abs(approximate.slopes[i] - numeric.value));
    ours.push_back(10 * numeric.error + 1e-9);
    torch.push_back(torch_absolute + torch_relative * std::abs(numeric.value));
    caught_by_us += distance[i] > ours[i] ? 1 : 0;
    caught_by_torch += distance[i] > torch[i] ? 1 : 0;
  }
  const size_t value_at = widest(value_gap), slope_at = widest(slope_gap);

  Outcome outcome;
  add_verdicts(outcome, options.seed);
  outcome.facts.insert(outcome.facts.end(), {{"value_gap", std::abs(value_gap[value_at])},
                                             {"value_gap_at", std::abs(x[value_at])},
                                             {"slope_gap", std::abs(slope_gap[slope_at])},
                                             {"slope_gap_at", std::abs(x[slope_at])},
                                             {"share_caught_by_gradus", caught_by_us / points},
                                             {"share_caught_by_torch", caught_by_torch / points}});
  outcome.conclusion = {
      "Each check is at 12 normal numbers: erf GELU with the derivative of tanh GELU.",
      fmt::format("The values differ by {:.2e} at most, at |x| = {:.2f}.", std::abs(value_gap[value_at]),
                  std::abs(x[value_at])),
      fmt::format("The derivatives differ by {:.2e} at most, at |x| = {:.2f}.", std::abs(slope_gap[slope_at]),
                  std::abs(x[slope_at])),
      fmt::format(
          "From -5 to 5 it is outside our tolerance at {:.1f} % of the points, outside torch's at {:.1f} %.",
          100 * caught_by_us / points, 100 * caught_by_torch / points)};

  plot::Chart gaps;
  gaps.title = "tanh GELU minus erf GELU";
  gaps.x_label = "x";
  gaps.width = 420;
  gaps.height = 340;
  gaps.series = {curve("value", 1, x, value_gap), curve("derivative", 2, x, slope_gap)};
  plot::Chart check;
  check.title = "The wrong derivative beside tolerances";
  check.x_label = "x";
  check.log_y = true;
  check.width = 420;
  check.height = 340;
  check.series = {curve("|analytic - numeric|", 2, x, distance), curve("torch allows", 3, x, torch),
                  curve("gradus allows", 4, x, ours)};
  for (plot::Chart* chart : {&gaps, &check}) {
    for (plot::ChartSeries& series : chart->series) series.markers = false;
  }
  outcome.picture = plot::beside({plot::draw(gaps), plot::draw(check)});
  return outcome;
}

}  // namespace

Experiment gelu_experiment() {
  return {"gelu", "How far apart are the two forms of GELU, and does a gradient check tell them apart?", 1,
          run};
}

}  // namespace gradus::lab
