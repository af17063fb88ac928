/// @file
/// GradientSum: the gradient of a step, added over its shards and over all ranks, in an order that depends on
/// neither.
///
/// A step's rows are cut into K shards, K a power of two. The gradients of shards 0 to K - 1 are the leaves
/// of a binary tree, and the sum is added along it: ((g0 + g1) + (g2 + g3)) + ... A rank of N takes K / N
/// shards next to each other, which is a subtree; the rest of the tree is added between the ranks (Bucket).
/// So the bits are those of one process for every N that divides K.
#pragma once

#include <deque>
#include <vector>

#include "autograd/tensor.hpp"
#include "parallel/bucket.hpp"
#include "parallel/range.hpp"
#include "parallel/world.hpp"

namespace gradus::parallel {

struct GradientSumOptions {
  int64_t bucket_bytes = int64_t{1} << 20;  ///< about how much goes on its way at once
  bool slices = false;                      ///< each rank gets the sum of its own slices only
};

class GradientSum {
 public:
  /// `gradients` is the flat array to which backward adds; `parameters` are its parts, from the first to the
  /// last without gaps. `world` must outlive this.
  GradientSum(World& world, Tensor gradients, std::vector<Range> parameters, GradientSumOptions options = {});

  /// Of the step that begins: how many shards this rank takes. The gradients are 0.
  void begin(int64_t shards);
  /// The gradient of a shard is there, and is set aside unless it is the last one.
  void end_shard();
  /// In the last shard, while backward goes on: nothing is added to this parameter any more.
  void parameter_done(size_t parameter);
  /// Waits until the sum over all shards and ranks is in `gradients`.
  void finish();

  /// The elements whose sum this rank has with `slices`; all, without.
  std::vector<Range> own() const;
  /// Every rank fetches what the others have `own` in an array like the gradients.
  void gather(const Tensor& array);
  /// With `slices`: rank 0 gets the elements `wanted` of such an array of which every rank has its `own`, one
  /// after the other in `mine`; the others get an undefined tensor.
  Tensor collect(const Tensor& mine, const Range& wanted) const;

  int64_t buckets() const { return static_cast<int64_t>(parts_.size()); }

 private:
  struct Part {
    Bucket bucket;
    int64_t parameters = 0;  // that reach into it
    int64_t missing = 0;     // of them, in this step
    bool begun = false;
  };
  bool is_last_shard() const { return done_ + 1 == shards_; }
  void fold(const Range& range, int64_t shard);
  void begin_part(Part& part);
  int64_t go_on();

  World& world_;
  Tensor gradients_;
  std::vector<Range> parameters_;
  GradientSumOptions options_;
  std::deque<Part> parts_;
  std::vector<Tensor> levels_;  // sums of 1, 2, 4 ... shards that wait for their neighbour
  int64_t shards_ = 0, done_ = 0;
};

}  // namespace gradus::parallel
