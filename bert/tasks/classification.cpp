#include "bert/tasks/classification.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "autograd/error.hpp"
#include "autograd/ops.hpp"

namespace gradus::bert {
namespace {

std::vector<const TextRow*> pointers(const std::vector<TextRow>& rows, std::span<const int64_t> which) {
  std::vector<const TextRow*> chosen;
  chosen.reserve(which.size());
  for (const int64_t row : which) chosen.push_back(&rows[static_cast<size_t>(row)]);
  return chosen;
}

/// How many rows each text has.
std::vector<double> rows_of_each(const FittedTexts& texts) {
  std::vector<double> counts(static_cast<size_t>(texts.texts), 0);
  for (const int64_t text : texts.text_of_row) ++counts[static_cast<size_t>(text)];
  return counts;
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
                const std::function<void()>& check_stop) {
  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  std::vector<int64_t> order(texts.rows.size());  // the longest first, so that little is padded
  std::iota(order.begin(), order.end(), int64_t{0});
  std::ranges::stable_sort(order, [&](int64_t a, int64_t b) {
    return texts.rows[static_cast<size_t>(a)].ids.size() > texts.rows[static_cast<size_t>(b)].ids.size();
  });
  const int64_t outputs = model.classifier.weight.size(0);
  const std::vector<double> counts = rows_of_each(texts);
  std::vector<double> sums(static_cast<size_t>(texts.texts * outputs), 0);
  constexpr size_t batch_slots = 4096;
  for (size_t begin = 0; begin < order.size();) {
    if (check_stop) check_stop();
    const size_t longest = texts.rows[static_cast<size_t>(order[begin])].ids.size();
    const size_t count = std::min(std::max<size_t>(1, batch_slots / longest), order.size() - begin);
    const auto some = std::span(order).subspan(begin, count);
    const std::vector<double> logits =
        model(to_input(pointers(texts.rows, some), pad)).to(DType::f64).to_vector<double>();
    for (size_t i = 0; i < count; ++i) {
      const auto text = static_cast<size_t>(texts.text_of_row[static_cast<size_t>(some[i])]);
      for (size_t c = 0; c < static_cast<size_t>(outputs); ++c)
        sums[text * static_cast<size_t>(outputs) + c] +=
            logits[i * static_cast<size_t>(outputs) + c] / counts[text];
    }
    begin += count;
  }
  return tensor(sums, Shape{texts.texts, outputs}).to(DType::f32);
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

Classification::Classification(BertForSequenceClassification model, Tokenizer tokenizer,
                               const LabelledTexts& training, const LabelledTexts& validation,
                               const ClassificationOptions& options)
    : model_(std::move(model)),
      tokenizer_(std::move(tokenizer)),
      options_(options),
      training_(fit_texts(tokenizer_, training, options.fit)),
      validation_(fit_texts(tokenizer_, validation, options.fit)),
      training_targets_(targets_of(model_.task, training)),
      validation_targets_(targets_of(model_.task, validation)) {
  const size_t labels = model_.task.labels.size(), weights = options_.class_weights.size();
  if (weights != 0 && (model_.task.regression || weights != labels))
    fail<ValueError>("{} weights of classes for {} labels", weights, model_.task.regression ? 0 : labels);
}

Classification::Targets Classification::targets_of(const TaskConfig& task, const LabelledTexts& texts) {
  Targets targets;
  for (const LabelledText& text : texts.rows) {
    if (task.regression) {
      targets.numbers.push_back(text.number);
      continue;
    }
    try {
      targets.labels.push_back(task.label_id(text.label));
    } catch (const ValueError& error) {
      fail<FormatError>("{}, line {}: {}", texts.file.string(), text.line, error.what());
    }
  }
  return targets;
}

std::pair<int64_t, int64_t> Classification::slots_and_pieces(std::span<const int64_t> rows) const {
  int64_t longest = 0, pieces = 0;
  for (const int64_t row : rows) {
    const auto size = static_cast<int64_t>(training_.rows[static_cast<size_t>(row)].ids.size());
    longest = std::max(longest, size);
    pieces += size - 2;
  }
  return {longest * static_cast<int64_t>(rows.size()), pieces};
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
  const Tensor logits = model_(to_input(pointers(training_.rows, rows), tokenizer_.special_ids().pad));
  std::vector<int64_t> texts;
  texts.reserve(rows.size());
  for (const int64_t row : rows) texts.push_back(training_.text_of_row[static_cast<size_t>(row)]);
  return loss_of(logits, texts, /*is_training=*/true);
}

/// The mean loss of logits [n, C] for these texts. Weights of classes are of training alone.
Tensor Classification::loss_of(const Tensor& logits, const std::vector<int64_t>& texts,
                               bool is_training) const {
  const Targets& targets = is_training ? training_targets_ : validation_targets_;
  if (model_.task.regression) {
    std::vector<double> numbers;
    numbers.reserve(texts.size());
    for (const int64_t text : texts) numbers.push_back(targets.numbers[static_cast<size_t>(text)]);
    const Tensor error = logits.squeeze(1) - tensor(numbers).to(logits.dtype());
    return mean(error * error);
  }
  std::vector<int64_t> labels;
  labels.reserve(texts.size());
  for (const int64_t text : texts) labels.push_back(targets.labels[static_cast<size_t>(text)]);
  CrossEntropyOptions how;
  if (is_training && !options_.class_weights.empty())
    how.weight = tensor(options_.class_weights).to(logits.dtype());
  return cross_entropy(logits, tensor(labels), how);
}

Figures Classification::score(const std::function<void()>& check_stop) const {
  const Tensor said = classify(model_, validation_, tokenizer_.special_ids().pad, check_stop);
  std::vector<int64_t> all(static_cast<size_t>(validation_.texts));
  std::iota(all.begin(), all.end(), int64_t{0});
  const double loss = loss_of(said, all, /*is_training=*/false).item();
  if (model_.task.regression) {
    const std::vector<double>& numbers = validation_targets_.numbers;
    const double middle =
        std::accumulate(numbers.begin(), numbers.end(), 0.0) / static_cast<double>(numbers.size());
    double variance = 0;
    for (const double number : numbers)
      variance += (number - middle) * (number - middle) / static_cast<double>(numbers.size());
    return {{"R2", variance > 0 ? 1 - loss / variance : 0}, {"loss", loss}};
  }
  const std::vector<int64_t> guesses = argmax(said, -1).to_vector<int64_t>();
  double right = 0;
  for (size_t i = 0; i < guesses.size(); ++i) right += guesses[i] == validation_targets_.labels[i];
  return {{"accuracy", right / static_cast<double>(guesses.size())}, {"loss", loss}};
}

}  // namespace gradus::bert
