/// @file
/// ShardedStep: the work of a training step, cut into shards that may lie on several ranks.
///
/// Shard s of K has its part of the step's rows, its own dropout, and the weights of the whole step: a mean
/// over all masked positions has 1 / (all of them) in every shard. So what shards give is summed, never
/// averaged, and the sums run along one tree (parallel/gradient_sum.hpp). K is a setting of the run; on how
/// many ranks the shards lie changes no bit.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "autograd/random.hpp"
#include "nn/optimizers/arena.hpp"
#include "parallel/gradient_sum.hpp"
#include "parallel/world.hpp"

namespace gradus::bert {

class ShardedStep {
 public:
  /// One shard, and nobody else.
  ShardedStep() : ShardedStep(*parallel::alone(), 1) {}
  /// `shards` of the whole step. @throws ValueError if the ranks do not divide them.
  ShardedStep(parallel::World& world, int64_t shards);

  /// What follows is a step over the gradients of `arena`, which must outlive this.
  void use(const nn::ParameterArena& arena, const parallel::GradientSumOptions& options = {});
  /// From which generator the shards of the next step draw. (A step that is one shard draws from it as it
  /// is.)
  void begin(const Rng& rng) { rng_ = rng; }

  int64_t shards() const { return shards_; }
  int64_t first() const { return world_.rank() * own(); }  ///< the first shard of this rank
  int64_t own() const { return shards_ / world_.size(); }  ///< how many it has
  parallel::World& world() const { return world_; }

  /// The part of `rows` rows that belongs to a shard.
  parallel::Range rows_of(int64_t shard, int64_t rows) const {
    return {shard * rows / shards_, (shard + 1) * rows / shards_};
  }

  /// Sums of whole numbers over all ranks, which are exact in any order.
  void add_up(std::span<int64_t> counts) const { world_.add_up(counts); }

  /// Calls work(shard, figures) for each shard of this rank. It fills the figures, which begin at 0, and
  /// calls backward(). Gives the figures summed over all shards. `between_shards` is called by all ranks
  /// alike; it may throw, and then the step is left.
  using Work = std::function<void(int64_t shard, std::span<double> figures)>;
  std::vector<double> run(size_t figures, const Work& work, const std::function<void()>& between_shards);

  /// Within run's work: adds the gradient of this loss. `is_last`: the shard has no other loss to come.
  void backward(const Tensor& loss, bool is_last = true);

  parallel::GradientSum* gradient_sum() { return sum_ ? &*sum_ : nullptr; }

 private:
  parallel::World& world_;
  int64_t shards_;
  std::optional<Rng> rng_;
  std::optional<parallel::GradientSum> sum_;
  std::unordered_map<const void*, size_t> parameters_;  // places in the arena, by handle
  bool is_last_shard_ = false;
};

}  // namespace gradus::bert
