// The exercises of chapter 7. Replace each unsolved<...>(...) by your answer, then:
//
//     ./learn 7 check
#include "tutorials/07_positions/exercise.hpp"

#include "tutorials/07_positions/positions.hpp"
#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials {

Tensor shift_matrix(int64_t k, int64_t hidden) {
  return unsolved<Tensor>("a matrix with a 2 x 2 rotation for each pair of columns");
}

double best_without_order(const Tensor& ids, const Tensor& labels) {
  return unsolved<double>("the share that is right when sentences with the same words share one answer");
}

Tensor segment_ids(const Tensor& ids, int64_t sep) {
  return unsolved<Tensor>("0 for the first sentence, 1 for the second");
}

}  // namespace gradus::tutorials
