#include "bert/evaluation/evaluation.hpp"

#include <algorithm>
#include <cmath>

namespace gradus::bert {
namespace {

double ratio(double part, int64_t whole) { return whole == 0 ? 0 : part / static_cast<double>(whole); }

Evaluation score(const PretrainingLoss& out, const PretrainingBatch& batch) {
  Evaluation e;
  if (!batch.masked_labels.empty()) {
    const std::vector<int64_t> guesses = argmax(out.mlm_logits, -1).to_vector<int64_t>();
    e.positions = static_cast<int64_t>(guesses.size());
    e.mlm_loss_sum = out.mlm_loss.item() * static_cast<double>(e.positions);
    for (size_t i = 0; i < guesses.size(); ++i) e.mlm_right += guesses[i] == batch.masked_labels[i];
  }
  const std::vector<int64_t> guesses = argmax(out.nsp_logits, -1).to_vector<int64_t>();
  for (size_t i = 0; i < guesses.size(); ++i) {
    const int64_t label = batch.next_sentence_labels[i];
    if (label == no_label) continue;
    ++e.pairs[static_cast<size_t>(label)];
    e.nsp_right[static_cast<size_t>(label)] += guesses[i] == label;
  }
  e.nsp_loss_sum = out.nsp_loss.item() * static_cast<double>(e.pairs[0] + e.pairs[1]);
  return e;
}

void add(std::optional<BaselineScore>& total, const std::optional<BaselineScore>& more) {
  if (!more) return;
  if (!total) total.emplace();
  *total += *more;
}

}  // namespace

double Evaluation::mlm_loss() const { return ratio(mlm_loss_sum, positions); }
double Evaluation::mlm_accuracy() const { return ratio(static_cast<double>(mlm_right), positions); }
double Evaluation::perplexity() const { return std::exp(mlm_loss()); }
double Evaluation::nsp_loss() const { return ratio(nsp_loss_sum, pairs[0] + pairs[1]); }

double Evaluation::nsp_accuracy() const {
  return ratio(static_cast<double>(nsp_right[0] + nsp_right[1]), pairs[0] + pairs[1]);
}

double Evaluation::nsp_accuracy_of(int label) const {
  const auto i = static_cast<size_t>(label);
  return ratio(static_cast<double>(nsp_right.at(i)), pairs.at(i));
}

Evaluation& Evaluation::operator+=(const Evaluation& other) {
  positions += other.positions;
  mlm_right += other.mlm_right;
  mlm_loss_sum += other.mlm_loss_sum;
  nsp_loss_sum += other.nsp_loss_sum;
  for (size_t i = 0; i < 2; ++i) {
    pairs[i] += other.pairs[i];
    nsp_right[i] += other.nsp_right[i];
  }
  add(unigram, other.unigram);
  add(bigram, other.bigram);
  return *this;
}

Evaluation evaluate(const BertForPreTraining& model, const PretrainingData& data,
                    const EvaluationOptions& options, const BigramBaseline* baseline) {
  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  const EpochPlan plan = data.plan_epoch(options.epoch, options.length);
  const int64_t rows = options.rows > 0 ? std::min(options.rows, plan.size()) : plan.size();
  Evaluation total;
  for (int64_t first = 0; first < rows; first += options.batch_rows) {
    if (options.before_batch) options.before_batch();
    const PretrainingBatch batch = data.batch(plan, first, std::min(options.batch_rows, rows - first));
    total += score(model.loss(batch), batch);
    if (baseline != nullptr) {
      Evaluation counted;
      counted.unigram = baseline->unigram().score(batch);
      counted.bigram = baseline->score(batch);
      total += counted;
    }
  }
  return total;
}

}  // namespace gradus::bert
