/// @file
/// Answers to questions scored as SQuAD 2.0's evaluate-v2.0.py does: exact match and F1, with questions that
/// have no answer (Rajpurkar et al. 2016, section 6.1; Rajpurkar, Jia and Liang 2018, "Know What You Don't
/// Know", section 5). Figures are shares from 0 to 1 where the script prints percent.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::bert {

/// The answer as it is compared: in lower case, without ASCII punctuation, without the words a, an and the,
/// and with one space between words, as Python 3 has each of these.
/// @throws FormatError where `answer` is not UTF-8.
std::string normalise_answer(std::string_view answer);

/// Whether two answers are the same once normalised.
bool exact_match(std::string_view answer, std::string_view gold);

/// F1 of the words that two normalised answers share, each as often as both have it; from 0 to 1:
///
///     2 precision recall / (precision + recall), precision = shared / words, recall = shared / gold words
///
/// Where one of them has no word, it is 1 if neither has, else 0.
double answer_f1(std::string_view answer, std::string_view gold);

/// One question, what was answered, and what is right. An answer of nothing says that there is none.
struct AnsweredQuestion {
  std::string answer;
  std::vector<std::string> gold;  ///< any of these; none where the question has no answer
  double null_difference = 0;     ///< how much more the model is for "no answer" than for its answer
};

/// The means over some questions, from 0 to 1; NaN where there is no question.
struct AnswerScore {
  double exact = std::numeric_limits<double>::quiet_NaN(), f1 = std::numeric_limits<double>::quiet_NaN();
  int64_t questions = 0;
};

struct AnswerScores {
  AnswerScore all;
  AnswerScore has_answer;  ///< questions with a gold answer (HasAns)
  AnswerScore no_answer;   ///< those without one (NoAns)
};

/// Scores each question by the gold answer that gives most. One without a gold answer scores 1 if the answer
/// is nothing once normalised, else 0; a gold answer that is nothing once normalised does not count, and
/// where all are so, nothing is the right answer. Where null_difference is above `threshold`, "no answer" is
/// taken to be what was said, whatever `answer` is.
/// @throws ValueError for no questions, and for a null_difference or threshold of NaN; FormatError for text
///         that is not UTF-8.
AnswerScores score_answers(std::span<const AnsweredQuestion> questions,
                           double threshold = std::numeric_limits<double>::infinity());

/// The threshold on null_difference with the best mean, and that mean.
struct AnswerThreshold {
  double exact, exact_at;
  double f1, f1_at;
};

/// Finds the best thresholds as the script does: from all questions without an answer said on, they are taken
/// in order of null_difference (equal ones in the order of the list), and each changes the sum by its score,
/// or, where it has no gold answer, by -1 if its `answer` has a character. The first of the best sums is the
/// threshold; 0 where none beats saying nothing at all. Between equal differences the script counts a part of
/// them, which no threshold can tell apart, so the mean may then be one that score_answers() does not reach.
/// @throws ValueError and FormatError as score_answers() does.
AnswerThreshold best_threshold(std::span<const AnsweredQuestion> questions);

}  // namespace gradus::bert
