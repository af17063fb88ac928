// Chapter 12: hiding, head and loss by hand are the library's and have the right gradient; the rule's shares
// are what was promised; a small BERT beats counting; its bugs are caught.
#include <map>
#include <span>

#include "support/catch.hpp"
#include "support/layers.hpp"
#include "tutorials/12_masked_language_modelling/museum.hpp"

using namespace gradus;
using namespace gradus::test;
using namespace gradus::tutorials::masked;

namespace {

bert::BertForPreTraining model_in_f64(uint64_t seed, double spread = 0.15) {
  bert::BertForPreTraining model = small_bert(seed, spread);
  model.to(DType::f64);
  return model;
}

/// Hides rows by the library's masker, with the generator of row i seeded by i.
Hidden hidden_by_library(const Row& row, uint64_t seed, double fraction) {
  const Words words;
  std::vector<uint8_t> special(static_cast<size_t>(vocabulary_size()), 0);
  std::fill(special.begin(), special.begin() + signs, uint8_t{1});
  bert::MaskingVocabulary pieces;
  pieces.vocabulary_size = vocabulary_size();
  const std::vector<int32_t> drawable(words.drawable.begin(), words.drawable.end());
  bert::Masker masker(pieces, special, drawable, {.fraction = fraction});
  Hidden hidden{row, {}, {}};
  masker(hidden.seen, 0, Rng(seed), hidden.places, hidden.labels);
  return hidden;
}

}  // namespace

TEST_CASE("12: the library hides the same words in the same way", "[tutorials]") {
  CHECK(vocabulary_size() == signs + word_count);
  CHECK(bert::SpecialIds{}.mask == mask_id);
  std::vector<Row> rows = sentences(200, 1);
  rows.push_back({cls_id, sep_id});                     // nothing to hide
  rows.push_back({cls_id, 7, sep_id, pad_id, pad_id});  // a single word, and padding
  rows.push_back(Row(300, 9));                          // no signs at all
  for (const double fraction : {0.15, 0.5, 1.0}) {
    for (size_t i = 0; i < rows.size(); ++i) {
      Rng rng(i);
      const Hidden ours = hide(rows[i], rng, {.fraction = fraction});
      const Hidden theirs = hidden_by_library(rows[i], i, fraction);
      INFO("row " << i << ", fraction " << fraction);
      CHECK(ours.seen == theirs.seen);
      CHECK(ours.places == theirs.places);
      CHECK(ours.labels == theirs.labels);
    }
  }
}

TEST_CASE("12: what is seen in place of a chosen word has the shares of the rule", "[tutorials]") {
  Rng rng(2);
  std::map<std::string, double> counts;
  double asked = 0;
  for (int i = 0; i < 3000; ++i) {
    Row row(100);
    for (int64_t& id : row) id = signs + static_cast<int64_t>(rng.below(word_count));
    const Hidden hidden = hide(row, rng);
    REQUIRE(hidden.places.size() == 15);
    for (size_t k = 0; k < 15; ++k) {
      const int64_t seen = hidden.seen[static_cast<size_t>(hidden.places[k])];
      CHECK(hidden.labels[k] == row[static_cast<size_t>(hidden.places[k])]);
      ++counts[seen == mask_id ? "mask" : seen == hidden.labels[k] ? "same" : "other"];
      ++asked;
    }
  }
  const double lucky = 1.0 / word_count;
  for (const auto& [what, share] : std::map<std::string, double>{
           {"mask", 0.8}, {"other", 0.1 * (1 - lucky)}, {"same", 0.1 * (1 + lucky)}}) {
    INFO(what);
    CHECK(std::abs(counts[what] - share * asked) < 5 * std::sqrt(asked * share * (1 - share)));
  }
}

TEST_CASE("12: head and loss are the library's, by places and by labels", "[tutorials]") {
  const bert::BertForPreTraining model = model_in_f64(1);
  const HeadWeights w = weights_of(model);
  const Tensor vectors = random_normal({2, 3, 32}, 3);
  CHECK(worst_difference(guesses(vectors.reshape({6, 32}), w),
                         model.cls.predictions(vectors).reshape({6, vocabulary_size()})) < 1e-13);
  Rng rng(4);
  const bert::PretrainingBatch batch = lesson(5, rng, {.fraction = 0.4});
  const bert::PretrainingLoss theirs = model.loss(batch);
  CHECK(worst_difference(mean_surprise(theirs.mlm_logits, tensor(batch.masked_labels)), theirs.mlm_loss) <
        1e-13);
  const Tensor by_label =
      mean_surprise_where_asked(logits_everywhere(model, batch), tensor(labels_everywhere(batch)));
  CHECK(worst_difference(by_label, theirs.mlm_loss) < 1e-12);
}

TEST_CASE("12: head, losses and the whole model have the right gradient", "[tutorials]") {
  const Tensor labels = tensor<int64_t>({2, bert::no_label, 0, 4});
  const std::vector<Tensor> inputs = {
      random_normal({4, 3}, 1), random_normal({3, 3}, 2), random_normal({3}, 3), random_normal({3}, 4),
      random_normal({3}, 5),    random_normal({5, 3}, 6), random_normal({5}, 7)};
  const auto head = [](const std::vector<Tensor>& in) {
    return guesses(in[0], {in[1], in[2], in[3], in[4], in[5], in[6], 1e-5});
  };
  for (const bool second_order : {false, true}) {
    INFO(second_order);
    const GradcheckOptions options{.second_order = second_order};
    CHECK(gradcheck(head, inputs, options).passed);
    CHECK(gradcheck(
              [&](const auto& in) {
                return mean_surprise(in[0], tensor<int64_t>({1, 1, 3}));
              },
              {random_normal({3, 4}, 8)}, options)
              .passed);
    CHECK(gradcheck([&](const auto& in) { return mean_surprise_where_asked(head(in), labels); }, inputs,
                    options)
              .passed);
  }
  const bert::BertForPreTraining model = model_in_f64(1);
  Rng rng(5);
  const bert::PretrainingBatch batch = lesson(2, rng);
  CHECK(nn::gradcheck(model, [&](const auto&) { return loss_of_chosen(model, batch); }, {}, {.directions = 2})
            .passed);
}

TEST_CASE("12: places that are not asked have no gradient, and the tied table has the sum of two",
          "[tutorials]") {
  const bert::BertForPreTraining model = model_in_f64(2);
  Rng rng(6);
  const bert::PretrainingBatch batch = lesson(4, rng);
  const Tensor vectors = random_normal({batch.rows * batch.length, 32}, 7).requires_grad();
  mean_surprise_where_asked(guesses(vectors, weights_of(model)), tensor(labels_everywhere(batch))).backward();
  CHECK(rows_that_move(vectors.grad()) == 4);
  const TableGradients parts = gradients_of_table(model, batch);
  CHECK(worst_difference(parts.as_input + parts.as_output, parts.whole) < 1e-13);
  CHECK(rows_that_move(parts.as_output) == vocabulary_size());
  CHECK(rows_that_move(parts.as_input) < vocabulary_size());
  CHECK(rows_that_move(parts.as_input) > 0);
}

TEST_CASE("12: a fresh model's loss is near ln V, and a little learning beats two neighbours",
          "[tutorials]") {
  Rng rng(8);
  const bert::PretrainingBatch test = lesson(300, rng);
  const bert::BertForPreTraining fresh = small_bert(3, 0.02);
  CHECK(std::abs(fresh.loss(test).mlm_loss.item() - std::log(static_cast<double>(vocabulary_size()))) < 0.3);
  const bert::BertForPreTraining model = small_bert(3);
  train(model, 100);
  const bert::BaselineScore pair = neighbours(500).score(test);
  CHECK(model.loss(test).mlm_loss.item() < 0.7 * pair.loss / static_cast<double>(pair.positions));
}

TEST_CASE("12 museum: every place asked, padding asked, a tie that is a copy", "[tutorials]") {
  Rng rng(9);
  const CopyScore copy = copying(lesson(500, rng));
  CHECK(copy.everywhere > 0.8);
  CHECK(copy.where_asked < 0.2);
  const bert::BertForPreTraining model = model_in_f64(3);
  const double plain = loss_when_padded(model, 0, false);
  CHECK(loss_when_padded(model, 0, true) == plain);
  CHECK(std::abs(loss_when_padded(model, 7, false) - plain) < 1e-12);
  CHECK(std::abs(loss_when_padded(model, 7, true) - plain) > 1e-3);
  for (const bool bug : {false, true}) {
    const TieTest tie = after_a_step(bug);
    CHECK(tie.before < 1e-13);
    CHECK((tie.after > 1e-6) == bug);
  }
}
