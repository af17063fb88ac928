#include "nn/positional.hpp"
#include "autograd/plural.hpp"

#include <cmath>

namespace gradus::nn {
namespace {

Tensor make_table(const char* layer, int64_t rows, int64_t hidden, Rng& rng, const Init& init) {
  return init({checked_size(layer, "rows", rows), checked_size(layer, "hidden", hidden)}, rng);
}

/// Rows first ... first + S - 1 of a table [P, H], for x [B, S, H].
Tensor rows_for(const char* layer, const Tensor& table, const Tensor& x, int64_t first) {
  const int64_t P = table.size(0), H = table.size(1);
  if (x.rank() != 3 || x.size(2) != H) {
    fail<ShapeError>("{}: x must be [B, S, {}], not {}", layer, H, x.shape());
  }
  const int64_t S = x.size(1);
  if (first < 0 || first > P - S) {
    fail<IndexError>("{}: a sequence of {} that begins at position {} does not fit into the {} {}", layer, S,
                     first, P, plural(P, "position"));
  }
  return table.slice(0, first, first + S);
}

}  // namespace

Tensor sinusoids(int64_t rows, int64_t hidden) {
  Tensor table = empty({checked_size("sinusoids", "rows", rows), checked_size("sinusoids", "hidden", hidden)},
                       DType::f64);
  double* values = table.mutable_data<double>();
  for (int64_t p = 0; p < rows; ++p) {
    for (int64_t column = 0; column < hidden; ++column) {
      const auto pair = static_cast<double>(column - column % 2);  // 2j, for the sine and for the cosine
      const double angle = static_cast<double>(p) / std::pow(10000.0, pair / static_cast<double>(hidden));
      values[p * hidden + column] = column % 2 == 0 ? std::sin(angle) : std::cos(angle);
    }
  }
  return table;
}

SinusoidalPositions::SinusoidalPositions(int64_t max_length, int64_t hidden)
    : table(sinusoids(max_length, hidden)) {}

Tensor SinusoidalPositions::operator()(const Tensor& x, int64_t first) const {
  const ModuleScope scope = enter();
  return x + rows_for("sinusoidal positions", table, x, first).to(x.dtype());
}

LearnedPositions::LearnedPositions(int64_t max_length, int64_t hidden, Rng& rng, const Init& init)
    : weight(parameter("weight", make_table("learned positions", max_length, hidden, rng, init))) {}

Tensor LearnedPositions::operator()(const Tensor& x, int64_t first) const {
  const ModuleScope scope = enter();
  return x + rows_for("learned positions", weight, x, first);
}

SegmentEmbedding::SegmentEmbedding(int64_t segments, int64_t hidden, Rng& rng, const Init& init)
    : weight(parameter("weight", make_table("segment embedding", segments, hidden, rng, init))) {}

Tensor SegmentEmbedding::operator()(const Tensor& x, const Tensor& segment_ids) const {
  const ModuleScope scope = enter();
  const Tensor rows = embedding(weight, segment_ids);
  if (rows.shape() != x.shape()) {
    fail<ShapeError>(
        "segment embedding: x {} and segment ids {} do not fit: they must be [B, S, {}] and [B, S]",
        x.shape(), segment_ids.shape(), weight.size(1));
  }
  return x + rows;
}

}  // namespace gradus::nn
