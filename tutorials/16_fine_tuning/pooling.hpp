/// @file
/// Chapter 16: is attention on top of BERT of use? The same task with four ways to one vector, on a body that
/// stays and on one that moves, and where the learnt query looks.
#pragma once

#include "tuning.hpp"

namespace gradus::tutorials::fine_tuning {

inline const std::vector<bert::TextPoolingKind> poolings = {
    bert::TextPoolingKind::cls, bert::TextPoolingKind::pooler, bert::TextPoolingKind::mean,
    bert::TextPoolingKind::attention};
inline const Words pooling_names = {"[CLS] as it is", "pooled [CLS]", "mean", "attention"};

/// What a head learns at on a body that stays: it is all that moves, so it takes larger steps.
inline Course frozen_course() { return {.steps = 300, .rate = 1e-2, .frozen = true}; }

/// The weights [S] of attention pooling for a text.
inline std::vector<double> looked_at(const bert::BertForSequenceClassification& model, const Given& one) {
  const NoGrad no_tape;
  const bert::TaskInput input = input_of(Some<Given>{&one});
  const nn::AttentionPooling& top = *model.pooling->attention;
  return attention_pooled(vectors_of(model.bert, input).last_hidden, real_of(input), top.dense.weight,
                          top.dense.bias, top.query.weight.select(0, 0))
      .weights.select(0, 0)
      .to(DType::f64)
      .to_vector<double>();
}

/// How much of the weight is on the clause of what is sold, on average: a half would be no choice.
inline double weight_on_given(const bert::BertForSequenceClassification& model,
                              const std::vector<Given>& examples) {
  double sum = 0;
  for (const Given& one : examples) {
    const std::vector<double> weights = looked_at(model, one);
    for (int64_t s = one.good.first; s <= one.good.last; ++s) sum += weights[static_cast<size_t>(s)];
  }
  return sum / static_cast<double>(examples.size());
}

}  // namespace gradus::tutorials::fine_tuning
