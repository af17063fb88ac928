#include "bert/evaluation/bag_of_words.hpp"

#include <cmath>

#include "bert/evaluation/label_baselines.hpp"
#include "support/catch.hpp"

using namespace gradus::bert;

namespace {

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("bag of words: the weights are where the gradient of the penalised loss is zero") {
  // One word, one label each: by symmetry the logits are +-z with x = (1, 1), and (p - 1) / 2 + l2 w = 0 for
  // the word's weight w, while the bias is the same for both.
  const Strings texts = {"yes", "no"}, labels = {"a", "b"};
  const BagOfWords model(texts, labels, {.l2 = 0.1, .steps = 2000});
  const double p = model.probabilities("yes")[0];
  const double w = (1 - p) / 2 / 0.1;  // of "yes" for a; -w for b
  CHECK(std::abs(p - (1 / (1 + std::exp(-2 * w)))) < 1e-9);
  CHECK(std::abs(model.probabilities("no")[0] - (1 - p)) < 1e-9);
  CHECK(std::abs(model.probabilities("perhaps")[0] - (0.5)) < 1e-9);
}

TEST_CASE("bag of words: a label that comes more often is more probable for a text without known words") {
  // Texts without words have the bias alone, b for a and -b for b, with the gradient (p - 3/4) + l2 b = 0.
  const Strings texts = {"", "", "", ""}, labels = {"a", "a", "b", "a"};
  const BagOfWords model(texts, labels, {.l2 = 0.1, .steps = 2000});
  const double p = model.probabilities("perhaps")[0], b = (0.75 - p) / 0.1;
  CHECK(std::abs(p - 1 / (1 + std::exp(-2 * b))) < 1e-9);
}

TEST_CASE("bag of words: capitals, signs and how often a word stands there make no difference") {
  const Strings texts = {"Good, good day", "bad day"}, labels = {"up", "down"};
  const BagOfWords model(texts, labels);
  CHECK(model.labels() == Strings{"down", "up"});
  CHECK(model.probabilities("GOOD") == model.probabilities("good good good"));
  CHECK(model.predict("a good one") == "up");
  CHECK(model.predict("bad") == "down");
  CHECK(words_of("Tom's cat, \xC3\xA9t\xC3\xA9.") == Strings{"tom", "'", "s", "cat", ",", "ete", "."});
}

TEST_CASE("bag of words: pairs of words see what words alone do not") {
  Strings texts, labels;
  for (int i = 0; i < 8; ++i) {
    for (const std::string a : {"good", "bad"}) {
      texts.push_back("was " + a);
      labels.push_back(a == "good" ? "up" : "down");
      texts.push_back("was not " + a);
      labels.push_back(a == "good" ? "down" : "up");
    }
  }
  const auto right = [&](const BagOfWords& model) {
    const Strings guesses = model.predict(texts);
    int hits = 0;
    for (size_t i = 0; i < texts.size(); ++i) hits += guesses[i] == labels[i];
    return hits;
  };
  CHECK(right(BagOfWords(texts, labels)) == 16);  // all ties, which go to the first label
  CHECK(right(BagOfWords(texts, labels, {.bigrams = true})) == 32);
}

TEST_CASE("bag of words: a label too few, no texts and a negative penalty are refused") {
  const Strings two = {"a", "b"}, one = {"a"}, none;
  CHECK_THROWS_WITH(BagOfWords(two, one), "bag of words: 2 texts and 1 labels");
  CHECK_THROWS_WITH(BagOfWords(none, none), "bag of words: no texts to learn from");
  CHECK_THROWS_WITH(BagOfWords(one, one, {.l2 = -1}),
                    "bag of words: l2 -1 and 300 steps; take l2 of 0 or more and a step or more");
}

TEST_CASE("label baselines: the most frequent label and tags, also of words never seen") {
  CHECK(most_frequent(Strings{"b", "a", "b", "a", "c"}) == "a");
  CHECK_THROWS_WITH(most_frequent(Strings{}), "most frequent label: there are no labels");
  const std::vector<Strings> words = {{"The", "cat", "saw", "Tom"}, {"Tom", "saw", "Oslo", "Tom"}},
                             tags = {{"O", "O", "O", "PER"}, {"PER", "O", "LOC", "PER"}};
  const FrequentTags model(words, tags);
  CHECK(model.tag(Strings{"Oslo", "Tom", "Anna", "dog"}) == Strings{"LOC", "PER", "PER", "O"});
  CHECK_THROWS_WITH(FrequentTags(words, std::vector<Strings>{tags[0]}),
                    "most frequent tags: sentence 2 has 4 words and 0 tags");
}

TEST_CASE("label baselines: the last answer stands last, as a whole word, and fits the question") {
  const LastAnswer model(Strings{"Where is a?", "Where is b?", "Who has c?", "Who is d?"},
                         Strings{"barn", "field", "Tom", ""});
  CHECK(model.answer("Where is Tom?", "The field. The barn. Tom saw barns.") == "barn");
  CHECK(model.answer("Who has it?", "Tom was in the barn.") == "Tom");
  CHECK(model.answer("Who has it?", "Tomas was in the barn.") == "");
  CHECK(model.answer("Why?", "Tom was in the barn.") == "");
}

TEST_CASE("label baselines: word overlap and noun preference") {
  CHECK(word_overlap("The cat sat.", "the CAT ran.") == 3.0 / 5);
  CHECK(word_overlap("", "") == 1);
  CHECK(word_overlap("a", "") == 0);
  const NounPreference nouns(Strings{"the old dog", "the dog"}, Strings{"the egg", "the pea"}, {true, false});
  CHECK(nouns.prefers_first("the dog", "the egg"));
  CHECK(!nouns.prefers_first("the dog", "the pea"));
  CHECK(nouns.prefers_first("a dog", "the sun"));
  CHECK_THROWS_WITH(NounPreference(Strings{"a"}, Strings{}, {true}),
                    "noun preference: 1 first and 0 second candidates and 1 labels");
}
