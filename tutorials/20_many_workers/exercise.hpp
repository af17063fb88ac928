/// @file
/// The exercises of chapter 20. You write exercise.cpp; `./learn 20 check` says how it goes.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace gradus::tutorials::many_workers {

/// Exercise 1. Worker w is asked for asked[w] places. It has the mean of what they cost, or that mean's
/// gradient; 0 if it is asked for none. By what must each worker's mean be multiplied, so that the sum over
/// all workers is the mean over all places that are asked for? If nothing is asked of anybody, all weights
/// are 0.
std::vector<double> weights_of_means(const std::vector<int64_t>& asked);

/// Exercise 2. What worker `rank` does in each round of halving along the tree, of `workers` (a power of
/// two) and an array of `length` numbers (a multiple of `workers`): with whom it swaps, and the stretch
/// [begin, end) that it keeps and adds to. In round l = 0, 1, ... the partner's number differs in bit l; who
/// has a 0 there keeps the lower half of what both still have, who has a 1 the upper half. For whole numbers
/// `a ^ b` has a 1 wherever the bits of a and b differ, and `a & b` where both have one.
struct Round {
  int64_t partner = 0, begin = 0, end = 0;
};
std::vector<Round> rounds_of_halving(int64_t rank, int64_t workers, int64_t length);

/// An order of adding: one part, or a sum of two orders. (0 + 1) + 2 is a sum of the orders 0 + 1 and 2.
struct Order {
  int64_t part = 0;           ///< which one, if `sum_of` is empty
  std::vector<Order> sum_of;  ///< empty, or two
};

/// Exercise 3. Whether two orders of adding the parts 0, 1, 2, ... (each once) give the same bits, whatever
/// the numbers are. All that is known of + is that a + b and b + a have the same bits.
bool always_same_bits(const Order& a, const Order& b);

}  // namespace gradus::tutorials::many_workers
