#include "parallel/gradient_sum.hpp"

#include <algorithm>

#include "autograd/kernels/pieces.hpp"
#include "autograd/ops.hpp"
#include "parallel/collect.hpp"

namespace gradus::parallel {
namespace {

/// How many levels of the tree shard `shard` completes: the ones at the end of its number in base two.
int64_t levels_completed(int64_t shard) {
  int64_t levels = 0;
  for (; shard % 2 == 1; shard /= 2) ++levels;
  return levels;
}

}  // namespace

GradientSum::GradientSum(World& world, Tensor gradients, std::vector<Range> parameters,
                         GradientSumOptions options)
    : world_(world), gradients_(std::move(gradients)), parameters_(std::move(parameters)), options_(options) {
  const int64_t n = gradients_.numel();
  const int64_t item = size_of(gradients_.dtype());
  // Every bucket has its tags, of which there are so many; and every rank a piece of it, or it is not worth
  // it.
  const int64_t most = (World::most_tags - World::own_tags) / Bucket::tags;
  const int64_t least = kernels::elements_per_piece * world_.size();
  int64_t step = std::max({options_.bucket_bytes / item, (n + most - 1) / most, least});
  step = world_.size() == 1 ? n : (step + least - 1) / least * least;
  for (int64_t begin = 0; begin < n; begin += step) {
    const Range range{begin, std::min(n, begin + step)};
    const int64_t tag = World::own_tags + Bucket::tags * static_cast<int64_t>(parts_.size());
    Part& part = parts_.emplace_back(Part{Bucket(world_, gradients_, range, tag)});
    part.parameters = std::ranges::count_if(
        parameters_, [&](const Range& p) { return p.begin < range.end && p.end > range.begin; });
  }
}

void GradientSum::begin(int64_t shards) {
  shards_ = shards;
  done_ = 0;
  for (Part& part : parts_) {
    part.missing = part.parameters;
    part.begun = false;
  }
}

/// Adds to the gradient of `shard` the sums that wait for it: a counter in base two, with a carry.
void GradientSum::fold(const Range& range, int64_t shard) {
  // After the last shard of a number that is no power of two nothing else comes: all that wait are added.
  const bool ends = shard + 1 == shards_;
  const auto waiting = static_cast<uint64_t>(shard);
  const int64_t carried = levels_completed(shard);
  for (int64_t level = 0; (waiting >> level) != 0; ++level)
    if (level < carried || (ends && (waiting >> level & 1) != 0))
      add(gradients_, range, levels_[static_cast<size_t>(level)], range.begin);
}

void GradientSum::end_shard() {
  if (!is_last_shard()) {
    const Range all{0, gradients_.numel()};
    fold(all, done_);
    const auto level = static_cast<size_t>(levels_completed(done_));
    while (levels_.size() <= level) levels_.push_back(zeros(gradients_.shape(), gradients_.dtype()));
    levels_[level].copy_(gradients_);
    gradients_.fill_(0);
  }
  ++done_;
}

void GradientSum::parameter_done(size_t parameter) {
  if (!is_last_shard()) return;
  const Range& p = parameters_.at(parameter);
  for (Part& part : parts_) {
    const Range& range = part.bucket.range();
    if (p.begin < range.end && p.end > range.begin && --part.missing == 0) begin_part(part);
  }
  go_on();
}

void GradientSum::begin_part(Part& part) {
  if (part.begun) return;
  part.begun = true;
  fold(part.bucket.range(), shards_ - 1);
  part.bucket.begin_sum(options_.slices ? Bucket::Until::slice : Bucket::Until::whole);
}

/// What has begun, all at once: a round of one part is under way while another's is added. How many rounds
/// are left.
int64_t GradientSum::go_on() {
  int64_t left = 0;
  for (Part& part : parts_)
    if (part.begun) left += part.bucket.go_on();
  return left;
}

void GradientSum::finish() {
  for (Part& part : parts_) begin_part(part);
  world_.wait_for_all([this] { return go_on(); });
}

std::vector<Range> GradientSum::own() const {
  std::vector<Range> ranges;
  for (const Part& part : parts_)
    ranges.push_back(options_.slices ? part.bucket.slice() : part.bucket.range());
  return ranges;
}

void GradientSum::gather(const Tensor& array) {
  for (Part& part : parts_) {
    part.begun = true;
    part.bucket.begin_gather(array);
  }
  world_.wait_for_all([this] { return go_on(); });
}

Tensor GradientSum::collect(const Tensor& mine, const Range& wanted) const {
  std::vector<std::vector<Range>> owned(static_cast<size_t>(world_.size()));
  for (size_t rank = 0; rank < owned.size(); ++rank)
    for (const Part& part : parts_) owned[rank].push_back(part.bucket.slice_of(static_cast<int64_t>(rank)));
  return parallel::collect(world_, owned, mine, wanted);
}

}  // namespace gradus::parallel
