#include "bert/tokenizer/wordpiece_trainer.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "autograd/error.hpp"
#include "bert/text/unicode.hpp"
#include "bert/tokenizer/tokenizer.hpp"
#include "support/catch.hpp"

using namespace gradus::bert;
using gradus::Error;
using gradus::FormatError;
using nlohmann::json;

namespace {

using Words = std::map<std::string, int64_t>;

WordCounter counted(const Words& words) {
  WordCounter counter;
  for (const auto& [word, times] : words) counter.add_word(word, times);
  return counter;
}

/// The rule as it is told: at each step every pair is counted again and the best one is merged everywhere.
std::vector<std::string> plain_rule(const Words& counts, size_t vocab_size, int64_t min_frequency) {
  std::vector<std::string> pieces = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  const auto number = [&](const std::string& piece) {
    const auto found = std::find(pieces.begin(), pieces.end(), piece);
    if (found == pieces.end()) pieces.push_back(piece);
    return std::find(pieces.begin(), pieces.end(), piece) - pieces.begin();
  };
  std::map<char, int> letters;
  for (const auto& [word, times] : counts) {
    for (const char c : word) letters[c] = 1;
  }
  for (const auto& [c, one] : letters) number(std::string(1, c));
  std::vector<std::pair<std::vector<long>, int64_t>> words;
  for (const auto& [word, times] : counts) {
    words.push_back({{}, times});
    for (size_t i = 0; i < word.size(); ++i) {
      words.back().first.push_back(number((i > 0 ? "##" : "") + std::string(1, word[i])));
    }
  }
  while (pieces.size() < vocab_size) {
    std::map<std::pair<long, long>, int64_t> pairs;
    for (const auto& [cut, times] : words) {
      for (size_t i = 1; i < cut.size(); ++i) pairs[{cut[i - 1], cut[i]}] += times;
    }
    const auto best = std::max_element(pairs.begin(), pairs.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (best == pairs.end() || best->second < min_frequency) break;
    const auto [left, right] = best->first;
    std::string tail = pieces[static_cast<size_t>(right)];
    if (tail.rfind("##", 0) == 0) tail.erase(0, 2);
    const long merged = number(pieces[static_cast<size_t>(left)] + tail);
    for (auto& [cut, times] : words) {
      for (size_t i = 0; i + 1 < cut.size(); ++i) {
        if (cut[i] != left || cut[i + 1] != right) continue;
        cut[i] = merged;
        cut.erase(cut.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      }
    }
  }
  return pieces;
}

}  // namespace

TEST_CASE("words are counted as the tokenizer splits them") {
  WordCounter counter;
  counter.add("The cat, the CAT's café!");
  CHECK(counter.sorted() == std::vector<std::pair<std::string, int64_t>>{
                                {"!", 1}, {"'", 1}, {",", 1}, {"cafe", 1}, {"cat", 2}, {"s", 1}, {"the", 2}});
  CHECK(counter.total() == 9);
  CHECK(counter.distinct() == 7);
  CHECK_THROWS_AS(counter.add("\xff"), FormatError);
}

TEST_CASE("counts do not depend on how a text is parted") {
  WordCounter whole, one, two;
  whole.add("a b a");
  whole.add("b c");
  one.add("b c");
  two.add("a b a");
  one.merge(two);
  CHECK(one.sorted() == whole.sorted());
  CHECK(one.total() == 5);
}

TEST_CASE("a vocabulary small enough to follow by hand") {
  // low 5, lower 2, newest 6, widest 3: "es" and "st" stand 9 times each, "ow" and "lo" 7 times.
  std::vector<std::string> log;
  VocabTrainerOptions options;
  options.vocab_size = 5 + 10 + 8 + 4;
  options.on_merge = [&](const Merge& m) {
    log.push_back(m.left + " " + m.right + " " + m.piece + " " + std::to_string(m.count) + " " +
                  std::to_string(m.vocab_size));
  };
  const Vocab vocab = train_vocab(counted({{"low", 5}, {"lower", 2}, {"newest", 6}, {"widest", 3}}), options);
  const std::vector<std::string> expected = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "d",   "e",
                                             "i",     "l",     "n",     "o",     "r",      "s",   "t",
                                             "w",     "##o",   "##w",   "##e",   "##r",    "##s", "##t",
                                             "##i",   "##d",   "##es",  "##est", "lo",     "low"};
  CHECK(vocab.pieces() == expected);
  CHECK(log == std::vector<std::string>{"##e ##s ##es 9 24", "##es ##t ##est 9 25", "l ##o lo 7 26",
                                        "lo ##w low 7 27"});
}

TEST_CASE("the vocabulary is the reference's where no two pairs are equally frequent") {
  std::ifstream file(GRADUS_FIXTURES "/tokenizer/trainer.json");
  REQUIRE(file);
  const json fixture = json::parse(file);
  VocabTrainerOptions options;
  options.vocab_size = fixture["vocab_size"];
  const Vocab vocab = train_vocab(counted(fixture["words"].get<Words>()), options);
  const auto begins = fixture["begins"].get<std::vector<std::string>>();
  const auto continues = fixture["continues"].get<std::vector<std::string>>();
  const auto merges = fixture["merges"].get<std::vector<std::string>>();
  REQUIRE(merges.size() > 40);
  const auto first = vocab.pieces().begin();
  const auto learnt = static_cast<std::ptrdiff_t>(begins.size() + continues.size());
  CHECK(std::vector<std::string>(first, first + static_cast<std::ptrdiff_t>(begins.size())) == begins);
  std::vector<std::string> ours(first + static_cast<std::ptrdiff_t>(begins.size()), first + learnt);
  std::sort(ours.begin(), ours.end());
  CHECK(ours == continues);
  CHECK(std::vector<std::string>(first + learnt, vocab.pieces().end()) == merges);
}

TEST_CASE("the incremental counts do what counting again would, ties and all") {
  std::mt19937 generator(11);
  for (int trial = 0; trial < 40; ++trial) {
    Words words;
    const unsigned letters = 1 + trial % 4;  // few letters make runs such as aaaa, and many ties
    for (int w = 0; w < 25; ++w) {
      std::string word;
      const unsigned length = 1 + generator() % 9;
      for (unsigned i = 0; i < length; ++i) word += static_cast<char>('a' + generator() % letters);
      words[word] += 1 + generator() % 4;
    }
    VocabTrainerOptions options;
    options.vocab_size = 13 + static_cast<size_t>(trial);
    options.min_frequency = trial % 3;
    INFO("trial " << trial);
    CHECK(train_vocab(counted(words), options).pieces() ==
          plain_rule(words, options.vocab_size, std::max<int64_t>(options.min_frequency, 1)));
  }
}

TEST_CASE("the order of the text changes nothing") {
  std::vector<std::string> lines;
  std::mt19937 generator(3);
  for (int i = 0; i < 200; ++i) {
    std::string line;
    for (int w = 0; w < 6; ++w) {
      for (unsigned k = 0; k <= generator() % 6; ++k) line += static_cast<char>('a' + generator() % 5);
      line += ' ';
    }
    lines.push_back(line);
  }
  VocabTrainerOptions options;
  options.vocab_size = 120;
  WordCounter forward, backward;
  for (const std::string& line : lines) forward.add(line);
  std::reverse(lines.begin(), lines.end());
  for (const std::string& line : lines) backward.add(line);
  const Vocab vocab = train_vocab(forward, options);
  CHECK(vocab.size() == 120);
  CHECK(train_vocab(backward, options) == vocab);
}

TEST_CASE("learning stops below the least frequency") {
  VocabTrainerOptions options;
  const Words words = {{"ab", 3}, {"cd", 2}, {"ef", 1}};
  CHECK(train_vocab(counted(words), options).pieces().back() == "cd");
  options.min_frequency = 3;
  CHECK(train_vocab(counted(words), options).pieces().back() == "ab");
  options.min_frequency = 1;
  CHECK(train_vocab(counted(words), options).pieces().back() == "ef");
}

TEST_CASE("the alphabet keeps the most frequent characters") {
  VocabTrainerOptions options;
  options.alphabet_limit = 2;
  const Vocab vocab = train_vocab(counted({{"xay", 5}, {"ya", 4}, {"zb", 1}}), options);
  CHECK(vocab.find("a").has_value());
  CHECK(vocab.find("y").has_value());
  CHECK_FALSE(vocab.find("x").has_value());
  CHECK_FALSE(vocab.find("##b").has_value());
  CHECK(vocab.find("##ay").has_value());  // x is gone, and what followed it still continues a word
}

TEST_CASE("an alphabet beyond half of the vocabulary is kept by frequency") {
  // 30 ideographs, each a word: the one numbered k stands there 100 - k times, from 13 on k = 70 throughout.
  const auto ideograph = [](int k) {
    return encode_utf8(std::u32string(1, static_cast<char32_t>(0x4E00 + k)));
  };
  Words words = {{"abab", 20}, {"cd", 75}};
  for (int k = 0; k < 30; ++k) words[ideograph(k)] = k < 13 ? 100 - k : 70;
  VocabTrainerOptions options;
  LeftOut left_out;
  options.on_left_out = [&](const LeftOut& characters) { left_out = characters; };
  // a ##a b would be half of it already; the others have to be as frequent as the merges.
  options.vocab_size = 30;
  const std::vector<std::string> pieces = train_vocab(counted(words), options).pieces();
  std::vector<std::string> expected = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "d"};
  // Room is for 30 - 5 - 4 - (##a ##b ##d) = 18: cd (75), the thirteen above it, and then of equal ones those
  // with the smaller code points.
  for (int k = 0; k < 17; ++k) expected.push_back(ideograph(k));
  expected.insert(expected.end(), {"##b", "##a", "##d", "cd"});
  CHECK(pieces == expected);
  CHECK(left_out.characters == 13);
  CHECK(left_out.uses == 13 * 70);
  CHECK(left_out.uses_of_all == 13 * 100 - 78 + 17 * 70 + 4 * 20 + 2 * 75);
  CHECK(left_out.examples ==
        std::vector<std::string>{ideograph(17), ideograph(18), ideograph(19), ideograph(20), ideograph(21)});

  // A merge that is more frequent than a character comes first, and all fit where there is room for them.
  options.vocab_size = 48;
  left_out = {};
  CHECK(train_vocab(counted(words), options).size() == 46);
  CHECK(left_out.characters == 0);
  options.vocab_size = 31;
  words["abab"] = 71;  // so each of its pairs is more frequent than an ideograph of 70
  const Vocab with_merges = train_vocab(counted(words), options);
  for (const char* piece : {"cd", "ab", "abab"}) CHECK(with_merges.find(piece).has_value());
  CHECK(with_merges.find(ideograph(12)).has_value());
  CHECK(with_merges.size() <= 31);

  // A limit holds whatever room there is.
  options.alphabet_limit = 6;
  options.vocab_size = 100;
  left_out = {};
  CHECK(train_vocab(counted({{"ab", 1}, {ideograph(1), 5}, {ideograph(2), 4}, {ideograph(3), 4}, {"xyz", 9}}),
                    options)
            .find(ideograph(2))
            .has_value());
  CHECK(left_out.characters == 2);
  CHECK(left_out.examples == std::vector<std::string>{"a", "b"});
}

TEST_CASE("text with many characters loses few of them, and English its words to none") {
  // Character k stands there about 1 / (k + 1) of the time, as in any language; a Latin word now and then.
  std::mt19937 generator(5);
  WordCounter counter;
  std::string line;
  for (int i = 0; i < 60'000; ++i) {
    const double u = static_cast<double>(generator()) / 4294967296.0;
    const auto k = static_cast<char32_t>(std::exp(u * std::log(3500.0)) - 1);
    append_utf8(line, 0x4E00 + k);
    if (i % 50 == 0) line += i % 100 == 0 ? "internet " : " computers ";
    if (i % 40 == 39) counter.add(line), line.clear();
  }
  VocabTrainerOptions options;
  const auto unknown_share = [&](size_t size) {
    options.vocab_size = size;
    const Tokenizer tokenizer(train_vocab(counter, options));
    int64_t unknown = 0;
    for (const auto& [word, times] : counter.sorted()) {
      for (const TokenId id : tokenizer.tokenize(word))
        unknown += id == tokenizer.special_ids().unk ? times : 0;
    }
    CHECK(tokenizer.vocab().find("internet").has_value());
    return static_cast<double>(unknown) / static_cast<double>(counter.total());
  };
  CHECK(unknown_share(8000) == 0);
  CHECK(unknown_share(2000) < 0.08);
  CHECK(unknown_share(1000) < 0.18);
}

TEST_CASE("what cannot be learnt from is refused") {
  CHECK_THROWS_AS(train_vocab(WordCounter{}), Error);
  CHECK_THROWS_WITH(train_vocab(WordCounter{}), "learn a vocabulary: the text has no words");
  VocabTrainerOptions small;
  small.vocab_size = 8;
  CHECK_THROWS_WITH(
      train_vocab(counted({{"abc", 1}}), small),
      "learn a vocabulary: 5 special tokens and the ASCII characters of the text already make 10 pieces, "
      "more than the 8 asked for; ask for more or keep a smaller alphabet");
  VocabTrainerOptions twice;
  twice.special_tokens = {"[PAD]", "[PAD]"};
  CHECK_THROWS_AS(train_vocab(counted({{"abc", 1}}), twice), FormatError);
  CHECK_THROWS_WITH(train_vocab(counted({{"abc", 1}}), twice),
                    "learn a vocabulary: the special token \"[PAD]\" is empty or given twice");
}

TEST_CASE("a learnt vocabulary cuts every word it was learnt from") {
  WordCounter counter;
  counter.add("the cat sat on the mat, the rat ate the cat's hat");
  VocabTrainerOptions options;
  options.vocab_size = 45;
  const Tokenizer tokenizer(train_vocab(counter, options));
  for (const auto& [word, times] : counter.sorted()) {
    const std::vector<TokenId> ids = tokenizer.tokenize(word);
    CHECK(std::count(ids.begin(), ids.end(), tokenizer.special_ids().unk) == 0);
    CHECK(tokenizer.decode(ids) == word);
  }
}
