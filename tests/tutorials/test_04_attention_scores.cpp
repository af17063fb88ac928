// Chapter 4: the four scores are the library's, have right gradients, and do what the chapter says of them.
#include "nn/attention/attention_score.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "tutorials/04_attention_scores/attention_scores.hpp"

using namespace gradus;
using namespace gradus::test;
using namespace gradus::tutorials;

TEST_CASE("04: the four scores are the library's", "[tutorials]") {
  Rng rng(1);
  const Tensor q = random_normal({3, 4}, 2), k = random_normal({5, 4}, 3), wide = random_normal({5, 7}, 4);
  CHECK(worst_difference(dot_score(q, k), nn::DotScore()(q, k)) < 1e-14);
  CHECK(worst_difference(scaled_dot_score(q, k), nn::ScaledDotScore()(q, k)) < 1e-14);
  const nn::GeneralScore general(4, 7, rng);
  general.to(DType::f64);
  CHECK(worst_difference(general_score(q, wide, general.weight), general(q, wide)) < 1e-14);
  const nn::AdditiveScore additive(4, 7, 6, rng);
  additive.to(DType::f64);
  CHECK(worst_difference(additive_score(q, wide, additive.query_weight, additive.key_weight, additive.vector),
                         additive(q, wide)) < 1e-14);
  CHECK(std::abs(additive_score(tensor({2.0, 1.0}, Shape{1, 2}), tensor({-1.0, 3.0}, Shape{1, 2}),
                                tensor({1.0, 0.5, -1.0, 2.0}, Shape{2, 2}), eye(2, DType::f64),
                                tensor({1.0, -2.0}))
                     .item() -
                 additive_by_hand({2, 1}, {-1, 3}, {{1, 0.5}, {-1, 2}}, {{1, 0}, {0, 1}}, {1, -2})) < 1e-14);
}

TEST_CASE("04: the scores have right gradients", "[tutorials]") {
  const Tensor q = random_normal({3, 4}, 5), k = random_normal({2, 4}, 6);
  const auto check = [](const auto& fn, const std::vector<Tensor>& inputs) {
    for (const bool second_order : {false, true}) {
      const GradcheckReport report = gradcheck(fn, inputs, {.second_order = second_order});
      INFO(to_string(report));
      CHECK(report.passed);
    }
  };
  check([](const auto& in) { return dot_score(in[0], in[1]); }, {q, k});
  check([](const auto& in) { return scaled_dot_score(in[0], in[1]); }, {q, k});
  check([](const auto& in) { return general_score(in[0], in[1], in[2]); }, {q, k, random_normal({4, 4}, 7)});
  check([](const auto& in) { return additive_score(in[0], in[1], in[2], in[3], in[4]); },
        {q, k, random_normal({3, 4}, 8), random_normal({3, 4}, 9), random_normal({3}, 10)});
}

TEST_CASE("04: scaling keeps the variance 1 and the entropy of the softmax", "[tutorials]") {
  for (const int64_t d : {4, 64, 1024}) {
    const Tensor q = random_normal({64, d}, 11), k = random_normal({64, d}, 12);
    CHECK(std::abs(var(dot_score(q, k)).item() / static_cast<double>(d) - 1) < 0.2);
    CHECK(std::abs(relative_entropy(softmax(scaled_dot_score(q, k))) - 0.89) < 0.03);
  }
  const Tensor q = random_normal({64, 1024}, 13), k = random_normal({64, 1024}, 14);
  CHECK(relative_entropy(softmax(dot_score(q, k))) < 0.1);
  CHECK(gradient_size(dot_score(q, k)) < gradient_size(scaled_dot_score(q, k)));
  CHECK(std::abs(relative_entropy(full({2, 8}, 0.125)) - 1) < 1e-12);
  CHECK(relative_entropy(eye(4)) < 1e-12);
}

TEST_CASE("04: the gradient's size is that of its formula", "[tutorials]") {
  const Tensor scores = random_normal({1, 5}, 15), w = softmax(scores);
  const double largest = max(w).item(), squares = sum(w * w).item();
  const double others = squares - largest * largest;
  CHECK(std::abs(gradient_size(scores) - largest * std::sqrt((1 - largest) * (1 - largest) + others)) <
        1e-14);
}

TEST_CASE("04: without the root the gradient at the queries is larger on average, and small for most",
          "[tutorials]") {
  for (const int64_t d : {4, 64, 1024}) {
    Rng rng(4);
    const Tensor q = randn({64, d}, rng, DType::f64), k = randn({64, d}, rng, DType::f64);
    CHECK(mean(query_gradients(q, k, false)).item() > 2 * mean(query_gradients(q, k, true)).item());
    CHECK((median(query_gradients(q, k, false)) < median(query_gradients(q, k, true))) == (d == 1024));
  }
  const Tensor q = random_normal({1, 6}, 22), k = random_normal({5, 6}, 23);
  Tensor moved = q.clone().requires_grad();
  max(softmax(scaled_dot_score(moved, k))).backward();
  CHECK(std::abs(query_gradients(q, k, true).item() - std::sqrt(sum(moved.grad() * moved.grad()).item())) <
        1e-14);
  CHECK(median(tensor({3.0, 1.0, 2.0})) == 2);
}

TEST_CASE("04 museum: the root forgotten and the wrong axis pass a gradient check and are caught",
          "[tutorials]") {
  const Tensor q = random_normal({3, 64}, 24), k = random_normal({3, 64}, 25),
               other = random_normal({3, 64}, 26);
  for (const bool over_queries : {false, true}) {
    CHECK(gradcheck([&](const auto& in) { return attention_weights(dot_score(in[0], in[1]), over_queries); },
                    {q * 0.2, k * 0.2})
              .passed);
    const Tensor weights = attention_weights(scaled_dot_score(q, k), over_queries);
    CHECK(worst_difference(sum(weights, Axes{over_queries ? 0 : 1}), ones({3}, DType::f64)) < 1e-14);
    CHECK((change_by_others(q, other, k, over_queries) < 1e-14) == !over_queries);
  }
  CHECK(worst_difference(sum(attention_weights(scaled_dot_score(q, k), true), Axes{1}),
                         ones({3}, DType::f64)) > 0.01);
  const Tensor wide = random_normal({64, 64}, 27), keys = random_normal({64, 64}, 28);
  CHECK(std::abs(var(scaled_dot_score(wide, keys)).item() - 1) < 0.2);
  CHECK(var(dot_score(wide, keys)).item() > 40);
}

TEST_CASE("04: dot is general with W = I, and general of two projections", "[tutorials]") {
  const Tensor q = random_normal({3, 4}, 16), k = random_normal({2, 4}, 17);
  CHECK(worst_difference(general_score(q, k, eye(4, DType::f64)), dot_score(q, k)) < 1e-14);
  const Tensor w_q = random_normal({2, 4}, 18), w_k = random_normal({2, 4}, 19);
  CHECK(worst_difference(general_score(q, k, matmul(w_q.transpose(0, 1), w_k)),
                         dot_score(matmul(q, w_q.transpose(0, 1)), matmul(k, w_k.transpose(0, 1)))) < 1e-13);
}
