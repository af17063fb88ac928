#include "autograd/shape.hpp"

namespace gradus {

Shape::Shape(std::span<const int64_t> sizes) {
  if (sizes.size() > max_rank)
    fail<ShapeError>("a tensor has at most {} dimensions, not {}", max_rank, sizes.size());
  rank_ = static_cast<int>(sizes.size());
  std::copy(sizes.begin(), sizes.end(), sizes_);
}

Shape Shape::filled(int rank, int64_t value) {
  Shape shape;
  for (int i = 0; i < rank; ++i) shape.push_back(value);
  return shape;
}

void Shape::push_back(int64_t size) { insert(rank_, size); }

void Shape::insert(int at, int64_t size) {
  if (rank_ == max_rank) fail<ShapeError>("a tensor has at most {} dimensions, not {}", max_rank, rank_ + 1);
  std::copy_backward(sizes_ + at, sizes_ + rank_, sizes_ + rank_ + 1);
  sizes_[at] = size;
  ++rank_;
}

void Shape::erase(int at) {
  std::copy(sizes_ + at + 1, sizes_ + rank_, sizes_ + at);
  --rank_;
}

int64_t Shape::numel() const {
  int64_t product = 1;  // with 1 for a size of 0, so that no stride of an empty tensor overflows either
  bool empty = false, too_large = false;
  for (const int64_t size : *this) {
    empty |= size == 0;
    too_large |= __builtin_mul_overflow(product, size == 0 ? 1 : size, &product);
  }
  if (too_large && empty) fail<ShapeError>("shape {} has larger strides than can be counted", *this);
  if (too_large) fail<ShapeError>("shape {} has more elements than can be counted", *this);
  return empty ? 0 : product;
}

Strides contiguous_strides(const Shape& shape) {
  Strides strides = Shape::filled(shape.rank(), 1);
  for (int i = shape.rank() - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * std::max<int64_t>(shape[i + 1], 1);
  return strides;
}

Shape broadcast_shapes(const Shape& a, const Shape& b, std::string_view op) {
  const Shape& longer = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  Shape result = longer;
  const int lead = longer.rank() - shorter.rank();
  for (int i = 0; i < shorter.rank(); ++i) {
    const int64_t x = longer[lead + i], y = shorter[i];
    if (x != y && x != 1 && y != 1) {
      fail<ShapeError>("{}: shapes {} and {} do not broadcast: sizes {} and {} differ and neither is 1", op,
                       a, b, x, y);
    }
    result[lead + i] = x == 1 ? y : x;
  }
  return result;
}

bool broadcasts_to(const Shape& shape, const Shape& to) {
  const int lead = to.rank() - shape.rank();
  if (lead < 0) return false;
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape[i] != to[lead + i] && shape[i] != 1) return false;
  }
  return true;
}

Strides broadcast_strides(const Shape& shape, const Strides& strides, const Shape& to) {
  Strides result = Shape::filled(to.rank(), 0);
  const int lead = to.rank() - shape.rank();
  for (int i = 0; i < shape.rank(); ++i)
    result[lead + i] = shape[i] == 1 && to[lead + i] != 1 ? 0 : strides[i];
  return result;
}

int normalize_axis(int64_t axis, const Shape& shape, std::string_view op) {
  const int64_t rank = shape.rank();
  if (axis < -rank || axis >= rank)
    fail<IndexError>("{}: a tensor of shape {} has no axis {}", op, shape, axis);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

std::string to_string(const Shape& shape) {
  return fmt::format("[{}]", fmt::join(shape.begin(), shape.end(), ", "));
}

}  // namespace gradus
