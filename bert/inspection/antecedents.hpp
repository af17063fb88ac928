/// @file
/// Which head finds whom a pronoun means: "The dog ate the food because it was hungry."
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bert/inspection/ablation.hpp"
#include "bert/tasks/pronouns.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::bert {

/// How a head does.
struct HeadScore {
  HeadName head;
  double accuracy = 0;  ///< the share of cases in which it looks more at the right noun; of equal looks half
};

/// Where each head looks from the pronoun (the last word of the text that is `pronoun`): the sum of its
/// weights on the pieces of each noun. Heads in the order of all_heads(). In eval mode; `check_stop` is
/// called between texts.
/// @throws ValueError for no cases; FormatError that quotes a text in which the pronoun or a noun is not
///         found.
std::vector<HeadScore> antecedent_scores(const Bert& model, const Tokenizer& tokenizer,
                                         const std::vector<PronounCase>& cases,
                                         const std::string& pronoun = "it",
                                         const std::function<void()>& check_stop = {});

/// The best of them; of equal ones the first.
const HeadScore& best_head(const std::vector<HeadScore>& scores);

}  // namespace gradus::bert
