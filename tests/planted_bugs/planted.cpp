#include "planted_bugs/planted.hpp"

#include <map>

#include "autograd/ops.hpp"

namespace gradus {

uint64_t planted_bug = 0;

Tensor shared_memory(const Shape& shape, DType dtype) {
  static std::map<std::pair<std::string, DType>, Tensor> memory;
  Tensor& shared = memory[{to_string(shape), dtype}];
  if (!shared.defined()) shared = empty(shape, dtype);
  return shared;
}

Tensor first_slice(const Tensor& gradient, const Shape& shape) {
  Tensor slice = gradient;
  while (slice.rank() > shape.rank()) slice = slice.select(0, 0);
  for (int axis = 0; axis < slice.rank(); ++axis) {
    if (slice.shape()[axis] != shape[axis]) slice = slice.slice(axis, 0, 1);
  }
  return slice;
}

}  // namespace gradus
