// The exercises of chapter 17. Replace each unsolved<...>(...) by your answer, then:
//
//     ./learn 17 check
#include "exercise.hpp"

#include "autograd/ops.hpp"
#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials::looking_inside {

ChosenHead choose_head(const Observed& validation, const Observed& test) {
  return unsolved<ChosenHead>("the head that is chosen on some sentences, and its score on others");
}

Tensor without_head(const Tensor& each, int64_t head, const Tensor& wo, const Tensor& bo) {
  return unsolved<Tensor>("what attention gives without this head, [B, S, H]");
}

Luck left_by_luck(int64_t animals, int64_t foods) {
  return unsolved<Luck>("the share of nouns that luck finds, in three cases");
}

Tensor what_arrives(const Tensor& maps, const Tensor& values, const Tensor& wo) {
  return unsolved<Tensor>("the length of what each token takes from each, [A, S, S]");
}

}  // namespace gradus::tutorials::looking_inside
