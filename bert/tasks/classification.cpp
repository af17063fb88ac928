#include "bert/tasks/classification.hpp"

#include <algorithm>
#include <utility>

#include "autograd/error.hpp"
#include "autograd/ops.hpp"
#include "autograd/plural.hpp"

namespace gradus::bert {
namespace {

/// How many rows each text has.
std::vector<double> rows_of_each(const FittedTexts& texts) {
  std::vector<double> counts(static_cast<size_t>(texts.texts), 0);
  for (const int64_t text : texts.text_of_row) ++counts[static_cast<size_t>(text)];
  return counts;
}

/// The mean loss of what a model says: cross entropy of logits [n, C], the squared error of numbers [n, 1].
Tensor loss_of(const Tensor& said, const Targets& targets, const std::vector<double>& class_weights) {
  if (targets.labels.empty()) {
    const Tensor error = said.squeeze(1) - tensor(targets.numbers).to(said.dtype());
    return mean(error * error);
  }
  CrossEntropyOptions how;
  if (!class_weights.empty()) how.weight = tensor(class_weights).to(said.dtype());
  return cross_entropy(said, tensor(targets.labels), how);
}

}  // namespace

FittedTexts fit_texts(const Tokenizer& tokenizer, const LabelledTexts& texts, const FitOptions& options) {
  FittedTexts all;
  for (const LabelledText& text : texts.rows) {
    FittedText fitted;
    try {
      fitted = fit_text(tokenizer, text.text, text.pair, texts.has_pairs, options);
    } catch (const ValueError& error) {
      fail<ValueError>("{}, line {}: {}", texts.file.string(), text.line, error.what());
    }
    for (TextRow& row : fitted.rows) {
      all.pieces += static_cast<int64_t>(row.ids.size()) - (texts.has_pairs ? 3 : 2);
      all.rows.push_back(std::move(row));
      all.text_of_row.push_back(all.texts);
    }
    all.left_out += fitted.left_out;
    all.cut += fitted.left_out > 0;
    ++all.texts;
  }
  return all;
}

Tensor classify(const BertForSequenceClassification& model, const FittedTexts& texts, TokenId pad,
                const Scoring& scoring) {
  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  const auto outputs = static_cast<size_t>(model.classifier.weight.size(0));
  const std::vector<double> counts = rows_of_each(texts);
  std::vector<double> sums(static_cast<size_t>(texts.texts) * outputs, 0);
  const auto compute = [&](RowNumbers, RowBatch batch) {
    return model(to_input(batch, pad)).to(DType::f64).to_vector<double>();
  };
  for_outputs_by_length(
      texts.rows, scoring, compute, [&](RowNumbers some, RowBatch, std::span<const double> logits) {
        for (size_t i = 0; i < some.size(); ++i) {
          const auto text = static_cast<size_t>(texts.text_of_row[static_cast<size_t>(some[i])]);
          for (size_t c = 0; c < outputs; ++c)
            sums[text * outputs + c] += logits[i * outputs + c] / counts[text];
        }
      });
  return tensor(sums, Shape{texts.texts, static_cast<int64_t>(outputs)}).to(DType::f32);
}

std::vector<double> balanced_weights(const LabelledTexts& texts, const std::vector<std::string>& labels) {
  std::vector<double> weights;
  for (const std::string& label : labels) {
    const auto count = std::ranges::count(texts.rows, label, &LabelledText::label);
    if (count == 0)
      fail<FormatError>("{}: no row has the label '{}', so it cannot be weighed by its share",
                        texts.file.string(), label);
    weights.push_back(static_cast<double>(texts.rows.size()) /
                      (static_cast<double>(labels.size()) * static_cast<double>(count)));
  }
  return weights;
}

std::string note_of_cuts(const std::string& name, const FittedTexts& texts, const FitOptions& options) {
  if (texts.cut == 0) return "";
  return fmt::format("{}: {} of {} {} longer than {} pieces; {} of {} pieces are left out", name, texts.cut,
                     texts.texts, plural(texts.texts, "text"), options.max_length, texts.left_out,
                     texts.pieces + texts.left_out);
}

Classification::Classification(BertForSequenceClassification model, Tokenizer tokenizer,
                               const LabelledTexts& training, const LabelledTexts& validation,
                               const ClassificationOptions& options)
    : model_(std::move(model)),
      tokenizer_(std::move(tokenizer)),
      options_(options),
      training_texts_(training),
      validation_texts_(validation),
      training_(fit_texts(tokenizer_, training, options.fit)),
      validation_(fit_texts(tokenizer_, validation, options.fit)),
      training_targets_(targets_of(model_.task, training)) {
  targets_of(model_.task, validation);  // a label that is not known is found before anything is trained
  const size_t labels = model_.task.labels.size(), weights = options_.class_weights.size();
  if (weights != 0 && (model_.task.regression || weights != labels))
    fail<ValueError>("{} weights of classes for {} labels", weights, model_.task.regression ? 0 : labels);
}

std::pair<int64_t, int64_t> Classification::slots_and_pieces(std::span<const int64_t> rows) const {
  return count_slots(rows_at(training_.rows, rows));
}

double Classification::weight(std::span<const int64_t> rows) const {
  if (options_.class_weights.empty()) return static_cast<double>(rows.size());
  double sum = 0;
  for (const int64_t row : rows) {
    const auto text = static_cast<size_t>(training_.text_of_row[static_cast<size_t>(row)]);
    sum += options_.class_weights[static_cast<size_t>(training_targets_.labels[text])];
  }
  return sum;
}

Tensor Classification::loss(std::span<const int64_t> rows) const {
  const Tensor said = model_(
      shown(to_input(rows_at(training_.rows, rows), tokenizer_.special_ids().pad), tokenizer_.special_ids()));
  Targets targets;
  for (const int64_t row : rows) {
    const auto text = static_cast<size_t>(training_.text_of_row[static_cast<size_t>(row)]);
    if (model_.task.regression) {
      targets.numbers.push_back(training_targets_.numbers[text]);
    } else {
      targets.labels.push_back(training_targets_.labels[text]);
    }
  }
  return loss_of(said, targets, options_.class_weights);
}

Findings Classification::score(const Scoring& scoring, Detail detail) const {
  const Tensor said = classify(model_, validation_, tokenizer_.special_ids().pad, scoring);
  return judge(model_.task, validation_texts_, said, detail);
}

std::vector<std::string> Classification::notes() const {
  std::vector<std::string> notes;
  for (const auto& [name, texts] : {std::pair("training", &training_), std::pair("validation", &validation_)})
    if (std::string note = note_of_cuts(name, *texts, options_.fit); !note.empty())
      notes.push_back(std::move(note));
  return notes;
}

}  // namespace gradus::bert
