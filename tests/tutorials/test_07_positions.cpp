// Chapter 7: positions, segments and the order task; what the chapter says, held to the library.
#include <algorithm>

#include "bert/model/embeddings.hpp"
#include "nn/positional.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/training_seed.hpp"
#include "tutorials/07_positions/order_task.hpp"
#include "tutorials/07_positions/positions.hpp"

using namespace gradus;
using namespace gradus::test;
using namespace gradus::tutorials;

TEST_CASE("chapter 7: the sinusoid table is the formula's, and a dot product knows the distance only",
          "[tutorials]") {
  const Tensor table = sinusoid_table(60, 32);
  CHECK(worst_difference(table, nn::sinusoids(60, 32)) < 1e-12);
  Rng rng(1);
  const Tensor x = random_normal({2, 5, 32}, 2);
  const nn::SinusoidalPositions fixed(60, 32);
  CHECK(worst_difference(fixed(x, 3), x + table.slice(0, 3, 8)) < 1e-12);
  const nn::LearnedPositions learned(60, 32, rng);
  learned.to(DType::f64);
  CHECK(worst_difference(learned(x, 3), x + learned.weight.slice(0, 3, 8)) < 1e-12);
  CHECK(table.at({17, 6}) == Approx(std::sin(17 / std::pow(10000.0, 6.0 / 32))));
  CHECK(table.at({17, 7}) == Approx(std::cos(17 / std::pow(10000.0, 6.0 / 32))));
  const Tensor alike = position_similarity(sinusoid_table(40, 16));
  for (const int64_t k : {0, 1, 5, 11}) {
    for (const int64_t p : {0, 7, 20}) CHECK(alike.at({p, p + k}) == Approx(alike.at({3, 3 + k})));
  }
  CHECK(alike.at({9, 9}) == Approx(1));
  CHECK(row_cosines(sinusoid_table(10, 8) * 3).at({2, 5}) ==
        Approx(position_similarity(sinusoid_table(10, 8)).at({2, 5})));
}

TEST_CASE("chapter 7: permuting words permutes results, until positions are added", "[tutorials]") {
  const Tensor x = random_normal({4, 6}, 1), order = tensor<int64_t>({2, 0, 3, 1});
  const Tensor permuted = index_select(x, 0, order), table = sinusoid_table(4, 6);
  CHECK(worst_difference(mix_words(permuted), index_select(mix_words(x), 0, order)) < 1e-13);
  CHECK(worst_difference(mix_words(permuted + table), index_select(mix_words(x + table), 0, order)) > 0.1);
}

TEST_CASE("chapter 7: the sum of three is what enters the library's BERT", "[tutorials]") {
  Rng rng(2);
  bert::Config config;
  config.vocab_size = 11;
  config.hidden_size = 6;
  config.num_attention_heads = 2;
  config.max_position_embeddings = 9;
  const bert::Embeddings library(config, rng);
  library.eval();
  library.to(DType::f64);
  const BertInput mine = {library.word_embeddings.weight, library.token_type_embeddings.weight,
                          library.position_embeddings.weight, library.norm.weight, library.norm.bias};
  const Tensor ids = tensor<int64_t>({1, 4, 10, 0, 3, 3}, Shape{2, 3}),
               segments = tensor<int64_t>({0, 1, 1, 0, 0, 1}, Shape{2, 3});
  CHECK(worst_difference(mine(ids, segments, config.layer_norm_eps), library(ids, segments)) < 1e-12);
  for (const bool second_order : {false, true}) {
    const GradcheckReport report = gradcheck(
        [&](const std::vector<Tensor>& in) {
          return BertInput{in[0], in[1], in[2], in[3], in[4]}(ids, segments, 1e-3);
        },
        {random_normal({11, 6}, 1), random_normal({2, 6}, 2), random_normal({9, 6}, 3), random_normal({6}, 4),
         random_normal({6}, 5)},
        {.directions = second_order ? 2 : 0, .second_order = second_order});
    INFO(to_string(report));
    CHECK(report.passed);
  }
}

TEST_CASE("chapter 7: gradients of the mixing and of the order model", "[tutorials]") {
  for (const bool second_order : {false, true}) {
    const GradcheckReport report =
        gradcheck([](const std::vector<Tensor>& in) { return mix_words(in[0] + sinusoid_table(3, 4)); },
                  {random_normal({2, 3, 4}, 3)}, {.second_order = second_order});
    INFO(to_string(report));
    CHECK(report.passed);
  }
  for (const Positions kind : {Positions::none, Positions::sinusoidal, Positions::learned}) {
    Rng rng(4);
    const OrderModel model({.positions = kind, .hidden = 4, .places = 7}, rng);
    const Tensor ids = order_sentences(3, 5, rng).ids;
    check_gradients(
        model, [&](const std::vector<Tensor>&) { return model(ids, 2); }, {}, 3);
  }
}

TEST_CASE("chapter 7: the order task is balanced by its mirror, and its labels are right", "[tutorials]") {
  Rng rng(5);
  const LabelledSentences some = order_sentences(300, 6, rng), back = mirrored(some);
  for (int64_t i = 0; i < 300; ++i) {
    const std::vector<int64_t> words = some.ids.select(0, i).to_vector<int64_t>();
    const auto first = std::find(words.begin(), words.end(), 0),
               second = std::find(words.begin(), words.end(), 1);
    REQUIRE(first != words.end());
    REQUIRE(second != words.end());
    REQUIRE(some.labels.at({i}) == (first < second ? 1 : 0));
    REQUIRE(back.labels.at({i}) == (first < second ? 0 : 1));
    REQUIRE(back.ids.at({i, 0}) == words.back());
  }
  CHECK(mean(some.labels.to(DType::f64)).item() == Approx(0.5).margin(0.1));
}

TEST_CASE("chapter 7, museum: forgotten positions are caught by the mirror, the gradient and the baseline",
          "[tutorials]") {
  Rng data(6);
  const LabelledSentences test = order_sentences(300, 8, data);
  for (const bool forget : {false, true}) {
    Rng rng(training_seed(1));
    const OrderModel model({.positions = Positions::learned, .forget_positions = forget}, rng);
    const double gap = max(abs(model(test.ids) - model(mirrored(test).ids))).item();
    CHECK((gap < 1e-5) == forget);
    sum(model(test.ids)).backward();
    CHECK(model.table.grad().defined() != forget);
    train_order(model, test, 200, 200, 1);
    CHECK((accuracy(model, test) > 0.9) != forget);
    CHECK((accuracy(model, test) < 0.65) == forget);
  }
}
