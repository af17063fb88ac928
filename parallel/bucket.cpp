#include "parallel/bucket.hpp"

#include <algorithm>

#include "autograd/kernels/parallel.hpp"
#include "autograd/kernels/pieces.hpp"
#include "autograd/ops.hpp"

namespace gradus::parallel {
namespace {

/// Slices begin at multiples of the pieces in which the norm of a gradient is added, so that a piece belongs
/// to one rank.
int64_t middle(const Range& range) {
  constexpr int64_t piece = kernels::elements_per_piece;
  const int64_t half = (range.size() / 2 + piece - 1) / piece * piece;
  return range.begin + std::min(half, range.size());
}

/// The part of `whole` that `half`, its lower or upper one, leaves.
Range other_half(const Range& whole, const Range& half) {
  return half.begin == whole.begin ? Range{half.end, whole.end} : Range{whole.begin, half.begin};
}

/// What a rank of so many still has of `range` after each round: all, a half, a quarter ...
std::vector<Range> halves(const Range& range, int64_t rank, int64_t ranks) {
  std::vector<Range> left = {range};
  for (int64_t bit = 1; bit < ranks; bit *= 2) {
    const Range all = left.back();
    const int64_t at = middle(all);
    left.push_back((rank & bit) == 0 ? Range{all.begin, at} : Range{at, all.end});
  }
  return left;
}

}  // namespace

void add(Tensor& to, const Range& range, const Tensor& from, int64_t from_begin) {
  dispatch_float(to.dtype(), "gradient sum", [&]<class T> {
    T* a = to.mutable_data<T>() + range.begin;
    const T* b = from.data<T>() + from_begin;
    kernels::parallel_ranges(range.size(), kernels::elements_per_piece, [=](int64_t begin, int64_t end) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) a[i] += b[i];
    });
  });
}

Bucket::Bucket(World& world, Tensor array, Range range, int64_t first_tag)
    : world_(world),
      summed_(std::move(array)),
      range_(range),
      first_tag_(first_tag),
      halves_(halves(range, world.rank(), world.size())) {}

Range Bucket::slice_of(int64_t rank) const { return halves(range_, rank, world_.size()).back(); }

std::span<std::byte> Bucket::bytes(const Range& range) {
  return dispatch_float(moving_.dtype(), "gradient sum", [&]<class T> {
    return std::as_writable_bytes(
        std::span(moving_.mutable_data<T>() + range.begin, static_cast<size_t>(range.size())));
  });
}

void Bucket::begin_sum(Until until) {
  moving_ = summed_;
  round_ = 0;
  end_ = until == Until::whole ? 2 * rounds() : rounds();
  if (rounds() > 0 && !received_.defined()) {
    const int64_t most = std::max(halves_[1].size(), range_.size() - halves_[1].size());
    received_ = empty({most}, moving_.dtype());
  }
  begin_round();
}

void Bucket::begin_gather(Tensor array) {
  moving_ = std::move(array);
  round_ = rounds();
  end_ = 2 * rounds();
  begin_round();
}

void Bucket::begin_round() {
  if (round_ == end_) return;
  if (round_ < rounds()) {
    const auto r = static_cast<size_t>(round_);
    const Range sent = other_half(halves_[r], halves_[r + 1]);
    const auto kept = static_cast<size_t>(halves_[r + 1].size());
    const auto into = dispatch_float(moving_.dtype(), "gradient sum", [&]<class T> {
      return std::as_writable_bytes(std::span(received_.mutable_data<T>(), kept));
    });
    swap_ = world_.swap(partner(round_), first_tag_, bytes(sent), into);
  } else {
    const auto r = static_cast<size_t>(2 * rounds() - 1 - round_);
    const Range had = halves_[r + 1], fetched = other_half(halves_[r], had);
    swap_ = world_.swap(partner(static_cast<int64_t>(r)), first_tag_ + 1, bytes(had), bytes(fetched));
  }
}

void Bucket::end_round() {
  swap_.reset();
  if (round_ < rounds()) add(moving_, halves_[static_cast<size_t>(round_) + 1], received_, 0);
  ++round_;
  begin_round();
}

int64_t Bucket::go_on() {
  while (round_ < end_ && swap_->is_done()) end_round();
  return end_ - round_;
}

}  // namespace gradus::parallel
