// The exercises of chapter 20. Replace each unsolved<...>(...) by your answer, then:
//
//     ./learn 20 check
#include "exercise.hpp"

#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials::many_workers {

std::vector<double> weights_of_means(const std::vector<int64_t>& asked) {
  return unsolved<std::vector<double>>("a weight for each worker");
}

std::vector<Round> rounds_of_halving(int64_t rank, int64_t workers, int64_t length) {
  return unsolved<std::vector<Round>>("partner and stretch of each round");
}

bool always_same_bits(const Order& a, const Order& b) {
  return unsolved<bool>("whether the bits are the same");
}

}  // namespace gradus::tutorials::many_workers
