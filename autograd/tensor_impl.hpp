/// @file
/// What a Tensor handle points to. For ops and the engine; users need only autograd/tensor.hpp.
#pragma once

#include "autograd/tensor.hpp"

namespace gradus {

struct TensorImpl {
  StoragePtr storage;
  Shape shape;
  Strides strides;
  int64_t offset = 0;  ///< in elements
  DType dtype = DType::f32;
  NodePtr node;  ///< null if no gradient flows here
  Tensor grad;
};

/// A fresh tensor over existing storage.
Tensor make_tensor(StoragePtr storage, const Shape& shape, const Strides& strides, int64_t offset,
                   DType dtype);

/// May this memory be written over? Only if no other tensor lies there, no other handle shows it, and it has
/// no gaps.
inline bool is_sole_owner(const Tensor& x) {
  return x.handle().use_count() == 1 && x.impl()->storage.use_count() == 1 && x.is_contiguous();
}

/// The tensor's own node, made now if it has none (a tensor that needs no gradient has none).
NodePtr new_node(std::string_view op);

}  // namespace gradus
