/// @file
/// Derivatives by measuring: differences, their error, and a gradient checker from nothing (chapter 3).
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops.hpp"
#include "autograd/random.hpp"

namespace gradus::tutorials {

// ---- Of one number; T is float or double, so that the rounding of either can be seen ----

/// (f(x + h) - f(x)) / h. Its error is h/2 f''(x) + ..., and rounding.
template <class T, class F>
T forward_difference(const F& f, T x, T h) {
  return (f(x + h) - f(x)) / h;
}

/// (f(x + h) - f(x - h)) / 2h. Its error is h^2/6 f'''(x) + ..., and rounding.
template <class T, class F>
T central_difference(const F& f, T x, T h) {
  return (f(x + h) - f(x - h)) / (2 * h);
}

/// A measured derivative, and how far off it may be by its own account.
struct Measured {
  double value = 0;
  double estimate = 0;
};

/// Central differences at h and h/2, extrapolated to h = 0 (Richardson 1911). Since the error of D(h) is
/// c h^2, that of D(h/2) is a quarter of it, and their difference is 3/4 c h^2.
template <class F>
Measured extrapolated(const F& f, double x, double h) {
  const double wide = central_difference(f, x, h), narrow = central_difference(f, x, h / 2);
  const double correction = (narrow - wide) / 3;
  return {narrow + correction, std::abs(correction)};
}

/// Row i begins with the central difference at h / 2^i. Each further column removes the next power of h from
/// the column before it: h^2, h^4, h^6 (Neville's scheme).
template <class F>
std::vector<std::vector<double>> extrapolation_table(const F& f, double x, double h, int rows) {
  std::vector<std::vector<double>> table;
  for (int i = 0; i < rows; ++i, h /= 2) {
    std::vector<double> row{central_difference(f, x, h)};
    double factor = 4;
    for (int column = 1; column <= i; ++column, factor *= 4) {
      const double narrow = row.back(), wide = table.back()[static_cast<size_t>(column) - 1];
      row.push_back(narrow + (narrow - wide) / (factor - 1));
    }
    table.push_back(row);
  }
  return table;
}

// ---- Of tensors ----

using TensorFunction = std::function<Tensor(const Tensor&)>;

/// Entries of both signs, none near zero and no two alike: 0.5 <= |v| <= 2.
inline Tensor uneven_cotangent(const Shape& shape, Rng& rng) {
  std::vector<double> v;
  for (int64_t i = 0; i < shape.numel(); ++i) {
    v.push_back((0.5 + 1.5 * rng.uniform()) * (rng.chance(0.5) ? 1 : -1));
  }
  return tensor(v, shape);
}

/// d(sum(fn(x) * v))/dx, one element after the other, by central differences. x is f64.
inline Tensor measured_gradient(const TensorFunction& fn, const Tensor& x, const Tensor& v, double h = 1e-5) {
  const NoGrad no_grad;
  const auto loss = [&](const std::vector<double>& values) {
    return sum(fn(tensor(values, x.shape())) * v).item();
  };
  std::vector<double> values = x.to_vector<double>(), slopes;
  for (double& value : values) {
    const double kept = value;
    value = kept + h;
    const double above = loss(values);
    value = kept - h;
    const double below = loss(values);
    value = kept;
    slopes.push_back((above - below) / (2 * h));
  }
  return tensor(slopes, x.shape());
}

/// The same by backward.
inline Tensor backward_gradient(const TensorFunction& fn, const Tensor& x, const Tensor& v) {
  Tensor leaf = x.clone().requires_grad();
  return grad({fn(leaf)}, {leaf}, {v})[0];
}

}  // namespace gradus::tutorials
