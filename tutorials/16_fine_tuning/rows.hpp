/// @file
/// Chapter 16: sentences of the market as rows of pieces.
#pragma once

#include <map>

#include "bert/tasks/text_rows.hpp"
#include "market.hpp"

namespace gradus::tutorials::fine_tuning {

inline const bert::Tokenizer& tokenizer() {
  static const bert::Tokenizer made = [] {
    Words pieces = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    const auto add = [&](const Words& words, const std::string& before = "") {
      for (const std::string& word : words) pieces.push_back(before + word);
    };
    for (const Words& words : {small_words, first_names, stems}) add(words);
    for (const Words& words : {family_ends, town_ends}) add(words, "##");
    for (const Words& words : goods) add(words);
    return bert::Tokenizer(bert::Vocab(pieces));
  }();
  return made;
}

/// A word's slots in a row, [first, last].
struct Slots {
  int64_t first, last;
};

/// `[CLS] A [SEP]` or `[CLS] A [SEP] B [SEP]`, and where the words of the last text are in it.
struct TokenRow {
  bert::TextRow text = {};
  std::vector<Slots> words = {};
};

inline TokenRow row_of(const std::vector<Words>& texts) {
  static std::map<std::string, std::vector<bert::TokenId>> known;  // quicker than cutting a word each time
  const bert::SpecialIds& special = tokenizer().special_ids();
  TokenRow row;
  row.text.ids.push_back(special.cls);
  for (const Words& words : texts) {
    row.words.clear();
    for (const std::string& word : words) {
      auto& pieces = known[word];
      if (pieces.empty()) pieces = tokenizer().tokenize(word);
      row.words.push_back({std::ssize(row.text.ids), std::ssize(row.text.ids) + std::ssize(pieces) - 1});
      row.text.ids.insert(row.text.ids.end(), pieces.begin(), pieces.end());
    }
    row.text.ids.push_back(special.sep);
    if (row.text.first_length == 0) row.text.first_length = std::ssize(row.text.ids);
  }
  return row;
}

}  // namespace gradus::tutorials::fine_tuning
