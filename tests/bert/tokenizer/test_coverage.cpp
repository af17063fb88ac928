// How much of a text a vocabulary knows.
#include "bert/tokenizer/coverage.hpp"

#include <algorithm>
#include <string>

#include "bert/tokenizer/tokenizer.hpp"
#include "support/catch.hpp"

using namespace gradus::bert;

TEST_CASE("coverage: the pieces of every word are counted as often as it stands there") {
  WordCounter words;
  words.add("Ropes, ropes and RÔPES. 中 xyz");
  const Vocab vocab({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "rope", "##s", ",", ".", "xy"});
  const Coverage coverage = coverage_of(words, Tokenizer(vocab));
  CHECK(coverage.tokens == 3 * 2 + 2 + 3);  // rope ##s, the two signs; and, 中 and xyz are unknown
  CHECK(coverage.unknown == 3);
  CHECK(coverage.unknown_share() == 3.0 / 11);
  CHECK(coverage_of(WordCounter(), Tokenizer(vocab)).unknown_share() == 0);
}

TEST_CASE("coverage: a text's share of [UNK] is that of its tokens") {
  const std::string text = "The naïve café, 「東京」 and İstanbul's " + std::string(101, 'a') + "!";
  const Vocab vocab({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "a", "##a", "cafe", "naive", "i",
                     "##s",   "##t",   "##n",   "##b",   "##u",    "##l", "'", "s",   "東",   "!"});
  for (const bool lowercase : {true, false}) {
    BertNormalizer normalizer;
    normalizer.lowercase = lowercase;
    WordCounter words(normalizer);
    words.add(text);
    const Tokenizer tokenizer(vocab, normalizer);
    const std::vector<TokenId> ids = tokenizer.tokenize(text);
    const Coverage coverage = coverage_of(words, tokenizer);
    CHECK(coverage.tokens == static_cast<int64_t>(ids.size()));
    CHECK(coverage.unknown == std::count(ids.begin(), ids.end(), 1));
    CHECK(coverage.unknown > 0);
  }
}
