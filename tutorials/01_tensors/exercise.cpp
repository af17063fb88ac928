// The exercises of chapter 1. Replace each unsolved<...>(...) by your answer and mend exercise 3, then:
//
//     ./learn 1 check
#include "tutorials/01_tensors/exercise.hpp"

#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials {

Strides permuted_strides(const Strides& strides, const Axes& order) {
  return unsolved<Strides>("the strides of the permuted view");
}

Strides repeated_strides(const Shape& shape, const Strides& strides, const Shape& to) {
  return unsolved<Strides>("the strides of the repeated view");
}

void subtract_first_row(Tensor x) {
  const Tensor first = x.slice(0, 0, 1);  // [1, N]
  for (int64_t i = 0; i < x.size(0); ++i) x.slice(0, i, i + 1).add_(first, -1);
}

}  // namespace gradus::tutorials
