// Passages with a word masked, and the stretches of text that they are made of.
#include "bert/evaluation/masked_passage.hpp"

#include <fstream>

#include "autograd/error.hpp"
#include "bert/tokenizer/text_spans.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using namespace gradus::bert;

namespace {

const Tokenizer& tokenizer() {
  static const Tokenizer made(
      Vocab({"[PAD]",  "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat", "on", "mat", "un",
             "##kind", ".",     ",",     "!",     "i",      "天",  "地",  "玄",  "。", "1",   "##2"}));
  return made;
}

std::string masked(const std::vector<std::string>& sentences, int64_t pieces = 20) {
  const auto passage = masked_passage(sentences, tokenizer(), pieces);
  return passage ? passage->text + " | " + tokenizer().vocab().piece(passage->answer) : "nothing";
}

}  // namespace

TEST_CASE("masked_passage masks the last word of one piece and leaves the rest as it is written") {
  CHECK(masked({"The Cat sat,  on the MAT!!"}) == "The Cat sat,  on the [MASK]!! | mat");
  CHECK(masked({"The cat sat unkind."}) == "The cat [MASK] unkind. | sat");  // two pieces
  CHECK(masked({"the cat sat on i, 12 \xE2\x98\x83."}) ==                    // a letter, a number, [UNK]
        "the cat sat [MASK] i, 12 \xE2\x98\x83. | on");
  CHECK(masked({"天地玄玄。"}) == "天地玄[MASK]。 | 玄");
  CHECK(masked({"the cat天."}) == "the cat[MASK]. | 天");
  CHECK(masked({"the cat sat zebra."}) == "the cat [MASK] zebra. | sat");  // a word that is [UNK]
}

TEST_CASE("masked_passage takes whole sentences as long as they fit, and words of the first") {
  const std::vector<std::string> two = {"the cat sat.", "on the mat."};
  CHECK(masked(two, 10) == "the cat sat. on the [MASK]. | mat");  // 8 pieces, [CLS] and [SEP]
  CHECK(masked(two, 9) == "the cat [MASK]. | sat");
  CHECK(masked({"天地玄。", "天地。"}, 9) == "天地玄。天[MASK]。 | 地");
  const std::string sentence = "the cat sat on unkind  the mat";
  CHECK(masked({sentence}, 9) == "the cat sat on unkind  [MASK] | the");
  CHECK(masked({sentence}, 8) == "the cat sat [MASK] unkind | on");
  CHECK(masked({sentence}, 7) == "the cat sat [MASK] | on");  // a word is not cut
}

TEST_CASE("masked_passage gives nothing where there is nothing to ask") {
  CHECK(masked({}) == "nothing");
  CHECK(masked({"the cat."}) == "nothing");
  CHECK(masked({"unkind unkind ."}) == "nothing");
  CHECK(masked({"the cat [MASK] on the mat"}) == "nothing");
  for (const int64_t pieces : {-1, 0, 2, 5}) CHECK(masked({"the cat sat on the mat"}, pieces) == "nothing");
}

TEST_CASE("masked_passages: the first documents of a file that have one") {
  const TemporaryFolder folder;
  std::ofstream(folder / "text")
      << "the cat.\n\nthe cat sat\non the mat\n\n\n  on the mat sat\n\nthe mat sat on";
  const auto texts = [&](int64_t count) {
    std::string all;
    for (const MaskedPassage& p : masked_passages(folder / "text", tokenizer(), count, 20))
      all += p.text + "|";
    return all;
  };
  CHECK(texts(2) == "the cat sat on the [MASK]|on the mat [MASK]|");
  CHECK(texts(9) == "the cat sat on the [MASK]|on the mat [MASK]|the mat sat [MASK]|");
  CHECK_THROWS_AS(masked_passages(folder / "none", tokenizer(), 1, 20), IoError);
}

TEST_CASE("stretches of a text are counted in characters") {
  CHECK(characters("né天x", {1, 3}) == "é天");
  CHECK(characters("né", {2, 2}).empty());
  CHECK(replaced("né天x", {{{0, 0}, "<"}, {{1, 2}, "e"}, {{3, 4}, ""}}) == "<ne天");
  CHECK_THROWS_WITH(characters("né", {1, 3}),
                    "text: characters 1 to 3 are not a stretch of what is left, 0 to 2");
  CHECK_THROWS_AS(replaced("abc", {{{1, 2}, ""}, {{1, 2}, ""}}), IndexError);
  CHECK_THROWS_AS(characters("\xFF", {0, 1}), FormatError);
}

TEST_CASE("sentences are joined as their script is written") {
  CHECK(joined_sentences({"a b.", "c", "", "d"}) == "a b. c d");
  CHECK(joined_sentences({"天。", "地", "a", "ァ", "！"}) == "天。地aァ！");
  CHECK(joined_sentences({}).empty());
}
