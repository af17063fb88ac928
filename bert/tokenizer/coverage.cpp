#include "bert/tokenizer/coverage.hpp"

#include <algorithm>

namespace gradus::bert {

Coverage coverage_of(const WordCounter& words, const Tokenizer& tokenizer) {
  // The words are normalised already.
  const Tokenizer plain(tokenizer.vocab(),
                        {.clean_text = false, .handle_chinese_chars = false, .lowercase = false},
                        tokenizer.max_word_chars());
  Coverage coverage;
  std::vector<TokenId> ids;
  for (const auto& [word, count] : words.sorted()) {
    ids.clear();
    plain.tokenize(word, ids);
    coverage.tokens += count * static_cast<int64_t>(ids.size());
    coverage.unknown += count * std::ranges::count(ids, tokenizer.special_ids().unk);
  }
  return coverage;
}

}  // namespace gradus::bert
