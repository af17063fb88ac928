// The exercises of chapter 12. Replace each unsolved<...>(...) by your answer, then:
//
//     ./learn 12 check
#include "exercise.hpp"

#include "autograd/ops.hpp"
#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials::masked {

Expected expected_shares(double fraction, int64_t drawable) {
  return unsolved<Expected>("three shares, from the chances of each outcome");
}

std::vector<int64_t> places_to_guess(const std::vector<int64_t>& row, const std::set<int64_t>& signs_of,
                                     double fraction, Rng& rng) {
  return unsolved<std::vector<int64_t>>("a random choice of places that hold words, rising");
}

Tensor table_gradient(int64_t vocabulary, const Tensor& ids, const Tensor& dx, const Tensor& h,
                      const Tensor& dz) {
  return unsolved<Tensor>("the gradient [V, H], from both uses of the table");
}

}  // namespace gradus::tutorials::masked
