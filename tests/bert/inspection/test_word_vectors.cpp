// The vectors of words that probes read.
#include "bert/inspection/word_vectors.hpp"

#include "autograd/ops.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"
#include "support/error_text.hpp"

using namespace gradus;
using namespace gradus::bert;
using test::error_text;
using test::largest_difference;

namespace {

Tokenizer words() {
  return Tokenizer(Vocab({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "dog", "egg", "it", "was",
                          "##s",   "ate",   ".",     "good",  "bad",    "old", "a",   "b",   "c",  "d"}));
}

}  // namespace

TEST_CASE("word vectors: those of first pieces after each layer, with tags or positions") {
  Rng rng(1);
  const Bert model(test::small_config(), rng);
  const TaggedSentences sentences{
      "t.conll",
      {{{"dogs", "ate"}, {"B-WHO", "O"}, 1}, {{"the", "eggs", "was", "old"}, {"O", "B-WHAT", "O", "O"}, 4}}};
  const std::vector<LabelledVectors> found = word_vectors(model, words(), sentences, WordLabel::tag);
  REQUIRE(found.size() == 3);
  // The longer sentence comes first.
  CHECK(found[0].words == std::vector<std::string>{"the", "eggs", "was", "old", "dogs", "ate"});
  CHECK(found[1].labels == std::vector<std::string>{"O", "B-WHAT", "O", "O", "B-WHO", "O"});
  CHECK(word_vectors(model, words(), sentences, WordLabel::position)[2].labels ==
        std::vector<std::string>{"1", "2", "3", "4", "1", "2"});
  const nn::EvalMode eval(model);
  const BertOutput alone =
      model(tensor<int64_t>({2, 6, 10, 11, 3}, Shape{1, 5}), {}, {}, {.hidden_states = true});
  for (size_t layer = 0; layer < 3; ++layer) {
    CHECK(found[layer].vectors.shape() == Shape{6, 12});
    CHECK(largest_difference(found[layer].vectors.select(0, 4),
                             alone.hidden_states[layer].select(0, 0).select(0, 1)) < 1e-5);
    CHECK(largest_difference(found[layer].vectors.select(0, 5),
                             alone.hidden_states[layer].select(0, 0).select(0, 3)) < 1e-5);
  }
}

TEST_CASE("word vectors: tags must be there to be read") {
  Rng rng(1);
  const Bert model(test::small_config(), rng);
  const TaggedSentences sentences{"t.conll", {{{"dogs", "ate"}, {}, 7}}};
  CHECK(error_text([&] { word_vectors(model, words(), sentences, WordLabel::tag); }) ==
        "t.conll, line 7: the sentence has no tags");
}
