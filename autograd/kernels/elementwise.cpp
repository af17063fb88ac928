#include "autograd/kernels/elementwise.hpp"

#include <algorithm>

#include "autograd/kernels/measure/profile.hpp"
#include "autograd/kernels/parallel.hpp"

namespace gradus::kernels {
namespace {

using PerArray = std::array<int64_t, max_arrays>;

/// A loop nest over some arrays; dimensions of size 1 dropped, others merged where all arrays allow it.
struct LoopNest {
  int rank = 0;
  int64_t sizes[Shape::max_rank];
  PerArray strides[Shape::max_rank];

  LoopNest(const Shape& shape, const std::array<const Strides*, max_arrays>& all) {
    for (int i = 0; i < shape.rank(); ++i) {
      if (shape[i] == 1) continue;
      PerArray step{};
      for (size_t k = 0; k < max_arrays; ++k) step[k] = all[k] == nullptr ? 0 : (*all[k])[i];
      // The dimension before this one can be merged if a step there equals a whole run here, in every array.
      bool merge = rank > 0;
      for (size_t k = 0; k < max_arrays && merge; ++k) merge = strides[rank - 1][k] == step[k] * shape[i];
      if (merge) {
        sizes[rank - 1] *= shape[i];
        strides[rank - 1] = step;
      } else {
        sizes[rank] = shape[i];
        strides[rank++] = step;
      }
    }
    if (rank == 0) {
      sizes[0] = 1;
      strides[0] = {};
      rank = 1;
    }
  }

  /// Where row number `row` begins in each array, `begin` elements along it.
  PerArray start(int64_t row, int64_t begin) const {
    PerArray at{};
    for (size_t k = 0; k < max_arrays; ++k) at[k] = begin * strides[rank - 1][k];
    for (int d = rank - 2; d >= 0; --d) {
      const int64_t i = row % sizes[d];
      row /= sizes[d];
      for (size_t k = 0; k < max_arrays; ++k) at[k] += i * strides[d][k];
    }
    return at;
  }
};

}  // namespace

void for_each_row(const Shape& shape, const std::array<const Strides*, max_arrays>& strides, RowFunction row,
                  void* context) {
  const ProfileScope scope("element-wise");
  const int64_t total = shape.numel();
  if (total == 0) return;
  const LoopNest nest(shape, strides);
  const int64_t inner = nest.sizes[nest.rank - 1], rows = total / inner;
  const int64_t* step = nest.strides[nest.rank - 1].data();
  // Pieces of about 32k elements: a long row is cut, of short ones several make a piece.
  constexpr int64_t piece = 32768;
  const int64_t cuts = (inner + piece - 1) / piece, chunk = (inner + cuts - 1) / cuts;
  if (cuts > 1) {
    parallel_for(rows * cuts, [&](int64_t job) {
      const int64_t begin = job % cuts * chunk;
      row(context, nest.start(job / cuts, begin).data(), step, std::min(chunk, inner - begin));
    });
  } else {
    parallel_ranges(rows, std::max<int64_t>(1, piece / inner), [&](int64_t first, int64_t end) {
      for (int64_t r = first; r < end; ++r) row(context, nest.start(r, 0).data(), step, inner);
    });
  }
}

}  // namespace gradus::kernels
