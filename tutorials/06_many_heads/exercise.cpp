// Chapter 6, the exercises: replace each `return unsolved...` and run ./learn 6 check.
#include "exercise.hpp"

#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials {

int64_t parameters_of(int64_t H, int64_t A) {
  return unsolved<int64_t>("the number of parameters of four projections");
}

ManyHeads reordered(const ManyHeads& all, const std::vector<int64_t>& order) {
  return unsolved<ManyHeads>("the four matrices with their heads in the new order");
}

Tensor padding_mask_of(const std::vector<int64_t>& lengths, int64_t S) {
  return unsolved<Tensor>("true for the words of each sentence, false for the padding after them");
}

}  // namespace gradus::tutorials
