/// @file
/// exp, tanh, erf, sigmoid and GELU without branches, so that a loop over them vectorises in plain C++.
///
/// The float versions are polynomials; both sides of a case distinction are computed and one is selected. All
/// pass NaN through and are right at +-0, +-Inf and denormal arguments. Results that would be denormal may be
/// 0 or off by a denormal's spacing. The double versions call `<cmath>`: they serve gradient checks, where
/// accuracy comes first.
///
/// Polynomials: minimax fits (Remez exchange) made for this file by scripts/reference/minimax.py, which
/// prints every constant below and the error of its fit. Errors stated below are measured, with and without
/// FMA; the tests hold them.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace gradus::kernels::math {

/// A function's value and its derivative at the same point.
template <class T>
struct ValueAndSlope {
  T value, slope;
};

namespace detail {

/// e^(high + low) for high + low in [-87.3, 88.8]; `low` is a small correction to `high`.
/// x = n ln 2 + r with |r| <= ln 2 / 2 (Cody and Waite 1980, chapter 6), then e^x = 2^n e^r.
inline float exp_of_sum(float high, float low) {
  constexpr float magic = 0x1.8p23f;  // adding it leaves a whole number, rounded to nearest, in the last bits
  const float z = (high + low) * 0x1.715476p+0f + magic;
  const float n = z - magic;
  // ln 2 in two parts, the first so short that n times it is exact.
  float r = high - n * 0x1.63p-1f;
  r = low - n * -0x1.bd0106p-13f + r;
  // Twice the polynomial and half the scale: n = 128, where 2^n overflows but e^x need not, stays in range,
  // and n = -126 makes the scale exactly 0. Relative error of the fit 3.1e-9.
  float p = 2 * 0x1.6a23d0p-10f;
  p = p * r + 2 * 0x1.123a20p-7f;
  p = p * r + 2 * 0x1.5558f2p-5f;
  p = p * r + 2 * 0x1.555492p-3f;
  p = p * r + 2 * 0x1.fffffcp-2f;
  p = p * r + 2.0f;
  p = p * r + 2.0f;
  return p * std::bit_cast<float>((std::bit_cast<uint32_t>(z) << 23) + (126u << 23));
}

/// The density and the lower tail of the normal distribution but for 1/sqrt(2 pi):
/// e^(-u^2/2) and Phi(-u), for u in [0, 13.2].
struct NormalTail {
  float density, tail;
};

inline NormalTail normal_tail(float u) {
  // The square in two parts: rounding u^2 alone would cost u^2/2 units in the last place of the exponential.
  const float head = std::bit_cast<float>(std::bit_cast<uint32_t>(u) & 0xFFFFF000u);
  const float e = exp_of_sum(-0.5f * head * head, -0.5f * (u - head) * (u + head));
  // Phi(-u) e^(u^2/2) is smooth in t = (u - 3) / (u + 3) (the variable of Shepherd and Laframboise 1981,
  // "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x"). Relative error of the fit 6.6e-9.
  const float t = (u - 3.0f) / (u + 3.0f);
  float g = 0x1.c64014p-15f;
  g = g * t + 0x1.e6b232p-14f;
  g = g * t + -0x1.646c40p-12f;
  g = g * t + -0x1.01ff64p-10f;
  g = g * t + 0x1.7cb9a6p-9f;
  g = g * t + 0x1.91e0f6p-8f;
  g = g * t + -0x1.7a9458p-5f;
  g = g * t + 0x1.f8baccp-4f;
  g = g * t + -0x1.a6b66ap-3f;
  g = g * t + 0x1.f1b89cp-4f;
  return {e, e * g};
}

// min and max that hand a NaN in x on.
template <class T>
T at_most(T x, T bound) {
  return x > bound ? bound : x;
}
template <class T>
T at_least(T x, T bound) {
  return x < bound ? bound : x;
}

inline constexpr double sqrt_half = 0.70710678118654752440;
inline constexpr double inv_sqrt_2pi = 0.39894228040143267794;
inline constexpr double gelu_tanh_scale = 1.5957691216057307117;  // 2 sqrt(2 / pi)
inline constexpr double gelu_tanh_cubic = 0.044715;

}  // namespace detail

/// e^x. At most 1.5 ulp (0.9 with FMA). Inf above 88.7228; exactly 0 below -86.9899 (where e^x is 1.7e-38,
/// just above the smallest normal number), so that no masked score leaves a slow denormal behind.
inline float exp(float x) {
  return detail::exp_of_sum(detail::at_least(detail::at_most(x, 88.8f), -87.3f), 0);
}
inline double exp(double x) { return std::exp(x); }

/// e^x for x <= 0 (or NaN), with the bits of exp(): a score below the largest of its row. It saves the upper
/// bound, which costs a vectorised loop a fifth of its time. Above 88.7 it would be wrong.
inline float exp_nonpositive(float x) { return detail::exp_of_sum(detail::at_least(x, -87.3f), 0); }
inline double exp_nonpositive(double x) { return std::exp(x); }

/// 1 / (1 + e^-x). At most 3 ulp while normal; 0 below -88.73.
inline float sigmoid(float x) { return 1.0f / (1.0f + exp(-x)); }
inline double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

/// tanh x. At most 2.5 ulp. Below 0.625 an odd polynomial, above 1 - 2 / (e^2x + 1).
inline float tanh(float x) {
  const float a = std::fabs(x), s = a * a;
  float q = -0x1.75e1cap-8f;  // relative error of the fit 4.4e-9
  q = q * s + 0x1.52269ap-6f;
  q = q * s + -0x1.b83c5ap-5f;
  q = q * s + 0x1.110726p-3f;
  q = q * s + -0x1.555532p-2f;
  const float near = a + a * (s * q);
  const float far = 1.0f - 2.0f / (exp(2 * a) + 1.0f);
  return std::copysign(a < 0.625f ? near : far, x);
}
inline double tanh(double x) { return std::tanh(x); }

/// erf x. At most 2.5 ulp. Below 0.85 an odd polynomial, above 1 - 2 Phi(-x sqrt 2).
inline float erf(float x) {
  const float a = std::fabs(x), s = a * a;
  float p = -0x1.4b183cp-11f;  // relative error of the fit 6.1e-9
  p = p * s + 0x1.4b0750p-8f;
  p = p * s + -0x1.b72208p-6f;
  p = p * s + 0x1.ce23dep-4f;
  p = p * s + -0x1.81271ap-2f;
  p = p * s + 0x1.20dd74p+0f;
  const float u = detail::at_most(a * 0x1.6a09e6p+0f, 13.2f);
  const float far = 1.0f - 2.0f * detail::normal_tail(u).tail;
  return std::copysign(a < 0.85f ? a * p : far, x);
}
inline double erf(double x) { return std::erf(x); }

/// Phi(x), the normal distribution function, with its relative accuracy far in the negative tail too, where
/// (1 + erf) / 2 would be 0. Float: 0 below -13.2.
inline float normal_cdf(float x) {
  const float tail = detail::normal_tail(detail::at_most(std::fabs(x), 13.2f)).tail;
  return x < 0 ? tail : 1.0f - tail;
}
inline double normal_cdf(double x) { return 0.5 * std::erfc(-x * detail::sqrt_half); }

/// GELU (Hendrycks and Gimpel 2016): x Phi(x) with Phi the normal distribution function, and its derivative
/// Phi(x) + x phi(x), from one exponential. Float: the value within 6 ulp for
/// x >= -13, so also far in the negative tail; -0 below -13.18. The derivative within 3e-7 absolute (it
/// crosses 0 at -0.75, so no relative bound holds).
inline ValueAndSlope<float> gelu_erf_and_slope(float x) {
  const auto [density, tail] = detail::normal_tail(detail::at_most(std::fabs(x), 13.2f));
  const float phi = x < 0 ? tail : 1.0f - tail;
  const float low = detail::at_least(x, -13.2f);  // not -Inf times 0
  return {low * phi,
          phi + detail::at_most(low, 13.2f) * (density * static_cast<float>(detail::inv_sqrt_2pi))};
}
inline ValueAndSlope<double> gelu_erf_and_slope(double x) {
  const double low = detail::at_least(x, -40.0), c = detail::at_most(low, 40.0);
  const double phi = normal_cdf(low);
  return {low * phi, phi + c * (std::exp(-0.5 * c * c) * detail::inv_sqrt_2pi)};
}
template <class T>
T gelu_erf(T x) {
  return gelu_erf_and_slope(x).value;
}

/// The tanh approximation of GELU (the same paper, section 2): 0.5 x (1 + tanh(w/2)) = x sigmoid(w) with
/// w = 2 sqrt(2/pi) (x + 0.044715 x^3), and its derivative s + x s (1 - s) w' with s = sigmoid(w). Float: the
/// value within 4 ulp for x >= -1; |w| units in the tail (1e-5 relative at x = -9); -0 below about -10.01.
/// The derivative within 5e-7 absolute.
template <class T>
[[gnu::always_inline]] inline ValueAndSlope<T> gelu_tanh_and_slope(T x) {
  const T low = detail::at_least(x, T(-40)), c = detail::at_most(low, T(40));
  const T scale = T(detail::gelu_tanh_scale), cubic = T(detail::gelu_tanh_cubic);
  // e^-|w| serves s on both sides and s (1 - s) without the cancellation of 1 - s.
  const T e = exp(-std::fabs(scale * c * (1 + cubic * c * c)));
  const T r = 1 / (1 + e);
  const T s = c < 0 ? e * r : r;
  return {low * s, s + c * (e * r * r) * (scale * (1 + 3 * cubic * c * c))};
}
template <class T>
T gelu_tanh(T x) {
  return gelu_tanh_and_slope(x).value;
}

}  // namespace gradus::kernels::math
