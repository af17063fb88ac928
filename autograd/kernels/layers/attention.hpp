/// @file
/// Scaled dot-product attention in one kernel a head (Vaswani et al. 2017, equation 1), forward and backward.
///
///     scores = scale q k^T          [S, T], -Inf where a mask forbids
///     p      = softmax(scores)      over the keys
///     out    = dropout(p) v         [S, D]
///
/// Neither scores nor probabilities of more than a few rows ever exist in memory; backward makes them again
/// from what the forward keeps of each row's sum (the idea of Dao et al. 2022, "FlashAttention", section 3.1,
/// for a cache in place of a GPU's shared memory). Heads are strided views: q of shape [B, A, S, D] may be a
/// projection stored as [B, S, H], and the result may be written so.
#pragma once

#include <cstdint>

namespace gradus::kernels {

/// Sizes: B, A, S, T, D.
struct AttentionShape {
  int64_t batch = 0, heads = 0, queries = 0, keys = 0, head_size = 0;
};

/// A [B, A, positions, D] view whose last stride is 1.
template <class T>
struct Heads {
  T* data = nullptr;
  int64_t batch_stride = 0, head_stride = 0, position_stride = 0;
};

/// What backward needs of each row of scores to make its probabilities again as exp(x - shift) inverse: its
/// largest score and 1 / sum_j exp(x_j - shift), both [B, A, S], both 0 for a row whose keys are all masked.
/// (One number, shift + log(sum), would do in theory; but beside a score of 1000 its rounding in f32 costs
/// three digits of every probability.)
template <class T>
struct RowSums {
  T* shift = nullptr;
  T* inverse = nullptr;
};

/// Which keys may be attended, true for yes: a [B, A, S, T] view, with stride 0 where it repeats. A padding
/// mask [B, T] has head_stride = query_stride = 0.
struct AttentionMask {
  const bool* data = nullptr;  ///< none if null
  int64_t batch_stride = 0, head_stride = 0, query_stride = 0, key_stride = 1;
};

struct AttentionOptions {
  double scale = 1;           ///< 1 / sqrt(D) in the Transformer
  bool causal = false;        ///< query i attends to the keys j <= i only
  AttentionMask mask;         ///< any pattern; a key must also be allowed by `causal`, if that is set
  double dropout = 0;         ///< the probability that an element of p is dropped
  uint64_t dropout_seed = 0;  ///< element (b, a, i, j) has index ((b A + a) S + i) T + j in dropout_keep()
};

/// out = dropout(softmax(scale q k^T)) v for float or double.
///
/// A masked key has probability exactly 0; a row all of whose keys are masked (or with T = 0) gives zeros.
/// `sums` receives what backward needs; its pointers may be null.
template <class T>
void attention_forward(const AttentionShape& shape, const AttentionOptions& options, Heads<const T> q,
                       Heads<const T> k, Heads<const T> v, Heads<T> out, RowSums<T> sums);

/// The gradients of q, k and v from that of `out`. Those of masked keys and of wholly masked rows are 0. Each
/// of dq, dk, dv is overwritten; one whose data is null is not computed. They may lie where q, k and v lie:
/// what a head needs of those is read before it is written.
template <class T>
void attention_backward(const AttentionShape& shape, const AttentionOptions& options, Heads<const T> q,
                        Heads<const T> k, Heads<const T> v, RowSums<const T> sums, Heads<const T> dout,
                        Heads<T> dq, Heads<T> dk, Heads<T> dv);

}  // namespace gradus::kernels
