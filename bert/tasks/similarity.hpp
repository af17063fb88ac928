/// @file
/// Two towers: one BERT makes a vector of each text by itself, and the cosine of two vectors says how alike
/// the texts are (Reimers and Gurevych 2019, "Sentence-BERT"). Vectors can be kept and compared in millions,
/// which a model that reads both texts at once (a cross-encoder: a regression on pairs) cannot.
#pragma once

#include <string>
#include <vector>

#include "bert/tasks/finetuning.hpp"
#include "bert/tasks/labelled_texts.hpp"
#include "bert/tasks/text_rows.hpp"

namespace gradus::bert {

/// A BERT and the mean of its last layer's vectors, [CLS] and [SEP] counted, padding not. Parameters begin
/// with "bert.", so that the folder is that of a BertModel.
class SentenceEncoder : public nn::Module {
 public:
  explicit SentenceEncoder(Bert body);

  Tensor operator()(const TaskInput& input) const;  ///< [B, S] -> [B, H]

  const Bert bert;
};

/// cos(u_i, v_i) = u_i . v_i / (|u_i| |v_i|) of rows [N, H] -> [N]; a length below 1e-12 counts as that.
Tensor cosines(const Tensor& u, const Tensor& v);

enum class SimilarityLoss {
  cosine,      ///< (cos(u, v) - score)^2, the scores moved to 0 ... 1 (Sentence-BERT, section 3)
  contrastive  ///< -log softmax over the batch of cos(u_i, v_j) / temperature at j = i: each pair against all
               ///< second texts of the others (van den Oord et al. 2018, eq. 4; Gao et al. 2021, eq. 1)
};

/// @throws ValueError for another name than cosine and contrastive.
SimilarityLoss similarity_loss_by_name(const std::string& name);

struct SimilarityOptions {
  FitOptions fit = {};
  SimilarityLoss loss = SimilarityLoss::cosine;
  double temperature = 0.05;
  /// Contrastive: pairs of this score or more are alike; the others are not learnt from.
  double alike_from = 0;
};

/// Vectors of texts, [N, H]: in eval mode, texts of similar length together.
Tensor encode(const SentenceEncoder& model, const std::vector<TextRow>& rows, TokenId pad,
              const Scoring& scoring = {});

/// The first or the second texts of a table as rows. Texts that are too long are cut (there are no windows of
/// a vector); `left_out` counts their pieces, `cut` the texts.
struct TowerRows {
  std::vector<TextRow> rows;
  int64_t cut = 0, left_out = 0;
};
TowerRows tower_rows(const Tokenizer& tokenizer, const LabelledTexts& texts, bool second,
                     const FitOptions& fit);

/// How well cosines order the pairs: Spearman (decides; 0 where it is not defined) and Pearson.
Findings judge_cosines(const LabelledTexts& texts, const std::vector<double>& cosines, Detail detail);

/// Learns a table of pairs with a score each.
class Similarity : public TaskTraining {
 public:
  /// @throws FormatError for a table without pairs, or whose scores are all the same, or with no pair that is
  ///         alike; ValueError for windows or a temperature that is not above 0.
  Similarity(SentenceEncoder model, Tokenizer tokenizer, const LabelledTexts& training,
             const LabelledTexts& validation, const SimilarityOptions& options);

  const SentenceEncoder& model() const override { return model_; }
  void save(const std::filesystem::path& folder) const override;

  int64_t rows() const override { return std::ssize(first_.rows); }
  std::pair<int64_t, int64_t> slots_and_pieces(std::span<const int64_t> rows) const override;
  double weight(std::span<const int64_t> rows) const override { return static_cast<double>(rows.size()); }
  bool can_be_cut() const override { return options_.loss == SimilarityLoss::cosine; }
  Tensor loss(std::span<const int64_t> rows) const override;

  int64_t examples() const override { return std::ssize(validation_.rows); }
  Findings score(const Scoring& scoring, Detail detail) const override;
  std::string measure() const override { return "Spearman"; }
  /// Spearman of how many words the texts share.
  Baselines baselines() const override;
  std::vector<std::string> notes() const override;

 private:
  SentenceEncoder model_;
  Tokenizer tokenizer_;
  SimilarityOptions options_;
  LabelledTexts validation_;
  std::vector<double> targets_;  // 0 to 1
  TowerRows first_, second_, validation_first_, validation_second_;
};

}  // namespace gradus::bert
