/// @file
/// How well a query matches a key, as one number: four ways, and one type that holds any of them.
///
/// All take queries q [..., S, Dq] and keys k [..., T, Dk] and give the scores [..., S, T] of every query
/// with every key, before mask and softmax. The axes before the last two are the same in q and k.
///
///     const AdditiveScore score(4, 6, 8, rng);                          // Dq 4, Dk 6, 8 numbers inside
///     const Tensor weights = softmax(score(queries, keys));             // [B, S, 4], [B, T, 6] -> [B, S, T]
///
/// For A heads at once, q is [..., A, S, Dq], k is [..., A, T, Dk], and each parameter has a leading [A]:
/// every head scores in its own way.
#pragma once

#include <string_view>
#include <variant>

#include "nn/init.hpp"
#include "nn/module.hpp"

namespace gradus::nn {

struct ScoreOptions {
  int64_t heads = 0;  ///< A; 0: one score without an axis of heads
  Init init = init::xavier_uniform();
};

/// q k^T (Luong et al. 2015, section 3.1, "dot"). Dq = Dk. @throws ShapeError if they differ.
class DotScore : public Module {
 public:
  Tensor operator()(const Tensor& q, const Tensor& k) const;
};

/// q k^T / sqrt(D) (Vaswani et al. 2017, section 3.2.1): for numbers of variance 1 a sum of D products has
/// variance D; divided by sqrt(D) it has 1 again, and softmax does not saturate. Dq = Dk = D.
class ScaledDotScore : public Module {
 public:
  Tensor operator()(const Tensor& q, const Tensor& k) const;
};

/// q W k^T (Luong et al. 2015, section 3.1, "general"; also called bilinear).
class GeneralScore : public Module {
 public:
  GeneralScore(int64_t query_size, int64_t key_size, Rng& rng, const ScoreOptions& options = {});

  Tensor operator()(const Tensor& q, const Tensor& k) const;

  const Tensor weight;  ///< W: [Dq, Dk], or [A, Dq, Dk]
};

/// v^T tanh(W_q q + W_k k) (Bahdanau et al. 2014, appendix A.1.2; Luong et al. 2015, "concat"). The sum of
/// every query with every key is held: S T E numbers for each head and row of the batch.
class AdditiveScore : public Module {
 public:
  /// `size` is E, the numbers inside.
  AdditiveScore(int64_t query_size, int64_t key_size, int64_t size, Rng& rng,
                const ScoreOptions& options = {});

  Tensor operator()(const Tensor& q, const Tensor& k) const;

  const Tensor query_weight;  ///< W_q: [E, Dq], or [A, E, Dq]
  const Tensor key_weight;    ///< W_k: [E, Dk], or [A, E, Dk]
  const Tensor vector;        ///< v: [E], or [A, E]
};

enum class ScoreKind { dot, scaled_dot, general, additive };

/// "dot", "scaled_dot", "general" or "additive". @throws ValueError for any other name.
ScoreKind score_by_name(std::string_view name);

/// Any of the four: what an attention layer holds. With `kind` an option, layers differ in one word. The
/// parameters are named as in the score itself.
class AttentionScore : public Module {
 public:
  /// An additive score gets E = query_size.
  AttentionScore(ScoreKind kind, int64_t query_size, int64_t key_size, Rng& rng,
                 const ScoreOptions& options = {});

  Tensor operator()(const Tensor& q, const Tensor& k) const;

  using Any = std::variant<DotScore, ScaledDotScore, GeneralScore, AdditiveScore>;
  const ScoreKind kind;
  const Any score;
};

}  // namespace gradus::nn
