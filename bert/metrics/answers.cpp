#include "bert/metrics/answers.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "autograd/error.hpp"
#include "bert/text/unicode.hpp"

namespace gradus::bert {
namespace {

bool is_ascii_punctuation(char32_t c) {
  return (c > 32 && c < 48) || (c > 57 && c < 65) || (c > 90 && c < 97) || (c > 122 && c < 127);
}

/// What Python's str.split() takes for white space: the four separators of ASCII, too.
bool is_python_space(char32_t c) { return is_white_space(c) || (c >= 0x1C && c <= 0x1F); }

/// What Python's regular expressions take for a letter of a word, but for the underscore, which is gone by
/// then: letters and numbers, not marks.
bool is_word_character(char32_t c) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return true;
    default:
      return false;
  }
}

/// Whether the sigma at `place` ends a word: a letter with case before it and none after it, where what may
/// stand within words is passed over (Unicode's Final_Sigma, which Python's lower() has).
bool is_final_sigma(std::u32string_view text, size_t place) {
  size_t before = place, after = place + 1;
  while (before > 0 && is_case_ignorable(text[before - 1])) --before;
  while (after < text.size() && is_case_ignorable(text[after])) ++after;
  return before > 0 && is_cased(text[before - 1]) && !(after < text.size() && is_cased(text[after]));
}

std::u32string lower_case(std::u32string_view text) {
  std::u32string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == 0x3A3 && is_final_sigma(text, i)) {
      out += char32_t{0x3C2};
    } else {
      append_lower_case(out, text[i]);
    }
  }
  return out;
}

std::u32string without_articles(std::u32string_view text) {
  std::u32string out;
  for (size_t first = 0, end = 0; first < text.size(); first = end) {
    end = first + 1;
    if (!is_word_character(text[first])) {
      out += text[first];
      continue;
    }
    while (end < text.size() && is_word_character(text[end])) ++end;
    const std::u32string_view word = text.substr(first, end - first);
    const bool article = word == U"a" || word == U"an" || word == U"the";
    out += article ? std::u32string_view(U" ") : word;
  }
  return out;
}

/// The words of the normalised answer.
std::vector<std::string> words_of(std::string_view answer) {
  std::u32string text = lower_case(decode_utf8(answer));
  std::erase_if(text, is_ascii_punctuation);
  std::vector<std::string> words;
  bool between = true;
  for (const char32_t c : without_articles(text)) {
    const bool space = is_python_space(c);
    if (!space && between) words.emplace_back();
    if (!space) append_utf8(words.back(), c);
    between = space;
  }
  return words;
}

double f1_of(const std::vector<std::string>& answer, const std::vector<std::string>& gold) {
  if (answer.empty() || gold.empty()) return answer.empty() && gold.empty() ? 1 : 0;
  std::map<std::string_view, int64_t> left;
  for (const std::string& word : gold) ++left[word];
  int64_t shared = 0;
  for (const std::string& word : answer) {
    if (left[word]-- > 0) ++shared;
  }
  if (shared == 0) return 0;
  const double precision = static_cast<double>(shared) / static_cast<double>(answer.size());
  const double recall = static_cast<double>(shared) / static_cast<double>(gold.size());
  return 2 * precision * recall / (precision + recall);
}

/// What the answer is worth, whatever the null difference.
struct Worth {
  double exact = 0, f1 = 0;
};

Worth worth_of(const AnsweredQuestion& question) {
  const std::vector<std::string> answer = words_of(question.answer);
  Worth best;
  bool any_gold = false;
  const auto beside = [&](const std::vector<std::string>& gold) {
    best.exact = std::max(best.exact, answer == gold ? 1.0 : 0.0);
    best.f1 = std::max(best.f1, f1_of(answer, gold));
  };
  for (const std::string& text : question.gold) {
    const std::vector<std::string> gold = words_of(text);
    if (gold.empty()) continue;
    any_gold = true;
    beside(gold);
  }
  if (!any_gold) beside({});
  return best;
}

void check_questions(std::span<const AnsweredQuestion> questions) {
  if (questions.empty()) fail<ValueError>("answers: there is no question to score");
  for (size_t i = 0; i < questions.size(); ++i) {
    if (std::isnan(questions[i].null_difference))
      fail<ValueError>("answers: the null difference of question {} is NaN, which no threshold can judge", i);
  }
}

/// Adds to the sums that finish() makes means of.
void add(AnswerScore& sums, const Worth& worth) {
  if (sums.questions++ == 0) sums.exact = sums.f1 = 0;
  sums.exact += worth.exact;
  sums.f1 += worth.f1;
}

void finish(AnswerScore& sums) {
  if (sums.questions == 0) return;
  sums.exact /= static_cast<double>(sums.questions);
  sums.f1 /= static_cast<double>(sums.questions);
}

}  // namespace

std::string normalise_answer(std::string_view answer) {
  std::string out;
  for (const std::string& word : words_of(answer)) {
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

bool exact_match(std::string_view answer, std::string_view gold) {
  return words_of(answer) == words_of(gold);
}

double answer_f1(std::string_view answer, std::string_view gold) {
  return f1_of(words_of(answer), words_of(gold));
}

AnswerScores score_answers(std::span<const AnsweredQuestion> questions, double threshold) {
  check_questions(questions);
  if (std::isnan(threshold)) fail<ValueError>("answers: the threshold is NaN, which judges nothing");
  AnswerScores scores;
  for (const AnsweredQuestion& question : questions) {
    const bool unanswerable = question.gold.empty();
    Worth worth = worth_of(question);
    if (question.null_difference > threshold) worth.exact = worth.f1 = unanswerable ? 1 : 0;
    add(scores.all, worth);
    add(unanswerable ? scores.no_answer : scores.has_answer, worth);
  }
  for (AnswerScore* sums : {&scores.all, &scores.has_answer, &scores.no_answer}) finish(*sums);
  return scores;
}

AnswerThreshold best_threshold(std::span<const AnsweredQuestion> questions) {
  check_questions(questions);
  std::vector<size_t> order(questions.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return questions[a].null_difference < questions[b].null_difference;
  });
  Worth sum;
  for (const AnsweredQuestion& question : questions) {
    if (question.gold.empty()) sum = {sum.exact + 1, sum.f1 + 1};
  }
  AnswerThreshold best{sum.exact, 0, sum.f1, 0};
  for (const size_t i : order) {
    const AnsweredQuestion& question = questions[i];
    Worth change = question.gold.empty() ? Worth{} : worth_of(question);
    if (question.gold.empty() && !question.answer.empty()) change = {-1, -1};
    sum = {sum.exact + change.exact, sum.f1 + change.f1};
    if (sum.exact > best.exact) {
      best.exact = sum.exact;
      best.exact_at = question.null_difference;
    }
    if (sum.f1 > best.f1) {
      best.f1 = sum.f1;
      best.f1_at = question.null_difference;
    }
  }
  best.exact /= static_cast<double>(questions.size());
  best.f1 /= static_cast<double>(questions.size());
  return best;
}

}  // namespace gradus::bert
