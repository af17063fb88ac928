// Greedy and beam search: against each other, against all sequences there are, and with and without cached
// keys.
#include <algorithm>
#include <cmath>
#include <limits>

#include "nn/transformer/decoding.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/small_stacks.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

namespace {

/// A model in f64 whose weights are large, so that its next ids are far from even.
Transformer make_model(int64_t vocab) {
  Rng rng(6);
  TransformerOptions options = small_transformer();
  options.target_vocab = vocab;
  options.max_length = 12;
  options.dropout = 0.3;
  const Transformer model(options, rng);
  model.to(DType::f64);
  const NoGrad guard;
  for (Tensor parameter : model.parameters()) parameter.add_(randn(parameter.shape(), rng, DType::f64), 0.3);
  return model;
}

const Tensor source = padded({{3, 4, 5, 6}, {5, 3}, {4, 4, 6}, {6, 3, 3}});

/// log p of writing `ids` for row `row`, by one full pass.
double log_probability(const Transformer& model, int64_t row, std::vector<int64_t> ids) {
  const NoGrad guard;
  ids.insert(ids.begin(), 1);
  const Tensor log_p = log_softmax(model(source.slice(0, row, row + 1), padded({ids})));
  double sum = 0;
  for (size_t i = 0; i + 1 < ids.size(); ++i) sum += log_p.at({0, static_cast<int64_t>(i), ids[i + 1]});
  return sum;
}

bool same(const std::vector<Decoded>& a, const std::vector<Decoded>& b) {
  bool equal = a.size() == b.size();
  for (size_t i = 0; equal && i < a.size(); ++i) {
    equal = a[i].ids == b[i].ids && a[i].ended == b[i].ended &&
            std::abs(a[i].log_probability - b[i].log_probability) < 1e-12 &&
            std::abs(a[i].score - b[i].score) < 1e-12;
  }
  return equal;
}

}  // namespace

TEST_CASE("greedy search takes the likeliest id each time", "[decoding]") {
  const Transformer model = make_model(9);
  const std::vector<Decoded> written = greedy(model, source, {.max_length = 8});
  CHECK(model.is_training());  // the mode comes back, and dropout was off
  CHECK(same(written, greedy(model, source, {.max_length = 8})));
  model.eval();
  for (size_t row = 0; row < 4; ++row) {
    std::vector<int64_t> ids{1};
    const NoGrad guard;
    const Decoded& result = written[row];
    CHECK(result.ended != (result.ids.size() == 8));
    for (size_t i = 0; i < result.ids.size() + (result.ended ? 1 : 0); ++i) {
      const auto r = static_cast<int64_t>(row);
      Tensor last =
          model(source.slice(0, r, r + 1), padded({ids})).select(1, static_cast<int64_t>(i)).clone();
      last.slice(1, 0, 1).fill_(-1e9);  // padding
      const auto best = static_cast<int64_t>(argmax(last, 1).at({0}));
      CHECK(best == (i < result.ids.size() ? result.ids[i] : 2));
      ids.push_back(best);
    }
    ids.erase(ids.begin());
    CHECK(result.log_probability == Approx(log_probability(model, static_cast<int64_t>(row), ids)));
  }
}

TEST_CASE("greedy is a beam of 1, whatever the length penalty", "[decoding]") {
  const Transformer model = make_model(9);
  const std::vector<Decoded> written = greedy(model, source, {.max_length = 8});
  for (const double alpha : {0.0, 0.6}) {
    const auto beams = beam_search(model, source, {.beams = 1, .alpha = alpha}, {.max_length = 8});
    REQUIRE(beams.size() == 4);
    for (size_t i = 0; i < 4; ++i) {
      REQUIRE(beams[i].size() == 1);
      CHECK(beams[i][0].ids == written[i].ids);
      CHECK(beams[i][0].log_probability == Approx(written[i].log_probability));
    }
  }
}

TEST_CASE("cached keys and values change nothing in what is written", "[decoding]") {
  const Transformer model = make_model(9);
  CHECK(same(greedy(model, source, {.max_length = 10}),
             greedy(model, source, {.max_length = 10, .cached = false})));
  const auto cached = beam_search(model, source, {.beams = 3, .alpha = 0.6}, {.max_length = 10});
  const auto again =
      beam_search(model, source, {.beams = 3, .alpha = 0.6}, {.max_length = 10, .cached = false});
  for (size_t i = 0; i < 4; ++i) {
    CHECK(cached[i].size() == 3);
    CHECK(same(cached[i], again[i]));
  }
}

TEST_CASE("a beam that is wide enough finds the best of all sequences", "[decoding]") {
  const Transformer model = make_model(5);  // padding, begin, end and two words
  const Tensor one = source.slice(0, 1, 2);
  // Every sequence of at most 3 ids, the end among them: those that end, and those that are cut off.
  std::vector<std::vector<int64_t>> all;
  for (const std::vector<int64_t>& start : {std::vector<int64_t>{}, {1}, {3}, {4}}) {
    auto ended = start;
    ended.push_back(2);
    all.push_back(ended);
    if (start.empty()) continue;
    for (const int64_t second : {1, 3, 4}) {
      for (const int64_t third : {1, 2, 3, 4}) all.push_back({start[0], second, third});
    }
  }
  CHECK(all.size() == 4 + 9 * 4);
  model.eval();
  for (const double alpha : {0.0, 1.5}) {
    const std::vector<Decoded> found =
        beam_search(model, one, {.beams = 60, .alpha = alpha}, {.max_length = 3})[0];
    CHECK(found.size() == all.size());
    std::vector<double> scores;
    for (const auto& ids : all) {
      const double length = static_cast<double>(ids.size());
      scores.push_back(log_probability(model, 1, ids) / std::pow((5 + length) / 6, alpha));
    }
    std::sort(scores.rbegin(), scores.rend());
    double total = 0;
    for (size_t i = 0; i < found.size(); ++i) {
      CHECK(found[i].score == Approx(scores[i]));
      total += std::exp(found[i].log_probability);
    }
    CHECK(total < 1);  // what is missing would have written padding
  }
}

TEST_CASE("a source decodes the same alone, in company and with more padding", "[decoding]") {
  const Transformer model = make_model(9);
  const auto all = beam_search(model, pad(source, 1, 0, 2), {.beams = 2}, {.max_length = 6});
  for (int64_t i = 0; i < 4; ++i) {
    const auto alone = beam_search(model, source.slice(0, i, i + 1), {.beams = 2}, {.max_length = 6});
    CHECK(same(alone[0], all[static_cast<size_t>(i)]));
  }
}

TEST_CASE("decoding refuses what makes no sense", "[decoding]") {
  const Transformer model = make_model(9);
  CHECK_THROWS_WITH(greedy(model, source, {.max_length = 0}),
                    "decoding: max_length must be at least 1, not 0");
  CHECK_THROWS_WITH(beam_search(model, source, {.beams = 0}), "beam_search: 0 beams are too few: at least 1");
  CHECK_THROWS_WITH(greedy(model, ones({2, 3})),
                    "transformer: source must be ids, i64 [B, S], not f32 [2, 3]");
}

TEST_CASE("decoding puts back the mode of every part, also when it throws", "[decoding]") {
  const Transformer model = make_model(9);
  model.encoder.eval();
  greedy(model, source, {.max_length = 3});
  CHECK(model.is_training());
  CHECK_FALSE(model.encoder.is_training());
  CHECK_THROWS_AS(beam_search(model, ones({2, 3}), {.beams = 2}), ShapeError);
  CHECK(model.is_training());
  CHECK(model.decoder.is_training());
  CHECK_FALSE(model.encoder.is_training());
}

TEST_CASE("decoding stops where the model's positions end", "[decoding]") {
  for (const bool learned : {false, true}) {
    Rng rng(7);
    TransformerOptions options = small_transformer();
    options.max_length = 5;
    options.learned_positions = learned;
    const Transformer model(options, rng);
    Tensor(model.output_bias).detach().slice(0, 2, 3).fill_(-1e3);  // it never ends
    for (const bool cached : {true, false}) {
      for (const Decoded& one : greedy(model, source, {.cached = cached})) {
        CHECK(one.ids.size() == 5);
        CHECK_FALSE(one.ended);
      }
      CHECK(beam_search(model, source, {.beams = 2}, {.cached = cached})[0][1].ids.size() == 5);
    }
  }
}

TEST_CASE("decoding says that a model gives NaN", "[decoding]") {
  const Transformer model = make_model(9);
  Tensor(model.output_bias).detach().slice(0, 4, 5).fill_(std::numeric_limits<double>::quiet_NaN());
  const char* message =
      "decoding: the model's logits after 1 id are NaN; look at its training, or run it under "
      "DetectAnomaly to find the part";
  CHECK_THROWS_WITH(greedy(model, source), message);
  CHECK_THROWS_WITH(beam_search(model, source), message);
}

TEST_CASE("decoding refuses an end that the model never writes", "[decoding]") {
  const Transformer model = make_model(9);
  CHECK_THROWS_WITH(greedy(model, source, {.end_id = 0}),
                    "decoding: end_id 0 is the model's pad_id, which is never written");
  for (const int64_t end : {-1, 9}) {
    const std::string message = fmt::format("decoding: end_id {} is outside the 9 ids of the target", end);
    CHECK_THROWS_WITH(greedy(model, source, {.end_id = end}), message);
    CHECK_THROWS_WITH(beam_search(model, source, {}, {.end_id = end}), message);
  }
}
