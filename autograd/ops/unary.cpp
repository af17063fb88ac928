// Functions of one element. Each forward stands above its derivative.
#include <cmath>
#include <limits>
#include <numbers>

#include "autograd/kernels/math.hpp"
#include "autograd/ops/op_support.hpp"

namespace gradus {

namespace math = kernels::math;
using ops::map_float;

namespace {

/// A tensor computed outside the tape: 1 where `keep` holds for x, else 0; NaN where x is, so that a backward
/// does not hide what the forward showed.
template <class F>
Tensor indicator(const Tensor& x, F keep) {
  return map_float("indicator", x, [keep](auto v) { return v != v ? v : decltype(v)(keep(v)); });
}

/// phi(x) = exp(-x^2 / 2) / sqrt(2 pi), the density of the normal distribution.
Tensor normal_density(const Tensor& x) {
  return exp(-0.5 * x * x) * (0.5 * std::numbers::inv_sqrtpi * std::numbers::sqrt2);
}

/// Phi(x), its distribution function. An op of its own, since (1 + erf(x / sqrt(2))) / 2 rounds to 0 where x
/// is far below 0.
Tensor normal_cdf(const Tensor& x) {
  return record("normal_cdf", map_float("normal_cdf", x, [](auto v) { return math::normal_cdf(v); }),
                wrt(x, [x = saved(x)](const Tensor& dy) { return dy * normal_density(x); }));
}

}  // namespace

Tensor exp(const Tensor& x) {
  return record("exp", map_float("exp", x, [](auto v) { return math::exp(v); }),
                wrt(x, [](const Tensor& dy, const Tensor& y) { return dy * y; }));
}

Tensor log(const Tensor& x) {
  return record("log", map_float("log", x, [](auto v) { return std::log(v); }),
                wrt(x, [x = saved(x)](const Tensor& dy) { return dy / x; }));
}

Tensor sqrt(const Tensor& x) {
  return record("sqrt", map_float("sqrt", x, [](auto v) { return std::sqrt(v); }),
                wrt(x, [](const Tensor& dy, const Tensor& y) { return dy * 0.5 / y; }));
}

Tensor rsqrt(const Tensor& x) {
  return record("rsqrt", map_float("rsqrt", x, [](auto v) { return 1 / std::sqrt(v); }),
                wrt(x, [](const Tensor& dy, const Tensor& y) { return dy * -0.5 * (y * y * y); }));
}

Tensor pow(const Tensor& x, double exponent) {
  // In double for f32, too: as a float an exponent that is not whole could become so, or an odd one even. And
  // std::pow alone has a number for -inf.
  const bool whole = std::trunc(exponent) == exponent;
  const auto power = [exponent, whole](auto v) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    return v < 0 && !whole ? nan : std::pow(static_cast<double>(v), exponent);
  };
  return record("pow", map_float("pow", x, power), wrt(x, [x = saved(x), exponent](const Tensor& dy) {
                  // x^0 is 1 everywhere, so its slope is 0 even at x = 0, where the formula would say 0 *
                  // inf.
                  return exponent == 0 ? dy * 0.0 : dy * exponent * pow(x, exponent - 1);
                }));
}

Tensor tanh(const Tensor& x) {
  return record("tanh", map_float("tanh", x, [](auto v) { return math::tanh(v); }),
                wrt(x, [](const Tensor& dy, const Tensor& y) { return dy * (1.0 - y * y); }));
}

Tensor sigmoid(const Tensor& x) {
  return record("sigmoid", map_float("sigmoid", x, [](auto v) { return math::sigmoid(v); }),
                wrt(x, [](const Tensor& dy, const Tensor& y) { return dy * y * (1.0 - y); }));
}

Tensor relu(const Tensor& x) {
  // The comparison is written so that NaN stays NaN.
  return record(
      "relu", map_float("relu", x, [](auto v) { return v < 0 ? 0 : v; }),
      wrt(x, [x = saved(x)](const Tensor& dy) { return dy * indicator(x, [](auto v) { return v > 0; }); }));
}

Tensor erf(const Tensor& x) {
  return record("erf", map_float("erf", x, [](auto v) { return math::erf(v); }),
                wrt(x, [x = saved(x)](const Tensor& dy) {
                  return dy * (2 * std::numbers::inv_sqrtpi * exp(-(x.get() * x.get())));
                }));
}

Tensor gelu(const Tensor& x) {
  // d/dx x Phi(x) = Phi(x) + x phi(x): docs/derivations/gelu.md.
  return record("gelu", map_float("gelu", x, [](auto v) { return math::gelu_erf(v); }),
                wrt(x, [x = saved(x)](const Tensor& dy) {
                  const Tensor& v = x;
                  const Tensor cdf = normal_cdf(v), density = normal_density(v);
                  return dy * (cdf + v * density);
                }));
}

Tensor gelu_tanh(const Tensor& x) {
  // x/2 (1 + tanh(u)), u = sqrt(2/pi) (x + 0.044715 x^3): Hendrycks and Gimpel 2016, section 2.
  return record("gelu_tanh", map_float("gelu_tanh", x, [](auto v) { return math::gelu_tanh(v); }),
                wrt(x, [x = saved(x)](const Tensor& dy) {
                  const double c = std::numbers::sqrt2 * std::numbers::inv_sqrtpi, cubic = 0.044715;
                  const Tensor& v = x;
                  const Tensor t = tanh(c * (v + cubic * v * v * v));
                  const Tensor slope = c * (1.0 + 3 * cubic * v * v);  // du/dx
                  return dy * (0.5 * (1.0 + t) + 0.5 * v * (1.0 - t * t) * slope);
                }));
}

Tensor silu(const Tensor& x) {
  return record("silu", map_float("silu", x, [](auto v) { return v * math::sigmoid(v); }),
                wrt(x, [x = saved(x)](const Tensor& dy) {
                  const Tensor s = sigmoid(x);
                  return dy * (s * (1.0 + x.get() * (1.0 - s)));
                }));
}

Tensor abs(const Tensor& x) {
  Tensor y = empty(x.shape(), x.dtype());
  dispatch_number(x.dtype(), "abs", [&]<class T> {
    // The least i64 has no positive twin; as in NumPy it stays, but by arithmetic that is defined.
    kernels::map<T, T>(ops::output_view<T>(y), x.view<T>(), [](T v) {
      if constexpr (std::is_same_v<T, int64_t>)
        return v < 0 ? static_cast<int64_t>(0 - static_cast<uint64_t>(v)) : v;
      else
        return std::abs(v);
    });
  });
  return record("abs", y, wrt(x, [x = saved(x)](const Tensor& dy) {
                  const Tensor sign = map_float(
                      "sign", x, [](auto v) { return v != v ? v : decltype(v)((v > 0) - (v < 0)); });
                  return dy * sign;
                }));
}

Tensor clamp(const Tensor& x, double low, double high) {
  if (!(low <= high))
    fail<ValueError>("clamp: the lower bound {} must not be above the upper bound {}", low, high);
  const auto cut = [low, high]<class T>(T v) {
    return v < static_cast<T>(low)    ? static_cast<T>(low)
           : v > static_cast<T>(high) ? static_cast<T>(high)
                                      : v;
  };
  return record("clamp", map_float("clamp", x, cut), wrt(x, [x = saved(x), low, high](const Tensor& dy) {
                  return dy * indicator(x, [low, high]<class T>(T v) {
                           return v >= static_cast<T>(low) && v <= static_cast<T>(high);
                         });
                }));
}

Tensor sin(const Tensor& x) {
  return record("sin", map_float("sin", x, [](auto v) { return std::sin(v); }),
                wrt(x, [x = saved(x)](const Tensor& dy) { return dy * cos(x); }));
}

Tensor cos(const Tensor& x) {
  return record("cos", map_float("cos", x, [](auto v) { return std::cos(v); }),
                wrt(x, [x = saved(x)](const Tensor& dy) { return -(dy * sin(x)); }));
}

}  // namespace gradus
