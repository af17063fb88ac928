// Arithmetic and comparison, element by element, with broadcasting.
#include <cmath>
#include <functional>
#include <limits>

#include "autograd/kernels/wrapping.hpp"
#include "autograd/ops/op_support.hpp"

namespace gradus {
namespace {

using ops::broadcast_view;
using ops::number_beside;
using ops::output_view;

constexpr auto plus = [](auto u, auto v) { return kernels::wrapping<std::plus<>>(u, v); };
constexpr auto minus = [](auto u, auto v) { return kernels::wrapping<std::minus<>>(u, v); };
constexpr auto times = [](auto u, auto v) { return kernels::wrapping<std::multiplies<>>(u, v); };

/// y[i] = f(a[i], b[i]) over the common shape of a and b.
template <class F>
Tensor map_pair(std::string_view op, const Tensor& a, const Tensor& b, F f) {
  ops::check_same_dtype(op, a, b);
  const Shape shape = broadcast_shapes(a.shape(), b.shape(), op);
  Tensor y = empty(shape, a.dtype());
  dispatch_number(a.dtype(), op, [&]<class T> {
    kernels::map<T, T, T>(output_view<T>(y), broadcast_view<T>(a, shape), broadcast_view<T>(b, shape),
                          [f](T u, T v) { return static_cast<T>(f(u, v)); });
  });
  return y;
}

template <class F>
Tensor compare(std::string_view op, const Tensor& a, const Tensor& b, F f) {
  ops::check_same_dtype(op, a, b);
  const Shape shape = broadcast_shapes(a.shape(), b.shape(), op);
  Tensor y = empty(shape, DType::boolean);
  dispatch_all(a.dtype(), [&]<class T> {
    kernels::map<bool, T, T>(output_view<bool>(y), broadcast_view<T>(a, shape), broadcast_view<T>(b, shape),
                             f);
  });
  return y;
}

/// 1 where `a` is the one chosen, 1/2 at a tie, 0 elsewhere, and NaN beside a NaN; in the dtype of a.
Tensor share(const Tensor& a, const Tensor& b, bool larger) {
  const NoGrad no_grad;
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const auto choose = [larger](auto u, auto v) {
    if (u != u || v != v) return nan;
    return u == v ? 0.5 : ((u > v) == larger ? 1.0 : 0.0);
  };
  return map_pair("maximum", a, b, choose);
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  return record("add", map_pair("add", a, b, plus), wrt(a, [](const Tensor& dy) { return dy; }),
                wrt(b, [](const Tensor& dy) { return dy; }));
}

Tensor sub(const Tensor& a, const Tensor& b) {
  return record("sub", map_pair("sub", a, b, minus), wrt(a, [](const Tensor& dy) { return dy; }),
                wrt(b, [](const Tensor& dy) { return -dy; }));
}

Tensor mul(const Tensor& a, const Tensor& b) {
  return record("mul", map_pair("mul", a, b, times),
                wrt(a, [b = saved(b)](const Tensor& dy) { return dy * b; }),
                wrt(b, [a = saved(a)](const Tensor& dy) { return dy * a; }));
}

Tensor div(const Tensor& a, const Tensor& b) {
  ops::check_float("div", a);
  return record("div", map_pair("div", a, b, [](auto u, auto v) { return u / v; }),
                wrt(a, [b = saved(b)](const Tensor& dy) { return dy / b; }),
                wrt(b, [b = saved(b)](const Tensor& dy, const Tensor& y) { return -(dy * y / b); }));
}

Tensor maximum(const Tensor& a, const Tensor& b) {
  return record("maximum", map_pair("maximum", a, b, [](auto u, auto v) { return u >= v || u != u ? u : v; }),
                wrt(a, [a = saved(a), b = saved(b)](const Tensor& dy) { return dy * share(a, b, true); }),
                wrt(b, [a = saved(a), b = saved(b)](const Tensor& dy) { return dy * share(b, a, true); }));
}

Tensor minimum(const Tensor& a, const Tensor& b) {
  return record("minimum", map_pair("minimum", a, b, [](auto u, auto v) { return u <= v || u != u ? u : v; }),
                wrt(a, [a = saved(a), b = saved(b)](const Tensor& dy) { return dy * share(a, b, false); }),
                wrt(b, [a = saved(a), b = saved(b)](const Tensor& dy) { return dy * share(b, a, false); }));
}

namespace {

/// y[i] = f(x[i], number) for a plain number.
template <class F>
Tensor map_number(std::string_view op, const Tensor& x, double number, F f) {
  Tensor y = empty(x.shape(), x.dtype());
  dispatch_number(x.dtype(), op, [&]<class T> {
    const T c = ops::element<T>(op, number);
    kernels::map<T, T>(output_view<T>(y), x.view<T>(), [f, c](T v) { return static_cast<T>(f(v, c)); });
  });
  return y;
}

}  // namespace

Tensor add(const Tensor& x, double number) {
  return record("add", map_number("add", x, number, plus), wrt(x, [](const Tensor& dy) { return dy; }));
}

Tensor mul(const Tensor& x, double number) {
  return record("mul", map_number("mul", x, number, times),
                wrt(x, [number](const Tensor& dy) { return dy * number; }));
}

Tensor div(const Tensor& x, double number) {
  ops::check_float("div", x);
  return record("div", map_number("div", x, number, [](auto v, auto c) { return v / c; }),
                wrt(x, [number](const Tensor& dy) { return dy / number; }));
}

Tensor neg(const Tensor& x) {
  return record("neg", map_number("neg", x, -1, times), wrt(x, [](const Tensor& dy) { return -dy; }));
}

Tensor equal(const Tensor& a, const Tensor& b) {
  return compare("equal", a, b, [](auto u, auto v) { return u == v; });
}

Tensor not_equal(const Tensor& a, const Tensor& b) {
  return compare("not_equal", a, b, [](auto u, auto v) { return u != v; });
}

Tensor less(const Tensor& a, const Tensor& b) {
  return compare("less", a, b, [](auto u, auto v) { return u < v; });
}

Tensor less_equal(const Tensor& a, const Tensor& b) {
  return compare("less_equal", a, b, [](auto u, auto v) { return u <= v; });
}

Tensor greater(const Tensor& a, const Tensor& b) {
  return compare("greater", a, b, [](auto u, auto v) { return u > v; });
}

Tensor greater_equal(const Tensor& a, const Tensor& b) {
  return compare("greater_equal", a, b, [](auto u, auto v) { return u >= v; });
}

// With a plain number: the same, beside a scalar.
Tensor equal(const Tensor& x, double number) { return equal(x, number_beside("equal", x, number)); }
Tensor not_equal(const Tensor& x, double number) {
  return not_equal(x, number_beside("not_equal", x, number));
}
Tensor less(const Tensor& x, double number) { return less(x, number_beside("less", x, number)); }
Tensor less_equal(const Tensor& x, double number) {
  return less_equal(x, number_beside("less_equal", x, number));
}
Tensor greater(const Tensor& x, double number) { return greater(x, number_beside("greater", x, number)); }
Tensor greater_equal(const Tensor& x, double number) {
  return greater_equal(x, number_beside("greater_equal", x, number));
}
Tensor maximum(const Tensor& x, double number) { return maximum(x, number_beside("maximum", x, number)); }
Tensor minimum(const Tensor& x, double number) { return minimum(x, number_beside("minimum", x, number)); }
Tensor where(const Tensor& condition, const Tensor& a, double b) {
  return where(condition, a, number_beside("where", a, b));
}
Tensor where(const Tensor& condition, double a, const Tensor& b) {
  return where(condition, number_beside("where", b, a), b);
}

Tensor logical_and(const Tensor& a, const Tensor& b) {
  ops::check_dtype("logical_and", "both operands", a, DType::boolean);
  ops::check_dtype("logical_and", "both operands", b, DType::boolean);
  return compare("logical_and", a, b, [](auto u, auto v) { return u && v; });
}

Tensor logical_not(const Tensor& a) {
  ops::check_dtype("logical_not", "the operand", a, DType::boolean);
  Tensor y = empty(a.shape(), DType::boolean);
  kernels::map<bool, bool>(output_view<bool>(y), a.view<bool>(), [](bool v) { return !v; });
  return y;
}

Tensor is_finite(const Tensor& x) {
  Tensor y = empty(x.shape(), DType::boolean);
  dispatch_float(x.dtype(), "is_finite", [&]<class T> {
    kernels::map<bool, T>(output_view<bool>(y), x.view<T>(), [](T v) { return std::isfinite(v); });
  });
  return y;
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  ops::check_dtype("where", "the condition", condition, DType::boolean);
  ops::check_same_dtype("where", a, b);
  const Shape shape =
      broadcast_shapes(broadcast_shapes(a.shape(), b.shape(), "where"), condition.shape(), "where");
  Tensor y = empty(shape, a.dtype());
  dispatch_all(a.dtype(), [&]<class T> {
    kernels::map<T, bool, T, T>(output_view<T>(y), broadcast_view<bool>(condition, shape),
                                broadcast_view<T>(a, shape), broadcast_view<T>(b, shape),
                                [](bool c, T u, T v) { return c ? u : v; });
  });
  return record(
      "where", y,
      wrt(a, [c = saved(condition)](const Tensor& dy) { return masked_fill(dy, logical_not(c), 0); }),
      wrt(b, [c = saved(condition)](const Tensor& dy) { return masked_fill(dy, c, 0); }));
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, double value) {
  ops::check_dtype("masked_fill", "the mask", mask, DType::boolean);
  const Shape shape = broadcast_shapes(x.shape(), mask.shape(), "masked_fill");
  Tensor y = empty(shape, x.dtype());
  dispatch_all(x.dtype(), [&]<class T> {
    const T filling = ops::element<T>("masked_fill", value);
    kernels::map<T, T, bool>(output_view<T>(y), broadcast_view<T>(x, shape),
                             broadcast_view<bool>(mask, shape),
                             [filling](T v, bool masked) { return masked ? filling : v; });
  });
  Derivative derivative = wrt(x, [mask = saved(mask)](const Tensor& dy) { return masked_fill(dy, mask, 0); });
  // Who fills in infinity means it: that is not what anomaly mode looks for, so it searches no further than
  // x.
  if (!std::isfinite(value)) return record_view("masked_fill", y, std::move(derivative));
  return record("masked_fill", y, std::move(derivative));
}

}  // namespace gradus
