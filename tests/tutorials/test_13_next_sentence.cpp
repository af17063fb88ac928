// Chapter 13: pairs, head and loss by hand are the library's and have the right gradient; pairs with care
// give nothing away but the names; a small BERT learns to compare them on any seed; its bugs are caught.
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/training_seed.hpp"
#include "tutorials/13_next_sentence/museum.hpp"

using namespace gradus;
using namespace gradus::test;
using namespace gradus::tutorials::next_sentence;

namespace {

bert::BertForPreTraining model_in_f64(uint64_t seed, double spread = 0.25) {
  bert::BertForPreTraining model = small_bert(seed, spread);
  model.to(DType::f64);
  return model;
}

double share_of_random(const std::vector<Pair>& pairs) {
  return static_cast<double>(random_ones(pairs)) / static_cast<double>(pairs.size());
}

/// How often looking at one thing is right.
double right_by(const std::string& name, const std::vector<Pair>& known, const std::vector<Pair>& asked) {
  for (const auto& [clue_name, clue] : clues) {
    if (clue_name == name) return score_of(clue, known, asked).total();
  }
  FAIL("no clue " << name);
  return 0;
}

}  // namespace

TEST_CASE("13: a story has one hero, one place, and one to five sentences of three words", "[tutorials]") {
  CHECK(vocabulary_size() == first_thing + 2 * things);
  CHECK(bert::SpecialIds{}.cls == cls_id);
  CHECK(bert::SpecialIds{}.sep == sep_id);
  std::vector<int64_t> sizes(6, 0);
  for (const Story& one : stories(1000, 1)) {
    REQUIRE(one.size() >= 1);
    REQUIRE(one.size() <= 5);
    ++sizes[one.size()];
    CHECK(one[0] == Row{this_id, is_id, hero_of(one)});
    CHECK(is_name(hero_of(one)));
    for (size_t i = 1; i < one.size(); ++i) {
      CHECK(one[i].size() == 3);
      CHECK(one[i][0] == hero_of(one));
      CHECK(place_of_thing(one[i][2]) == place_of(one));
    }
  }
  for (size_t i = 1; i <= 5; ++i) CHECK(std::abs(sizes[i] - 200) < 65);
}

TEST_CASE(
    "13: a pair with care is a cut story, or its B is the end of another, as long and of the same place",
    "[tutorials]") {
  const std::vector<Story> all = stories(2000, 2);
  Rng rng(3);
  int64_t random = 0, count = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].size() == 1) continue;
    const Pair pair = careful_pair(all, i, rng);
    const Row whole = run_of(all[i], 0, all[i].size());
    const Row truth(whole.begin() + static_cast<std::ptrdiff_t>(pair.a.size()), whole.end());
    REQUIRE(std::equal(pair.a.begin(), pair.a.end(), whole.begin()));
    CHECK((pair.b == truth) == (pair.label == is_next));
    CHECK(pair.b.size() == truth.size());
    CHECK(pair.b[0] != this_id);
    CHECK(place_in(pair.b) == place_of(all[i]));
    if (pair.label == is_next) CHECK(name_in(pair.a) == name_in(pair.b));
    random += pair.label;
    ++count;
  }
  CHECK(std::abs(static_cast<double>(random) / static_cast<double>(count) - 0.5) < 0.06);
}

TEST_CASE("13: what reads like the true B is not called random", "[tutorials]") {
  const Story one = {{this_id, is_id, 7}, {7, 13, 17}};
  Rng rng(4);
  for (int i = 0; i < 20; ++i) {
    const Pair pair = careful_pair({one, one, one}, 1, rng);
    CHECK(pair.label == is_next);
    CHECK(pair.b == one[1]);
  }
}

TEST_CASE("13: without care the first word of B gives the label away, and with care nothing but the names",
          "[tutorials]") {
  Rng rng(5);
  const auto easy = fresh_pairs(4000, false, rng), more_easy = fresh_pairs(4000, false, rng);
  CHECK(right_by("the first word of B", easy, more_easy) == 1);
  CHECK(right_by("the lengths", easy, more_easy) > 0.65);
  CHECK(right_by("the places", easy, more_easy) > 0.65);
  CHECK(std::abs(share_of_random(easy) - 0.6) < 0.05);
  const auto hard = fresh_pairs(4000, true, rng), more_hard = fresh_pairs(4000, true, rng);
  for (const std::string name : {"nothing", "the lengths", "the first word of B", "the places"}) {
    INFO(name);
    CHECK(std::abs(right_by(name, hard, more_hard) - 0.5) < 0.05);
  }
  CHECK(std::abs(right_by("the names", hard, more_hard) - 11.0 / 12) < 0.03);
}

TEST_CASE("13: the library's pairs are of the same kind, and its rows the same", "[tutorials]") {
  const LibraryPairs library = pairs_of_library(stories(2000, 6));
  const auto count = static_cast<int64_t>(library.pairs.size());
  const int64_t random = random_ones(library.pairs);
  REQUIRE(count > 1500);
  CHECK(library.same_rows == count);
  CHECK(library.neighbours == count - random);
  CHECK(library.at_the_start == 0);
  CHECK(std::abs(share_of_random(library.pairs) - 0.5) < 0.06);
}

TEST_CASE("13: a batch has both segments, padding that is not looked at, and the labels", "[tutorials]") {
  const bert::PretrainingBatch batch =
      batch_of({{{5, 6, 7}, {7, 13, 17}, is_next}, {{5, 6, 8}, {9}, is_random}});
  CHECK(batch.length == 9);
  CHECK(batch.input_ids == Row{2, 5, 6, 7, 3, 7, 13, 17, 3, 2, 5, 6, 8, 3, 9, 3, 0, 0});
  CHECK(batch.token_type_ids == Row{0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0});
  CHECK(batch.attention_mask == Row{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0});
  CHECK(batch.lengths == Row{9, 7});
  CHECK(batch.next_sentence_labels == Row{is_next, is_random});
}

TEST_CASE("13: pooler, head and loss are the library's, rows without a label left out", "[tutorials]") {
  const bert::BertForPreTraining model = model_in_f64(1);
  const Tensor vectors = random_normal({3, 4, 32}, 2);
  CHECK(worst_difference(pooled(vectors, weights_of(model)), (*model.bert.pooler)(vectors)) < 1e-13);
  Rng rng(3);
  bert::PretrainingBatch batch = batch_of(fresh_pairs(9, true, rng));
  for (const bool some_have_none : {false, true}) {
    if (some_have_none) batch.next_sentence_labels[2] = batch.next_sentence_labels[5] = bert::no_label;
    const bert::PretrainingLoss theirs = model.loss(batch);
    const Tensor ours = verdicts(model, batch);
    CHECK(worst_difference(ours, theirs.nsp_logits) < 1e-12);
    CHECK(worst_difference(verdict_loss(ours, tensor(batch.next_sentence_labels)), theirs.nsp_loss) < 1e-12);
  }
}

TEST_CASE("13: pooler, head, loss and the whole model have the right gradient", "[tutorials]") {
  const std::vector<Tensor> inputs = {random_normal({4, 3, 5}, 1), random_normal({5, 5}, 2),
                                      random_normal({5}, 3), random_normal({2, 5}, 4), random_normal({2}, 5)};
  const auto head = [](const std::vector<Tensor>& in) {
    return verdicts(in[0], {in[1], in[2], in[3], in[4]});
  };
  const Tensor labels = tensor<int64_t>({1, bert::no_label, 0, 1});
  for (const bool second_order : {false, true}) {
    INFO(second_order);
    const GradcheckOptions options{.second_order = second_order};
    CHECK(gradcheck(
              [](const auto& in) {
                return pooled(in[0], {in[1], in[2], {}, {}});
              },
              {inputs[0], inputs[1], inputs[2]}, options)
              .passed);
    CHECK(gradcheck(head, inputs, options).passed);
    CHECK(gradcheck([&](const auto& in) { return verdict_loss(in[0], labels); }, {random_normal({4, 2}, 6)},
                    options)
              .passed);
    CHECK(gradcheck([&](const auto& in) { return verdict_loss(head(in), labels); }, inputs, options).passed);
  }
  const bert::BertForPreTraining model = model_in_f64(1);
  Rng rng(7);
  const bert::PretrainingBatch batch = batch_of(fresh_pairs(2, true, rng));
  const auto loss = [&](const auto&) {
    return verdict_loss(verdicts(model, batch), tensor(batch.next_sentence_labels));
  };
  CHECK(nn::gradcheck(model, loss, {}, {.directions = 2}).passed);
}

TEST_CASE("13: a fresh model's loss is near ln 2, and learning reaches whoever compares the names",
          "[tutorials]") {
  Rng rng(8);
  const std::vector<Pair> test = fresh_pairs(1000, true, rng);
  const bert::PretrainingBatch batch = batch_of(test);
  const Tensor first = verdict_loss(verdicts(small_bert(3, 0.02), batch), tensor(batch.next_sentence_labels));
  CHECK(std::abs(first.item() - std::log(2.0)) < 0.05);
  const bert::BertForPreTraining model = small_bert(training_seed(5));
  train(model, {.steps = is_sanitized ? 20 : 400, .seed = training_seed(11)});
  if (is_sanitized) return;  // so short a run shows nothing
  const Score score = score_of(model, test);
  CHECK(score.total() > 0.85);
  CHECK(score.of(is_next) > 0.95);
  CHECK(score.of(is_random) < 0.92);
}

TEST_CASE("13: trained without care it is right there, and no better than a coin with care", "[tutorials]") {
  Rng rng(9);
  const bert::BertForPreTraining model = small_bert(training_seed(5));
  train(model, {.steps = is_sanitized ? 10 : 120, .with_care = false, .seed = training_seed(11)});
  if (is_sanitized) return;
  CHECK(score_of(model, fresh_pairs(500, false, rng)).total() > 0.95);
  CHECK(score_of(model, fresh_pairs(1000, true, rng)).total() < 0.6);
}

TEST_CASE("13 museum: one ignored label, labels turned round, the last place for the first", "[tutorials]") {
  Rng rng(10);
  const std::vector<Pair> test = fresh_pairs(500, true, rng);
  const bert::BertForPreTraining model = small_bert(training_seed(5));
  double last = 1;
  train(model, {.steps = 60, .left_out = is_next}, [&](int64_t, double loss) { last = loss; });
  CHECK(last < 0.05);
  const Score score = score_of(model, test);
  CHECK(score.of(is_next) == 0);
  CHECK(score.of(is_random) == 1);

  const Score right = score_of(model, test), turned = score_of(model, turned_round(test));
  CHECK(right.right[0] + right.right[1] + turned.right[0] + turned.right[1] == 500);

  const bert::BertForPreTraining fresh = model_in_f64(3);
  const double plain = score_when_padded(fresh, 0, false), at_the_end = score_when_padded(fresh, 0, true);
  CHECK(std::abs(score_when_padded(fresh, 7, false) - plain) < 1e-12);
  CHECK(std::abs(score_when_padded(fresh, 7, true) - at_the_end) > 1e-3);
}
