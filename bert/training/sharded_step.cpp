#include "bert/training/sharded_step.hpp"

#include <algorithm>

#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/plural.hpp"
#include "parallel/tree_stack.hpp"

namespace gradus::bert {

ShardedStep::ShardedStep(parallel::World& world, int64_t shards) : world_(world), shards_(shards) {
  if (shards_ < 1 || shards_ % world_.size() != 0)
    fail<ValueError>("{} {} cannot be shared out to {} {}; take a multiple of the ranks", shards_,
                     plural(shards_, "shard"), world_.size(), plural(world_.size(), "rank"));
}

void ShardedStep::use(const nn::ParameterArena& arena, const parallel::GradientSumOptions& options) {
  if (shards_ == 1) return;  // backward leaves the sum where it is wanted
  std::vector<parallel::Range> parameters;
  for (const nn::ParameterArena::Entry& entry : arena.entries()) {
    parameters_.emplace(entry.parameter.handle().get(), parameters.size());
    parameters.push_back({entry.offset, entry.offset + entry.parameter.numel()});
  }
  sum_.emplace(world_, arena.gradients(), std::move(parameters), options);
}

std::vector<double> ShardedStep::run(size_t figures, const Work& work,
                                     const std::function<void()>& between_shards) {
  using Figures = std::vector<double>;
  const auto add = [](const Figures& a, Figures b) {
    for (size_t i = 0; i < a.size(); ++i) b[i] = a[i] + b[i];
    return b;
  };
  parallel::TreeStack<Figures, decltype(add)> total(add);
  const FirstOrderOnly keep_less;
  if (sum_) sum_->begin(own());
  for (int64_t s = first(); s < first() + own(); ++s) {
    if (s > first()) between_shards();
    if (rng_) default_rng() = shards_ == 1 ? *rng_ : rng_->split(static_cast<uint64_t>(s));
    is_last_shard_ = s + 1 == first() + own();
    Figures mine(figures);
    work(s, mine);
    total.push(std::move(mine));
    if (sum_) sum_->end_shard();
  }
  if (sum_) sum_->finish();
  Figures whole = *total.sum();
  world_.add_up(std::span(whole));
  return whole;
}

void ShardedStep::backward(const Tensor& loss, bool is_last) {
  BackwardOptions options;
  // Sums go on their way while backward goes on; a rank that is alone has none to send.
  if (sum_ && world_.size() > 1 && is_last_shard_ && is_last) {
    options.leaf_done = [this](const Tensor& leaf) {
      const auto place = parameters_.find(leaf.handle().get());
      if (place != parameters_.end()) sum_->parameter_done(place->second);
    };
  }
  gradus::backward({loss}, {}, std::move(options));
}

}  // namespace gradus::bert
