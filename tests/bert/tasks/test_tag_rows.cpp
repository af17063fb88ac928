// Words as pieces in rows: which slot speaks for which word, and what becomes of long sentences.
#include "bert/tasks/tag_rows.hpp"

#include "autograd/error.hpp"
#include "autograd/random.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::bert;

using Words = std::vector<std::string>;
using Ids = std::vector<TokenId>;

namespace {

/// The ids of a, b, c, d are 5 to 8, of ##b and ##c 9 and 10.
Tokenizer letters() {
  return Tokenizer(Vocab({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "d", "##b", "##c"}));
}

TaggedSentences sentences(const std::vector<Words>& all) {
  TaggedSentences found{"t.conll", {}};
  for (const Words& words : all)
    found.sentences.push_back({.words = words, .tags = Words(words.size(), "O")});
  return found;
}

/// Which words each row speaks for, by their numbers.
std::vector<std::vector<int64_t>> numbers(const TagRows& rows) {
  std::vector<std::vector<int64_t>> all;
  for (const auto& words : rows.words) {
    all.emplace_back();
    for (const RowWord& word : words) all.back().push_back(word.word);
  }
  return all;
}

const Words nine = {"a", "b", "c", "d", "a", "b", "c", "d", "a"};

}  // namespace

TEST_CASE("tag rows: a word speaks at its first piece, and one without a piece nowhere") {
  const TagRows rows =
      tag_rows(letters(), sentences({{"a", "abc", "\u200B", "d", "ab"}, {"zz"}, {"\u200B"}}), {});
  REQUIRE(rows.rows.size() == 2);  // the third sentence has no piece
  CHECK(rows.rows[0].ids == Ids{2, 5, 5, 9, 10, 8, 5, 9, 3});
  CHECK(rows.rows[0].first_length == 9);
  CHECK(rows.words[0] == std::vector<RowWord>{{0, 0, 1}, {0, 1, 2}, {0, 3, 5}, {0, 4, 6}});
  CHECK(rows.rows[1].ids == Ids{2, 1, 3});
  CHECK(rows.words[1] == std::vector<RowWord>{{1, 0, 1}});
  CHECK(rows.sentence_words == std::vector<int64_t>{5, 1, 1});
  CHECK(rows.said() == 5);
  CHECK(rows.without_piece == 2);
  CHECK(rows.cut == 0);
  CHECK(notes_of_words("training", rows, {}) == Words{"training: 2 of 7 words have no piece and are O"});
}

TEST_CASE("tag rows: a mark in a word is a piece of it, not a word") {
  const TagRows rows = tag_rows(letters(), sentences({{"a,b", "c"}}), {});
  CHECK(rows.rows[0].ids == Ids{2, 5, 1, 6, 7, 3});  // the comma is [UNK]
  CHECK(rows.words[0] == std::vector<RowWord>{{0, 0, 1}, {0, 1, 4}});
}

TEST_CASE("tag rows: of a long sentence whole words are kept, at its head, its tail or both") {
  const Words words = {"a", "b", "abc", "d", "a", "b", "abc", "d", "c"};  // 13 pieces
  const auto kept = [&](Fit fit, int64_t max_length) {
    return tag_rows(letters(), sentences({words}), {.max_length = max_length, .fit = fit});
  };
  const TagRows head = kept(Fit::head, 6);  // a, b and no room for abc
  CHECK(head.rows[0].ids == Ids{2, 5, 6, 3});
  CHECK(numbers(head) == std::vector<std::vector<int64_t>>{{0, 1}});
  CHECK(head.cut == 1);
  CHECK(head.left_out == 7);
  CHECK(notes_of_words("training", head, {.max_length = 6}) ==
        Words{"training: 1 of 1 sentence longer than 6 pieces; 7 of 9 words are left out, and are O"});
  const TagRows tail = kept(Fit::tail, 6);
  CHECK(tail.rows[0].ids == Ids{2, 8, 7, 3});
  CHECK(tail.words[0] == std::vector<RowWord>{{0, 7, 1}, {0, 8, 2}});
  const TagRows both = kept(Fit::head_and_tail, 10);  // of 8 pieces 2 at the head
  CHECK(both.rows[0].ids == Ids{2, 5, 6, 6, 5, 9, 10, 8, 7, 3});
  CHECK(numbers(both) == std::vector<std::vector<int64_t>>{{0, 1, 5, 6, 7, 8}});
  CHECK(both.left_out == 3);
  CHECK(kept(Fit::head, 15).cut == 0);
  CHECK(kept(Fit::head, 14).left_out == 1);
}

TEST_CASE("tag rows: a word of windows is said in the one with most context on its shorter side") {
  // Windows of 5 with 3 in common: words 0 to 4, 2 to 6, 4 to 8.
  const TagRows rows =
      tag_rows(letters(), sentences({nine}), {.max_length = 7, .fit = Fit::windows, .overlap = 3});
  REQUIRE(rows.rows.size() == 3);
  CHECK(rows.rows[1].ids == Ids{2, 7, 8, 5, 6, 7, 3});
  // 3 has 3 and 1 beside it in the first window, 1 and 3 in the second: the first of equal ones.
  CHECK(numbers(rows) == std::vector<std::vector<int64_t>>{{0, 1, 2, 3}, {4, 5}, {6, 7, 8}});
  CHECK(rows.words[1] == std::vector<RowWord>{{0, 4, 3}, {0, 5, 4}});
  CHECK(rows.left_out == 0);
  CHECK(notes_of_words("training", rows, {.max_length = 7}).empty());
}

TEST_CASE("tag rows: the last window is full as well, and context is counted in pieces") {
  // Windows of 5 with 1 in common: 0 to 4, and then 4 to 7, which 3 fills up.
  const TagRows eight = tag_rows(letters(), sentences({Words(nine.begin(), nine.begin() + 8)}),
                                 {.max_length = 7, .fit = Fit::windows, .overlap = 1});
  REQUIRE(eight.rows.size() == 2);
  CHECK(eight.rows[1].ids == Ids{2, 8, 5, 6, 7, 8, 3});
  // Words 3 to 6 are in both windows. Beside word 5 are 5 and 3 pieces in the first, in the second 2 and 6;
  // of words it would be 5 and 1, and 2 and 4.
  const TagRows rows = tag_rows(letters(), sentences({{"a", "b", "c", "a", "b", "c", "abc", "a", "b", "c"}}),
                                {.max_length = 11, .fit = Fit::windows, .overlap = 6});
  REQUIRE(rows.rows.size() == 2);
  CHECK(rows.rows[1].ids == Ids{2, 5, 6, 7, 5, 9, 10, 5, 6, 7, 3});
  CHECK(numbers(rows) == std::vector<std::vector<int64_t>>{{0, 1, 2, 3, 4, 5}, {6, 7, 8, 9}});
}

TEST_CASE("tag rows: windows lose no word, split none and keep to their length, whatever the words") {
  Rng rng(5);
  const Words lengths = {"a", "ab", "abc", "abcb", "abcbc"};
  for (int round = 0; round < 200; ++round) {
    Words words;
    for (uint64_t n = 1 + rng.below(40); n > 0; --n) words.push_back(lengths[rng.below(lengths.size())]);
    const int64_t max_length = 7 + static_cast<int64_t>(rng.below(8));
    const int64_t overlap = static_cast<int64_t>(rng.below(static_cast<uint64_t>(max_length - 2)));
    const TagRows rows = tag_rows(letters(), sentences({words}),
                                  {.max_length = max_length, .fit = Fit::windows, .overlap = overlap});
    INFO(fmt::format("{} with {}: {}", max_length, overlap, fmt::join(words, " ")));
    int64_t next = 0;
    for (size_t r = 0; r < rows.rows.size(); ++r) {
      const Ids& ids = rows.rows[r].ids;
      CHECK(std::ssize(ids) <= max_length);
      CHECK(ids[1] == 5);  // a, the first piece of each word
      CHECK(std::ssize(rows.words[r]) > 0);
      for (const RowWord& word : rows.words[r]) {
        CHECK(word.word == next++);
        const size_t slot = static_cast<size_t>(word.slot),
                     length = words[static_cast<size_t>(word.word)].size();
        CHECK(ids[slot] == 5);
        CHECK((ids[slot + length] == 5 || ids[slot + length] == 3));  // all of the word is there
      }
    }
    CHECK(next == std::ssize(words));
    CHECK(rows.left_out == 0);
  }
}

TEST_CASE("tag rows: a word that is longer than a row keeps its first pieces") {
  for (const Fit fit : {Fit::head, Fit::windows}) {
    const TagRows rows =
        tag_rows(letters(), sentences({{"a", "abcbcb", "d"}}), {.max_length = 6, .fit = fit, .overlap = 2});
    CHECK(rows.shortened == 1);
    CHECK(notes_of_words("validation", rows, {.max_length = 6}).back() ==
          "validation: 1 of 3 words is longer than a row and lost its last pieces");
    if (fit == Fit::head) continue;
    REQUIRE(rows.rows.size() == 3);
    CHECK(rows.rows[1].ids == Ids{2, 5, 9, 10, 9, 3});
    CHECK(numbers(rows) == std::vector<std::vector<int64_t>>{{0}, {1}, {2}});
  }
}

TEST_CASE("tag rows: lengths and overlaps that cannot be are refused") {
  CHECK_THROWS_WITH(tag_rows(letters(), sentences({{"a"}}), {.max_length = 4}),
                    "rows of 4 slots are too short for a sentence; take at least 5");
  CHECK_THROWS_WITH(
      tag_rows(letters(), sentences({{"a"}}), {.max_length = 10, .fit = Fit::windows, .overlap = 8}),
      "windows of 10 slots leave no room beside an overlap of 8; take longer rows or a smaller overlap");
  CHECK_THROWS_WITH(
      tag_rows(letters(), sentences({{"a"}}), {.max_length = 10, .fit = Fit::windows, .overlap = -1}),
      "windows of 10 slots leave no room beside an overlap of -1; take longer rows or a smaller overlap");
}
