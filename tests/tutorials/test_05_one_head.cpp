// Chapter 5: what it builds is a head, has the right gradient, is the library's layer; its bugs are caught.
#include "nn/attention/single_head.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "tutorials/05_one_head/museum.hpp"
#include "tutorials/05_one_head/one_head.hpp"

using namespace gradus;
using namespace gradus::test;
using namespace gradus::tutorials;

namespace {

Head random_head(int64_t H, int64_t D, uint64_t seed) {
  return {random_normal({D, H}, seed), random_normal({D, H}, seed + 1), random_normal({D, H}, seed + 2)};
}

nn::SingleHeadAttention layer_of(const Head& head) {
  Rng rng(1);
  const nn::SingleHeadAttention layer(head.query.size(1), head.query.size(0), rng,
                                      {.dropout = 0, .bias = false});
  layer.to(DType::f64);
  layer.load_state_dict(
      {{"query.weight", head.query}, {"key.weight", head.key}, {"value.weight", head.value}});
  return layer;
}

}  // namespace

TEST_CASE("05: loops, products and the library's layer give the same numbers", "[tutorials]") {
  const PencilHead pencil;
  const HandSteps hand = attend_by_hand(pencil);
  const HeadSteps steps = attend(to_tensor(pencil.x), to_head(pencil));
  CHECK(worst_difference(steps.scores, to_tensor(hand.scores)) < 1e-14);
  CHECK(worst_difference(steps.weights, to_tensor(hand.weights)) < 1e-14);
  CHECK(worst_difference(steps.output, to_tensor(hand.output)) < 1e-14);

  const Head head = random_head(7, 3, 10);
  const Tensor x = random_normal({2, 5, 7}, 20);
  const HeadSteps batch = attend(x, head);
  const nn::SingleHeadAttention layer = layer_of(head);
  const auto [z, weights] = layer.with_weights(x, x);
  CHECK(worst_difference(batch.weights, weights) < 1e-13);
  CHECK(worst_difference(batch.output, z) < 1e-13);
  CHECK(worst_difference(batch.output, layer(x)) < 1e-13);
  CHECK(worst_difference(sum(batch.weights, Axes{-1}), ones({2, 5}, DType::f64)) < 1e-14);
}

TEST_CASE("05: the head has the right gradient", "[tutorials]") {
  const Head head = random_head(4, 3, 30);
  const auto run = [](const std::vector<Tensor>& in) { return attend(in[0], {in[1], in[2], in[3]}); };
  const std::vector<Tensor> inputs = {random_normal({2, 3, 4}, 40), head.query, head.key, head.value};
  for (const bool second_order : {false, true}) {
    const GradcheckReport output =
        gradcheck([&](const auto& in) { return run(in).output; }, inputs, {.second_order = second_order});
    INFO(to_string(output));
    CHECK(output.passed);
  }
  const GradcheckReport loss = gradcheck(
      [&](const auto& in) {
        return -sum(tensor({0.6, 0.1, 0.3}) * log(run(in).weights.select(0, 0).select(0, 1)));
      },
      {inputs[0], inputs[1], inputs[2], inputs[3]});
  INFO(to_string(loss));
  CHECK(loss.passed);
}

TEST_CASE("05: a row of weights can be taught, and one word then rules another", "[tutorials]") {
  const Tensor x = to_tensor(PencilHead().x), wanted = tensor({0.6, 0.0, 0.4});
  Head head = to_head(PencilHead());
  const double first = teach_row(x, head, 2, wanted, 1, 0.5);
  const double last = teach_row(x, head, 2, wanted, 999, 0.5);
  CHECK(last < first);
  const HeadSteps steps = attend(x, head);
  CHECK(worst_difference(steps.weights.select(0, 2), wanted) < 1e-3);
  const Tensor z = steps.output.select(0, 2).detach(), v = steps.v.detach();
  CHECK(cosine(z, v.select(0, 0)) > cosine(z, v.select(0, 2)));  // nearer to "All" than to "well"
}

TEST_CASE("05: \"it\" finds the dog", "[tutorials]") {
  const HeadSteps steps = attend(dog_words(), pronoun_head());
  CHECK(argmax(steps.weights.select(0, 6), 0).item() == 1);
  CHECK(steps.weights.at({6, 1}) > 0.8);
  CHECK(worst_difference(steps.weights.select(0, 0), full({9}, 1.0 / 9, DType::f64)) < 1e-15);
}

TEST_CASE("05 museum: a mask that masks changes nothing, and the bugs are caught", "[tutorials]") {
  const Tensor x = to_tensor({{1, 0, 1}, {0, 1, 1}, {1, 1, 0}, {2, 2, 2}});
  const Tensor other = to_tensor({{9, 9, 9}});
  const Head head = to_head(PencilHead());
  CHECK(leak(x, other, head, 3, Masking::exact) == 0);
  CHECK(leak(x, other, head, 3, Masking::too_small) > 0.1);
  CHECK(leak(x, other, head, 3, Masking::wrong_axis) > 0.1);
  // -1e9 passes while any key is seen; only the empty sentence catches it.
  CHECK(leak(x, other, head, 3, Masking::billion) == 0);
  const Tensor nothing = less(arange(4), tensor<int64_t>({0}));
  const HeadSteps exact = attend_masked(x, head, nothing, Masking::exact);
  CHECK(worst_difference(exact.output, zeros({4, 2}, DType::f64)) == 0);
  const HeadSteps billion = attend_masked(x, head, nothing, Masking::billion);
  CHECK(worst_difference(sum(billion.weights, Axes{1}), ones({4}, DType::f64)) < 1e-12);
}

TEST_CASE("05 museum: the mask is the library's mask", "[tutorials]") {
  const Tensor x = random_normal({4, 3}, 50);
  const Head head = random_head(3, 2, 60);
  const Tensor seen = less(arange(4), tensor<int64_t>({3}));
  const HeadSteps ours = attend_masked(x, head, seen, Masking::exact);
  const Tensor theirs = layer_of(head)(x.unsqueeze(0), {.allowed = seen.unsqueeze(0)});
  CHECK(worst_difference(ours.output, theirs.select(0, 0)) < 1e-13);
}

TEST_CASE("05 museum: an exact mask sends no gradient to a hidden word, a large number does", "[tutorials]") {
  for (const auto& [how, hidden_is_silent] :
       {std::pair{Masking::exact, true}, std::pair{Masking::too_small, false}}) {
    Tensor x = random_normal({4, 3}, 70).requires_grad();
    const Tensor seen = less(arange(4), tensor<int64_t>({3}));
    const HeadSteps steps = attend_masked(x, random_head(3, 2, 80), seen, how);
    sum(steps.output.slice(0, 0, 3) * random_normal({3, 2}, 90)).backward();
    CHECK((max(abs(x.grad().select(0, 3))).item() == 0) == hidden_is_silent);
  }
}
