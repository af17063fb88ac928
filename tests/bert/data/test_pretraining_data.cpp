#include "bert/data/pretraining_data.hpp"

#include <cmath>
#include <set>
#include <thread>

#include "autograd/error.hpp"
#include "autograd/random.hpp"
#include "support/catch.hpp"
#include "support/random_corpus.hpp"

using namespace gradus;
using namespace gradus::bert;

namespace {

using World = testing::RandomCorpus;
using testing::unmasked;

int64_t sentence_of(const TokenizedCorpus& corpus, int64_t token) {
  int64_t low = 0, high = corpus.sentences();
  while (high - low > 1) {
    const int64_t middle = (low + high) / 2;
    (corpus.begin_of(middle) <= token ? low : high) = middle;
  }
  return low;
}

int64_t document_of(const TokenizedCorpus& corpus, int64_t token) {
  const int64_t sentence = sentence_of(corpus, token);
  int64_t d = 0;
  while (corpus.end_sentence(d) <= sentence) ++d;
  return d;
}

}  // namespace

TEST_CASE("a row is [CLS] A [SEP] B [SEP] with its segments, mask and padding") {
  const World world(40);
  const auto data = world.data({.max_length = 32, .seed = 3});
  const auto epoch = data.plan_epoch(0);
  const auto batch = data.batch(epoch, 0, 20);
  REQUIRE(batch.rows == 20);
  CHECK(batch.length == *std::max_element(batch.lengths.begin(), batch.lengths.end()));
  CHECK(batch.length <= 32);
  const auto ids = unmasked(batch);
  for (int64_t b = 0; b < batch.rows; ++b) {
    const auto& plan = epoch.examples[static_cast<size_t>(b)];
    std::vector<int64_t> row = {2}, segments = {0};
    for (int64_t i = plan.a_begin; i < plan.a_end; ++i)
      row.push_back(world.corpus->ids()[static_cast<size_t>(i)]);
    row.push_back(3);
    segments.resize(row.size(), 0);
    for (int64_t i = plan.b_begin; i < plan.b_end; ++i)
      row.push_back(world.corpus->ids()[static_cast<size_t>(i)]);
    if (plan.next_sentence_label != no_label) row.push_back(3);
    segments.resize(row.size(), 1);
    CHECK(batch.lengths[static_cast<size_t>(b)] == static_cast<int64_t>(row.size()));
    std::vector<int64_t> mask(row.size(), 1);
    for (auto* v : {&row, &segments, &mask}) v->resize(static_cast<size_t>(batch.length), 0);
    const auto at = static_cast<size_t>(b * batch.length), n = static_cast<size_t>(batch.length);
    const auto part = [&](const std::vector<int64_t>& all) {
      return std::vector<int64_t>(all.begin() + static_cast<std::ptrdiff_t>(at),
                                  all.begin() + static_cast<std::ptrdiff_t>(at + n));
    };
    CHECK(part(ids) == row);
    CHECK(part(batch.token_type_ids) == segments);
    CHECK(part(batch.attention_mask) == mask);
    CHECK(batch.next_sentence_labels[static_cast<size_t>(b)] == plan.next_sentence_label);
  }
}

TEST_CASE("NSP labels are true, balanced, and free of the known leaks") {
  const World world(3000, 5);
  const auto& corpus = *world.corpus;
  for (const int64_t length : {12, 32, 64}) {
    const auto epoch = world.data({.max_length = length, .seed = 11}).plan_epoch(2);
    int64_t random = 0, pairs = 0;
    for (const auto& row : epoch.examples) {
      if (row.next_sentence_label == no_label) continue;
      ++pairs;
      const int64_t a = document_of(corpus, row.a_begin), b = document_of(corpus, row.b_begin);
      REQUIRE(row.a_end > row.a_begin);
      REQUIRE(row.b_end > row.b_begin);
      REQUIRE(row.a_end - row.a_begin + row.b_end - row.b_begin <= length - 3);
      // A ends and B begins at a sentence, and B is never a document's beginning.
      REQUIRE(corpus.begin_of(sentence_of(corpus, row.a_end - 1) + 1) == row.a_end);
      const int64_t b_sentence = sentence_of(corpus, row.b_begin);
      REQUIRE(corpus.begin_of(b_sentence) == row.b_begin);
      REQUIRE(b_sentence > corpus.first_sentence(b));
      random += row.next_sentence_label;
      if (row.next_sentence_label == 0)
        REQUIRE(row.b_begin == row.a_end);
      else
        REQUIRE(a != b);
    }
    CHECK(static_cast<double>(random) / static_cast<double>(pairs) == Approx(0.5).margin(0.02));
  }
}

TEST_CASE("a random B is as long as a true one") {
  const World world(3000, 6);
  for (const int64_t length : {24, 64, 128}) {
    const auto epoch = world.data({.max_length = length, .seed = 1}).plan_epoch(0);
    double b_sum[2] = {}, all_sum[2] = {}, square[2] = {}, count[2] = {};
    for (const auto& row : epoch.examples) {
      if (row.next_sentence_label == no_label) continue;
      const auto b = static_cast<double>(row.b_end - row.b_begin),
                 a = static_cast<double>(row.a_end - row.a_begin);
      b_sum[row.next_sentence_label] += b;
      all_sum[row.next_sentence_label] += a + b;
      square[row.next_sentence_label] += (a + b) * (a + b);
      count[row.next_sentence_label] += 1;
    }
    CHECK(b_sum[0] / count[0] == Approx(b_sum[1] / count[1]).epsilon(0.05));
    CHECK(all_sum[0] / count[0] == Approx(all_sum[1] / count[1]).epsilon(0.03));
    CHECK(square[0] / count[0] == Approx(square[1] / count[1]).epsilon(0.05));
  }
}

TEST_CASE("random sentences come from nearby documents as often as asked") {
  const World world(1000, 7, 2);
  for (const double share : {0.0, 0.5, 1.0}) {
    const auto epoch =
        world.data({.nearby_negatives = share, .nearby_documents = 4, .seed = 1}).plan_epoch(0);
    double near = 0, random = 0;
    for (const auto& row : epoch.examples) {
      if (row.next_sentence_label != 1) continue;
      random += 1;
      near +=
          std::abs(document_of(*world.corpus, row.a_begin) - document_of(*world.corpus, row.b_begin)) <= 4;
    }
    CHECK(near / random == Approx(share).margin(0.06));
  }
}

TEST_CASE("what reads like the true B is never called random") {
  // Every document is the same three sentences: there is no stranger.
  auto corpus = std::make_shared<TokenizedCorpus>();
  for (int d = 0; d < 20; ++d) {
    for (const int32_t id : {5, 6, 7}) corpus->add_sentence(std::vector<int32_t>{id, id});
    corpus->end_document();
  }
  const PretrainingData data(corpus, {.vocabulary_size = 10}, {.max_length = 16});
  for (const auto& row : data.plan_epoch(0).examples)
    CHECK_FALSE((row.next_sentence_label == 1 &&
                 std::equal(corpus->ids().begin() + row.b_begin, corpus->ids().begin() + row.b_end,
                            corpus->ids().begin() + row.a_end)));
}

TEST_CASE("example i of epoch e is the same whenever, in whatever company, on whatever thread it is made") {
  const World world(300, 12);
  const PretrainingOptions options{.max_length = 32, .pad_to_max_length = true, .seed = 99};
  const auto data = world.data(options), other = world.data(options);
  const auto epoch = data.plan_epoch(4);
  CHECK(epoch.examples == other.plan_epoch(4).examples);
  const auto whole = data.batch(epoch, 0, epoch.size());
  CHECK(whole == other.batch(other.plan_epoch(4), 0, epoch.size()));

  std::vector<PretrainingBatch> rows(static_cast<size_t>(epoch.size()));
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([&, t] {
        for (int64_t i = epoch.size() - 1 - t; i >= 0; i -= 3)
          rows[static_cast<size_t>(i)] = data.batch(epoch, i, 1);
      });
  }
  PretrainingBatch joined;
  for (const auto& row : rows) {
    joined.input_ids.insert(joined.input_ids.end(), row.input_ids.begin(), row.input_ids.end());
    joined.masked_labels.insert(joined.masked_labels.end(), row.masked_labels.begin(),
                                row.masked_labels.end());
  }
  CHECK(joined.input_ids == whole.input_ids);
  CHECK(joined.masked_labels == whole.masked_labels);
}

TEST_CASE("epochs and seeds differ in pairs, in masks and in order") {
  const World world(200, 13);
  const auto data = world.data({.max_length = 32, .seed = 1});
  const auto first = data.plan_epoch(0), second = data.plan_epoch(1);
  CHECK_FALSE(first.examples == second.examples);
  int64_t rising = 0;  // neighbours in the order of the text, which by chance are half of all
  for (size_t i = 1; i < first.examples.size(); ++i)
    rising += first.examples[i - 1].a_begin < first.examples[i].a_begin;
  CHECK(10 * rising < 7 * first.size());
  CHECK_FALSE(first.examples == world.data({.max_length = 32, .seed = 2}).plan_epoch(0).examples);
  auto same_rows = first;
  same_rows.number = 1;  // the same pairs, masked as in epoch 1
  CHECK_FALSE(data.batch(first, 0, 8).masked_positions == data.batch(same_rows, 0, 8).masked_positions);
}

TEST_CASE("the last batch of an epoch is shorter, and the one after is empty") {
  const World world(20, 14);
  const auto data = world.data({.max_length = 32});
  const auto epoch = data.plan_epoch(0);
  CHECK(data.batch(epoch, epoch.size() - 3, 16).rows == 3);
  const auto none = data.batch(epoch, epoch.size(), 16);
  CHECK(none.rows == 0);
  CHECK(none.length == 0);
  CHECK_THROWS_WITH(data.batch(epoch, -1, 4),
                    "pretraining data: rows -1 to 3 of an epoch of " + std::to_string(epoch.size()));
}

TEST_CASE("an epoch may be shorter than the options say, and rows may be padded to it") {
  const World world(50, 15);
  const auto data = world.data({.max_length = 64, .pad_to_max_length = true});
  CHECK(data.batch(data.plan_epoch(0), 0, 4).length == 64);
  CHECK(data.batch(data.plan_epoch(0, 20), 0, 4).length == 20);
  CHECK_THROWS_WITH(data.plan_epoch(0, 4), "pretraining data: max_length is 4, and must be at least 5");
  CHECK_THROWS_WITH(data.plan_epoch(-1), "pretraining data: there is no epoch -1");
}

TEST_CASE("short rows are drawn as often as asked") {
  const World world(2000, 16, 6);
  const auto share_of_short = [&](double p) {
    const auto epoch =
        world.data({.max_length = 24, .short_sequence_probability = p, .seed = 8}).plan_epoch(0);
    double few = 0;
    for (const auto& row : epoch.examples) few += row.a_end - row.a_begin + row.b_end - row.b_begin <= 10;
    return few / static_cast<double>(epoch.size());
  };
  CHECK(share_of_short(0) < 0.04);
  CHECK(share_of_short(1) == Approx(9.0 / 20).margin(0.05));
}

TEST_CASE("every piece of a text is seen over the epochs, with NSP and without") {
  // Documents of one sentence, sentences longer than a row, and long ones before short ones.
  auto corpus = std::make_shared<TokenizedCorpus>();
  Rng rng(21);
  const auto add = [&](int64_t pieces) {
    std::vector<int32_t> ids(static_cast<size_t>(pieces));
    for (auto& id : ids) id = static_cast<int32_t>(rng.between(5, 399));
    corpus->add_sentence(ids);
  };
  for (int d = 0; d < 60; ++d) {
    const int64_t sentences = d % 3 == 0 ? 1 : rng.between(2, 6);
    for (int64_t i = 0; i < sentences; ++i) add(rng.chance(0.2) ? rng.between(20, 90) : rng.between(1, 9));
    corpus->end_document();
  }
  for (const bool pairs : {true, false}) {
    for (const int64_t length : {12, 32, 64}) {
      const PretrainingData data(corpus, {.vocabulary_size = 400},
                                 {.max_length = length, .next_sentence = pairs, .seed = 3});
      std::vector<bool> seen(static_cast<size_t>(corpus->tokens()), false);
      const auto mark = [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) seen[static_cast<size_t>(i)] = true;
      };
      for (int64_t e = 0; e < 300; ++e) {
        for (const ExamplePlan& row : data.plan_epoch(e).examples) {
          mark(row.a_begin, row.a_end);
          mark(row.b_begin, row.b_end);
        }
      }
      INFO("rows of " << length << (pairs ? ", pairs" : ""));
      CHECK(std::count(seen.begin(), seen.end(), true) == corpus->tokens());
    }
  }
}

TEST_CASE("documents of one sentence make rows that say nothing about the next sentence") {
  auto corpus = std::make_shared<TokenizedCorpus>();
  for (int32_t d = 0; d < 30; ++d) {
    for (int32_t i = 0; i < (d % 2 == 0 ? 1 : 4); ++i)
      corpus->add_sentence(std::vector<int32_t>{5 + d, 40 + i, 50, 51});
    corpus->end_document();
  }
  const PretrainingData data(corpus, {.vocabulary_size = 60}, {.max_length = 32, .seed = 1});
  const EpochPlan plan = data.plan_epoch(0);
  int64_t alone = 0;
  for (const ExamplePlan& row : plan.examples) {
    const int64_t d = document_of(*corpus, row.a_begin);
    CHECK((row.next_sentence_label == no_label) == (d % 2 == 0));
    if (row.next_sentence_label != no_label) continue;
    ++alone;
    CHECK(row.b_begin == row.b_end);
  }
  CHECK(alone == 15);
  // The second segment is that of pairs alone.
  const PretrainingBatch batch = data.batch(plan, 0, plan.size());
  for (int64_t b = 0; b < batch.rows; ++b) {
    const int64_t second = std::count(batch.token_type_ids.begin() + b * batch.length,
                                      batch.token_type_ids.begin() + (b + 1) * batch.length, 1);
    CHECK((second == 0) == (batch.next_sentence_labels[static_cast<size_t>(b)] == no_label));
  }
}

TEST_CASE("documents of one sentence fill rows with their neighbours, with and without NSP") {
  // Twelve tweets before, between and after two stories.
  auto corpus = std::make_shared<TokenizedCorpus>();
  const auto add_document = [&](int32_t sentences) {
    for (int32_t i = 0; i < sentences; ++i) corpus->add_sentence(std::vector<int32_t>{5, 6 + i, 7, 8});
    corpus->end_document();
  };
  for (const int32_t sentences : {1, 1, 1, 1, 1, 5, 1, 1, 1, 1, 1, 1, 6, 1}) add_document(sentences);
  using Range = std::pair<int64_t, int64_t>;
  for (const bool pairs : {true, false}) {
    const PretrainingData data(
        corpus, {.vocabulary_size = 60},
        {.max_length = 14, .next_sentence = pairs, .short_sequence_probability = 0, .seed = 1});
    std::set<Range> rows;
    for (const ExamplePlan& row : data.plan_epoch(0).examples)
      if (row.next_sentence_label == no_label) rows.insert({row.a_begin, row.a_end});
    // 20 pieces, a story of 20, 24 pieces, a story of 24, and 4 pieces, in rows of 12.
    std::set<Range> expected = {{0, 12}, {12, 20}, {40, 52}, {52, 64}, {88, 92}};
    if (!pairs) expected.insert({{20, 32}, {32, 40}, {64, 76}, {76, 88}});
    CHECK(rows == expected);
  }
}

TEST_CASE("without NSP a document is cut into windows and no piece is lost") {
  auto corpus = std::make_shared<TokenizedCorpus>();
  for (int32_t i = 0; i < 50; ++i)
    corpus->add_sentence(std::vector<int32_t>{5 + i % 20, 6 + i % 20, 7 + i % 20});
  corpus->end_document();
  const PretrainingData data(corpus, {.vocabulary_size = 30},
                             {.max_length = 22, .next_sentence = false, .short_sequence_probability = 0});
  const auto epoch = data.plan_epoch(0);
  CHECK(epoch.size() == 8);  // 150 pieces in windows of 20
  const auto batch = data.batch(epoch, 0, 8);
  CHECK(batch.length == 22);
  int64_t pieces = 0;
  for (const int64_t n : batch.lengths) pieces += n - 2;
  CHECK(pieces == 150);
  CHECK(std::set<int64_t>(batch.next_sentence_labels.begin(), batch.next_sentence_labels.end()) ==
        std::set<int64_t>{no_label});
  CHECK(std::count(batch.token_type_ids.begin(), batch.token_type_ids.end(), 0) ==
        static_cast<std::ptrdiff_t>(batch.token_type_ids.size()));
}

TEST_CASE("labels are counted until both were seen") {
  const World world(60, 3, 2);
  for (int64_t epoch = 0; epoch < 5; ++epoch) {
    const auto [next, random] = world.data({.max_length = 32}).count_labels(epoch);
    CHECK(next > 0);
    CHECK(random > 0);
    CHECK(next + random < 30);
  }
  CHECK(world.data({.next_sentence = false}).count_labels(0) == std::array<int64_t, 2>{0, 0});
  // Two documents that read the same: no B is ever random, and all pairs of the epoch are counted.
  auto twins = std::make_shared<TokenizedCorpus>();
  for (int d = 0; d < 2; ++d) {
    for (int i = 0; i < 2; ++i) twins->add_sentence(std::vector<int32_t>{5, 6, 7});
    twins->end_document();
  }
  CHECK(PretrainingData(twins, {.vocabulary_size = 10}, {.max_length = 32}).count_labels(0) ==
        std::array<int64_t, 2>{2, 0});
}

TEST_CASE("corpora and options that cannot work are refused") {
  const World world(30, 17);
  auto one = std::make_shared<TokenizedCorpus>();
  for (int i = 0; i < 4; ++i) one->add_sentence(std::vector<int32_t>{5, 6});
  one->end_document();
  one->add_sentence(std::vector<int32_t>{5, 6});
  one->end_document();
  CHECK_THROWS_WITH(
      PretrainingData(one, {.vocabulary_size = 10}),
      "pretraining data: next sentence prediction needs two documents of two sentences, and the "
      "corpus has 1: put an empty line between documents, cut the text into blocks of sentences, "
      "or train without it");
  CHECK_THROWS_AS(PretrainingData(one, {.vocabulary_size = 10}), FormatError);
  CHECK_THROWS_WITH(
      PretrainingData(one, {.vocabulary_size = 6}),
      "pretraining data: token id 6 is outside the vocabulary of 6 pieces; the text was cut by another "
      "vocabulary, or its token file is damaged and is to be made again");
  CHECK_THROWS_WITH(world.data({.max_length = 4}),
                    "pretraining data: max_length is 4, and must be at least 5");
  CHECK_THROWS_WITH(world.data({.masked_fraction = 1.5}),
                    "pretraining data: masked_fraction is 1.5, and must be between 0 and 1");
  CHECK_THROWS_WITH(world.data({.max_predictions = -2}),
                    "pretraining data: max_predictions is -2, and must be 0 (no limit) or more");
  CHECK_THROWS_WITH(world.data({.nearby_negatives = std::nan("")}),
                    "pretraining data: nearby_negatives is nan, and must be between 0 and 1");
  CHECK_THROWS_WITH(world.data({.nearby_documents = 0}),
                    "pretraining data: nearby_documents is 0, and must be at least 1");
  MaskingVocabulary all_special{.vocabulary_size = 5};
  auto specials = std::make_shared<TokenizedCorpus>();
  specials->add_sentence(std::vector<int32_t>{1});
  specials->end_document();
  CHECK_THROWS_WITH(PretrainingData(specials, all_special, {.next_sentence = false}),
                    "pretraining data: every piece of the vocabulary is special");
  CHECK_THROWS_WITH(
      PretrainingData(specials, {.vocabulary_size = 6}, {.next_sentence = false}),
      "pretraining data: the one token is [UNK] or other special pieces, so there is nothing to "
      "mask; take a vocabulary that was made for this text");
  MaskingVocabulary wrong = world.pieces;
  wrong.is_continuation.pop_back();
  CHECK_THROWS_WITH(PretrainingData(world.corpus, wrong),
                    "pretraining data: is_continuation has 399 entries for a vocabulary of 400 pieces");
}
