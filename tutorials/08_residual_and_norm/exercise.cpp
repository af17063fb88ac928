// The exercises of chapter 8. Replace each unsolved<...>(...) by your answer, then:
//
//     ./learn 8 check
#include "tutorials/08_residual_and_norm/exercise.hpp"

#include "autograd/ops.hpp"
#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials {

Tensor unseen_directions(const Tensor& x) { return unsolved<Tensor>("the two directions, a row for each"); }

bool divides_by_std_plus_eps(const NormFunction& norm, double eps) {
  return unsolved<bool>("a test at an x where the two formulas differ clearly");
}

int64_t deepest_that_trains(const std::function<bool(int64_t depth)>& trains, int64_t limit) {
  return unsolved<int64_t>("the greatest depth that trains, found with few calls");
}

}  // namespace gradus::tutorials
