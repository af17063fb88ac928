/// @file
/// What a kernel sees of a tensor: a pointer, a shape and strides. Kernels know nothing of Tensor or the
/// tape.
#pragma once

#include <cstdint>

#include "autograd/shape.hpp"

namespace gradus::kernels {

/// Elements of type T at `data[sum of index[i] * strides[i]]`.
template <class T>
struct View {
  T* data = nullptr;
  Shape shape;
  Strides strides;

  int64_t numel() const { return shape.numel(); }
  bool is_contiguous() const {
    if (numel() == 0) return true;
    int64_t expected = 1;
    for (int i = shape.rank() - 1; i >= 0; --i) {
      if (shape[i] != 1 && strides[i] != expected) return false;
      expected *= shape[i];
    }
    return true;
  }
  operator View<const T>() const { return {data, shape, strides}; }
};

}  // namespace gradus::kernels
