/// @file
/// Element types, and the step from a run-time dtype to a compile-time type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "autograd/error.hpp"

namespace gradus {

/// What the elements of a tensor are. Gradients exist for f32 and f64 only.
enum class DType : uint8_t { f32, f64, i64, boolean };

constexpr std::string_view name(DType dtype) {
  constexpr std::string_view names[] = {"f32", "f64", "i64", "bool"};
  return names[static_cast<size_t>(dtype)];
}

/// Bytes of one element.
constexpr int64_t size_of(DType dtype) {
  constexpr int64_t sizes[] = {4, 8, 8, 1};
  return sizes[static_cast<size_t>(dtype)];
}

constexpr bool is_float(DType dtype) { return dtype == DType::f32 || dtype == DType::f64; }

/// The dtype of the C++ type T: `dtype_of<float>` is DType::f32.
template <class T>
constexpr DType dtype_of = [] {
  if constexpr (std::is_same_v<T, float>)
    return DType::f32;
  else if constexpr (std::is_same_v<T, double>)
    return DType::f64;
  else if constexpr (std::is_same_v<T, int64_t>)
    return DType::i64;
  else {
    static_assert(std::is_same_v<T, bool>, "Gradus has the element types float, double, int64_t and bool");
    return DType::boolean;
  }
}();

/// Calls `body.template operator()<T>()` with T = float or double. @throws DTypeError for any other dtype.
///
///     dispatch_float(x.dtype(), "halve", [&]<class T> { kernels::scale(x.mutable_data<T>(), n, 0.5); });
template <class Body>
auto dispatch_float(DType dtype, std::string_view op, Body&& body) {
  switch (dtype) {
    case DType::f32:
      return body.template operator()<float>();
    case DType::f64:
      return body.template operator()<double>();
    default:
      fail<DTypeError>("{}: takes f32 or f64, not {}", op, name(dtype));
  }
}

/// The same for f32, f64 and i64.
template <class Body>
auto dispatch_number(DType dtype, std::string_view op, Body&& body) {
  switch (dtype) {
    case DType::f32:
      return body.template operator()<float>();
    case DType::f64:
      return body.template operator()<double>();
    case DType::i64:
      return body.template operator()<int64_t>();
    default:
      fail<DTypeError>("{}: takes f32, f64 or i64, not {}", op, name(dtype));
  }
}

/// The same for every dtype.
template <class Body>
auto dispatch_all(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::f32:
      return body.template operator()<float>();
    case DType::f64:
      return body.template operator()<double>();
    case DType::i64:
      return body.template operator()<int64_t>();
    default:
      return body.template operator()<bool>();
  }
}

}  // namespace gradus
