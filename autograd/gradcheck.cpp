#include "autograd/gradcheck.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops.hpp"

namespace gradus {
namespace {

using Named = std::vector<std::pair<std::string, Tensor>>;

/// Puts the default generator back on leaving, and to the same state before each evaluation.
class ReplayedGenerator {
 public:
  ReplayedGenerator() : state_(default_rng().state()) {}
  ~ReplayedGenerator() { rewind(); }
  ReplayedGenerator(const ReplayedGenerator&) = delete;
  ReplayedGenerator& operator=(const ReplayedGenerator&) = delete;
  void rewind() const { default_rng() = Rng::from_state(state_); }

 private:
  Rng::State state_;
};

/// Entries of both signs with magnitudes in [0.5, 2].
Tensor cotangent(const Shape& shape, Rng& rng) {
  Tensor v = empty(shape, DType::f64);
  double* data = v.mutable_data<double>();
  for (int64_t i = 0, n = v.numel(); i < n; ++i) {
    data[i] = (0.5 + 1.5 * rng.uniform()) * (rng.chance(0.5) ? 1 : -1);
  }
  return v;
}

struct Value {
  double sum = 0, magnitude = 0;  // sum of a_i b_i, and of |a_i b_i|
};

void accumulate(Value& total, const Tensor& a, const Tensor& b) {
  const std::vector<double> x = a.to_vector<double>(), y = b.to_vector<double>();
  for (size_t i = 0; i < x.size(); ++i) {
    total.sum += x[i] * y[i];
    total.magnitude += std::abs(x[i] * y[i]);
  }
}

/// One function to be differenced: its value, and its gradient with respect to each tensor.
struct Subject {
  std::function<Value()> value;
  std::vector<Tensor> gradients;
};

std::vector<Tensor> tensors_of(const Named& named) {
  std::vector<Tensor> tensors;
  for (const auto& [name, x] : named) tensors.push_back(x);
  return tensors;
}

/// An input that the output does not depend on has the gradient 0.
std::vector<Tensor> filled(std::vector<Tensor> gradients, const std::vector<Tensor>& tensors) {
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (!gradients[i].defined()) gradients[i] = zeros(tensors[i].shape(), DType::f64);
  }
  return gradients;
}

Subject first_order(const std::function<Tensor()>& fn, const Named& named, Rng& rng) {
  const std::vector<Tensor> tensors = tensors_of(named);
  const Tensor y = fn();
  if (!y.needs_grad()) fail<GraphError>("gradcheck: the output depends on no tensor that is checked");
  const Tensor v = cotangent(y.shape(), rng);
  const auto value = [fn, v] {
    const NoGrad no_grad;
    Value total;
    accumulate(total, fn(), v);
    return total;
  };
  return {value, filled(grad({y}, tensors, {v}, {.allow_unused = true}), tensors)};
}

/// The sum of every gradient times its own cotangent u, as a function of the tensors. Its value comes from a
/// plain backward, its gradient from one that was recorded: so the two ways are checked against each other.
Subject second_order(const std::function<Tensor()>& fn, const Named& named, Rng& rng) {
  const std::vector<Tensor> tensors = tensors_of(named);
  const Tensor y = fn();
  if (!y.needs_grad()) fail<GraphError>("gradcheck: the output depends on no tensor that is checked");
  const Tensor v = cotangent(y.shape(), rng);
  std::vector<Tensor> u;
  u.reserve(tensors.size());
  for (const Tensor& x : tensors) u.push_back(cotangent(x.shape(), rng));

  const auto value = [fn, tensors, v, u] {
    Value total;
    const std::vector<Tensor> gradients = grad({fn()}, tensors, {v}, {.allow_unused = true});
    for (size_t i = 0; i < u.size(); ++i) {
      if (gradients[i].defined()) accumulate(total, gradients[i], u[i]);
    }
    return total;
  };
  const std::vector<Tensor> gradients = grad({y}, tensors, {v}, {.create_graph = true, .allow_unused = true});
  Tensor total = scalar(0, DType::f64);
  for (size_t i = 0; i < u.size(); ++i) {
    if (gradients[i].defined()) total = total + sum(gradients[i] * u[i]);
  }
  std::vector<Tensor> second(tensors.size());
  if (total.needs_grad()) second = grad({total}, tensors, {}, {.allow_unused = true});
  return {value, filled(std::move(second), tensors)};
}

/// Adds t * direction to x, element by element, from its kept values.
void move(Tensor& x, const std::vector<double>& kept, const std::vector<double>& direction, double t) {
  const NoGrad no_grad;
  double* data = x.mutable_data<double>();
  for (size_t i = 0; i < kept.size(); ++i) data[i] = kept[i] + t * direction[i];
}

class Checker {
 public:
  Checker(const Subject& subject, const GradcheckOptions& options, const ReplayedGenerator& generator,
          double rounding)
      : subject_(subject), options_(options), generator_(generator), rounding_(rounding) {}

  GradcheckResult check(const std::string& name, Tensor x, const Tensor& gradient, Rng& rng) const {
    GradcheckResult result{.name = name, .shape = x.shape(), .index = {}};
    const std::vector<double> kept = x.to_vector<double>(), analytic = gradient.to_vector<double>();
    const size_t n = kept.size();
    if (n == 0) return result;
    std::vector<double> from_backward, from_differences;
    if (options_.directions == 0) {
      from_backward = analytic;
      for (size_t i = 0; i < n; ++i) {
        std::vector<double> direction(n, 0);
        direction[i] = 1;
        from_differences.push_back(slope(x, kept, direction, std::abs(kept[i])));
      }
    }
    for (int64_t k = 0; k < options_.directions; ++k) {
      std::vector<double> direction(n);
      double along = 0, largest = 0;
      for (size_t i = 0; i < n; ++i) {
        direction[i] = rng.chance(0.5) ? 1 : -1;
        along += direction[i] * analytic[i];
        largest = std::max(largest, std::abs(kept[i]));
      }
      from_backward.push_back(along);
      from_differences.push_back(slope(x, kept, direction, largest));
    }
    move(x, kept, kept, 0);
    judge(result, from_backward, from_differences);
    return result;
  }

 private:
  double slope(Tensor& x, const std::vector<double>& kept, const std::vector<double>& direction,
               double size) const {
    const double h = options_.step * std::max(1.0, size);
    const auto central = [&](double t) {
      move(x, kept, direction, t);
      const double up = evaluate();
      move(x, kept, direction, -t);
      return (up - evaluate()) / (2 * t);
    };
    const double wide = central(h), narrow = central(h / 2);
    move(x, kept, direction, 0);
    return (4 * narrow - wide) / 3;
  }

  double evaluate() const {
    generator_.rewind();
    return subject_.value().sum;
  }

  void judge(GradcheckResult& result, const std::vector<double>& analytic,
             const std::vector<double>& numeric) const {
    double scale = 0;
    for (size_t i = 0; i < analytic.size(); ++i) {
      scale = std::max({scale, std::abs(analytic[i]), std::abs(numeric[i])});
    }
    result.checked = static_cast<int64_t>(analytic.size());
    double worst = -1;
    for (size_t i = 0; i < analytic.size(); ++i) {
      double difference = std::abs(analytic[i] - numeric[i]);
      if (std::isnan(difference)) difference = INFINITY;
      if (!(difference <= options_.tolerance * scale + rounding_)) result.passed = false;
      if (difference <= worst) continue;
      worst = difference;
      result.error = scale > 0 ? difference / scale : difference;
      result.analytic = analytic[i];
      result.numeric = numeric[i];
      result.index = position(result.shape, static_cast<int64_t>(i));
    }
  }

  Shape position(Shape shape, int64_t flat) const {
    if (options_.directions > 0) return {flat};
    Shape index = shape;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      index[axis] = flat % shape[axis];
      flat /= shape[axis];
    }
    return index;
  }

  const Subject& subject_;
  const GradcheckOptions& options_;
  const ReplayedGenerator& generator_;
  double rounding_;
};

}  // namespace

GradcheckReport gradcheck(const std::function<Tensor()>& fn, const Named& tensors,
                          const GradcheckOptions& options) {
  for (const auto& [label, x] : tensors) {
    if (x.dtype() != DType::f64) {
      fail<DTypeError>("gradcheck: {} is {}; differences need f64, so convert it with to(DType::f64)", label,
                       name(x.dtype()));
    }
    if (!x.needs_grad() || !x.is_leaf() || !x.is_contiguous()) {
      fail<GraphError>("gradcheck: {} must be a contiguous leaf that requires a gradient", label);
    }
  }
  const GradMode mode(true);
  const ReplayedGenerator generator;
  Rng rng(options.seed);
  const Subject subject =
      options.second_order ? second_order(fn, tensors, rng) : first_order(fn, tensors, rng);
  generator.rewind();
  const Value once = subject.value();
  generator.rewind();
  const Value again = subject.value();
  if (once.sum != again.sum && !(std::isnan(once.sum) && std::isnan(again.sum))) {
    fail<GraphError>("gradcheck: the function gives {} and then {} for the same input", once.sum, again.sum);
  }
  const Checker checker(subject, options, generator, 1e-11 * std::max(1.0, once.magnitude));
  GradcheckReport report;
  for (size_t i = 0; i < tensors.size(); ++i) {
    report.inputs.push_back(checker.check(tensors[i].first, tensors[i].second, subject.gradients[i], rng));
    report.passed = report.passed && report.inputs.back().passed;
  }
  return report;
}

GradcheckReport gradcheck(const std::function<Tensor(const std::vector<Tensor>&)>& fn,
                          const std::vector<Tensor>& inputs, const GradcheckOptions& options) {
  std::vector<Tensor> copies;
  Named checked;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].defined() || !is_float(inputs[i].dtype())) {
      copies.push_back(inputs[i]);
      continue;
    }
    copies.push_back(inputs[i].detach().to(DType::f64).clone().requires_grad());
    checked.emplace_back(fmt::format("input {}", i), copies.back());
  }
  return gradcheck([&] { return fn(copies); }, checked, options);
}

std::string to_string(const GradcheckReport& report) {
  size_t width = 4;
  for (const GradcheckResult& result : report.inputs) width = std::max(width, result.name.size());
  std::string text = fmt::format("{:<{}}  {:<14}  {:>9}  {:>9}  {:<14}  {:>14}  {:>14}  verdict\n", "name",
                                 width, "shape", "checked", "error", "worst index", "analytic", "numeric");
  for (const GradcheckResult& r : report.inputs) {
    text += fmt::format("{:<{}}  {:<14}  {:>9}  {:>9.1e}  {:<14}  {:>14.7g}  {:>14.7g}  {}\n", r.name, width,
                        to_string(r.shape), r.checked, r.error, to_string(r.index), r.analytic, r.numeric,
                        r.passed ? "pass" : "FAIL");
  }
  return text;
}

}  // namespace gradus
