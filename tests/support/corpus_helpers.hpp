// A tokenizer for tests and small helpers around corpora.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bert/data/corpus.hpp"
#include "bert/data/pretraining_data.hpp"

namespace gradus::bert::testing {

/// A word is an id: words split at spaces, numbered in the order of `words` from 5 on; others are [UNK].
/// Words beginning with ## continue the one before.
class WordTable {
 public:
  WordTable() = default;
  explicit WordTable(const std::vector<std::string>& words) {
    for (const auto& word : words) id(word);
  }
  /// Every word of a text.
  static WordTable of(std::string_view text) {
    WordTable table;
    for_each_line(text, "test",
                  [&](std::string_view line) { each(line, [&](auto w) { table.id(std::string(w)); }); });
    return table;
  }

  int32_t id(const std::string& word) {
    const auto [at, fresh] = ids_.try_emplace(word, static_cast<int32_t>(words_.size()) + 5);
    if (fresh) words_.push_back(word);
    return at->second;
  }
  const std::string& word(int64_t id) const {
    static const std::vector<std::string> special = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    return id < 5 ? special[static_cast<size_t>(id)] : words_[static_cast<size_t>(id) - 5];
  }
  int64_t size() const { return static_cast<int64_t>(words_.size()) + 5; }

  Tokenize tokenizer() const {
    return [this](std::string_view line, std::vector<int32_t>& ids) {
      each(line, [&](std::string_view w) {
        const auto at = ids_.find(std::string(w));
        ids.push_back(at == ids_.end() ? 1 : at->second);
      });
    };
  }

  MaskingVocabulary pieces() const {
    MaskingVocabulary table;
    table.vocabulary_size = size();
    for (int64_t i = 0; i < size(); ++i) table.is_continuation.push_back(word(i).starts_with("##"));
    return table;
  }

 private:
  template <class F>
  static void each(std::string_view line, F&& f) {
    for (size_t begin = 0; begin < line.size();) {
      const auto end = std::min(line.find(' ', begin), line.size());
      if (end > begin) f(line.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  std::map<std::string, int32_t> ids_;
  std::vector<std::string> words_;
};

}  // namespace gradus::bert::testing
