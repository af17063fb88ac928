// Finite differences at a kink: what they see at and near the corner of ReLU and |x|, and what checkers say.
#include <fmt/format.h>

#include <cmath>

#include "autograd/autograd.hpp"
#include "gradlab/experiments/experiment.hpp"
#include "gradlab/experiments/measure.hpp"

namespace gradus::lab {
namespace {

using Function1 = Tensor (*)(const Tensor&);

constexpr double torch_step = 1e-6;
constexpr int64_t trials = 200, trial_elements = 16;

double value(Function1 f, double x) { return f(tensor({x})).item(); }

/// ReLU with a derivative of 1.5 everywhere: at the corner that is outside the slopes 0 and 1.
Tensor relu_with_wrong_slope(const Tensor& x) {
  const Tensor slope = x * 1.5;
  return relu(x).detach() + (slope - slope.detach());
}

struct Slopes3 {
  double left, central, right;
};

Slopes3 slopes(Function1 f, double x, double h) {
  const double here = value(f, x), above = value(f, x + h), below = value(f, x - h);
  return {(here - below) / h, (above - below) / (2 * h), (above - here) / h};
}

double analytic(Function1 f, double x) {
  const Tensor leaf = tensor({x}).requires_grad();
  return grad({sum(f(leaf))}, {leaf})[0].item();
}

Verdict verdict(Function1 f, const Tensor& x, GradcheckRules rules, uint64_t seed) {
  return gradcheck([f](const std::vector<Tensor>& in) { return f(in[0]); }, {x},
                   {.rules = rules, .seed = seed})
      .verdict;
}

/// Of `trials` tensors of normal numbers rounded to quarters, as quantised data are, how many fail?
double false_failures(GradcheckRules rules, uint64_t seed) {
  double failed = 0;
  for (int64_t trial = 0; trial < trials; ++trial) {
    Rng rng(seed, static_cast<uint64_t>(trial));
    std::vector<double> values;
    for (int64_t i = 0; i < trial_elements; ++i) values.push_back(std::round(4 * rng.normal()) / 4);
    const Verdict found = verdict(relu, tensor(values), rules, seed);
    failed += found == Verdict::pass || found == Verdict::kink ? 0 : 1;
  }
  return failed;
}

/// Left, central and right slopes of ReLU at `x` against the step.
plot::Picture drawn(double x) {
  std::vector<double> step, left, central, right;
  for (int power = -30; power <= -2; ++power) {
    step.push_back(std::exp2(power));
    const Slopes3 s = slopes(relu, x, step.back());
    left.push_back(s.left);
    central.push_back(s.central);
    right.push_back(s.right);
  }
  plot::Chart chart;
  chart.title = fmt::format("ReLU at x = {}", x);
  chart.x_label = "step h";
  chart.log_x = true;
  chart.width = 420;
  chart.height = 320;
  chart.series = {curve("from the left", 1, step, left), curve("central", 2, step, central),
                  curve("from the right", 3, step, right)};
  return plot::draw(chart);
}

Outcome run(const ExperimentOptions& options) {
  struct Row {
    std::string name;
    Function1 f;
    double x;
  };
  const std::vector<Row> rows = {{"relu", relu, 0},    {"relu", relu, 1e-7},
                                 {"relu", relu, 1e-5}, {"relu", relu, 1e-3},
                                 {"relu", relu, 0.1},  {"abs", abs, 0},
                                 {"abs", abs, 1e-7},   {"relu, slope 1.5", relu_with_wrong_slope, 0}};
  Outcome outcome;
  outcome.table.columns = {
      {"function"},          {"x", "{:g}"},       {"backward", "{:.2f}"}, {"left", "{:.2f}"},
      {"central", "{:.2f}"}, {"right", "{:.2f}"}, {"torch's rule"},       {"gradus"}};
  for (const Row& row : rows) {
    const Slopes3 s = slopes(row.f, row.x, torch_step);
    const Verdict ours = verdict(row.f, tensor({row.x}), GradcheckRules::gradus, options.seed);
    const Verdict theirs = verdict(row.f, tensor({row.x}), GradcheckRules::torch, options.seed);
    outcome.table.rows.push_back(
        {row.name, row.x, analytic(row.f, row.x), s.left, s.central, s.right, loud(theirs), loud(ours)});
    outcome.facts.emplace_back(fmt::format("{} at {:g}: torch", row.name, row.x),
                               static_cast<double>(theirs));
    outcome.facts.emplace_back(fmt::format("{} at {:g}: gradus", row.name, row.x), static_cast<double>(ours));
  }
  const Slopes3 corner = slopes(relu, 0, torch_step);
  const double ours = false_failures(GradcheckRules::gradus, options.seed);
  const double theirs = false_failures(GradcheckRules::torch, options.seed);
  outcome.facts.insert(outcome.facts.end(), {{"central_at_corner", corner.central},
                                             {"false_failures_gradus", ours},
                                             {"false_failures_torch", theirs},
                                             {"trials", static_cast<double>(trials)}});
  outcome.conclusion = {
      fmt::format("The slopes are those of torch's step, {:g}.", torch_step),
      fmt::format("At the corner of relu the central one is {:.2f}, the mean of {:.0f} and {:.0f}.",
                  corner.central, corner.left, corner.right),
      fmt::format(
          "Of {} right checks of relu at multiples of 1/4, torch's rule fails {:.0f} and gradus {:.0f}.",
          trials, theirs, ours)};
  outcome.picture = plot::beside({drawn(0), drawn(1e-3)});
  return outcome;
}

}  // namespace

Experiment kink_experiment() {
  return {"kink", "What do finite differences say where a function has a corner?", 1, run};
}

}  // namespace gradus::lab
