// What the files in this folder share: checks, and the way from tensors to kernels.
#pragma once

#include <cmath>
#include <string_view>
#include <type_traits>

#include "autograd/kernels/elementwise.hpp"
#include "autograd/node.hpp"
#include "autograd/ops.hpp"
#include "autograd/tensor.hpp"
#include "autograd/tensor_impl.hpp"

namespace gradus::ops {

inline void check_same_dtype(std::string_view op, const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype())
    fail<DTypeError>("{}: dtypes {} and {} differ; convert one with to()", op, name(a.dtype()),
                     name(b.dtype()));
}

inline void check_float(std::string_view op, const Tensor& x) {
  if (!is_float(x.dtype())) fail<DTypeError>("{}: takes f32 or f64, not {}", op, name(x.dtype()));
}

inline void check_dtype(std::string_view op, std::string_view what, const Tensor& x, DType wanted) {
  if (x.dtype() != wanted)
    fail<DTypeError>("{}: {} must be {}, not {}", op, what, name(wanted), name(x.dtype()));
}

inline void check_probability(std::string_view op, double p) {
  if (!(p >= 0 && p <= 1)) fail<ValueError>("{}: the dropout probability {} is outside [0, 1]", op, p);
}

/// A plain number as an element of a tensor of T: i64 takes whole numbers only, for nothing is rounded
/// silently.
template <class T>
T element(std::string_view op, double number) {
  if (std::is_same_v<T, int64_t> && !(std::trunc(number) == number && std::abs(number) < 0x1p63)) {
    fail<DTypeError>("{}: an i64 tensor takes whole numbers, not {}; convert it with to()", op, number);
  }
  return static_cast<T>(number);
}

/// A plain number as a scalar that goes with x.
inline Tensor number_beside(std::string_view op, const Tensor& x, double number) {
  dispatch_all(x.dtype(), [&]<class T> { element<T>(op, number); });  // an error names this op
  return scalar(number, x.dtype());
}

/// An element of another dtype. A number beyond the ends of i64 and NaN have no value there.
/// @throws DTypeError
template <class To, class From>
To convert(std::string_view op, From value) {
  if constexpr (std::is_same_v<To, int64_t> && std::is_floating_point_v<From>) {
    if (!(value >= From(-0x1p63) && value < From(0x1p63)))
      fail<DTypeError>("{}: {} does not fit into i64", op, value);
  }
  return static_cast<To>(value);
}

/// The elements of x as if it had shape `to`, which it broadcasts to.
template <class T>
kernels::View<const T> broadcast_view(const Tensor& x, const Shape& to) {
  return {x.data<T>(), to, broadcast_strides(x.shape(), x.strides(), to)};
}

template <class T>
kernels::View<T> output_view(Tensor& y) {
  return {y.mutable_data<T>(), y.shape(), y.strides()};
}

/// y[i] = f(x[i]) for f32 and f64.
template <class F>
Tensor map_float(std::string_view op, const Tensor& x, F f) {
  Tensor y = empty(x.shape(), x.dtype());
  dispatch_float(x.dtype(), op, [&]<class T> {
    kernels::map<T, T>(output_view<T>(y), x.view<T>(), [f](T v) { return static_cast<T>(f(v)); });
  });
  return y;
}

/// Where a joint derivative may put a gradient: over dy, which nobody reads after it, unless somebody else
/// sees that. For kernels that read a number for the last time before they write it.
inline Tensor over(const Tensor& dy) { return is_sole_owner(dy) ? dy : empty(dy.shape(), dy.dtype()); }

/// The same for what the op saved: only a backward that frees the graph leaves that to it.
inline Tensor over_saved(const Tensor& x) { return frees_graph() ? over(x) : empty(x.shape(), x.dtype()); }

}  // namespace gradus::ops
