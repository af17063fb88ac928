/// @file
/// Shapes and strides: short lists of whole numbers, kept inline so that a view allocates nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/error.hpp"

namespace gradus {

/// A list of at most 8 whole numbers: the sizes of a tensor's dimensions, its strides, or some axes.
class Shape {
 public:
  static constexpr int max_rank = 8;

  Shape() = default;
  Shape(std::initializer_list<int64_t> sizes) : Shape(std::span(sizes.begin(), sizes.size())) {}
  Shape(const std::vector<int64_t>& sizes) : Shape(std::span<const int64_t>(sizes)) {}
  /// @throws ShapeError above rank 8.
  explicit Shape(std::span<const int64_t> sizes);
  static Shape filled(int rank, int64_t value);

  int rank() const { return rank_; }
  int64_t& operator[](int i) { return sizes_[i]; }
  int64_t operator[](int i) const { return sizes_[i]; }
  int64_t back() const { return sizes_[rank_ - 1]; }
  const int64_t* begin() const { return sizes_; }
  const int64_t* end() const { return sizes_ + rank_; }
  int64_t* begin() { return sizes_; }
  int64_t* end() { return sizes_ + rank_; }
  bool operator==(const Shape& other) const { return std::equal(begin(), end(), other.begin(), other.end()); }

  void push_back(int64_t size);
  void insert(int at, int64_t size);
  void erase(int at);
  /// The number of elements: the product of all sizes; 1 for a scalar. @throws ShapeError if the product of
  /// those that are not 0 is 2^63 or more: below it, no stride, offset or count of a tensor overflows.
  int64_t numel() const;

 private:
  int rank_ = 0;
  int64_t sizes_[max_rank] = {};
};

using Strides = Shape;  ///< Steps in elements, one a dimension; 0 repeats an element (a broadcast).
/// Some dimensions, each counted from the front (0, 1, ...) or from the back (-1, -2, ...).
using Axes = Shape;

/// The strides of a dense row-major tensor: the last is 1, every other is the product of the sizes after it.
Strides contiguous_strides(const Shape& shape);

/// The shape that both broadcast to: aligned at the back, sizes equal or one of them 1 (NumPy's rule).
/// @throws ShapeError that names `op` and both shapes.
Shape broadcast_shapes(const Shape& a, const Shape& b, std::string_view op);

/// Can a tensor of `shape` be read as if it had shape `to`?
bool broadcasts_to(const Shape& shape, const Shape& to);

/// Strides with which a tensor of `shape` is read as if it had shape `to`: stride 0 where it repeats.
Strides broadcast_strides(const Shape& shape, const Strides& strides, const Shape& to);

/// `axis` counted from the front. @throws IndexError that names `op` and the shape if there is no such axis.
int normalize_axis(int64_t axis, const Shape& shape, std::string_view op);

std::string to_string(const Shape& shape);  ///< "[2, 3]"

}  // namespace gradus

template <>
struct fmt::formatter<gradus::Shape> : fmt::formatter<std::string> {
  auto format(const gradus::Shape& shape, fmt::format_context& context) const {
    return fmt::formatter<std::string>::format(gradus::to_string(shape), context);
  }
};
