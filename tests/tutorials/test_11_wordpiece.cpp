// Chapter 11: the stages, the greedy cut and the learning by hand are the library's; its bugs are caught.
#include <set>

#include "bert/tokenizer/tokenizer.hpp"
#include "bert/tokenizer/wordpiece_trainer.hpp"
#include "bert/toy_world/toy_world.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "tutorials/11_wordpiece/museum.hpp"
#include "tutorials/11_wordpiece/text.hpp"

using namespace gradus;
using namespace gradus::test;
using namespace gradus::tutorials::wordpiece;

namespace {

/// Texts in which the stages have something to do.
const std::vector<std::string> odd_texts = {
    english,
    chinese,
    "",
    " \t\n",
    "UNwant\u00e9d,running",
    "ah\u535a\u63a8zz",
    "e\u0301\u0323a\u0323\u0301 \u1ec7",             // marks in either order, and one character for both
    "\u304c\u30ac \ud55c\uad6d\uc5b4 \u0439\u0451",  // kana, Hangul, Cyrillic
    "\u0130stanbul a\u03a3",                         // I with a dot, a capital sigma
    "a\u00ad\u200bb\ufffdc\u00a0d\u3000e",  // soft hyphen, zero width, replacement, two kinds of space
    "$1+2=3^4 `x`~|<>",
    "\u300c\u6771\u4eac\u300d\u3001\u30bf\u30ef\u30fc!? \U00020bb7\u91ce\u5bb6",
    "f\u0130\u0307\u0307\U0001f600\u200d\U0001f525"};

bert::Vocab learnt_by_library(const Counts& counts, size_t size) {
  bert::WordCounter counter;
  for (const auto& [word, count] : counts) counter.add_word(word, count);
  bert::VocabTrainerOptions options;
  options.vocab_size = size;
  return bert::train_vocab(counter, options);
}

}  // namespace

TEST_CASE("11: the stages by hand give the library's words", "[tutorials]") {
  const bert::BertNormalizer normalizer;
  for (const std::string& text : odd_texts) {
    INFO(text);
    const bert::NormalizedText normal = normalizer.normalize(text);
    CHECK(normalised(characters_of(text)) == normal.chars);
    std::vector<bert::WordSpan> spans;
    bert::split_words(normal.chars, spans);
    std::vector<Text> words;
    for (const auto& [begin, end] : spans) words.push_back(normal.chars.substr(begin, end - begin));
    CHECK(words_of(text) == words);
  }
  const std::string cased = "H\u00e4LLo \u6771B";
  const bert::BertNormalizer keeps = {.handle_chinese_chars = false, .lowercase = false};
  CHECK(normalised(characters_of(cased), {.set_apart = false, .lower_case = false}) ==
        keeps.normalize(cased).chars);
}

TEST_CASE("11: the table learnt by hand is the library's, in ids too", "[tutorials]") {
  const Counts few = {{"low", 5}, {"lower", 2}, {"newest", 6}, {"widest", 3}};
  for (const size_t size : {23u, 25u, 60u}) {
    INFO(size);
    CHECK(learn(few, static_cast<int64_t>(size)).table.pieces() == learnt_by_library(few, size).pieces());
  }
  // Where half of the table has room for the alphabet, the library keeps it whole, too.
  CHECK(learn(counted(english), 120).table.pieces() == learnt_by_library(counted(english), 120).pieces());
  CHECK(learn(counted(chinese), 300).table.pieces() == learnt_by_library(counted(chinese), 300).pieces());
  CHECK(learn({{"aaaa", 3}, {"aaa", 2}, {"baab", 2}}, 40).table.pieces() ==
        learnt_by_library({{"aaaa", 3}, {"aaa", 2}, {"baab", 2}}, 40).pieces());
}

TEST_CASE("11: the log of merges is the library's", "[tutorials]") {
  bert::WordCounter counter;
  counter.add(english);
  std::vector<bert::Merge> theirs;
  bert::VocabTrainerOptions options;
  options.vocab_size = 120;
  options.on_merge = [&](const bert::Merge& merge) { theirs.push_back(merge); };
  bert::train_vocab(counter, options);
  const Learnt mine = learn(counted(english), 120);
  REQUIRE(mine.log.size() == theirs.size());
  REQUIRE(mine.log.size() > 20);
  for (size_t i = 0; i < theirs.size(); ++i) {
    CHECK(mine.log[i].left == theirs[i].left);
    CHECK(mine.log[i].right == theirs[i].right);
    CHECK(mine.log[i].piece == theirs[i].piece);
    CHECK(mine.log[i].count == theirs[i].count);
  }
}

TEST_CASE("11: the greedy cut by hand is the library's", "[tutorials]") {
  const Learnt learnt = learn(counted(english + " " + chinese), 300);
  const bert::Tokenizer tokenizer{bert::Vocab(learnt.table.pieces())};
  std::vector<std::string> texts = odd_texts;
  texts.insert(texts.end(), {new_english, new_chinese, "unaffable lights gathering waterless"});
  for (const std::string& text : texts) {
    INFO(text);
    CHECK(pieces_of(text, learnt.table) == tokenizer.encode(text, {.add_special_tokens = false}).pieces);
  }
}

TEST_CASE("11: what the chapter says of pieces", "[tutorials]") {
  // A learnt table cuts every word of the text that it was learnt from, and of its characters.
  const Learnt learnt = learn(counted(english), 120);
  CHECK(unknown_among(pieces_of(english, learnt.table)) == 0);
  // It cuts them as learning left them: no word of this text is one on which greedy and merges differ.
  for (const CutWord& word : learnt.words) {
    std::string whole;
    for (const std::string& piece : word.pieces) whole += piece.starts_with("##") ? piece.substr(2) : piece;
    CHECK(words_from(greedy_pieces(characters_of(whole), learnt.table)) == std::vector<std::string>{whole});
  }
  // Nothing can be merged where every word is a single character.
  CHECK(learn(counted(chinese), 1000).log.empty());
  // Greedy gives up where another cut would do.
  const PieceTable trap = {"[UNK]", "a", "ab", "##bc"};
  CHECK(greedy_pieces(U"abc", trap) == std::vector<std::string>{"[UNK]"});
  CHECK(pieces_of("abc a", trap) == std::vector<std::string>{"[UNK]", "a"});
}

TEST_CASE("11: rows of the table have the right gradient, and only those that were looked up have one",
          "[tutorials]") {
  const PieceTable table = learn(counted(english), 120).table;
  const std::vector<std::string> pieces = pieces_of("Let there be light, and lights.", table);
  const Tensor ids = ids_of(pieces, table);
  const Tensor vectors = random_normal({table.size(), 3}, 1);
  CHECK(gradcheck([&](const auto& in) { return rows_of(in[0], ids); }, {vectors}).passed);
  const Tensor learning = vectors.clone().requires_grad();
  const Tensor rows = rows_of(learning, ids);
  sum(rows * rows).backward();
  std::set<int64_t> used;
  for (const std::string& piece : pieces) used.insert(table.id(piece));
  CHECK(rows_that_move(learning.grad()) == used);
}

TEST_CASE("11 museum: the forgotten ##, no NFD, the wrong case", "[tutorials]") {
  const PieceTable table = learn(counted(english), 120).table;
  CHECK(words_lost(new_english, table) == 0);
  CHECK(words_lost(new_english, table, {.forget_marks = true}) > 0);
  const PieceTable menu = learn(counted("creme"), 60).table;
  const std::string composed = "cr\u00e8me", apart = "cre\u0300me";
  CHECK(pieces_of(composed, menu) == pieces_of(apart, menu));
  CHECK(pieces_of(composed, menu, {.decompose = false}) != pieces_of(apart, menu, {.decompose = false}));
  CHECK(unknown_among(pieces_of(english, table)) == 0);
  CHECK(unknown_among(pieces_of(english, table, {.lower_case = false})) > 10);
}
