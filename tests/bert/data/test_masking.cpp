// Which pieces are masked, and what stands in their place.
#include "bert/data/masking.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "support/catch.hpp"
#include "support/random_corpus.hpp"

using namespace gradus;
using namespace gradus::bert;
using World = gradus::bert::testing::RandomCorpus;
using gradus::bert::testing::unmasked;

TEST_CASE("masking: 15 % of the pieces, 80/10/10, specials never") {
  World world(4000, 9);
  world.pieces.more_special = {17, 18};
  const auto data = world.data({.max_length = 64, .seed = 5});
  const auto epoch = data.plan_epoch(0);
  double maskable = 0, masked = 0, replaced = 0, kept = 0, hidden = 0;
  std::map<int64_t, int> drawn;
  for (int64_t first = 0; first < epoch.size(); first += 64) {
    const auto batch = data.batch(epoch, first, 64);
    const auto original = unmasked(batch);
    for (size_t i = 0; i < original.size(); ++i)
      maskable += original[i] >= 5 && original[i] != 17 && original[i] != 18;
    REQUIRE(std::is_sorted(batch.masked_positions.begin(), batch.masked_positions.end()));
    REQUIRE(std::adjacent_find(batch.masked_positions.begin(), batch.masked_positions.end()) ==
            batch.masked_positions.end());
    for (size_t k = 0; k < batch.masked_positions.size(); ++k) {
      const int64_t now = batch.input_ids[static_cast<size_t>(batch.masked_positions[k])];
      const int64_t was = batch.masked_labels[k];
      REQUIRE((was >= 5 && was != 17 && was != 18));
      masked += 1;
      hidden += now == 4;
      kept += now == was;
      if (now != 4 && now != was) {
        replaced += 1;
        ++drawn[now];
      }
    }
    // Every row predicts something.
    std::set<int64_t> rows;
    for (const int64_t p : batch.masked_positions) rows.insert(p / batch.length);
    REQUIRE(static_cast<int64_t>(rows.size()) == batch.rows);
  }
  CHECK(masked > 20000);
  CHECK(masked / maskable == Approx(0.15).margin(0.003));
  CHECK(hidden / masked == Approx(0.8).margin(0.01));
  CHECK(replaced / masked == Approx(0.1).margin(0.01));
  CHECK(kept / masked == Approx(0.1).margin(0.01));
  CHECK(drawn.begin()->first >= 5);
  CHECK(drawn.count(17) + drawn.count(18) == 0);
  CHECK(drawn.size() > 350);  // of 393: random pieces come from the whole vocabulary
}

TEST_CASE("whole words are masked together, and the limit holds") {
  const World world(400, 10);
  for (const int64_t limit : {0, 3}) {
    const auto data =
        world.data({.max_length = 64, .max_predictions = limit, .whole_words = true, .seed = 5});
    const auto epoch = data.plan_epoch(0);
    int64_t words_of_many = 0;
    for (int64_t i = 0; i < epoch.size(); ++i) {
      const auto batch = data.batch(epoch, i, 1);
      const auto original = unmasked(batch);
      const std::set<int64_t> masked(batch.masked_positions.begin(), batch.masked_positions.end());
      if (limit > 0) REQUIRE(static_cast<int64_t>(masked.size()) <= limit);
      REQUIRE_FALSE(masked.empty());
      if (masked.size() <= 3) continue;  // a short row may have to cut a long word
      for (int64_t s = 1; s < batch.length; ++s) {
        if (original[static_cast<size_t>(s)] < 300 || original[static_cast<size_t>(s - 1)] < 5) continue;
        if (masked.count(s) != 0) ++words_of_many;
        REQUIRE(masked.count(s) == masked.count(s - 1));
      }
    }
    if (limit == 0) CHECK(words_of_many > 100);
  }
  // Where whole words are not asked for, a word of many pieces is masked in part.
  const auto data = world.data({.max_length = 64, .seed = 5});
  const auto batch = data.batch(data.plan_epoch(0), 0, 200);
  const auto original = unmasked(batch);
  const std::set<int64_t> masked(batch.masked_positions.begin(), batch.masked_positions.end());
  int64_t in_part = 0;
  for (size_t s = 1; s < original.size(); ++s) {
    const auto at = static_cast<int64_t>(s);
    if (original[s] >= 300 && original[s - 1] >= 5) in_part += masked.count(at) != masked.count(at - 1);
  }
  CHECK(in_part > 100);
}

TEST_CASE("a word longer than what may be masked is masked in part") {
  auto corpus = std::make_shared<TokenizedCorpus>();
  for (int d = 0; d < 2; ++d) {
    corpus->add_sentence(std::vector<int32_t>{5, 8, 8});
    corpus->add_sentence(std::vector<int32_t>{6, 8, 8});
    corpus->end_document();
  }
  MaskingVocabulary pieces{.vocabulary_size = 9,
                           .special = {},
                           .is_continuation = {0, 0, 0, 0, 0, 0, 0, 0, 1},
                           .more_special = {}};
  const PretrainingData data(corpus, pieces,
                             {.max_length = 16, .whole_words = true, .short_sequence_probability = 0});
  CHECK(data.batch(data.plan_epoch(0), 0, 1).masked_positions.size() == 1);
}
