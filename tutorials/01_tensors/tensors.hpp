/// @file
/// Chapter 1: a tensor is memory plus strides. A view, the views of a view, and a product by three loops.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/shape.hpp"

namespace gradus::tutorials {

/// A way to walk over numbers that lie somewhere in memory: all that a tensor is.
struct Walk {
  float* memory;    ///< where everything lies
  Shape shape;      ///< how many steps each axis has
  Strides strides;  ///< how far one step of each axis goes, in numbers
  int64_t offset;   ///< where the walk begins
};

/// Where the element at `index` lies: offset + sum over the axes of index * stride.
inline int64_t place(const Walk& walk, const Shape& index) {
  int64_t at = walk.offset;
  for (int axis = 0; axis < walk.shape.rank(); ++axis) at += index[axis] * walk.strides[axis];
  return at;
}

/// The same memory with two axes swapped: no number moves.
inline Walk transposed(Walk walk, int a, int b) {
  std::swap(walk.shape[a], walk.shape[b]);
  std::swap(walk.strides[a], walk.strides[b]);
  return walk;
}

/// The elements begin, begin + 1, ..., end - 1 of one axis: the walk begins later and is shorter.
inline Walk sliced(Walk walk, int axis, int64_t begin, int64_t end) {
  walk.offset += begin * walk.strides[axis];
  walk.shape[axis] = end - begin;
  return walk;
}

/// An axis of size 1 walked `times` times: a step of stride 0 stays where it is.
inline Walk repeated(Walk walk, int axis, int64_t times) {
  walk.shape[axis] = times;
  walk.strides[axis] = 0;
  return walk;
}

/// c = a b by three loops, c[i, j] = sum over k of a[i, k] * b[k, j]: a [M, K], b [K, N], c [M, N].
inline void product(const Walk& a, const Walk& b, const Walk& c) {
  for (int64_t i = 0; i < c.shape[0]; ++i) {
    for (int64_t j = 0; j < c.shape[1]; ++j) {
      float sum = 0;
      for (int64_t k = 0; k < a.shape[1]; ++k) sum += a.memory[place(a, {i, k})] * b.memory[place(b, {k, j})];
      c.memory[place(c, {i, j})] = sum;
    }
  }
}

/// The same for square dense matrices, without a function call for each element: as fast as this order of
/// loops gets. b is read down its columns, n numbers apart.
inline void product_ijk(const float* a, const float* b, float* c, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      float sum = 0;
      for (int64_t k = 0; k < n; ++k) sum += a[i * n + k] * b[k * n + j];
      c[i * n + j] = sum;
    }
  }
}

/// The same again with the two inner loops swapped: now b and c are both read along their rows.
inline void product_ikj(const float* a, const float* b, float* c, int64_t n) {
  for (int64_t i = 0; i < n * n; ++i) c[i] = 0;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t k = 0; k < n; ++k) {
      for (int64_t j = 0; j < n; ++j) c[i * n + j] += a[i * n + k] * b[k * n + j];
    }
  }
}

/// The bug museum, entry 1: x + x^T, written into x itself, x [N, N]. With `aliased`, the transposed view is
/// read while x changes under it.
inline void add_transposed(const Walk& x, bool aliased) {
  std::vector<float> before(x.memory, x.memory + x.shape.numel());
  const Walk from = transposed({aliased ? x.memory : before.data(), x.shape, x.strides, x.offset}, 0, 1);
  for (int64_t i = 0; i < x.shape[0]; ++i) {
    for (int64_t j = 0; j < x.shape[1]; ++j) x.memory[place(x, {i, j})] += from.memory[place(from, {i, j})];
  }
}

}  // namespace gradus::tutorials
