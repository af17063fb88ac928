// The exercises of chapter 15. Replace each unsolved<...>(...) by your answer, then:
//
//     ./learn 15 check
#include "exercise.hpp"

#include "autograd/ops.hpp"
#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials::gives_back {

Tensor pooled_vector(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return unsolved<Tensor>("one vector for each text, [B, H]");
}

Tensor mean_without_padding(const Tensor& x, const Tensor& real) {
  return unsolved<Tensor>("the mean of the real tokens' vectors, [B, H]");
}

ChosenStates choose_states(const std::vector<Tensor>& states) {
  return unsolved<ChosenStates>("how many layers, three of the states, and the sum of four");
}

}  // namespace gradus::tutorials::gives_back
