#include "bert/evaluation/baselines.hpp"

#include <cmath>
#include <numeric>

#include "autograd/error.hpp"
#include "autograd/random.hpp"
#include "support/catch.hpp"
#include "support/corpus_helpers.hpp"

using namespace gradus;
using namespace gradus::bert;
using gradus::bert::testing::WordTable;

namespace {

struct Counted {
  WordTable words;
  TokenizedCorpus corpus;
  explicit Counted(std::string_view text)
      : words(WordTable::of(text)), corpus(tokenize_corpus(text, "memory", words.tokenizer())) {}
  MaskingVocabulary pieces() const { return words.pieces(); }
};

/// One row whose masked slots are given with what stood there.
PretrainingBatch row(std::vector<int64_t> ids, std::vector<std::pair<int64_t, int64_t>> masked) {
  PretrainingBatch batch;
  batch.rows = 1;
  batch.length = static_cast<int64_t>(ids.size());
  batch.input_ids = std::move(ids);
  for (const auto& [place, truth] : masked) {
    batch.masked_positions.push_back(place);
    batch.masked_labels.push_back(truth);
  }
  return batch;
}

}  // namespace

TEST_CASE("the unigram baseline counts pieces, one more each") {
  const Counted text("a a a b\n");  // a = 5, b = 6
  const UnigramBaseline unigram(text.corpus, text.pieces());
  CHECK(unigram.probability(5) == Approx(4.0 / 6));
  CHECK(unigram.probability(6) == Approx(2.0 / 6));
  for (int64_t special = 0; special < 5; ++special) CHECK(unigram.probability(special) == 0);
  CHECK(unigram.best() == 5);
  const auto score = unigram.score(row({2, 4, 4, 3}, {{1, 5}, {2, 6}}));
  CHECK(score.positions == 2);
  CHECK(score.accuracy() == 0.5);
  CHECK(score.perplexity() == Approx(1 / std::sqrt(4.0 / 6 * 2.0 / 6)));
}

TEST_CASE("the bigram baseline multiplies both neighbours' votes, as computed by hand") {
  // Too few documents to tune on: k = 1 and weight 1. a = 5, b = 6, c = 7.
  const Counted text("a b c a c\n");
  const BigramBaseline bigram(text.corpus, text.pieces());
  CHECK(bigram.smoothing() == 1);
  CHECK(bigram.weight() == 1);
  const double p[3] = {3.0 / 8, 2.0 / 8, 3.0 / 8};
  // After a came b and c, once each: n = 2, types = 2. Before c came b and a.
  const double left[3] = {2 * p[0] / 4, (1 + 2 * p[1]) / 4, (1 + 2 * p[2]) / 4};
  const double right[3] = {(1 + 2 * p[0]) / 4, (1 + 2 * p[1]) / 4, 2 * p[2] / 4};
  double both[3], sum = 0;
  for (int w = 0; w < 3; ++w) sum += both[w] = left[w] * right[w] / p[w];
  const auto q = bigram.distribution(5, 7);
  for (int w = 0; w < 3; ++w) CHECK(q[static_cast<size_t>(w) + 5] == Approx(both[w] / sum));
  const auto only_left = bigram.distribution(5, 4), only_right = bigram.distribution(-1, 7);
  for (int w = 0; w < 3; ++w) {
    CHECK(only_left[static_cast<size_t>(w) + 5] == Approx(left[w]));
    CHECK(only_right[static_cast<size_t>(w) + 5] == Approx(right[w]));
    CHECK(bigram.distribution(2, 4)[static_cast<size_t>(w) + 5] == Approx(p[w]));
  }
  const auto score = bigram.score(row({2, 5, 4, 7, 3}, {{2, 6}}));
  CHECK(score.right == 1);
  CHECK(score.loss == Approx(-std::log(both[1] / sum)));
}

TEST_CASE("every distribution sums to one and leaves specials out") {
  std::string text;
  Rng rng(3);
  for (int i = 0; i < 400; ++i) {
    for (int k = 0; k < 8; ++k) text += "w" + std::to_string(rng.below(1 + rng.below(40))) + " ";
    text += i % 4 == 3 ? "\n\n" : "\n";
  }
  Counted counted(text);
  auto pieces = counted.pieces();
  pieces.more_special = {9};
  const BigramBaseline bigram(counted.corpus, pieces);
  for (int64_t left = 0; left < counted.words.size(); left += 3)
    for (int64_t right = -1; right < counted.words.size(); right += 5) {
      const auto q = bigram.distribution(left, right);
      REQUIRE(std::accumulate(q.begin(), q.end(), 0.0) == Approx(1));
      for (const int64_t special : {0, 1, 2, 3, 4, 9}) REQUIRE(q[static_cast<size_t>(special)] == 0);
    }
}

TEST_CASE("neighbours do not reach across documents") {
  const Counted text("a b\n\nc d\n");
  const BigramBaseline bigram(text.corpus, text.pieces());
  const auto q = bigram.distribution(6, 4);  // nothing follows b: the unigram is left
  for (const size_t w : {5, 6, 7, 8}) CHECK(q[w] == Approx(0.25));
}

TEST_CASE("two neighbours tell more than one where both matter, and smoothing is tuned") {
  // The middle word is the sum of its neighbours, modulo 6: each alone says nothing about it.
  std::string text, letters = "uvwxyz";
  Rng rng(5);
  for (int i = 0; i < 4000; ++i) {
    const auto a = rng.below(2), b = rng.below(3);
    text += std::string("l") + letters[a] + " m" + letters[a * 3 + b] + " r" + letters[b] +
            (i % 5 == 4 ? "\n\n" : "\n");
  }
  Counted counted(text);
  const BigramBaseline bigram(counted.corpus, counted.pieces());
  CHECK(bigram.smoothing() <= 1);
  const PretrainingData data(std::make_shared<TokenizedCorpus>(counted.corpus), counted.pieces(),
                             {.seed = 2});
  const auto batch = data.batch(data.plan_epoch(0), 0, 400);
  const auto one = bigram.unigram().score(batch), two = bigram.score(batch);
  CHECK(one.positions == static_cast<int64_t>(batch.masked_labels.size()));
  CHECK(one.positions == two.positions);
  CHECK(two.accuracy() > one.accuracy() + 0.4);
  CHECK(two.perplexity() < one.perplexity() / 2);
  const auto sure = bigram.distribution(counted.words.id("lv"), counted.words.id("rw"));
  CHECK(sure[static_cast<size_t>(counted.words.id("mz"))] > 0.95);
}

TEST_CASE("scores of batches add up") {
  BaselineScore sum{2, 1, 3.0};
  sum += {2, 2, 1.0};
  CHECK(sum.accuracy() == 0.75);
  CHECK(sum.perplexity() == Approx(std::exp(1.0)));
  CHECK(BaselineScore{}.accuracy() == 0);
  CHECK(BaselineScore{}.perplexity() == 1);
}

TEST_CASE("a corpus that does not fit the vocabulary is refused") {
  const Counted text("a b c\n");
  CHECK_THROWS_WITH(UnigramBaseline(text.corpus, {.vocabulary_size = 7}),
                    "baseline: token id 7 is outside the vocabulary of 7 pieces");
  MaskingVocabulary pieces = text.pieces();
  pieces.more_special = {8};
  CHECK_THROWS_WITH(UnigramBaseline(text.corpus, pieces),
                    "baseline: special id 8 is outside the vocabulary of 8 pieces");
}
