// What the generator's saved state is for: differences of a function with dropout, replayed and not.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autograd/autograd.hpp"
#include "autograd/gradcheck/problem.hpp"
#include "gradlab/experiments/experiment.hpp"
#include "gradlab/experiments/measure.hpp"
#include "nn/dropout.hpp"

namespace gradus::lab {
namespace {

using gradchecking::Numbers;

constexpr double p = 0.1;
constexpr int64_t elements = 32;
constexpr int narrowest = 40;  // steps 2^-1 ... 2^-40

/// L(x) = sum(v * dropout(gelu(x))): every evaluation draws its mask from default_rng().
struct Loss {
  nn::Dropout dropout{p};
  Tensor x, v;

  Loss(uint64_t seed) {
    Rng rng(seed);
    x = randn({elements}, rng, DType::f64);
    v = gradchecking::cotangent({elements}, rng);
  }
  Tensor at(const Tensor& input) const { return sum(v * dropout(gelu(input))); }

  /// sigma: the standard deviation of L over masks, by sum of v^2 gelu(x)^2 p / (1 - p).
  double spread() const {
    double variance = 0;
    const Numbers g = gradchecking::numbers(gelu(x)), weights = gradchecking::numbers(v);
    for (size_t i = 0; i < g.size(); ++i) variance += weights[i] * weights[i] * g[i] * g[i] * p / (1 - p);
    return std::sqrt(variance);
  }
};

/// The root mean square over the elements of |central difference - gradient|. When `replayed`, each
/// evaluation begins with the generator's state that the gradient began with.
double error_at(const Loss& loss, const Numbers& gradient, const Rng::State& state, double h, bool replayed) {
  const NoGrad no_grad;
  const Numbers kept = gradchecking::numbers(loss.x);
  std::vector<double> errors;
  for (size_t i = 0; i < kept.size(); ++i) {
    const auto at = [&](double t) {
      Numbers moved = kept;
      moved[i] += t;
      if (replayed) default_rng() = Rng::from_state(state);
      return loss.at(tensor(moved)).item();
    };
    const double above = at(h), below = at(-h);
    errors.push_back((above - below) / (2 * h) - gradient[i]);
  }
  return root_mean_square(errors);
}

/// Does gradcheck refuse a function whose masks it cannot replay, as they come from a generator of its own?
bool refuses(const Loss& loss, uint64_t seed) {
  Rng own(seed);
  try {
    const auto fn = [&](const std::vector<Tensor>& in) {
      return sum(loss.v * dropout(gelu(in[0]), p, own.bits64()));
    };
    gradcheck(fn, {loss.x});
  } catch (const GraphError&) {
    return true;
  }
  return false;
}

Outcome run(const ExperimentOptions& options) {
  const Rng::State before = default_rng().state();
  manual_seed(options.seed);
  const Loss loss(options.seed);
  const Rng::State state = default_rng().state();
  Tensor leaf = loss.x.clone().requires_grad();
  const Numbers gradient = gradchecking::numbers(grad({loss.at(leaf)}, {leaf})[0]);

  Outcome outcome;
  outcome.table.columns = {{"step h"}, {"replayed"}, {"not replayed"}, {"theory"}};
  std::vector<double> step, replayed, fresh, theory;
  for (int power = -narrowest; power <= -1; ++power) {
    step.push_back(std::exp2(power));
    replayed.push_back(error_at(loss, gradient, state, step.back(), true));
    // Two masks give two numbers that differ by sqrt(2) sigma, over 2h.
    theory.push_back(loss.spread() / (std::sqrt(2.0) * step.back()));
  }
  // After all that was replayed, so that every step draws masks of its own.
  for (const double h : step) fresh.push_back(error_at(loss, gradient, state, h, false));
  std::vector<double> ratios;
  for (size_t i = step.size(); i > 0; --i) {
    if ((step.size() - i) % 4 == 0)
      outcome.table.rows.push_back({step[i - 1], replayed[i - 1], fresh[i - 1], theory[i - 1]});
    if (step[i - 1] < 0.01) ratios.push_back(fresh[i - 1] / theory[i - 1]);
  }
  const double best = *std::min_element(replayed.begin(), replayed.end());
  const double least = *std::min_element(fresh.begin(), fresh.end());
  const double draws = std::pow(loss.spread() / (std::sqrt(2.0) * 1e-3 * 1e-6), 2);
  default_rng() = Rng::from_state(state);
  const GradcheckReport report = gradcheck([&](const std::vector<Tensor>& in) { return loss.at(in[0]); },
                                           {loss.x}, {.seed = options.seed});
  const bool refused = refuses(loss, options.seed);
  outcome.facts = {{"replayed_best", best},
                   {"not_replayed_best", least},
                   {"not_replayed_slope", log_slope({step.begin(), step.end() - 6}, fresh)},
                   {"noise_over_theory", root_mean_square(ratios)},
                   {"gradient", root_mean_square(gradient)},
                   {"draws", draws},
                   {"gradcheck_passes", report.passed ? 1 : 0},
                   {"gradcheck_refuses", refused ? 1 : 0}};
  outcome.conclusion = {
      fmt::format("Replayed, the difference comes within {:.0e} of a gradient of size {:.2f}; gradcheck: {}.",
                  best, root_mean_square(gradient), gradus::name(report.verdict)),
      fmt::format("Not replayed, it is never nearer than {:.2f}, and its error goes like h^{:.2f}.", least,
                  outcome.fact("not_replayed_slope")),
      fmt::format("That is {:.2f} times the noise of two masks in theory, sigma / (sqrt(2) h).",
                  outcome.fact("noise_over_theory")),
      fmt::format("Averaging instead would take {:.0e} masks for an error of 1e-6 at h = 1e-3.", draws),
      fmt::format("gradcheck {} a function whose masks it cannot replay.", refused ? "refuses" : "accepts")};

  plot::Chart chart;
  chart.title = "dropout(gelu(x)): |difference - gradient| against the step";
  chart.x_label = "step h";
  chart.log_x = chart.log_y = true;
  chart.width = 640;
  chart.height = 380;
  chart.series = {curve("state replayed", 1, step, replayed), curve("state not replayed", 2, step, fresh),
                  curve("sigma / (sqrt(2) h)", 2, step, theory)};
  chart.series.push_back(
      curve("size of the gradient", 3, step, std::vector<double>(step.size(), root_mean_square(gradient))));
  for (const size_t line : {2, 3}) {
    chart.series[line].markers = false;
    chart.series[line].dashed = true;
  }
  outcome.picture = plot::draw(chart);
  default_rng() = Rng::from_state(before);
  return outcome;
}

}  // namespace

Experiment dropout_experiment() {
  return {"dropout", "What does replaying the generator's state change in a check of dropout?", 1, run};
}

}  // namespace gradus::lab
