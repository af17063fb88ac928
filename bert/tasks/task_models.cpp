#include "bert/tasks/task_models.hpp"

#include <utility>

#include "bert/model/init.hpp"

namespace gradus::bert {
namespace {

nn::Linear fresh_classifier(const Config& config, int64_t outputs, Rng& rng) {
  return {config.hidden_size, outputs, rng, {weight_init(config)}};
}

int64_t labels_of(const TaskConfig& task) {
  if (task.labels.empty()) fail<ValueError>("a classifier needs at least one label");
  return static_cast<int64_t>(task.labels.size());
}

/// The pooled vectors [B, H]. The last layer stops after attention for all tokens but the first.
Tensor pooled(const Bert& bert, const TaskInput& input) {
  const int64_t rows = input.ids.size(0), length = input.ids.size(1);
  const Tensor first = arange(rows) * length;
  return bert.pooler->of_first(
      bert.at_positions(first, input.ids, input.token_type_ids, input.attention_mask));
}

}  // namespace

BertForSequenceClassification::BertForSequenceClassification(const Config& config, TaskConfig of, Rng& rng)
    : task(std::move(of)),
      bert(child("bert", Bert(config, rng, /*with_pooler=*/task.pooling == TextPoolingKind::pooler))),
      pooling(task.pooling == TextPoolingKind::pooler
                  ? std::nullopt
                  : std::optional(child("pooling", TextPooling(task.pooling, config, rng)))),
      dropout(child("dropout", nn::Dropout(task.dropout(config)))),
      classifier(child("classifier", fresh_classifier(config, labels_of(task), rng))) {}

Tensor BertForSequenceClassification::operator()(const TaskInput& input) const {
  const ModuleScope scope = enter();
  return classifier(dropout(pooling ? (*pooling)(bert, input) : pooled(bert, input)));
}

BertForTokenClassification::BertForTokenClassification(const Config& config, TaskConfig of, Rng& rng)
    : task(std::move(of)),
      bert(child("bert", Bert(config, rng, /*with_pooler=*/false))),
      dropout(child("dropout", nn::Dropout(task.dropout(config)))),
      classifier(child("classifier", fresh_classifier(config, labels_of(task), rng))) {}

Tensor BertForTokenClassification::operator()(const TaskInput& input, const Tensor& positions) const {
  const ModuleScope scope = enter();
  return classifier(
      dropout(bert.at_positions(positions, input.ids, input.token_type_ids, input.attention_mask)));
}

BertForQuestionAnswering::BertForQuestionAnswering(const Config& config, TaskConfig of, Rng& rng)
    : task(std::move(of)),
      bert(child("bert", Bert(config, rng, /*with_pooler=*/false))),
      qa_outputs(child("qa_outputs", fresh_classifier(config, 2, rng))) {}

Tensor BertForQuestionAnswering::operator()(const TaskInput& input) const {
  const ModuleScope scope = enter();
  return qa_outputs(bert(input.ids, input.token_type_ids, input.attention_mask).last_hidden);
}

BertForMultipleChoice::BertForMultipleChoice(const Config& config, TaskConfig of, Rng& rng)
    : task(std::move(of)),
      bert(child("bert", Bert(config, rng))),
      dropout(child("dropout", nn::Dropout(task.dropout(config)))),
      classifier(child("classifier", fresh_classifier(config, 1, rng))) {}

Tensor BertForMultipleChoice::operator()(const TaskInput& pairs, int64_t choices) const {
  const ModuleScope scope = enter();
  const int64_t rows = pairs.ids.size(0);
  if (choices < 1 || rows % choices != 0)
    fail<ShapeError>("multiple choice: {} pairs are not questions of {} choices each", rows, choices);
  return classifier(dropout(pooled(bert, pairs))).reshape({rows / choices, choices});  // [B C, 1] -> [B, C]
}

}  // namespace gradus::bert
