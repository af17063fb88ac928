// The four attention scores: hand values, gradients, heads, and what they refuse.
#include <cmath>

#include "nn/attention/attention_score.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

namespace {

constexpr ScoreKind every_kind[] = {ScoreKind::dot, ScoreKind::scaled_dot, ScoreKind::general,
                                    ScoreKind::additive};

void set(const Tensor& parameter, const Tensor& value) {
  const NoGrad no_grad;
  Tensor(parameter).copy_(value);
}

}  // namespace

TEST_CASE("scores by hand", "[score]") {
  Rng rng(1);
  const Tensor q = tensor<float>({1, 2}, Shape{1, 2}), k = tensor<float>({3, 4, 0, -1}, Shape{2, 2});
  SECTION("dot") { CHECK(DotScore()(q, k).to_vector<float>() == std::vector<float>{11, -2}); }
  SECTION("scaled dot") {
    const Tensor scores = ScaledDotScore()(q, k);
    CHECK(scores.at({0, 0}) == Approx(11 / std::sqrt(2.0)));
    CHECK(scores.at({0, 1}) == Approx(-2 / std::sqrt(2.0)));
    CHECK(ScaledDotScore()(q, k.slice(0, 0, 1)).at({0, 0}) == scores.at({0, 0}));  // however many keys
  }
  SECTION("general: from queries of 2 numbers to keys of 3") {
    const GeneralScore score(2, 3, rng);
    set(score.weight, tensor<float>({1, 0, 2, 0, 3, 0}, Shape{2, 3}));
    // q W = [1, 6, 2]
    const Tensor keys = tensor<float>({1, 1, 1, 0, -1, 5}, Shape{2, 3});
    CHECK(score(q, keys).to_vector<float>() == std::vector<float>{9, 4});
  }
  SECTION("additive") {
    const AdditiveScore score(2, 2, 2, rng);
    set(score.query_weight, tensor<float>({1, 0, 0, 0.5f}, Shape{2, 2}));  // W_q q = [1, 1]
    set(score.key_weight, tensor<float>({0, 1, 1, 0}, Shape{2, 2}));       // W_k k = [4, 3] and [-1, 0]
    set(score.vector, tensor<float>({2, -1}, Shape{2}));
    const Tensor scores = score(q, k);
    CHECK(scores.at({0, 0}) == Approx(2 * std::tanh(5.0) - std::tanh(4.0)));
    CHECK(scores.at({0, 1}) == Approx(2 * std::tanh(0.0) - std::tanh(1.0)));
  }
}

TEST_CASE("scores have right gradients, with and without heads, for views and odd sizes", "[score]") {
  for (const ScoreKind kind : every_kind) {
    INFO("kind " << static_cast<int>(kind));
    Rng rng(2);
    const AttentionScore one(kind, 3, 3, rng), two(kind, 3, 3, rng, {.heads = 2});
    const auto run = [](const AttentionScore& score) {
      return [&score](const auto& in) { return score(in[0], in[1]); };
    };
    check_gradients(one, run(one), {random_normal({2, 3}, 3), random_normal({4, 3}, 4)});
    check_gradients(one, run(one), {random_normal({2, 1, 3}, 3), random_normal({2, 4, 3}, 4)});
    check_gradients(two, run(two), {random_normal({2, 2, 2, 3}, 5), random_normal({2, 2, 3, 3}, 6)});
    // Heads as split_heads gives them: views with the heads' axis swapped.
    const auto swapped = [&](const auto& in) { return two(in[0].transpose(1, 2), in[1].transpose(1, 2)); };
    check_gradients(two, swapped, {random_normal({1, 3, 2, 3}, 7), random_normal({1, 2, 2, 3}, 8)});
    CHECK(one(zeros({2, 0, 3}, DType::f64), zeros({2, 4, 3}, DType::f64)).shape() == Shape{2, 0, 4});
    CHECK(one(zeros({2, 3, 3}, DType::f64), zeros({2, 0, 3}, DType::f64)).shape() == Shape{2, 3, 0});
  }
}

TEST_CASE("scores of queries and keys that differ in width have right gradients", "[score]") {
  Rng rng(3);
  const GeneralScore general(2, 5, rng);
  const AdditiveScore additive(2, 5, 3, rng);
  const std::vector<Tensor> in{random_normal({2, 3, 2}, 9), random_normal({2, 4, 5}, 10)};
  check_gradients(
      general, [&](const auto& x) { return general(x[0], x[1]); }, in);
  check_gradients(
      additive, [&](const auto& x) { return additive(x[0], x[1]); }, in);
}

TEST_CASE("the scores of many heads are each head's own", "[score]") {
  const Tensor q = random_normal({2, 3, 4, 5}, 11), k = random_normal({2, 3, 6, 5}, 12);
  for (const ScoreKind kind : every_kind) {
    INFO("kind " << static_cast<int>(kind));
    Rng rng(4);
    const AttentionScore all(kind, 5, 5, rng, {.heads = 3}), one(kind, 5, 5, rng);
    all.to(DType::f64);
    one.to(DType::f64);
    const Tensor scores = all(q, k);
    CHECK(scores.shape() == Shape{2, 3, 4, 6});
    for (int64_t a = 0; a < 3; ++a) {
      StateDict head;
      for (const auto& [name, parameter] : all.named_parameters())
        head[name] = parameter.detach().select(0, a);
      one.load_state_dict(head);
      CHECK(worst_difference(scores.select(1, a), one(q.select(1, a), k.select(1, a))) < 1e-13);
    }
  }
}

TEST_CASE("a score's heads are drawn one by one", "[score]") {
  Rng rng(5), same(5);
  const GeneralScore heads(4, 4, rng, {.heads = 2});
  const GeneralScore first(4, 4, same), second(4, 4, same);
  CHECK(worst_difference(heads.weight.select(0, 0), first.weight) == 0);
  CHECK(worst_difference(heads.weight.select(0, 1), second.weight) == 0);
}

TEST_CASE("any score by its kind or name", "[score]") {
  const auto names = [](ScoreKind kind) {
    Rng rng(6);
    std::vector<std::string> found;
    for (const auto& [name, p] : AttentionScore(kind, 2, 2, rng).named_parameters()) found.push_back(name);
    return found;
  };
  CHECK(names(score_by_name("dot")).empty());
  CHECK(names(score_by_name("scaled_dot")).empty());
  CHECK(names(score_by_name("general")) == std::vector<std::string>{"weight"});
  CHECK(names(score_by_name("additive")) == std::vector<std::string>{"query_weight", "key_weight", "vector"});
  CHECK_THROWS_WITH(score_by_name("cosine"),
                    "unknown attention score \"cosine\": dot, scaled_dot, general and additive exist");
}

TEST_CASE("scores refuse what does not fit", "[score][misuse]") {
  Rng rng(7);
  const Tensor q = ones({2, 3, 4});
  CHECK_THROWS_WITH(DotScore()(q, ones({2, 5, 6})),
                    "dot score: q [2, 3, 4] and k [2, 5, 6] must be [..., S, 4] and [..., T, 4]");
  CHECK_THROWS_WITH(ScaledDotScore()(q, ones({3, 5, 4})),
                    "scaled dot score: q [2, 3, 4] and k [3, 5, 4] must be [..., S, 4] and [..., T, 4]");
  CHECK_THROWS_WITH(DotScore()(ones({4}), ones({4})),
                    "dot score: q [4] and k [4] must be [..., S, 4] and [..., T, 4]");
  const GeneralScore general(4, 6, rng);
  CHECK_THROWS_WITH(general(q, q),
                    "general score: q [2, 3, 4] and k [2, 3, 4] must be [..., S, 4] and [..., T, 6]");
  const AdditiveScore heads(4, 4, 3, rng, {.heads = 2});
  CHECK_THROWS_WITH(
      heads(ones({1, 3, 5, 4}), ones({1, 3, 5, 4})),
      "additive score: q [1, 3, 5, 4] and k [1, 3, 5, 4] must be [..., 2, S, 4] and [..., 2, T, "
      "4]");
  CHECK_THROWS_AS(DotScore()(q, ones({2, 3, 4}, DType::f64)), DTypeError);
}
