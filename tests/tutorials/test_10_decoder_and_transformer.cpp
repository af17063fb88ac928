// Chapter 10: what it builds is the library's decoder and Transformer, has the right gradient, never looks
// into the future; its searches agree; its bugs are caught.
#include <algorithm>
#include <set>

#include "support/catch.hpp"
#include "support/layers.hpp"
#include "tutorials/10_decoder_and_transformer/decoding.hpp"
#include "tutorials/10_decoder_and_transformer/museum.hpp"
#include "tutorials/10_decoder_and_transformer/training.hpp"

using namespace gradus;
using namespace gradus::test;
using namespace gradus::tutorials::translation;

namespace {

/// Three dates of different lengths.
Batch a_batch() {
  Rng rng(5);
  return batch_of({{3, 5, 2021}, {27, 12, 1999}, {9, 2, 2000}}, rng);
}

}  // namespace

TEST_CASE("10: the decoder layer is the library's", "[tutorials]") {
  const nn::Decoder decoder = small_decoder(6, 10);
  const Tensor x = random_normal({2, 5, 6}, 10), memory = random_normal({2, 3, 6}, 20);
  const DecoderSteps ours = decoder_layer(x, memory, causal_mask(5), 2, weights_of(decoder), "layer.0");
  const nn::DecoderTrace theirs = decoder.trace(x, memory);
  CHECK(worst_difference(ours.output, decoder(x, memory)) < 1e-13);
  CHECK(worst_difference(ours.self, theirs.self_attentions[0]) < 1e-13);
  CHECK(worst_difference(ours.cross, theirs.cross_attentions[0]) < 1e-13);
}

TEST_CASE("10: the Transformer and its loss are the library's, with padding", "[tutorials]") {
  const nn::Transformer model = fresh_model();
  const Weights w = weights_of(model);
  Batch batch = a_batch();
  batch.target = concat({batch.target, zeros({3, 2}, DType::i64)}, 1);  // padding in the target too
  const Lesson lesson = lesson_of(batch.target);
  const Tensor logits = transformer(batch.source, lesson.given, 4, w).logits;
  CHECK(worst_difference(logits, model(batch.source, lesson.given)) < 1e-12);
  CHECK(worst_difference(loss_of(logits, lesson.wanted), model.loss(batch.source, batch.target)) < 1e-12);
}

TEST_CASE("10: decoder layer, Transformer and loss have the right gradient", "[tutorials]") {
  const nn::Decoder decoder = small_decoder(6, 10);
  std::vector<std::string> names;
  std::vector<Tensor> inputs = {random_normal({2, 3, 6}, 30), random_normal({2, 2, 6}, 40)};
  for (const auto& [name, value] : weights_of(decoder)) {
    names.push_back(name);
    inputs.push_back(value.detach());
  }
  const auto layer = [&](const std::vector<Tensor>& in) {
    Weights w;
    for (size_t i = 0; i < names.size(); ++i) w[names[i]] = in[i + 2];
    return decoder_layer(in[0], in[1], causal_mask(3), 2, w, "layer.0").output;
  };
  for (const bool second_order : {false, true}) {
    const GradcheckReport report = gradcheck(layer, inputs, {.directions = 2, .second_order = second_order});
    INFO(to_string(report));
    CHECK(report.passed);
  }

  const nn::Transformer model = fresh_model();
  names.clear();
  std::vector<Tensor> values;
  for (const auto& [name, value] : weights_of(model)) {
    names.push_back(name);
    values.push_back(value.detach());
  }
  const Batch batch = a_batch();
  const Lesson lesson = lesson_of(batch.target);
  const GradcheckReport report = gradcheck(
      [&](const auto& in) {
        Weights w;
        for (size_t i = 0; i < names.size(); ++i) w[names[i]] = in[i];
        return loss_of(transformer(batch.source, lesson.given, 4, w).logits, lesson.wanted);
      },
      values, {.directions = 2});
  INFO(to_string(report));
  CHECK(report.passed);
}

TEST_CASE("10: the future's derivative is exactly 0, and the mask off by one is caught", "[tutorials]") {
  const nn::Decoder decoder = small_decoder(6, 10);
  const Weights w = weights_of(decoder);
  const Tensor x = random_normal({1, 4, 6}, 50), memory = random_normal({1, 3, 6}, 60);
  const auto with = [&](int64_t ahead) {
    return largest_derivatives(
        [&](const Tensor& in) {
          return decoder_layer(in, memory, causal_mask(4, ahead), 2, w, "layer.0").output;
        },
        x);
  };
  const Tensor right = with(0);
  CHECK(from_the_future(right) == 0);
  CHECK(min(masked_fill(right, logical_not(causal_mask(4)), 1)).item() > 0);  // all of the past is used
  CHECK(from_the_future(with(1)) > 1e-3);
  CHECK(from_the_future(largest_derivatives([&](const Tensor& in) { return decoder(in, memory); }, x)) == 0);
}

TEST_CASE("10: kept keys and values give the numbers of the full pass", "[tutorials]") {
  const nn::Transformer model = fresh_model();
  const Weights w = weights_of(model);
  const Batch batch = a_batch();
  const Tensor given = lesson_of(batch.target).given;
  const Tensor together = transformer(batch.source, given, 4, w).logits;
  Kept state = start(batch.source, 4, w);
  nn::DecoderState library = model.start(batch.source);
  for (int64_t i = 0; i < given.size(1); ++i) {
    const Tensor id = given.slice(1, i, i + 1), logits = next(id, state, 4, w);
    CHECK(worst_difference(logits, together.slice(1, i, i + 1)) < 1e-12);
    CHECK(worst_difference(logits, model.next(id, library)) < 1e-12);
  }
}

TEST_CASE("10: greedy by hand writes what the library's greedy writes", "[tutorials]") {
  const nn::Transformer model = fresh_model();
  const Tensor source = source_of("27 Dec 1999");
  const Next asked = asking(source, 4, model.state_dict());
  const Next no_padding = [&](const std::vector<int64_t>& prefix) {
    std::vector<double> log_p = asked(prefix);
    log_p[0] = -std::numeric_limits<double>::infinity();  // the library never writes padding
    return log_p;
  };
  const Text ours = greedy_by_hand(no_padding, Alphabet::end, 9);
  const nn::Decoded theirs = nn::greedy(model, source, {.max_length = 9})[0];
  CHECK(ours.ids == theirs.ids);
  CHECK(ours.ended == theirs.ended);
  CHECK(std::abs(ours.log_p - theirs.log_probability) < 1e-10);
  CHECK(nn::beam_search(model, source, {.beams = 1}, {.max_length = 9})[0][0].ids == ours.ids);
}

TEST_CASE("10: in the language of two letters greedy misses the likeliest text", "[tutorials]") {
  const Text found = greedy_by_hand(two_letters, 2, 5);
  CHECK(found.ids == std::vector<int64_t>{0, 0});
  CHECK(found.ended);
  CHECK(std::abs(std::exp(found.log_p) - 0.22) < 1e-12);
  CHECK(std::exp(two_letters({})[1] + two_letters({1})[2]) > 0.4);
}

TEST_CASE("10 museum: a mean of means changes when the rows are cut otherwise", "[tutorials]") {
  const Tensor logits = random_normal({2, 4, 5}, 70);
  const Tensor wanted = tensor<int64_t>({3, 0, 0, 0, 4, 2, 1, 3}, Shape{2, 4});
  CHECK(gap_when_cut_otherwise(logits, wanted, Averaging::tokens) < 1e-14);
  CHECK(gap_when_cut_otherwise(logits, wanted, Averaging::mean_of_means) > 1e-2);
  // It is not a wrong gradient: it is the right gradient of another loss.
  CHECK(gradcheck([&](const auto& in) { return loss_of(in[0], wanted, Averaging::mean_of_means); }, {logits})
            .passed);
  // Rows of equal length hide it.
  const Tensor full_rows = tensor<int64_t>({3, 1, 2, 2, 4, 2, 1, 3}, Shape{2, 4});
  CHECK(gap_when_cut_otherwise(logits, full_rows, Averaging::mean_of_means) < 1e-14);
}

TEST_CASE("10: dates", "[tutorials]") {
  CHECK(said({3, 5, 2021}, 0) == "3 May 2021");
  CHECK(said({3, 5, 2021}, 1) == "May 3, 2021");
  CHECK(iso({3, 5, 2021}) == "2021-05-03");
  Rng rng(1);
  CHECK(all_dates(rng).size() == 73049);  // 200 years, 49 of them leap: 1900 is none, 2000 is one
  CHECK(written().text(written().ids("2021-05-03")) == "2021-05-03");
  CHECK_THROWS_AS(spoken().ids("#"), Error);
  const Data data(1);
  const std::set<std::string> known = [&] {
    std::set<std::string> all;
    for (const Date& date : data.known) all.insert(iso(date));
    return all;
  }();
  CHECK(data.unseen.size() == 500);
  CHECK(std::none_of(data.unseen.begin(), data.unseen.end(),
                     [&](const Date& date) { return known.contains(iso(date)); }));
}
