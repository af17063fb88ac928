#include "autograd/gradcheck/sweep.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "autograd/grad_mode.hpp"
#include "autograd/gradcheck/problem.hpp"

namespace gradus {

using namespace gradchecking;

namespace {

constexpr int64_t default_elements = 32;
/// The last step is 2 to this power: below it, x + h is x for most x.
constexpr int last_power_f64 = -44, last_power_f32 = -20;

struct Element {
  size_t tensor = 0;
  int64_t at = 0;
  double gradient = 0;
};

std::vector<Element> chosen(const Claim& claim, int64_t per_tensor, Rng& rng) {
  std::vector<Element> elements;
  for (size_t i = 0; i < claim.gradients.size(); ++i) {
    const Numbers& gradient = claim.gradients[i];
    std::vector<int64_t> order(gradient.size());
    std::iota(order.begin(), order.end(), 0);
    rng.shuffle(order);
    order.resize(std::min(order.size(), static_cast<size_t>(per_tensor)));
    for (const int64_t at : order) elements.push_back({i, at, gradient[static_cast<size_t>(at)]});
  }
  return elements;
}

/// The central difference of the weighted outputs, divided by the step that x really made in its dtype.
double difference(const Problem& problem, const Claim& claim, const Element& element, double h) {
  const Tensor& x = problem.tensors[element.tensor].second;
  const Numbers kept = numbers(x);
  const KeptValues values({problem.tensors[element.tensor]});
  const auto at = [&](double t, double& reached) {
    Numbers moved = kept;
    moved[static_cast<size_t>(element.at)] += t;
    assign(x, moved);
    reached = numbers(x)[static_cast<size_t>(element.at)];
    const NoGrad no_grad;
    return numbers(problem.run());
  };
  double high = 0, low = 0;
  const Numbers above = at(h, high), below = at(-h, low);
  double total = 0;
  for (size_t i = 0; i < above.size(); ++i) total += claim.weights[i] * (above[i] - below[i]);
  return high > low ? total / (high - low) : NAN;
}

/// The slope of the least-squares line through (log h, log error); NaN for fewer than four points.
double fitted_slope(const std::vector<SweepPoint>& points) {
  if (points.size() < 4) return NAN;
  double x = 0, y = 0, xx = 0, xy = 0;
  const auto n = static_cast<double>(points.size());
  for (const SweepPoint& point : points) {
    const double log_h = std::log(point.step), log_error = std::log(point.error);
    x += log_h / n;
    y += log_error / n;
    xx += log_h * log_h / n;
    xy += log_h * log_error / n;
  }
  return (xy - x * y) / (xx - x * x);
}

void fit(SweepCurve& curve) {
  curve.best_error = INFINITY;
  for (const SweepPoint& point : curve.points) {
    if (point.error < curve.best_error && point.error > 0) {
      curve.best_error = point.error;
      curve.best_step = point.step;
    }
  }
  // Away from the bottom, where both errors mix; not where higher powers of h, or rounding to 0, take over.
  std::vector<SweepPoint> wide, narrow;
  for (const SweepPoint& point : curve.points) {
    if (!(point.error > 30 * curve.best_error)) continue;
    if (point.step > curve.best_step && point.step <= 0.05) wide.push_back(point);
    if (point.step < curve.best_step && point.error < 0.3) narrow.push_back(point);
  }
  curve.truncation_slope = fitted_slope(wide);
  curve.roundoff_slope = fitted_slope(narrow);
}

SweepCurve curve_of(const Problem& problem, const Claim& claim, const std::vector<Element>& elements,
                    DType dtype) {
  const ConvertedLeaves converted(problem.tensors, dtype);
  SweepCurve curve;
  curve.dtype = dtype;
  double scale = 0;
  for (const Element& element : elements) scale = std::max(scale, std::abs(element.gradient));
  const int last = dtype == DType::f64 ? last_power_f64 : last_power_f32;
  for (int power = -1; power >= last; --power) {
    const double h = std::exp2(power);
    double squares = 0, count = 0;
    for (const Element& element : elements) {
      const double error = difference(problem, claim, element, h) - element.gradient;
      if (!std::isfinite(error)) continue;  // x + h left the function's domain
      squares += error * error;
      count += 1;
    }
    if (count > 0) curve.points.push_back({h, std::sqrt(squares / count) / std::max(scale, 1e-300)});
  }
  fit(curve);
  return curve;
}

nlohmann::ordered_json json_of(const SweepCurve& curve) {
  const auto number = [](double x) { return std::isfinite(x) ? nlohmann::ordered_json(x) : nullptr; };
  nlohmann::ordered_json points = nlohmann::ordered_json::array();
  for (const SweepPoint& point : curve.points) points.push_back({point.step, number(point.error)});
  return {{"points", points},
          {"best_step", number(curve.best_step)},
          {"best_error", number(curve.best_error)},
          {"truncation_slope", number(curve.truncation_slope)},
          {"roundoff_slope", number(curve.roundoff_slope)}};
}

}  // namespace

Sweep gradcheck_sweep(const std::function<Tensor()>& fn, const Named& tensors,
                      const GradcheckOptions& options) {
  refuse_bad_options(options);
  if (options.second_order || options.dtype != DType::f64 || options.rules != GradcheckRules::gradus) {
    fail<Error>("gradcheck_sweep: a sweep is of first order, in f64 and f32 at once, and by no rules");
  }
  refuse_bad_tensors(tensors);
  const GradMode mode(true);
  const ReplayedGenerator generator;
  const Problem problem{fn, tensors, generator};
  // Both curves are taken at values that f32 can hold, so that they have one gradient.
  const KeptValues values(tensors);
  for (const auto& [label, x] : tensors) assign(x, numbers(x.detach().to(DType::f32)));
  Rng rng(options.seed);
  const Claim claim = first_order(problem, rng);
  const std::vector<Element> elements =
      chosen(claim, options.sample > 0 ? options.sample : default_elements, rng);
  return {curve_of(problem, claim, elements, DType::f64), curve_of(problem, claim, elements, DType::f32)};
}

Sweep gradcheck_sweep(const std::function<Tensor(const std::vector<Tensor>&)>& fn,
                      const std::vector<Tensor>& inputs, const GradcheckOptions& options) {
  const CheckedInputs checked(inputs);
  return gradcheck_sweep([&] { return fn(checked.all); }, checked.named, options);
}

std::string to_json(const Sweep& sweep) {
  return nlohmann::ordered_json{{"schema", 1}, {"f64", json_of(sweep.f64)}, {"f32", json_of(sweep.f32)}}
      .dump();
}

}  // namespace gradus
