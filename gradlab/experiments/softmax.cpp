// Softmax in f32 with and without subtracting the largest logit.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "autograd/autograd.hpp"
#include "autograd/gradcheck/problem.hpp"
#include "gradlab/experiments/experiment.hpp"
#include "gradlab/experiments/measure.hpp"

namespace gradus::lab {
namespace {

using gradchecking::Numbers;
using Function1 = Tensor (*)(const Tensor&);

constexpr int64_t rows = 16, classes = 16;
constexpr double lost = 1e-3;  // a relative error that no rounding explains

Tensor safe(const Tensor& x) { return softmax(x); }

Tensor naive(const Tensor& x) {
  const Tensor e = exp(x);
  return e / sum(e, Axes{-1}, true);
}

/// The same with a product by 1 / s in place of the quotient; its backward has 1 / s^2.
Tensor reciprocal(const Tensor& x) {
  const Tensor e = exp(x);
  return e * pow(sum(e, Axes{-1}, true), -1);
}

/// Rows of logits whose largest is `largest`, the others up to 6 below it.
Tensor logits(double largest, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> values;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < classes; ++c)
      values.push_back(static_cast<float>(c == 0 ? largest : largest - 6 * rng.uniform()));
  }
  return tensor(values, Shape{rows, classes});
}

/// Relative errors of f in f32: the worst of any probability, and that of the gradient as a whole. NaN when
/// anything is not finite.
struct Errors {
  double value = 0, gradient = 0;
};

Errors errors_of(Function1 f, double largest, uint64_t seed) {
  const auto run = [&](Function1 g, DType dtype) {
    const Tensor x = logits(largest, seed).to(dtype).requires_grad();
    const Tensor y = g(x);
    Rng rng(seed);
    const Tensor v = gradchecking::cotangent(y.shape(), rng, DType::f32).to(dtype);
    return std::pair(gradchecking::numbers(y), gradchecking::numbers(grad({y}, {x}, {v})[0]));
  };
  const auto [value, gradient] = run(f, DType::f32);
  const auto [exact_value, exact_gradient] = run(safe, DType::f64);
  Errors errors;
  double difference = 0, size = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    const double relative = std::abs(value[i] - exact_value[i]) / exact_value[i];
    // A NaN stays: nothing compares with it.
    if (std::isnan(relative) || relative > errors.value) errors.value = relative;
    difference += (gradient[i] - exact_gradient[i]) * (gradient[i] - exact_gradient[i]);
    size += exact_gradient[i] * exact_gradient[i];
  }
  errors.gradient = std::sqrt(difference / size);
  for (double* error : {&errors.value, &errors.gradient}) {
    if (!std::isfinite(*error)) *error = std::numeric_limits<double>::quiet_NaN();
  }
  return errors;
}

/// The point between `good` and `bad` where `holds` stops holding.
template <class Test>
double boundary(double good, double bad, const Test& holds) {
  for (int i = 0; i < 40; ++i) {
    const double middle = (good + bad) / 2;
    (holds(middle) ? good : bad) = middle;
  }
  return good;
}

Outcome run(const ExperimentOptions& options) {
  struct Form {
    std::string name;
    Function1 f;
    std::vector<double> value, gradient;
  };
  std::vector<Form> forms = {
      {"exp(x) / s", naive, {}, {}}, {"exp(x) * (1 / s)", reciprocal, {}, {}}, {"softmax", safe, {}, {}}};
  std::vector<double> x;
  for (int at = -110; at <= 110; at += 2) {
    const double largest = at;
    x.push_back(largest);
    for (Form& form : forms) {
      const Errors errors = errors_of(form.f, largest, options.seed);
      form.value.push_back(errors.value / eps32);
      form.gradient.push_back(errors.gradient / eps32);
    }
  }
  const auto value_holds = [&](double largest) {
    return errors_of(naive, largest, options.seed).value < lost;
  };
  const auto gradient_holds = [&](double largest) {
    return errors_of(reciprocal, largest, options.seed).gradient < lost;
  };
  const auto exp_holds = [](double t) { return std::isfinite(exp(scalar(t)).item()); };
  const double exp_end = boundary(0, 200, exp_holds);
  const double upper = boundary(0, 200, value_holds), lower = boundary(0, -200, value_holds);
  const double quiet = boundary(0, 200, gradient_holds);
  const auto gradient_is_finite = [&](double largest) {
    return std::isfinite(errors_of(reciprocal, largest, options.seed).gradient);
  };
  const double loud = boundary(0, 200, gradient_is_finite);
  double worst_safe = 0;
  for (size_t i = 0; i < x.size(); ++i)
    worst_safe = std::max({worst_safe, forms[2].value[i], forms[2].gradient[i]});

  Outcome outcome;
  outcome.table.columns = {{"largest", "{:.0f}"},      {"exp(x)/s", "{:.1e}"}, {"gradient", "{:.1e}"},
                           {"exp(x)*(1/s)", "{:.1e}"}, {"gradient", "{:.1e}"}, {"softmax", "{:.1e}"},
                           {"gradient", "{:.1e}"}};
  for (const double largest :
       {-110.0, -95.0, -86.0, -80.0, -40.0, 0.0, 40.0, 46.0, 60.0, 80.0, 88.0, 89.0, 1000.0}) {
    std::vector<Cell> row = {largest};
    for (const Form& form : forms) {
      const Errors errors = errors_of(form.f, largest, options.seed);
      row.emplace_back(errors.value / eps32);
      row.emplace_back(errors.gradient / eps32);
    }
    outcome.table.rows.push_back(row);
  }
  outcome.facts = {{"exp_end", exp_end},
                   {"upper", upper},
                   {"lower", lower},
                   {"reciprocal_gradient_end", quiet},
                   {"reciprocal_gradient_nan", loud},
                   {"worst_softmax", worst_safe}};
  outcome.conclusion = {
      "Errors in units of eps32 = 1.2e-07; 8.4e+06 of them are as much as the number itself.",
      fmt::format("exp overflows in f32 above {:.2f}.", exp_end),
      fmt::format("The naive softmax of {} logits is lost above {:.2f} and below {:.2f}.", classes, upper,
                  lower),
      fmt::format("As exp(x) * (1 / s) its gradient is wrong from {:.2f} on; no NaN shows it before {:.2f}.",
                  quiet, loud),
      fmt::format("With the largest logit subtracted the error stays below {:.0f} units everywhere.",
                  std::ceil(worst_safe))};
  plot::Chart chart;
  chart.title = "Softmax in f32: worst error in units of eps32";
  chart.x_label = "largest logit";
  chart.log_y = true;
  chart.width = 700;
  chart.height = 400;
  chart.series = {curve("exp(x) / s", 2, x, forms[0].value), curve("its gradient", 2, x, forms[0].gradient),
                  curve("gradient of exp(x) * (1 / s)", 4, x, forms[1].gradient),
                  curve("softmax", 1, x, forms[2].value), curve("its gradient", 1, x, forms[2].gradient)};
  for (plot::ChartSeries& series : chart.series) series.markers = false;
  chart.series[1].dashed = chart.series[4].dashed = true;
  outcome.picture = plot::draw(chart);
  return outcome;
}

}  // namespace

Experiment softmax_experiment() {
  return {"softmax", "What does subtracting the largest logit save a softmax from?", 1, run};
}

}  // namespace gradus::lab
