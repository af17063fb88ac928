// The exercises of chapter 2. Replace each unsolved<...>(...) by your answer, then:
//
//     ./learn 2 check
#include "tutorials/02_autograd/exercise.hpp"

#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials {

DiamondGradients diamond_gradients(double a) {
  return unsolved<DiamondGradients>("the three gradients as formulas in a");
}

Scalar breaks_breadth_first(const Scalar& a) {
  return unsolved<Scalar>("a result made from a with +, -, * and tanh");
}

void backward_of_your_own(const Scalar& result) {
  unsolved<int>("an order in which every step comes before its inputs, then the loop that accumulates");
}

}  // namespace gradus::tutorials
