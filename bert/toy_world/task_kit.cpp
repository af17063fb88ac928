#include "bert/toy_world/task_kit.hpp"

#include <algorithm>
#include <cctype>

namespace gradus::bert::toy {

Filled fill(Word pattern, const std::vector<Filling>& fillings) {
  Filled filled;
  while (!pattern.empty()) {
    const size_t end = std::min(pattern.find(' '), pattern.size());
    const Word word = pattern.substr(0, end);
    pattern.remove_prefix(std::min(end + 1, pattern.size()));
    if (word.front() != '{') {
      filled.words.push_back(word);
      filled.filling.push_back(-1);
      continue;
    }
    const auto found = std::find_if(fillings.begin(), fillings.end(), [&](const Filling& filling) {
      return filling.slot == word.substr(1, word.size() - 2);
    });
    if (found == fillings.end()) fail<ValueError>("toy world: nothing was given for {}", word);
    append(filled.words, found->words);
    filled.filling.resize(filled.words.size(), static_cast<int>(found - fillings.begin()));
  }
  return filled;
}

bool is_name(Word word) {
  const auto in = [word](auto words) { return std::find(words.begin(), words.end(), word) != words.end(); };
  return in(women()) || in(men()) || in(towns());
}

std::string capitalised(Word word) {
  std::string text(word);
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string to_text(const std::vector<Word>& words) {
  std::string text;
  bool begins = true;
  for (const Word word : words) {
    if (!text.empty() && word != "." && word != ",") text += ' ';
    text += begins || is_name(word) ? capitalised(word) : std::string(word);
    begins = word == ".";
  }
  return text;
}

void append(std::vector<Word>& words, const std::vector<Word>& more) {
  words.insert(words.end(), more.begin(), more.end());
}

Word pick(std::span<const Word> words, Rng& rng) { return words[rng.below(words.size())]; }

std::vector<Word> all_of(std::initializer_list<std::span<const Word>> lists) {
  std::vector<Word> all;
  for (const auto list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

std::vector<Word> people() { return all_of({women(), men()}); }

std::pair<Word, Word> pick_two(std::span<const Word> words, Rng& rng) {
  const size_t first = rng.below(words.size());
  const size_t second = (first + 1 + rng.below(words.size() - 1)) % words.size();
  return {words[first], words[second]};
}

Part part_of(size_t a, size_t b) {
  switch ((a + b) % 6) {
    case 0:
      return Part::test;
    case 1:
      return Part::validation;
    default:
      return Part::train;
  }
}

}  // namespace gradus::bert::toy
