#include "bert/tasks/similarity.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/error.hpp"
#include "autograd/ops.hpp"
#include "autograd/plural.hpp"
#include "bert/checkpoint/checkpoint.hpp"
#include "bert/evaluation/features.hpp"
#include "bert/evaluation/label_baselines.hpp"
#include "bert/metrics/correlation.hpp"
#include "nn/pooling.hpp"

namespace gradus::bert {
namespace {

double or_zero(double value) { return std::isnan(value) ? 0 : value; }

std::vector<double> scores_of(const LabelledTexts& texts) {
  std::vector<double> scores;
  for (const LabelledText& text : texts.rows) scores.push_back(text.number);
  return scores;
}

/// The rows that are learnt from: for the contrastive loss those that are alike.
LabelledTexts learnt_from(LabelledTexts texts, const SimilarityOptions& options) {
  if (options.loss == SimilarityLoss::cosine) return texts;
  std::erase_if(texts.rows, [&](const LabelledText& text) { return text.number < options.alike_from; });
  if (texts.rows.size() < 2)
    fail<FormatError>(
        "{}: fewer than two pairs have a score of {} or more, so there is nothing to tell apart",
        texts.file.string(), options.alike_from);
  return texts;
}

}  // namespace

SentenceEncoder::SentenceEncoder(Bert body) : bert(child("bert", std::move(body))) {}

Tensor SentenceEncoder::operator()(const TaskInput& input) const {
  const ModuleScope scope = enter();
  const Tensor hidden = bert(input.ids, input.token_type_ids, input.attention_mask).last_hidden;
  return nn::mean_pool(hidden, input.attention_mask.to(DType::boolean));  // [B, S, H] -> [B, H]
}

Tensor cosines(const Tensor& u, const Tensor& v) { return sum(normalized(u) * normalized(v), Axes{-1}); }

SimilarityLoss similarity_loss_by_name(const std::string& name) {
  if (name == "cosine") return SimilarityLoss::cosine;
  if (name == "contrastive") return SimilarityLoss::contrastive;
  fail<ValueError>("'{}' is no loss of two towers; choose cosine or contrastive", name);
}

TowerRows tower_rows(const Tokenizer& tokenizer, const LabelledTexts& texts, bool second,
                     const FitOptions& fit) {
  TowerRows tower;
  for (const LabelledText& text : texts.rows) {
    FittedText fitted = fit_text(tokenizer, second ? text.pair : text.text, "", false, fit);
    tower.left_out += fitted.left_out;
    tower.cut += fitted.left_out > 0;
    tower.rows.push_back(std::move(fitted.rows.front()));
  }
  return tower;
}

Tensor encode(const SentenceEncoder& model, const std::vector<TextRow>& rows, TokenId pad,
              const Scoring& scoring) {
  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  const int64_t width = model.bert.config.hidden_size;
  Tensor vectors = zeros(Shape{std::ssize(rows), width});
  const auto compute = [&](RowNumbers, RowBatch batch) {
    return model(to_input(batch, pad)).to(DType::f64).to_vector<double>();
  };
  for_outputs_by_length(rows, scoring, compute, [&](RowNumbers some, RowBatch, std::span<const double> made) {
    auto from = made.begin();
    for (const int64_t row : some)
      for (float *to = vectors.mutable_data<float>() + row * width, *end = to + width; to != end;
           ++to, ++from)
        *to = static_cast<float>(*from);
  });
  return vectors;
}

Findings judge_cosines(const LabelledTexts& texts, const std::vector<double>& cosines, Detail detail) {
  const std::vector<double> scores = scores_of(texts);
  Findings found{.examples = std::ssize(scores)};
  const auto add = [&](const char* name, auto correlation) {
    found.figures.push_back(figure_of(name, scores.size(), detail, [&](std::span<const size_t> which) {
      std::vector<double> x, y;
      for (const size_t i : which) {
        x.push_back(scores[i]);
        y.push_back(cosines[i]);
      }
      return x.size() < 2 ? 0 : or_zero(correlation(x, y));
    }));
  };
  using Numbers = std::vector<double>;
  add("Spearman", [](const Numbers& x, const Numbers& y) { return spearman(x, y); });
  add("Pearson", [](const Numbers& x, const Numbers& y) { return pearson(x, y); });
  if (detail == Detail::figures_only) return found;
  // The worst are those whose place among the cosines is furthest from their place among the scores.
  const std::vector<double> by_score = ranks(scores), by_cosine = ranks(cosines);
  std::vector<double> losses;
  for (size_t i = 0; i < scores.size(); ++i) losses.push_back(std::abs(by_score[i] - by_cosine[i]));
  for (const size_t i : worst_of(losses, std::vector<bool>(scores.size(), true)))
    found.worst.push_back({texts.rows[i].text + " | " + texts.rows[i].pair, texts.rows[i].label,
                           fmt::format("cosine {:.3f}", cosines[i]), losses[i]});
  return found;
}

Similarity::Similarity(SentenceEncoder model, Tokenizer tokenizer, const LabelledTexts& training,
                       const LabelledTexts& validation, const SimilarityOptions& options)
    : model_(std::move(model)), tokenizer_(std::move(tokenizer)), options_(options), validation_(validation) {
  if (options.fit.fit == Fit::windows)
    fail<ValueError>("two towers give a text one vector, so it cannot have several windows");
  if (!(options.temperature > 0)) fail<ValueError>("a temperature of {} is not above 0", options.temperature);
  for (const LabelledTexts* texts : {&training, &validation})
    if (!texts->has_pairs)
      fail<FormatError>("{}: names no column 'pair', and similarity is learnt from pairs",
                        texts->file.string());
  const LabelledTexts learnt = learnt_from(training, options);
  targets_ = scores_of(learnt);
  const auto [low, high] = std::ranges::minmax(targets_);
  if (options.loss == SimilarityLoss::cosine) {
    if (low == high)
      fail<FormatError>("{}: every pair has the score {}, so there is nothing to learn",
                        training.file.string(), low);
    for (double& target : targets_) target = (target - low) / (high - low);
  }
  first_ = tower_rows(tokenizer_, learnt, false, options.fit);
  second_ = tower_rows(tokenizer_, learnt, true, options.fit);
  validation_first_ = tower_rows(tokenizer_, validation_, false, options.fit);
  validation_second_ = tower_rows(tokenizer_, validation_, true, options.fit);
}

void Similarity::save(const std::filesystem::path& folder) const {
  const Config& config = model_.bert.config;
  save_pretrained(folder, model_, config, config_to_json(config, "BertModel"), &tokenizer_);
}

std::pair<int64_t, int64_t> Similarity::slots_and_pieces(std::span<const int64_t> rows) const {
  int64_t slots = 0, pieces = 0;
  for (const TowerRows* tower : {&first_, &second_}) {
    const auto [some_slots, some_pieces] = count_slots(rows_at(tower->rows, rows));
    slots += some_slots;
    pieces += some_pieces;
  }
  return {slots, pieces};
}

Tensor Similarity::loss(std::span<const int64_t> rows) const {
  const TokenId pad = tokenizer_.special_ids().pad;
  const Tensor u =
      model_(shown(to_input(rows_at(first_.rows, rows), pad), tokenizer_.special_ids()));  // [B, H]
  const Tensor v =
      model_(shown(to_input(rows_at(second_.rows, rows), pad), tokenizer_.special_ids()));  // [B, H]
  if (options_.loss == SimilarityLoss::contrastive) {
    const Tensor all = matmul(normalized(u), normalized(v).transpose(0, 1));  // [B, B]: row i beside column j
    return cross_entropy(all / options_.temperature, arange(std::ssize(rows)));
  }
  std::vector<double> targets;
  for (const int64_t row : rows) targets.push_back(targets_[static_cast<size_t>(row)]);
  const Tensor error = cosines(u, v) - tensor(targets).to(u.dtype());
  return mean(error * error);
}

Findings Similarity::score(const Scoring& scoring, Detail detail) const {
  const TokenId pad = tokenizer_.special_ids().pad;
  const Tensor u = encode(model_, validation_first_.rows, pad, scoring);
  const Tensor v = encode(model_, validation_second_.rows, pad, scoring);
  return judge_cosines(validation_, cosines(u, v).to(DType::f64).to_vector<double>(), detail);
}

Baselines Similarity::baselines() const {
  std::vector<double> overlaps;
  for (const LabelledText& text : validation_.rows) overlaps.push_back(word_overlap(text.text, text.pair));
  if (overlaps.size() < 2) return {};
  return {{"word overlap", or_zero(spearman(overlaps, scores_of(validation_)))}};
}

std::vector<std::string> Similarity::notes() const {
  std::vector<std::string> notes;
  const int64_t cut = first_.cut + second_.cut + validation_first_.cut + validation_second_.cut;
  const int64_t left_out =
      first_.left_out + second_.left_out + validation_first_.left_out + validation_second_.left_out;
  if (cut > 0)
    notes.push_back(fmt::format("{} {} longer than {} pieces; {} {} left out", cut,
                                plural(cut, "text is", "texts are"), options_.fit.max_length, left_out,
                                plural(left_out, "piece is", "pieces are")));
  return notes;
}

}  // namespace gradus::bert
