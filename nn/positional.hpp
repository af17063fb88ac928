/// @file
/// Where a token stands, added to what it is: positions and segments. Attention alone is blind to order.
#pragma once

#include "nn/init.hpp"
#include "nn/module.hpp"

namespace gradus::nn {

/// P [rows, H] in f64 with P[p, 2j] = sin(p / 10000^(2j/H)) and P[p, 2j + 1] = cos(p / 10000^(2j/H)) (Vaswani
/// et al. 2017, section 3.5). Row p + k is a rotation of row p, the same for every p.
/// @throws ShapeError for a negative size.
Tensor sinusoids(int64_t rows, int64_t hidden);

/// Adds fixed sinusoids: x [B, S, H] -> x + P[first ... first + S - 1]. It has no parameters. The paper adds
/// them to embeddings times sqrt(H), which have about the same size.
class SinusoidalPositions : public Module {
 public:
  SinusoidalPositions(int64_t max_length, int64_t hidden);

  /// `first` is the position of x[:, 0]: more than 0 where a text is continued. @throws ShapeError if x is
  /// not [B, S, H], IndexError if a position is at or above max_length.
  Tensor operator()(const Tensor& x, int64_t first = 0) const;

  const Tensor table;  ///< [max_length, H], f64; used in the dtype of x
};

/// Adds a learned row for each position (Gehring et al. 2017, section 3.1; BERT): x [B, S, H] ->
/// x + weight[first ... first + S - 1].
class LearnedPositions : public Module {
 public:
  LearnedPositions(int64_t max_length, int64_t hidden, Rng& rng, const Init& init = init::normal(0.02));

  /// As SinusoidalPositions.
  Tensor operator()(const Tensor& x, int64_t first = 0) const;

  const Tensor weight;  ///< [max_length, H]
};

/// Adds a learned row for each token's segment, such as 0 for BERT's sentence A and 1 for B (Devlin et al.
/// 2018, figure 2): x [B, S, H] and ids [B, S] -> x + weight[ids].
class SegmentEmbedding : public Module {
 public:
  SegmentEmbedding(int64_t segments, int64_t hidden, Rng& rng, const Init& init = init::normal(0.02));

  /// @throws ShapeError if the ids do not have the shape of x without H, IndexError for an id out of range.
  Tensor operator()(const Tensor& x, const Tensor& segment_ids) const;

  const Tensor weight;  ///< [segments, H]
};

}  // namespace gradus::nn
