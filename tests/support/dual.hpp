// Dual numbers a + b e with e^2 = 0: a function of a + e gives its value and its derivative, by the chain
// rule alone. An oracle that shares no code with the library and makes no error of truncation.
#pragma once

#include <cmath>

namespace gradus::test {

struct Dual {
  double value = 0, slope = 0;
};

/// The variable itself: its derivative with respect to itself is 1.
inline Dual variable(double x) { return {x, 1}; }
inline Dual constant(double x) { return {x, 0}; }

inline Dual operator+(Dual a, Dual b) { return {a.value + b.value, a.slope + b.slope}; }
inline Dual operator-(Dual a, Dual b) { return {a.value - b.value, a.slope - b.slope}; }
inline Dual operator-(Dual a) { return {-a.value, -a.slope}; }
inline Dual operator*(Dual a, Dual b) { return {a.value * b.value, a.slope * b.value + a.value * b.slope}; }
inline Dual operator/(Dual a, Dual b) {
  return {a.value / b.value, (a.slope * b.value - a.value * b.slope) / (b.value * b.value)};
}
inline Dual operator+(double a, Dual b) { return constant(a) + b; }
inline Dual operator-(double a, Dual b) { return constant(a) - b; }
inline Dual operator*(double a, Dual b) { return constant(a) * b; }
inline Dual operator/(double a, Dual b) { return constant(a) / b; }

/// f(a) with f'(a) from the table of derivatives.
inline Dual chain(Dual a, double value, double derivative) { return {value, derivative * a.slope}; }

inline Dual exp(Dual a) { return chain(a, std::exp(a.value), std::exp(a.value)); }
inline Dual log(Dual a) { return chain(a, std::log(a.value), 1 / a.value); }
inline Dual sqrt(Dual a) { return chain(a, std::sqrt(a.value), 0.5 / std::sqrt(a.value)); }
inline Dual sin(Dual a) { return chain(a, std::sin(a.value), std::cos(a.value)); }
inline Dual cos(Dual a) { return chain(a, std::cos(a.value), -std::sin(a.value)); }
inline Dual tanh(Dual a) {
  const double c = std::cosh(a.value);
  return chain(a, std::tanh(a.value), 1 / (c * c));
}
inline Dual erf(Dual a) {
  constexpr double two_over_root_pi = 1.1283791670955126;
  return chain(a, std::erf(a.value), two_over_root_pi * std::exp(-a.value * a.value));
}
inline Dual pow(Dual a, double p) {
  return chain(a, std::pow(a.value, p), p == 0 ? 0 : p * std::pow(a.value, p - 1));
}

}  // namespace gradus::test
