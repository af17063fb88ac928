// What the exercises of chapter 11 are held to.
#include <optional>

#include "autograd/random.hpp"
#include "exercise.hpp"
#include "tutorials/support/check.hpp"

namespace {

using namespace gradus::tutorials;
using namespace gradus::tutorials::wordpiece;
using Pieces = std::vector<std::string>;

/// The least number of pieces of word[begin, ...], by trying everything.
std::optional<size_t> least(const Text& word, const PieceTable& table, size_t begin = 0) {
  if (begin == word.size()) return 0;
  std::optional<size_t> best;
  for (size_t end = begin + 1; end <= word.size(); ++end) {
    if (!table.has((begin > 0 ? "##" : "") + utf8_of(word.substr(begin, end - begin)))) continue;
    const std::optional<size_t> rest = least(word, table, end);
    if (rest && (!best || *rest + 1 < *best)) best = *rest + 1;
  }
  return best;
}

void fewest(Check& check) {
  const PieceTable table = {"[UNK]", "un",  "##aff", "##able", "able", "##a", "##f", "##b",   "##l",
                            "##e",   "abc", "a",     "##bcd",  "pqr",  "##s", "##t", "##rst", "pq"};
  check.equal(
      "unaffable", fewest_pieces(U"unaffable", table), Pieces{"un", "##aff", "##able"},
      "a piece that continues a word is looked up, and written, with ## in front; and as few as can be");
  check.equal("able is a piece itself", fewest_pieces(U"able", table), Pieces{"able"},
              "the first piece of a word has no ##, and the whole word may be one piece");
  check.equal("abcd, where greedy gives [UNK]", fewest_pieces(U"abcd", table), Pieces{"a", "##bcd"},
              "after abc nothing is left that fits: go back, and try a shorter first piece");
  check.equal("pqrst, where greedy takes three", fewest_pieces(U"pqrst", table), Pieces{"pq", "##rst"},
              "pqr ##s ##t is a cut, but not the shortest: the longest first piece need not be the best");
  check.equal("unaffx has no cut", fewest_pieces(U"unaffx", table), Pieces{"[UNK]"},
              "no piece ends with x, so the whole word is one [UNK], whatever its beginning is");
  if (!check.passed()) return;
  const PieceTable two = {"[UNK]", "a", "ab", "aba", "b", "##a", "##ab", "##bba", "##baa", "##aab"};
  gradus::Rng rng(3);
  for (int i = 0; i < 60; ++i) {
    Text word;
    for (size_t n = 1 + rng.below(9); n > 0; --n) word += rng.below(2) == 0 ? U'a' : U'b';
    const Pieces mine = fewest_pieces(word, two);
    const size_t want = least(word, two).value_or(0);
    std::string back;
    for (const std::string& piece : mine) back += piece.starts_with("##") ? piece.substr(2) : piece;
    if (want == 0 ? mine == Pieces{"[UNK]"} : mine.size() == want && back == utf8_of(word)) continue;
    check.that(fmt::format("{} with the pieces {}", utf8_of(word), fmt::join(two.pieces(), " ")), false,
               fmt::format("{}", mine),
               want == 0 ? "there is no cut: [UNK] alone"
                         : fmt::format("{} pieces do: try every place where the last piece may begin", want));
    return;
  }
  check.that("60 words of a and b", true, "", "");
}

void text(Check& check) {
  check.equal("English", text_of({"let", "there", "be", "light", "##s"}), "let there be lights",
              "a piece with ## goes on with the word before it, without the ##; a space stands between two "
              "words, and none before the first");
  check.equal("Chinese", text_of({"神", "称", "光", "为", "昼"}), "神称光为昼",
              "no space between ideographs: Chinese is written without");
  check.equal("both", text_of({"the", "bert", "##s", "是", "new", "model", "##s"}), "the berts是new models",
              "an ideograph on either side is enough: look at the end of the text so far, and at the "
              "beginning of the next word");
  check.equal("letters with marks", text_of({"café", "où", "été"}), "café où été",
              "é is beyond ASCII, and a letter all the same: ask bert::is_cjk_ideograph");
  check.equal("rare ideographs", text_of({"new", "𠮷", "𠮷", "field"}), "new𠮷𠮷field",
              "𠮷 is U+20BB7: ideographs stand in several blocks, and bert::is_cjk_ideograph knows them all");
  check.equal("a # of the text", text_of({"c", "#", "is", "new"}), "c # is new",
              "only the ## at the front of a piece is a mark; a single # is a character of the text");
  check.equal("nothing", text_of({}), "", "no pieces, no text");
}

void replay(Check& check) {
  const std::vector<std::pair<std::string, std::string>> merges = {
      {"##e", "##s"}, {"##es", "##t"}, {"l", "##o"}, {"lo", "##w"}, {"n", "##e"}, {"ne", "##w"}};
  check.equal("lowest", by_merges("lowest", merges), Pieces{"low", "##est"},
              "joined(left, right) drops the ## of what stands on the right; all merges are made, not the "
              "first one only");
  check.equal("no merge fits: mad", by_merges("mad", merges), Pieces{"m", "##a", "##d"},
              "then the characters stay");
  check.equal("abc: first ##b ##c, then a ##b", by_merges("abc", {{"##b", "##c"}, {"a", "##b"}}),
              Pieces{"a", "##bc"},
              "the order in which the merges were learnt decides: ##b went into ##bc, so a finds none");
  check.equal("xabab: ##a ##b", by_merges("xabab", {{"##a", "##b"}}), Pieces{"x", "##ab", "##ab"},
              "the pair stands there twice: join it wherever it stands");
  check.equal("aaaa: ##a ##a", by_merges("aaaa", {{"##a", "##a"}}), Pieces{"a", "##aa", "##a"},
              "from the front, and a piece that has been joined is used up: the first two go together");
}

}  // namespace

int main() {
  Checks checks("11_wordpiece");
  checks.exercise("1: unaffable, in the fewest pieces", fewest);
  checks.exercise("2: spaces, but not in Chinese", text);
  checks.exercise("3: merges by hand", replay);
  return checks.finish();
}
