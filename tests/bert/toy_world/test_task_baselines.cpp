// What simple guesses reach on the labelled sets of the toy world: enough to be there, too little to do
// without a model.
#include "bert/toy_world/task_baselines.hpp"

#include <cmath>

#include "support/catch.hpp"

using namespace gradus::bert;

namespace {

double of_kind(const BaselineFigure& figure, const std::string& kind) {
  for (const auto& [name, value] : figure.by_kind)
    if (name == kind) return value;
  FAIL("no kind " << kind);
  return 0;
}

const ToyTaskOptions small{.examples = 2000, .seed = 3};

}  // namespace

TEST_CASE("toy baselines: bags of words know a topic by its nouns, and nothing of unseen ones") {
  const auto figures = baselines_of(toy_topic_task(small)).figures;
  CHECK(figures[0].all < 0.2);
  CHECK(of_kind(figures[1], "seen") > 0.95);
  CHECK(of_kind(figures[1], "unseen") < 0.3);
}

TEST_CASE("toy baselines: bags of words do not know what a negation denies") {
  const auto baselines = baselines_of(toy_sentiment_task(small));
  CHECK(baselines.measure == "accuracy");
  CHECK(baselines.figures[0].all == 0.5);
  for (const auto& figure : baselines.figures) CHECK(figure.all < 0.75);
  CHECK(of_kind(baselines.figures[1], "negated") < 0.5);
}

TEST_CASE("toy baselines: neither frequent tags, nor shared words, nor preferred nouns solve a set") {
  const auto entities = baselines_of(toy_entities_task(small)).figures[0];
  CHECK(entities.all > 0.1);
  CHECK(entities.all < 0.6);
  const auto overlap = baselines_of(toy_similarity_task(small)).figures[0];
  CHECK(overlap.all > 0.4);
  CHECK(overlap.all < 0.75);
  for (const auto& figure : baselines_of(toy_coreference_task(small)).figures) {
    CHECK(figure.all < 0.65);
    CHECK(of_kind(figure, "pairs") < 0.65);
  }
}

TEST_CASE("toy baselines: what they say of a few examples worked out by hand") {
  const ToySplits<ToyTagged> tagged{{{{"Tom", "left", "Oslo", "."}, {"B-PER", "O", "B-LOC", "O"}},
                                     {{"The", "Oslo", "Hall", "."}, {"O", "B-LOC", "I-ORG", "O"}}},
                                    {},
                                    {{{"Tom", "left", "Oslo", "Hall"}, {"B-PER", "O", "B-ORG", "I-ORG"}}}};
  // Guessed PER, LOC and ORG (an I- that begins one); true PER and ORG, the latter longer.
  const auto f1 = baselines_of(tagged).figures[0];
  CHECK(f1.all == 2.0 * 1 / (3 + 2));
  CHECK(of_kind(f1, "PER") == 1);
  CHECK(of_kind(f1, "ORG") == 0);

  // Overlaps 1, 1/3, 1/3 and 0 have the ranks 4, 2.5, 2.5 and 1.
  const ToySplits<ToyTextPair> pairs{
      {}, {}, {{"a b", "b a", 5}, {"a b", "a c", 2}, {"a b", "c b", 3}, {"a", "b", 0}}};
  CHECK(std::abs(baselines_of(pairs).figures[0].all - (4.5 / std::sqrt(5 * 4.5))) < 1e-12);

  const ToySplits<ToyCoreference> its{{{"t", "the old dog", "the egg", "first", "food", 1, ""},
                                       {"t", "the egg", "the dog", "second", "food", 1, ""}},
                                      {},
                                      {{"t", "the egg", "the dog", "second", "food", 1, ""},
                                       {"t", "the dog", "the egg", "second", "food", 1, ""},
                                       {"t", "the dog", "the egg", "first", "food", 2, ""},
                                       {"t", "the dog", "the egg", "first", "food", 2, ""}}};
  const auto nouns = baselines_of(its).figures[1];
  CHECK(nouns.name == "noun preference");
  CHECK(nouns.all == 0.75);
  CHECK(of_kind(nouns, "pairs") == 0.5);
}
