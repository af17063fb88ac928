#include "bert/tasks/tagging.hpp"

#include <algorithm>
#include <utility>

#include "autograd/error.hpp"
#include "autograd/ops.hpp"

namespace gradus::bert {
namespace {

/// Where the words of these rows are in a batch of them: b * S + slot.
Tensor positions_of(const TagRows& rows, std::span<const int64_t> which, int64_t length) {
  std::vector<int64_t> positions;
  for (size_t i = 0; i < which.size(); ++i)
    for (const RowWord& word : rows.words[static_cast<size_t>(which[i])])
      positions.push_back(static_cast<int64_t>(i) * length + word.slot);
  return tensor(positions);
}

/// Logits of the words of these rows, [n, C].
Tensor logits_of(const BertForTokenClassification& model, const TagRows& rows, std::span<const int64_t> which,
                 const TaskInput& input) {
  return model(input, positions_of(rows, which, input.ids.size(1)));
}

}  // namespace

Tensor tag(const BertForTokenClassification& model, const TagRows& rows, TokenId pad,
           const Scoring& scoring) {
  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  const auto labels = static_cast<size_t>(model.classifier.weight.size(0));
  std::vector<size_t> first = {0};  // of each row among all words
  for (const std::vector<RowWord>& words : rows.words) first.push_back(first.back() + words.size());
  std::vector<float> said(first.back() * labels);
  const auto compute = [&](RowNumbers some, RowBatch batch) {
    return logits_of(model, rows, some, to_input(batch, pad)).to(DType::f64).to_vector<double>();
  };
  for_outputs_by_length(
      rows.rows, scoring, compute, [&](RowNumbers some, RowBatch, std::span<const double> logits) {
        auto from = logits.begin();
        for (const int64_t row : some) {
          const size_t begin = first[static_cast<size_t>(row)], end = first[static_cast<size_t>(row) + 1];
          for (size_t at = begin * labels; at < end * labels; ++at, ++from)
            said[at] = static_cast<float>(*from);
        }
      });
  return tensor(said, Shape{static_cast<int64_t>(first.back()), static_cast<int64_t>(labels)});
}

std::vector<double> balanced_weights(const TaggedSentences& sentences,
                                     const std::vector<std::string>& labels) {
  std::vector<double> weights;
  for (const std::string& label : labels) {
    int64_t count = 0;
    for (const TaggedSentence& sentence : sentences.sentences)
      count += std::ranges::count(sentence.tags, label);
    if (count == 0)
      fail<FormatError>("{}: no word has the tag '{}', so it cannot be weighed by its share",
                        sentences.file.string(), label);
    weights.push_back(static_cast<double>(sentences.words()) /
                      (static_cast<double>(labels.size()) * static_cast<double>(count)));
  }
  return weights;
}

Tagging::Tagging(BertForTokenClassification model, Tokenizer tokenizer, const TaggedSentences& training,
                 const TaggedSentences& validation, const TaggingOptions& options)
    : model_(std::move(model)),
      tokenizer_(std::move(tokenizer)),
      options_(options),
      training_sentences_(training),
      validation_sentences_(validation),
      training_(tag_rows(tokenizer_, training, options.fit)),
      validation_(tag_rows(tokenizer_, validation, options.fit)),
      training_targets_(tag_targets(model_.task, training)) {
  tag_targets(model_.task, validation);  // a tag that is not known is found before anything is trained
  const size_t labels = model_.task.labels.size(), weights = options_.class_weights.size();
  if (weights != 0 && weights != labels)
    fail<ValueError>("{} weights of tags for {} labels", weights, labels);
}

std::pair<int64_t, int64_t> Tagging::slots_and_pieces(std::span<const int64_t> rows) const {
  return count_slots(rows_at(training_.rows, rows));
}

std::vector<int64_t> Tagging::targets_of_rows(std::span<const int64_t> rows) const {
  std::vector<int64_t> targets;
  for (const int64_t row : rows)
    for (const RowWord& word : training_.words[static_cast<size_t>(row)])
      targets.push_back(
          training_targets_[static_cast<size_t>(word.sentence)][static_cast<size_t>(word.word)]);
  return targets;
}

double Tagging::weight(std::span<const int64_t> rows) const {
  double sum = 0;
  for (const int64_t target : targets_of_rows(rows))
    sum += options_.class_weights.empty() ? 1 : options_.class_weights[static_cast<size_t>(target)];
  return sum;
}

Tensor Tagging::loss(std::span<const int64_t> rows) const {
  const Tensor said = logits_of(
      model_, training_, rows,
      shown(to_input(rows_at(training_.rows, rows), tokenizer_.special_ids().pad), tokenizer_.special_ids()));
  CrossEntropyOptions how;
  if (!options_.class_weights.empty()) how.weight = tensor(options_.class_weights).to(said.dtype());
  return cross_entropy(said, tensor(targets_of_rows(rows)), how);
}

Findings Tagging::score(const Scoring& scoring, Detail detail) const {
  const Tensor said = tag(model_, validation_, tokenizer_.special_ids().pad, scoring);
  return judge_tags(model_.task, validation_sentences_, validation_, said, detail);
}

std::vector<std::string> Tagging::notes() const {
  std::vector<std::string> notes = notes_of_words("training", training_, options_.fit);
  for (std::string& note : notes_of_words("validation", validation_, options_.fit))
    notes.push_back(std::move(note));
  return notes;
}

}  // namespace gradus::bert
