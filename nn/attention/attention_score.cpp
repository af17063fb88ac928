#include "nn/attention/attention_score.hpp"

#include <cmath>

namespace gradus::nn {
namespace {

/// [A, rows, cols], each head drawn by itself, or [rows, cols] without heads.
Tensor draw(const ScoreOptions& options, int64_t rows, int64_t cols, Rng& rng) {
  if (options.heads == 0) return options.init({rows, cols}, rng);
  std::vector<Tensor> heads;
  for (int64_t a = 0; a < options.heads; ++a) heads.push_back(options.init({rows, cols}, rng));
  return stack(heads, 0);
}

Tensor draw_vector(const ScoreOptions& options, int64_t size, Rng& rng) {
  return draw(options, 1, size, rng).squeeze(-2).contiguous();  // [1, E] -> [E], or [A, 1, E] -> [A, E]
}

/// The axes of q and k before the last two are the same; with parameters for A heads, the last of these is A.
void check(std::string_view name, const Tensor& q, const Tensor& k, int64_t query_size, int64_t key_size,
           int64_t heads = 0) {
  bool fits = q.rank() >= (heads > 0 ? 3 : 2) && q.rank() == k.rank() && q.size(-1) == query_size &&
              k.size(-1) == key_size;
  for (int i = 0; fits && i < q.rank() - 2; ++i) fits = q.shape()[i] == k.shape()[i];
  if (fits && heads > 0) fits = q.size(-3) == heads;
  if (fits) return;
  const std::string lead = heads > 0 ? fmt::format("..., {}", heads) : "...";
  fail<ShapeError>("{} score: q {} and k {} must be [{}, S, {}] and [{}, T, {}]", name, q.shape(), k.shape(),
                   lead, query_size, lead, key_size);
}

Tensor dot(std::string_view name, const Tensor& q, const Tensor& k) {
  const int64_t D = q.rank() > 0 ? q.size(-1) : 1;
  check(name, q, k, D, D);
  return matmul(q, k.transpose(-2, -1));  // [..., S, D] [..., D, T] -> [..., S, T]
}

}  // namespace

Tensor DotScore::operator()(const Tensor& q, const Tensor& k) const {
  const ModuleScope scope = enter();
  return dot("dot", q, k);
}

Tensor ScaledDotScore::operator()(const Tensor& q, const Tensor& k) const {
  const ModuleScope scope = enter();
  return dot("scaled dot", q, k) / std::sqrt(static_cast<double>(q.size(-1)));
}

GeneralScore::GeneralScore(int64_t query_size, int64_t key_size, Rng& rng, const ScoreOptions& options)
    : weight(parameter("weight", draw(options, query_size, key_size, rng))) {}

Tensor GeneralScore::operator()(const Tensor& q, const Tensor& k) const {
  const ModuleScope scope = enter();
  check("general", q, k, weight.size(-2), weight.size(-1), weight.rank() == 3 ? weight.size(0) : 0);
  return matmul(matmul(q, weight), k.transpose(-2, -1));  // [..., S, Dk] [..., Dk, T] -> [..., S, T]
}

AdditiveScore::AdditiveScore(int64_t query_size, int64_t key_size, int64_t size, Rng& rng,
                             const ScoreOptions& options)
    : query_weight(parameter("query_weight", draw(options, size, query_size, rng))),
      key_weight(parameter("key_weight", draw(options, size, key_size, rng))),
      vector(parameter("vector", draw_vector(options, size, rng))) {}

Tensor AdditiveScore::operator()(const Tensor& q, const Tensor& k) const {
  const ModuleScope scope = enter();
  check("additive", q, k, query_weight.size(-1), key_weight.size(-1),
        vector.rank() == 2 ? vector.size(0) : 0);
  const Tensor from_q = matmul(q, query_weight.transpose(-2, -1)).unsqueeze(-2);  // [..., S, 1, E]
  const Tensor from_k = matmul(k, key_weight.transpose(-2, -1)).unsqueeze(-3);    // [..., 1, T, E]
  const Tensor inner = tanh(from_q + from_k);                                     // [..., S, T, E]
  // One product with v for all pairs of a head: [..., S T, E] [E, 1] -> [..., S T, 1].
  Shape pairs = inner.shape(), scores = inner.shape();
  scores.erase(scores.rank() - 1);  // [..., S, T]
  pairs.erase(pairs.rank() - 2);
  pairs[pairs.rank() - 2] = scores[scores.rank() - 2] * scores[scores.rank() - 1];
  return matmul(inner.reshape(pairs), vector.unsqueeze(-1)).reshape(scores);
}

ScoreKind score_by_name(std::string_view name) {
  if (name == "dot") return ScoreKind::dot;
  if (name == "scaled_dot") return ScoreKind::scaled_dot;
  if (name == "general") return ScoreKind::general;
  if (name == "additive") return ScoreKind::additive;
  fail<ValueError>("unknown attention score \"{}\": dot, scaled_dot, general and additive exist", name);
}

AttentionScore::AttentionScore(ScoreKind wanted, int64_t query_size, int64_t key_size, Rng& rng,
                               const ScoreOptions& options)
    : kind(wanted), score([&]() -> Any {
        switch (kind) {
          case ScoreKind::dot:
            return DotScore();
          case ScoreKind::scaled_dot:
            return ScaledDotScore();
          case ScoreKind::general:
            return child("", GeneralScore(query_size, key_size, rng, options));
          default:
            return child("", AdditiveScore(query_size, key_size, query_size, rng, options));
        }
      }()) {}

Tensor AttentionScore::operator()(const Tensor& q, const Tensor& k) const {
  const ModuleScope scope = enter();
  return std::visit([&](const auto& any) { return any(q, k); }, score);
}

}  // namespace gradus::nn
