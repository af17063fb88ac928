/// @file
/// Bucket: a stretch of a flat array that is summed over all ranks, while other things go on.
#pragma once

#include <memory>
#include <vector>

#include "autograd/tensor.hpp"
#include "parallel/range.hpp"
#include "parallel/world.hpp"

namespace gradus::parallel {

/// Adds to the elements `range` of an array those of another that begin at `from_begin`.
void add(Tensor& to, const Range& range, const Tensor& from, int64_t from_begin);

/// With N = 2^L ranks there are L rounds of halving (reduce-scatter): in round l a rank and its neighbour at
/// distance 2^l cut what they both still have into two halves; each sends one and adds what it receives to
/// the other. So an element is added as ((r0 + r1) + (r2 + r3)) + ..., and in the end each rank has the sum
/// of one N-th, its slice. Then L rounds of doubling (all-gather), the other way round: 2 (N - 1) / N of the
/// bucket in each direction (Thakur et al. 2005, "Optimization of Collective Communication Operations in
/// MPICH", sections 4.1 and 4.5, there with the distances in the opposite order).
class Bucket {
 public:
  /// `array` is [n], contiguous, float32 or float64. `first_tag` to first_tag + tags - 1 are this bucket's.
  Bucket(World& world, Tensor array, Range range, int64_t first_tag);
  static constexpr int64_t tags = 2;

  const Range& range() const { return range_; }
  const Range& slice() const { return halves_.back(); }  ///< of this rank
  Range slice_of(int64_t rank) const;

  enum class Until { slice, whole };
  /// Begins the sum: over the slice alone, or of the whole bucket.
  void begin_sum(Until until);
  /// Begins to fetch the other ranks' slices of `array`, which has the size of the array that is summed.
  void begin_gather(Tensor array);
  /// Goes on as far as it can without waiting. How many rounds are left.
  int64_t go_on();

 private:
  int64_t rounds() const { return static_cast<int64_t>(halves_.size()) - 1; }
  int64_t partner(int64_t round) const { return world_.rank() ^ (int64_t{1} << round); }
  std::span<std::byte> bytes(const Range& range);
  void begin_round();
  void end_round();

  World& world_;
  Tensor summed_;
  Tensor moving_;  // the array of what is under way
  Range range_;
  int64_t first_tag_;
  std::vector<Range> halves_;    // what this rank still has after each round
  int64_t round_ = 0, end_ = 0;  // of 2 rounds(): first halving, then doubling
  Tensor received_;
  std::unique_ptr<Swap> swap_;
};

}  // namespace gradus::parallel
