// The exercises of chapter 1, solved.
#include "tutorials/01_tensors/exercise.hpp"

namespace gradus::tutorials {

Strides permuted_strides(const Strides& strides, const Axes& order) {
  Strides permuted;
  for (const int64_t axis : order) permuted.push_back(strides[static_cast<int>(axis)]);
  return permuted;
}

Strides repeated_strides(const Shape& shape, const Strides& strides, const Shape& to) {
  Strides repeated;
  const int missing = to.rank() - shape.rank();
  for (int axis = 0; axis < to.rank(); ++axis) {
    const int own = axis - missing;  // the same axis, counted in `shape`
    const bool repeats = own < 0 || (shape[own] == 1 && to[axis] != 1);
    repeated.push_back(repeats ? 0 : strides[own]);
  }
  return repeated;
}

void subtract_first_row(Tensor x) {
  // A view of row 0 becomes zero as soon as row 0 is done. The copy stays as it was.
  const Tensor first = x.slice(0, 0, 1).clone();  // [1, N]
  for (int64_t i = 0; i < x.size(0); ++i) x.slice(0, i, i + 1).add_(first, -1);
}

}  // namespace gradus::tutorials
