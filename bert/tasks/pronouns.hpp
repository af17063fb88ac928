/// @file
/// Whom a pronoun means, said by the word that the model would put in its place: the MLM head looks at the
/// pronoun as it stands, and the noun is what it has to name. To name it, something has to carry the noun
/// from where it stands to the pronoun; which head does is what bert/inspection/antecedents.hpp shows.
#pragma once

#include <string>
#include <vector>

#include "bert/model/heads.hpp"
#include "bert/tasks/finetuning.hpp"
#include "bert/tasks/labelled_texts.hpp"
#include "bert/tasks/text_rows.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::bert {

/// A text with a pronoun and two nouns that it may mean.
struct PronounCase {
  std::string text, first, second;  ///< the nouns as they stand in the text, such as "the dog"
  bool first_is_right = true;
  std::string where;  ///< "file, line 3", for messages
};

/// The cases of a table: its texts, the columns first_noun and second_noun, and labels first or second (not
/// looked at without `with_labels`).
/// @throws FormatError that names file and line.
std::vector<PronounCase> pronoun_cases(const LabelledTexts& texts, bool with_labels = true);

/// The pieces of a row that a part of its text is, as whole words: of the last place of it if `last`, else of
/// the first. Capitals of ASCII letters do not matter.
/// @throws FormatError that says where, and quotes the text in which it is not there.
std::vector<size_t> pieces_of(const Encoding& encoding, const PronounCase& one, const std::string& part,
                              bool last);

/// A case as the model reads it.
struct PronounRow {
  TextRow row;
  int64_t place = 0;              ///< of the pronoun
  TokenId first = 0, second = 0;  ///< the first pieces of the last words of the nouns
  TokenId right(bool first_is_right) const { return first_is_right ? first : second; }
};

/// @throws FormatError that quotes a text that is longer than `positions`, in which a noun or the pronoun is
///         not found, or whose nouns begin with the same piece.
std::vector<PronounRow> pronoun_rows(const Tokenizer& tokenizer, const std::vector<PronounCase>& cases,
                                     const std::string& pronoun, int64_t positions);

/// The logits of the two nouns at the pronoun, [N, 2]. In eval mode.
Tensor name_pronouns(const BertForPreTraining& model, const std::vector<PronounRow>& rows, TokenId pad,
                     const Scoring& scoring = {});

/// Accuracy (decides): the share of cases in which the right noun has the larger logit; and the mean cross
/// entropy of the two.
Findings judge_pronouns(const std::vector<PronounCase>& cases, const Tensor& said, Detail detail);

/// Learns to name the noun: cross entropy over the whole vocabulary at the pronoun.
class Pronouns : public TaskTraining {
 public:
  Pronouns(BertForPreTraining model, Tokenizer tokenizer, std::vector<PronounCase> training,
           std::vector<PronounCase> validation, const std::string& pronoun);

  const BertForPreTraining& model() const override { return model_; }
  void save(const std::filesystem::path& folder) const override;

  int64_t rows() const override { return std::ssize(training_); }
  std::pair<int64_t, int64_t> slots_and_pieces(std::span<const int64_t> rows) const override;
  double weight(std::span<const int64_t> rows) const override { return static_cast<double>(rows.size()); }
  Tensor loss(std::span<const int64_t> rows) const override;

  int64_t examples() const override { return std::ssize(validation_); }
  Findings score(const Scoring& scoring, Detail detail) const override;
  std::string measure() const override { return "accuracy"; }
  /// Of always the first noun, and of the noun that was right more often in training (NounPreference).
  Baselines baselines() const override;
  std::vector<std::string> notes() const override { return {}; }

 private:
  BertForPreTraining model_;
  Tokenizer tokenizer_;
  std::vector<PronounCase> training_, validation_;
  std::vector<PronounRow> training_rows_, validation_rows_;
};

}  // namespace gradus::bert
