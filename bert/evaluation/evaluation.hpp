/// @file
/// How well a model does on text that it was not trained on, beside what counting alone achieves there.
#pragma once

#include <array>
#include <functional>
#include <optional>

#include "bert/evaluation/baselines.hpp"
#include "bert/model/heads.hpp"
#include "parallel/world.hpp"

namespace gradus::bert {

/// Sums over the rows seen so far; the members below are their means.
struct Evaluation {
  int64_t positions = 0, mlm_right = 0;  ///< masked positions
  double mlm_loss_sum = 0;
  std::array<int64_t, 2> pairs{}, nsp_right{};  ///< by class: 0 is next, 1 random
  double nsp_loss_sum = 0;
  std::optional<BaselineScore> unigram, bigram;  ///< on the very same positions

  double mlm_loss() const;      ///< nats a masked piece
  double mlm_accuracy() const;  ///< share of masked pieces guessed right
  double perplexity() const;    ///< exp(mlm_loss)
  double nsp_loss() const;
  double nsp_accuracy() const;
  double nsp_accuracy_of(int label) const;
  double loss() const { return mlm_loss() + nsp_loss(); }
  Evaluation& operator+=(const Evaluation& other);
};

struct EvaluationOptions {
  int64_t rows = 0;         ///< at most this many rows; 0: one whole epoch
  int64_t batch_rows = 32;  ///< rows at a time
  int64_t length = 0;       ///< slots a row; 0: as the data's options say
  int64_t epoch = 0;        ///< which drawing of pairs and masks; the same number draws the same
  /// Called before every batch, for example to ask whether to stop; what it throws comes out of `evaluate`.
  std::function<void()> before_batch = {};
  /// The ranks that share the batches; null: this one alone. Every rank gets the same bits on any number of
  /// them, and calls before_batch equally often.
  parallel::World* world = nullptr;
};

/// Scores `model` in eval mode (its mode is put back afterwards) on an epoch of `data`. With `baseline`, that
/// one and its unigram are scored on the same masked positions.
Evaluation evaluate(const BertForPreTraining& model, const PretrainingData& data,
                    const EvaluationOptions& options = {}, const BigramBaseline* baseline = nullptr);

}  // namespace gradus::bert
