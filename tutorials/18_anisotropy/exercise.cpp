// The exercises of chapter 18. Replace each unsolved<...>(...) by your answer, then:
//
//     ./learn 18 check
#include "exercise.hpp"

#include "autograd/ops.hpp"
#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials::anisotropy {

Tensor whiten(const Tensor& x, const Tensor& m, const Tensor& directions, const Tensor& variances) {
  return unsolved<Tensor>("(x - m) U D^(-1/2), without the directions that have no variance");
}

Planted find_planted(const Tensor& x) {
  return unsolved<Planted>("what all vectors share, the direction in which they spread most, and the rest");
}

FewTexts few_texts(int64_t texts, int64_t width, double most, double least) {
  return unsolved<FewTexts>("how many directions, which cosine, and how far the least is stretched");
}

}  // namespace gradus::tutorials::anisotropy
