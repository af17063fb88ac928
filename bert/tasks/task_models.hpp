/// @file
/// BERT with a task on top (Devlin et al. 2018, section 4 and figure 4): one linear map over the body's
/// vectors. Parameters are named as in Hugging Face's models of the same names, so folders move both ways
/// (bert/tasks/task_files.hpp).
///
/// Letters in shapes: B sequences, S tokens in each, H hidden size, C labels or choices, n positions.
#pragma once

#include "bert/model/model.hpp"
#include "bert/tasks/task_config.hpp"

namespace gradus::bert {

/// What a model is given: i64 [B, S] each, as for Bert.
struct TaskInput {
  Tensor ids, token_type_ids, attention_mask;
};

/// A label, or a number, for each text or pair: W dropout(pooled) + b, where the pooler or another pooling
/// (bert/tasks/text_pooling.hpp) makes one vector of a text's.
class BertForSequenceClassification : public nn::Module {
 public:
  BertForSequenceClassification(const Config& config, TaskConfig task, Rng& rng);

  Tensor operator()(const TaskInput& input) const;  ///< [B, S] -> logits [B, C]; C is 1 for a regression

  const TaskConfig task;
  const Bert bert;
  const std::optional<TextPooling> pooling;  ///< where it is not the body's pooler
  const nn::Dropout dropout;
  const nn::Linear classifier;  ///< [C, H]
};

/// A label for each word: W dropout(h) + b at its first piece. The body has no pooler.
class BertForTokenClassification : public nn::Module {
 public:
  BertForTokenClassification(const Config& config, TaskConfig task, Rng& rng);

  /// The logits at `positions`, i64 [n], b * S + s -> [n, C]: cheaper than at all of them.
  Tensor operator()(const TaskInput& input, const Tensor& positions) const;

  const TaskConfig task;
  const Bert bert;
  const nn::Dropout dropout;
  const nn::Linear classifier;  ///< [C, H]
};

/// Where an answer begins and ends: two scores for each token, W h + b. The body has no pooler.
class BertForQuestionAnswering : public nn::Module {
 public:
  BertForQuestionAnswering(const Config& config, TaskConfig task, Rng& rng);

  Tensor operator()(const TaskInput& input) const;  ///< [B, S] -> [B, S, 2]: of the first token, of the last

  const TaskConfig task;
  const Bert bert;
  const nn::Linear qa_outputs;  ///< [2, H]
};

/// Which of C second texts belongs to a first one: a score w dropout(pooled) + b for each pair.
class BertForMultipleChoice : public nn::Module {
 public:
  BertForMultipleChoice(const Config& config, TaskConfig task, Rng& rng);

  /// B * C pairs, the choices of one question one after the other -> [B, C].
  /// @throws ShapeError when they do not come out even.
  Tensor operator()(const TaskInput& pairs, int64_t choices) const;

  const TaskConfig task;
  const Bert bert;
  const nn::Dropout dropout;
  const nn::Linear classifier;  ///< [1, H]
};

}  // namespace gradus::bert
