#include "autograd/kernels/layers/attention.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "autograd/kernels/layers/dropout_mask.hpp"
#include "autograd/kernels/layers/row_exp.hpp"
#include "autograd/kernels/math.hpp"
#include "autograd/kernels/measure/profile.hpp"
#include "autograd/kernels/measure/traffic.hpp"
#include "autograd/kernels/parallel.hpp"
#include "autograd/kernels/products/register_tile.hpp"

namespace gradus::kernels {

namespace {

template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();

// One head of one sentence.
struct Tile {
  const AttentionShape& shape;
  const AttentionOptions& options;
  int64_t b, a;

  int64_t first_row() const { return (b * shape.heads + a) * shape.queries; }
  // The keys that rows before `end` can see.
  int64_t visible_keys(int64_t end) const { return options.causal ? std::min(shape.keys, end) : shape.keys; }
  template <class T>
  T* head(const Heads<T>& x) const {
    return x.data + b * x.batch_stride + a * x.head_stride;
  }
};

// The keys that a row may see. `allowed` holds a row of them as numbers as wide as the scores, 1 or 0, for a
// loop over bytes and scores together is not vectorised. Most masks (padding) are one for all rows of a tile.
template <class T>
class Mask {
 public:
  Mask(const Tile& tile, T* allowed) : tile_(tile), mask_(tile.options.mask), allowed_(allowed) {
    if (is_one_row()) read(0, tile.shape.keys);
  }

  // -Inf where row i may not look.
  void apply(int64_t i, int64_t keys, T* scores) const {
    if (mask_.data != nullptr) {
      if (!is_one_row()) read(i, keys);
      for (int64_t j = 0; j < keys; ++j) scores[j] = allowed_[j] != 0 ? scores[j] : -infinity<T>;
    }
    if (tile_.options.causal) {
      for (int64_t j = i + 1; j < keys; ++j) scores[j] = -infinity<T>;
    }
  }

 private:
  bool is_one_row() const { return mask_.data != nullptr && mask_.query_stride == 0; }
  void read(int64_t i, int64_t keys) const {
    const bool* const row =
        mask_.data + tile_.b * mask_.batch_stride + tile_.a * mask_.head_stride + i * mask_.query_stride;
    for (int64_t j = 0; j < keys; ++j) allowed_[j] = row[j * mask_.key_stride] ? T(1) : T(0);
  }

  const Tile& tile_;
  const AttentionMask& mask_;
  T* allowed_;
};

// x = exp(x - shift); returns the sum.
template <class T>
T exp_row(T* x, int64_t n, T shift) {
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < n; ++j) {
    const T e = math::exp_nonpositive(x[j] - shift);
    x[j] = e;
    sum += e;
  }
  return sum;
}

// One row of backward: from scores x and dp, the gradient of the (dropped) probabilities, to the gradient of
// the scores in x and the dropped probabilities in dp. `factors` is null without dropout.
//     ds = p (f dp - sum_j p f dp)
template <class T>
void backward_row(T* x, T* dp, int64_t n, T shift, T inverse_sum, const T* factors) {
  T sum = 0;
  if (factors != nullptr) {
    for (int64_t j = 0; j < n; ++j) dp[j] *= factors[j];
  }
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < n; ++j) {
    const T p = math::exp_nonpositive(x[j] - shift) * inverse_sum;
    x[j] = p;
    sum += p * dp[j];
  }
  for (int64_t j = 0; j < n; ++j) {
    const T p = x[j];
    x[j] = p * (dp[j] - sum);
    dp[j] = p;
  }
  if (factors != nullptr) {
    for (int64_t j = 0; j < n; ++j) dp[j] *= factors[j];
  }
}

// The dropout of one tile: 0 or 1 / (1 - p) for the keys of a row.
template <class T>
class Dropout {
 public:
  explicit Dropout(const Tile& tile)
      : tile_(tile),
        threshold_(dropout_threshold(tile.options.dropout)),
        scale_(static_cast<T>(dropout_scale(tile.options.dropout))) {}
  bool on() const { return threshold_ > 0; }
  void row(int64_t i, int64_t keys, T* factors) const {
    const int64_t first = (tile_.first_row() + i) * tile_.shape.keys;
    dropout_factors(tile_.options.dropout_seed, static_cast<uint64_t>(first), keys, threshold_, scale_,
                    factors);
  }

 private:
  const Tile& tile_;
  uint32_t threshold_;
  T scale_;
};

// Memory that each thread keeps from call to call, so that a training step allocates nothing.
template <class T>
T* thread_memory(size_t elements) {
  static thread_local std::vector<T> block;
  if (block.size() < elements) block.resize(elements);
  return block.data();
}

// Parts of that memory of the given sizes, each on cache lines of its own.
template <class T, size_t N>
std::array<T*, N> workspace(const std::array<int64_t, N>& sizes) {
  constexpr int64_t line = 64 / sizeof(T);
  const auto rounded = [](int64_t size) { return (size + line - 1) / line * line; };
  int64_t total = line;
  for (const int64_t size : sizes) total += rounded(size);
  T* next = thread_memory<T>(static_cast<size_t>(total));
  next += (64 - reinterpret_cast<uintptr_t>(next) % 64) % 64 / sizeof(T);
  std::array<T*, N> parts;
  for (size_t i = 0; i < N; ++i) {
    parts[i] = next;
    next += rounded(sizes[i]);
  }
  return parts;
}

// Rows whose scores stay in the first-level cache together with a panel.
constexpr int64_t row_block = 4 * tile::max_rows;

// The leading dimension of a buffer of scores: an odd number of cache lines, so that walking down a column
// does not fall on few sets of the cache.
template <class T>
int64_t score_stride(int64_t keys) {
  constexpr int64_t line = 64 / sizeof(T);
  const int64_t lines = (tile::padded<T>(keys) + line - 1) / line;
  return (lines | 1) * line;
}

template <class T>
void forward_tile(const Tile& tile, const Heads<const T>& q, const Heads<const T>& k, const Heads<const T>& v,
                  const Heads<T>& out, const RowSums<T>& sums) {
  const auto& [batch, heads, S, keys, D] = tile.shape;
  const int64_t stride = score_stride<T>(keys);
  const auto [k_panels, v_panels, p, factors, allowed, inverse] = workspace<T>(std::array{
      D * tile::padded<T>(keys), keys * tile::padded<T>(D), row_block * stride, stride, stride, row_block});

  tile::pack_transposed(tile.head(k), k.position_stride, D, keys, k_panels);
  tile::pack_rows(tile.head(v), v.position_stride, keys, D, v_panels);
  const Mask<T> mask(tile, allowed);
  const Dropout<T> dropout(tile);
  const auto scale = static_cast<T>(tile.options.scale);
  for (int64_t begin = 0; begin < S; begin += row_block) {
    const int64_t n = std::min(row_block, S - begin), visible = tile.visible_keys(begin + n);
    tile::multiply<T>(tile.head(q) + begin * q.position_stride, q.position_stride, 1, k_panels, D, D, p,
                      stride, n, tile::padded<T>(visible), {scale});
    for (int64_t i = 0; i < n; ++i) {
      T* const row = p + i * stride;
      mask.apply(begin + i, visible, row);
      const T largest = row_maximum(row, visible);
      const bool empty = largest == -infinity<T>;
      const T shift = empty ? T(0) : largest, sum = exp_row(row, visible, shift);
      inverse[i] = empty ? T(0) : 1 / sum;
      if (sums.shift != nullptr) {
        sums.shift[tile.first_row() + begin + i] = shift;
        sums.inverse[tile.first_row() + begin + i] = inverse[i];
      }
      if (dropout.on()) {
        dropout.row(begin + i, visible, factors);
        for (int64_t j = 0; j < visible; ++j) row[j] *= factors[j];
      }
    }
    // The rows are divided by their sums here, where they are shorter.
    tile::multiply<T>(p, stride, 1, v_panels, keys, visible, tile.head(out) + begin * out.position_stride,
                      out.position_stride, n, D, {1, inverse});
  }
}

template <class T>
void zero_rows(T* data, int64_t stride, int64_t begin, int64_t end, int64_t cols) {
  for (int64_t i = begin; i < end; ++i) std::fill_n(data + i * stride, cols, T(0));
}

template <class T>
struct Gradients {
  Heads<T> dq, dk, dv;
};

template <class T>
void backward_tile(const Tile& tile, const Heads<const T>& q, const Heads<const T>& k,
                   const Heads<const T>& v, const RowSums<const T>& sums, const Heads<const T>& dout,
                   const Gradients<T>& to) {
  const auto& [batch, heads, S, keys, D] = tile.shape;
  const int64_t stride = score_stride<T>(keys);
  const int64_t keys_padded = tile::padded<T>(keys), D_padded = tile::padded<T>(D);
  // Probabilities and score gradients of this many rows, 128 KiB each, wait for the products along the rows.
  const int64_t outer = std::clamp<int64_t>((131072 / sizeof(T)) / stride / row_block, 1, 64) * row_block;
  const int64_t held = std::min(outer, S);
  const auto [k_transposed, v_transposed, k_panels, q_panels, dout_panels, ds, p, factors, allowed] =
      workspace<T>(std::array{D * keys_padded, D * keys_padded, keys * D_padded, held * D_padded,
                              held * D_padded, held * stride, held * stride, stride, stride});

  tile::pack_transposed(tile.head(k), k.position_stride, D, keys, k_transposed);
  tile::pack_transposed(tile.head(v), v.position_stride, D, keys, v_transposed);
  if (to.dq.data != nullptr) tile::pack_rows(tile.head(k), k.position_stride, keys, D, k_panels);
  const Mask<T> mask(tile, allowed);
  const Dropout<T> dropout(tile);
  const auto scale = static_cast<T>(tile.options.scale);

  // Keys that no query of the first block sees are not written by it.
  const int64_t seen = S == 0 ? 0 : tile.visible_keys(held);
  if (to.dk.data != nullptr) zero_rows(tile.head(to.dk), to.dk.position_stride, seen, keys, D);
  if (to.dv.data != nullptr) zero_rows(tile.head(to.dv), to.dv.position_stride, seen, keys, D);

  for (int64_t first = 0; first < S; first += outer) {
    const int64_t count = std::min(outer, S - first), visible = tile.visible_keys(first + count);
    if (to.dk.data != nullptr)
      tile::pack_rows(tile.head(q) + first * q.position_stride, q.position_stride, count, D, q_panels);
    for (int64_t begin = 0; begin < count; begin += row_block) {
      const int64_t n = std::min(row_block, count - begin), row0 = first + begin;
      T* const ds_block = ds + begin * stride;
      T* const p_block = p + begin * stride;
      tile::multiply<T>(tile.head(q) + row0 * q.position_stride, q.position_stride, 1, k_transposed, D, D,
                        ds_block, stride, n, tile::padded<T>(visible), {scale});
      tile::multiply<T>(tile.head(dout) + row0 * dout.position_stride, dout.position_stride, 1, v_transposed,
                        D, D, p_block, stride, n, tile::padded<T>(visible), {});
      for (int64_t i = 0; i < n; ++i) {
        mask.apply(row0 + i, visible, ds_block + i * stride);
        if (dropout.on()) dropout.row(row0 + i, visible, factors);
        const int64_t row = tile.first_row() + row0 + i;
        backward_row(ds_block + i * stride, p_block + i * stride, visible, sums.shift[row], sums.inverse[row],
                     dropout.on() ? factors : nullptr);
      }
      if (to.dq.data != nullptr) {
        tile::multiply<T>(ds_block, stride, 1, k_panels, keys, visible,
                          tile.head(to.dq) + row0 * to.dq.position_stride, to.dq.position_stride, n, D,
                          {scale});
      }
    }
    if (to.dv.data != nullptr) {
      tile::pack_rows(tile.head(dout) + first * dout.position_stride, dout.position_stride, count, D,
                      dout_panels);
      tile::multiply<T>(p, 1, stride, dout_panels, count, count, tile.head(to.dv), to.dv.position_stride,
                        visible, D, {1, nullptr, first > 0});
    }
    if (to.dk.data != nullptr) {
      tile::multiply<T>(ds, 1, stride, q_panels, count, count, tile.head(to.dk), to.dk.position_stride,
                        visible, D, {scale, nullptr, first > 0});
    }
  }
}

template <class Body>
void for_each_tile(const AttentionShape& shape, const AttentionOptions& options, Body&& body) {
  parallel_for(shape.batch * shape.heads, [&](int64_t index) {
    body(Tile{shape, options, index / shape.heads, index % shape.heads});
  });
}

// The products of one pass, for the count of operations and the floor of a step.
template <class T>
void count_products(const AttentionShape& shape, bool backward) {
  if (!profile::is_on()) return;
  using profile::Layout;
  const int64_t S = shape.queries, keys = shape.keys, D = shape.head_size, tiles = shape.batch * shape.heads;
  const auto add = [&](int64_t m, int64_t n, int64_t k, Layout a, Layout b) {
    profile::add_product({m, n, k, tiles, a, b, Layout::row_major, std::is_same_v<T, double>, 1});
  };
  constexpr Layout row = Layout::row_major, column = Layout::column_major;
  add(S, keys, D, row, column);  // q k^T, or dout v^T
  add(S, D, keys, row, row);     // p v, or ds k
  if (backward) {
    add(keys, D, S, column, row);  // p^T dout
    add(keys, D, S, column, row);  // ds^T q
  }
  // q, k, v and out; in backward dout for out, and the three gradients.
  profile::add_elements<T>(tiles * D * (backward ? 3 * S + 4 * keys : 2 * S + 2 * keys));
}

}  // namespace

template <class T>
void attention_forward(const AttentionShape& shape, const AttentionOptions& options, Heads<const T> q,
                       Heads<const T> k, Heads<const T> v, Heads<T> out, RowSums<T> sums) {
  const ProfileScope scope("attention");
  count_products<T>(shape, false);
  for_each_tile(shape, options, [&](const Tile& tile) { forward_tile<T>(tile, q, k, v, out, sums); });
}

template <class T>
void attention_backward(const AttentionShape& shape, const AttentionOptions& options, Heads<const T> q,
                        Heads<const T> k, Heads<const T> v, RowSums<const T> sums, Heads<const T> dout,
                        Heads<T> dq, Heads<T> dk, Heads<T> dv) {
  const ProfileScope scope("attention backward");
  count_products<T>(shape, true);
  const Gradients<T> to{dq, dk, dv};
  for_each_tile(shape, options, [&](const Tile& tile) { backward_tile<T>(tile, q, k, v, sums, dout, to); });
}

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type, which takes none
#define GRADUS_INSTANTIATE(T)                                                                           \
  template void attention_forward<T>(const AttentionShape&, const AttentionOptions&, Heads<const T>,    \
                                     Heads<const T>, Heads<const T>, Heads<T>, RowSums<T>);             \
  template void attention_backward<T>(const AttentionShape&, const AttentionOptions&, Heads<const T>,   \
                                      Heads<const T>, Heads<const T>, RowSums<const T>, Heads<const T>, \
                                      Heads<T>, Heads<T>, Heads<T>);
GRADUS_INSTANTIATE(float)
GRADUS_INSTANTIATE(double)
#undef GRADUS_INSTANTIATE
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace gradus::kernels
