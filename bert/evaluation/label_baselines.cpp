#include "bert/evaluation/label_baselines.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "autograd/error.hpp"
#include "bert/evaluation/bag_of_words.hpp"

namespace gradus::bert {
namespace {

using Counts = std::map<std::string, int64_t>;

const std::string& largest(const Counts& counts) {
  return std::max_element(counts.begin(), counts.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

bool has_capital(std::string_view word) {
  return !word.empty() && std::isupper(static_cast<unsigned char>(word[0]));
}

std::string_view last_word(std::string_view text) { return text.substr(text.rfind(' ') + 1); }

bool is_part_of_word(std::string_view text, size_t at) {
  return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at]));
}

}  // namespace

std::string most_frequent(std::span<const std::string> labels) {
  if (labels.empty()) fail<ValueError>("most frequent label: there are no labels");
  Counts counts;
  for (const std::string& label : labels) ++counts[label];
  return largest(counts);
}

double share_right(std::span<const std::string> said, std::span<const std::string> truth) {
  if (said.size() != truth.size())
    fail<ShapeError>("share right: {} answers for {} truths", said.size(), truth.size());
  double right = 0;
  for (size_t i = 0; i < said.size(); ++i) right += said[i] == truth[i];
  return right / static_cast<double>(said.size());
}

FrequentTags::FrequentTags(std::span<const std::vector<std::string>> words,
                           std::span<const std::vector<std::string>> tags) {
  if (words.empty()) fail<ValueError>("most frequent tags: there are no sentences");
  std::map<std::string, Counts> of_word;
  Counts capital, small;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i >= tags.size() || words[i].size() != tags[i].size())
      fail<ShapeError>("most frequent tags: sentence {} has {} words and {} tags", i + 1, words[i].size(),
                       i < tags.size() ? tags[i].size() : 0);
    for (size_t k = 0; k < words[i].size(); ++k) {
      ++of_word[words[i][k]][tags[i][k]];
      // The first word of a sentence has a capital whatever it is.
      if (k > 0) ++(has_capital(words[i][k]) ? capital : small)[tags[i][k]];
    }
  }
  for (const auto& [word, counts] : of_word) tag_of_[word] = largest(counts);
  small_ = small.empty() ? "O" : largest(small);
  capital_ = capital.empty() ? small_ : largest(capital);
}

std::vector<std::string> FrequentTags::tag(std::span<const std::string> words) const {
  std::vector<std::string> tags;
  for (const std::string& word : words) {
    const auto found = tag_of_.find(word);
    tags.push_back(found != tag_of_.end() ? found->second : has_capital(word) ? capital_ : small_);
  }
  return tags;
}

LastAnswer::LastAnswer(std::span<const std::string> questions, std::span<const std::string> answers) {
  if (questions.size() != answers.size())
    fail<ShapeError>("last answer: {} questions and {} answers", questions.size(), answers.size());
  std::map<std::string, std::set<std::string>> found;
  for (size_t i = 0; i < questions.size(); ++i)
    if (!answers[i].empty()) found[questions[i].substr(0, questions[i].find(' '))].insert(answers[i]);
  for (const auto& [word, texts] : found) answers_[word].assign(texts.begin(), texts.end());
}

std::string LastAnswer::answer(std::string_view question, std::string_view context) const {
  const auto found = answers_.find(std::string(question.substr(0, question.find(' '))));
  if (found == answers_.end()) return {};
  std::string best;
  size_t best_end = 0;
  for (const std::string& answer : found->second) {
    size_t at = context.rfind(answer);
    // Whole words only.
    while (at != std::string_view::npos &&
           ((at > 0 && is_part_of_word(context, at - 1)) || is_part_of_word(context, at + answer.size())))
      at = at == 0 ? std::string_view::npos : context.rfind(answer, at - 1);
    if (at == std::string_view::npos || at + answer.size() <= best_end) continue;
    best = answer;
    best_end = at + answer.size();
  }
  return best;
}

double word_overlap(std::string_view first, std::string_view second) {
  const auto words = [](std::string_view text) {
    const std::vector<std::string> list = words_of(text);
    return std::set<std::string>(list.begin(), list.end());
  };
  const std::set<std::string> a = words(first), b = words(second);
  const auto shared = std::ranges::count_if(a, [&](const std::string& word) { return b.contains(word); });
  const auto all = std::ssize(a) + std::ssize(b) - shared;
  return all == 0 ? 1 : static_cast<double>(shared) / static_cast<double>(all);
}

NounPreference::NounPreference(std::span<const std::string> first, std::span<const std::string> second,
                               const std::vector<bool>& first_is_right) {
  if (first.size() != second.size() || first.size() != first_is_right.size())
    fail<ShapeError>("noun preference: {} first and {} second candidates and {} labels", first.size(),
                     second.size(), first_is_right.size());
  for (size_t i = 0; i < first.size(); ++i) {
    Count &a = counts_[std::string(last_word(first[i]))], &b = counts_[std::string(last_word(second[i]))];
    ++a.all;
    ++b.all;
    ++(first_is_right[i] ? a : b).chosen;
  }
}

double NounPreference::preference(std::string_view candidate) const {
  const auto found = counts_.find(last_word(candidate));
  const Count count = found == counts_.end() ? Count{} : found->second;
  return static_cast<double>(count.chosen + 1) / static_cast<double>(count.all + 2);
}

bool NounPreference::prefers_first(std::string_view first, std::string_view second) const {
  return preference(first) >= preference(second);
}

}  // namespace gradus::bert
