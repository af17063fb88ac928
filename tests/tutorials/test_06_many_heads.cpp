// Chapter 6: the loop, the batched product and the library's layer agree; two heads do what one cannot; the
// bug of the museum is caught.
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/training_seed.hpp"
#include "tutorials/06_many_heads/many_heads.hpp"
#include "tutorials/06_many_heads/two_questions.hpp"

using namespace gradus;
using namespace gradus::test;
using namespace gradus::tutorials;

namespace {

nn::MultiHeadAttention layer_of(const ManyHeads& all) {
  Rng rng(1);
  const int64_t H = all.query.size(0);
  const nn::MultiHeadAttention layer(H, all.heads, rng, {.dropout = 0});
  layer.to(DType::f64);
  layer.load_state_dict({{"self.query.weight", all.query},
                         {"self.key.weight", all.key},
                         {"self.value.weight", all.value},
                         {"output.dense.weight", all.output}},
                        false);  // the biases stay 0
  return layer;
}

TwoQuestions trained(int64_t A, Projection output) {
  Rng rng(training_seed(1));
  const TwoQuestions net(32, A, rng, output);
  train(net, 300, 2);
  return net;
}

}  // namespace

TEST_CASE("06: a loop over heads, all at once, and the library's layer give the same numbers",
          "[tutorials]") {
  const Tensor x = random_normal({2, 5, 12}, 1);
  for (const int64_t A : {1, 2, 3, 6, 12}) {
    const ManyHeads all = random_heads(12, A, 2);
    const ManySteps loop = loop_over_heads(x, all), batch = all_at_once(x, all);
    CHECK(worst_difference(loop.weights, batch.weights) < 1e-13);
    CHECK(worst_difference(loop.output, batch.output) < 1e-13);
    const auto [y, weights] = layer_of(all).with_weights(x, x);
    CHECK(worst_difference(batch.weights, weights) < 1e-13);
    CHECK(worst_difference(batch.output, y) < 1e-13);
    CHECK(layer_of(all).num_parameters() == 4 * (12 * 12 + 12));
  }
}

TEST_CASE("06: splitting into heads and back copies nothing", "[tutorials]") {
  const Tensor x = random_normal({2, 3, 8}, 3);
  const int64_t before = memory_stats().live_bytes;
  const Tensor heads = heads_of(x, 4);
  const Tensor back = side_by_side(heads);
  CHECK(memory_stats().live_bytes == before);
  CHECK(heads.shares_memory_with(x));
  CHECK(worst_difference(back, x) == 0);
  CHECK(heads.at({1, 3, 2, 1}) == x.at({1, 2, 7}));
}

TEST_CASE("06: many heads have the right gradient", "[tutorials]") {
  const ManyHeads all = random_heads(6, 3, 4);
  const std::vector<Tensor> inputs = {random_normal({2, 3, 6}, 5), all.query, all.key, all.value, all.output};
  for (const bool second_order : {false, true}) {
    for (const auto& form : {loop_over_heads, all_at_once}) {
      const GradcheckReport report = gradcheck(
          [&](const auto& in) {
            return form(in[0], {3, in[1], in[2], in[3], in[4]}).output;
          },
          inputs, {.directions = second_order ? 3 : 0, .second_order = second_order});
      INFO(to_string(report));
      CHECK(report.passed);
    }
  }
}

TEST_CASE("06: the network of the two questions has the right gradient", "[tutorials]") {
  Rng rng(6);
  const TwoQuestions net(8, 2, rng);
  const Sentences in = random_sentences(2, 4, rng);
  check_gradients(
      net, [&](const auto&) { return net.loss(in); }, {}, 3);
}

TEST_CASE("06: two heads answer both questions, one head does not", "[tutorials]") {
  const Answers one = answers_of(trained(1, Projection::kept), 3);
  const Answers two = answers_of(trained(2, Projection::kept), 3);
  CHECK(two.both > 0.98);
  CHECK(one.both < 0.8);
  CHECK(one.topic > 0.8);
}

TEST_CASE("06 museum: a projection that is made anew is caught", "[tutorials]") {
  Rng rng(1);
  CHECK(without_gradient(TwoQuestions(8, 2, rng)).empty());
  CHECK(without_gradient(TwoQuestions(8, 2, rng, Projection::anew)) ==
        std::vector<std::string>{"attention.output.dense.weight", "attention.output.dense.bias"});

  const Sentences in = random_sentences(1, 4, rng);
  const TwoQuestions right(8, 2, rng), wrong(8, 2, rng, Projection::anew);
  CHECK(worst_difference(right.attended(in), right.attended(in)) == 0);
  CHECK(worst_difference(wrong.attended(in), wrong.attended(in)) > 1e-3);

  wrong.to(DType::f64);  // for one W_o the gradient is right: a gradient check alone is content
  CHECK(gradcheck([&](const auto& v) { return wrong.mixed(v[0]); }, {random_normal({1, 3, 8}, 5)}).passed);

  const Answers share = answers_of(trained(2, Projection::anew), 3);  // 24 words: guessing gives 1/24
  CHECK(share.self < 0.15);
  CHECK(share.topic < 0.15);
}
