// Error against step: one-sided and central differences, and the ladder of steps.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/gradcheck/ladder.hpp"
#include "autograd/gradcheck/problem.hpp"
#include "gradlab/experiments/experiment.hpp"
#include "gradlab/experiments/measure.hpp"
#include "gradlab/subject.hpp"

namespace gradus::lab {
namespace {

using namespace gradchecking;

constexpr int64_t elements_per_tensor = 16;
constexpr int rungs = 40;  // steps 2^-1 ... 2^-40
constexpr size_t ladder_rungs = 8;

/// The slopes of L = sum(outputs * v) along one element at every step, from f64 arithmetic.
struct Climb {
  std::vector<Rung> rungs;
  double gradient = 0;  ///< what backward gives
};

Climb climb(const gradchecking::Claim& claim, const Numbers& base, const Tensor& x, size_t at,
            double gradient) {
  const Numbers kept = numbers(x);
  const auto outputs_at = [&](double h) {
    Numbers moved = kept;
    moved[at] += h;
    assign(x, moved);
    return claim.outputs();
  };
  Climb result{{}, gradient};
  for (int i = 1; i <= rungs; ++i) {
    const double h = std::exp2(-i);
    const Numbers above = outputs_at(h), below = outputs_at(-h);
    double both = 0, left = 0, right = 0, sizes = 0;
    for (size_t k = 0; k < base.size(); ++k) {
      const double v = claim.weights[k];
      both += v * (above[k] - below[k]);
      left += v * (base[k] - below[k]);
      right += v * (above[k] - base[k]);
      sizes += above[k] == below[k] ? 0 : std::abs(v) * std::max(std::abs(above[k]), std::abs(below[k]));
    }
    const double noise = std::numeric_limits<double>::epsilon() * sizes;
    result.rungs.push_back({h, both / (2 * h), left / h, right / h, noise});
  }
  assign(x, kept);
  return result;
}

/// Some elements of every tensor that the claim depends on.
std::vector<Climb> climb_all(const Sample& sample, uint64_t seed) {
  const GradMode mode(true);
  const ReplayedGenerator generator;
  CheckedInputs checked(sample.inputs);
  const Named parameters = sample.module ? sample.module->named_parameters() : Named();
  const ConvertedLeaves in_f64(parameters, DType::f64);
  Named leaves = checked.named;
  leaves.insert(leaves.end(), parameters.begin(), parameters.end());
  const Problem problem{[&] { return sample.fn(checked.all); }, leaves, generator};
  Rng rng(seed);
  const gradchecking::Claim claim = first_order(problem, rng);
  const Numbers base = claim.outputs();
  std::vector<Climb> climbs;
  for (size_t i = 0; i < leaves.size(); ++i) {
    std::vector<size_t> order(claim.gradients[i].size());
    std::iota(order.begin(), order.end(), size_t{0});
    rng.shuffle(order);
    order.resize(std::min(order.size(), static_cast<size_t>(elements_per_tensor)));
    for (const size_t at : order)
      climbs.push_back(climb(claim, base, leaves[i].second, at, claim.gradients[i][at]));
  }
  return climbs;
}

/// What the ladder makes of the central differences at `first` and the next steps.
Estimate ladder_from(const Climb& climb, size_t first) {
  Extrapolation extrapolation(4);
  for (size_t i = first; i < std::min(first + ladder_rungs, climb.rungs.size()); ++i) {
    const Rung& rung = climb.rungs[i];
    extrapolation.add(rung.step, rung.central, rung.noise / rung.step);
  }
  return extrapolation.best();
}

/// Errors by step, each a root mean square over the elements relative to the largest |gradient|.
struct Curves {
  std::vector<double> step, central, one_sided, ladder;
  double worst_underestimate = 0;  ///< the largest (error of the ladder) / (its own estimate)
};

Curves curves_of(const std::vector<Climb>& climbs) {
  double scale = 1e-300;
  for (const Climb& climb : climbs) scale = std::max(scale, std::abs(climb.gradient));
  Curves curves;
  for (size_t i = 0; i + 1 < static_cast<size_t>(rungs); ++i) {
    std::vector<double> central, one_sided, ladder;
    for (const Climb& climb : climbs) {
      const Rung& rung = climb.rungs[i];
      if (!std::isfinite(rung.central)) continue;  // x + h left the function's domain
      const Estimate estimate = ladder_from(climb, i);
      central.push_back(rung.central - climb.gradient);
      one_sided.push_back(rung.right - climb.gradient);
      ladder.push_back(estimate.value - climb.gradient);
      if (estimate.error > 0) {
        curves.worst_underestimate =
            std::max(curves.worst_underestimate, std::abs(ladder.back()) / estimate.error);
      }
    }
    if (central.empty()) continue;
    curves.step.push_back(climbs[0].rungs[i].step);
    curves.central.push_back(root_mean_square(central) / scale);
    curves.one_sided.push_back(root_mean_square(one_sided) / scale);
    curves.ladder.push_back(root_mean_square(ladder) / scale);
  }
  return curves;
}

double least(const std::vector<double>& values) {
  double found = INFINITY;
  for (const double value : values) {
    if (value > 0) found = std::min(found, value);
  }
  return found;
}

/// The slope where truncation rules: at wide steps, well above the least error.
double truncation_slope(const std::vector<double>& step, const std::vector<double>& error) {
  std::vector<double> x, y;
  for (size_t i = 0; i < step.size(); ++i) {
    if (step[i] > 0.05 || !(error[i] > 30 * least(error))) continue;
    if (i > 0 && error[i] > error[i - 1]) break;
    x.push_back(step[i]);
    y.push_back(error[i]);
  }
  return log_slope(x, y);
}

plot::Picture drawn(const std::string& subject, const Curves& curves, const Sweep& sweep) {
  std::vector<double> step32, error32;
  for (const SweepPoint& point : sweep.f32.points) {
    step32.push_back(point.step);
    error32.push_back(point.error);
  }
  plot::Chart chart;
  chart.title = fmt::format("{}: error of a difference against its step", subject);
  chart.x_label = "step h";
  chart.log_x = chart.log_y = true;
  chart.width = 700;
  chart.height = 430;
  // From narrow to wide, as a chart wants it.
  const auto rising = [](std::vector<double> values) {
    std::reverse(values.begin(), values.end());
    return values;
  };
  const std::vector<double> step = rising(curves.step), central = rising(curves.central);
  chart.series = {curve("central, f64", 1, step, central),
                  curve("one-sided, f64", 3, step, rising(curves.one_sided)),
                  curve("ladder from h down, f64", 4, step, rising(curves.ladder)),
                  curve("central, f32", 2, rising(step32), rising(error32))};
  for (plot::ChartSeries& series : chart.series) series.markers = false;
  const double lowest = least(curves.central) / 3;
  const auto at = [&](double h) {
    size_t i = 0;
    while (i + 1 < step.size() && step[i] < h) ++i;
    return i;
  };
  if (std::isfinite(sweep.f64.truncation_slope)) {
    chart.series.push_back(guide("h²", 1, step, central, at(0.01), 2, lowest, 3));
    chart.series.push_back(guide("h", 3, step, rising(curves.one_sided), at(0.01), 1, lowest, 3));
  }
  if (std::isfinite(sweep.f64.roundoff_slope))
    chart.series.push_back(guide("ε/h", 1, step, central, at(1e-9), -1, lowest, 3));
  return plot::draw(chart);
}

Outcome run(const ExperimentOptions& options) {
  const Subject* subject = find_subject(options.subject);
  if (subject == nullptr) fail<IndexError>("experiment step: there is no subject '{}'", options.subject);
  const Sample sample = subject->sample(options.seed);
  const Sweep sweep = lab::sweep(sample, {.sample = elements_per_tensor, .seed = options.seed});
  const Curves curves = curves_of(climb_all(sample, options.seed));

  Outcome outcome;
  outcome.table.columns = {{"step h"}, {"one-sided f64"}, {"central f64"}, {"ladder f64"}, {"central f32"}};
  for (size_t i = 0; i < curves.step.size(); i += 3) {
    Cell f32 = std::string("");
    for (const SweepPoint& point : sweep.f32.points) {
      if (point.step == curves.step[i]) f32 = point.error;
    }
    outcome.table.rows.push_back(
        {curves.step[i], curves.one_sided[i], curves.central[i], curves.ladder[i], f32});
  }
  const double one_sided_slope = truncation_slope(curves.step, curves.one_sided);
  const double best = least(curves.central), best_one_sided = least(curves.one_sided);
  // The ladder that gradcheck climbs begins near 2e-3.
  size_t usual = 0;
  while (usual + 1 < curves.step.size() && curves.step[usual] > 2e-3) ++usual;
  outcome.facts = {{"truncation_slope", sweep.f64.truncation_slope},
                   {"roundoff_slope", sweep.f64.roundoff_slope},
                   {"one_sided_slope", one_sided_slope},
                   {"best_step_f64", sweep.f64.best_step},
                   {"best_error_f64", best},
                   {"best_step_f32", sweep.f32.best_step},
                   {"best_error_f32", sweep.f32.best_error},
                   {"best_error_one_sided", best_one_sided},
                   {"ladder_error", curves.ladder[usual]},
                   {"worst_underestimate", curves.worst_underestimate}};
  if (std::isfinite(sweep.f64.truncation_slope) && std::isfinite(sweep.f64.roundoff_slope)) {
    outcome.conclusion = {
        fmt::format("Wide steps: the central error falls like h^{:.2f}, the one-sided one like h^{:.2f}.",
                    sweep.f64.truncation_slope, one_sided_slope),
        fmt::format("Below its best step the central error rises again, like h^{:.2f}.",
                    sweep.f64.roundoff_slope)};
  } else {
    outcome.conclusion = {"The error is no V: the function has a corner, or too little curvature."};
  }
  outcome.conclusion.push_back(
      fmt::format("Best step in f64: {:.1e}, error {:.0e} (one-sided {:.0e}). In f32: {:.1e}, error {:.0e}.",
                  sweep.f64.best_step, best, best_one_sided, sweep.f32.best_step, sweep.f32.best_error));
  outcome.conclusion.push_back(fmt::format("The ladder that begins at {:.1e} reaches {:.0e}.",
                                           curves.step[usual], curves.ladder[usual]));
  outcome.picture = drawn(subject->name, curves, sweep);
  return outcome;
}

}  // namespace

Experiment step_experiment() {
  return {"step", "How does the error of a difference depend on its step?", 1, run};
}

}  // namespace gradus::lab
