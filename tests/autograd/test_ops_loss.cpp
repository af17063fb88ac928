// cross_entropy.
#include <cmath>

#include "autograd/engine.hpp"
#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

using Values = std::vector<double>;

Op fused(const Tensor& targets, CrossEntropyOptions options = {}) {
  return [=](const Inputs& x) { return cross_entropy(x[0], targets, options); };
}

Op twin(const Tensor& targets, CrossEntropyOptions options = {}) {
  return [=](const Inputs& x) { return composed::cross_entropy(x[0], targets, options); };
}

}  // namespace

TEST_CASE("cross_entropy: values by hand", "[ops]") {
  const Tensor even = zeros({2, 4}, DType::f64);
  CHECK(cross_entropy(even, tensor({0, 3})).item() == Approx(std::log(4.0)).epsilon(1e-15));
  const Tensor x = tensor({std::log(3.0), 0.0}, Shape{1, 2});
  CHECK(cross_entropy(x, tensor({0})).item() == Approx(std::log(4.0 / 3)).epsilon(1e-14));
  CHECK(cross_entropy(x, tensor({1})).item() == Approx(std::log(4.0)).epsilon(1e-14));
  CHECK(cross_entropy(x.reshape({2}), scalar(1, DType::i64)).item() == Approx(std::log(4.0)).epsilon(1e-14));
  CHECK(cross_entropy(x, tensor({1})).shape() == Shape{});
  CHECK(cross_entropy(ones({2, 3, 1}), zeros({2, 3}, DType::i64)).item() == 0);
}

TEST_CASE("cross_entropy: the gradient is softmax less the target, over the count", "[ops]") {
  const Tensor x = random_tensor({2, 3}, 1);
  Tensor leaf = x.detach().requires_grad();
  const Tensor dx = grad({cross_entropy(leaf, tensor({2, 0}))}, {leaf})[0];
  const Tensor hot = tensor({0.0, 0.0, 1.0, 1.0, 0.0, 0.0}, Shape{2, 3});
  CHECK(difference(dx, (softmax(x) - hot) / 2) < 1e-15);
}

TEST_CASE("cross_entropy: ignored targets count neither in the sum nor in the mean", "[ops]") {
  const Tensor x = random_tensor({3, 4}, 2);
  const Tensor all = cross_entropy(x, tensor({1, -100, 2}));
  const Tensor kept = cross_entropy(concat({x.slice(0, 0, 1), x.slice(0, 2, 3)}, 0), tensor({1, 2}));
  CHECK(difference(all, kept) < 1e-15);
  CHECK(difference(cross_entropy(x, tensor({1, 0, 2}), {.ignore_index = 0}), kept) < 1e-15);
  Tensor leaf = x.detach().requires_grad();
  const Tensor dx = grad({cross_entropy(leaf, tensor({1, -100, 2}))}, {leaf})[0];
  CHECK(values(dx.select(0, 1)) == Values(4, 0));
}

TEST_CASE("cross_entropy: nothing but ignored targets gives 0 and no gradient", "[ops]") {
  const Tensor x = random_tensor({3, 4}, 3), targets = full({3}, -100, DType::i64);
  for (const Op& op : {fused(targets), twin(targets), fused(targets, {.label_smoothing = 0.1})}) {
    CHECK(op({x}).item() == 0);
    CHECK(values(gradients_of(op, {x})[0]) == Values(12, 0));
    CHECK(values(gradients_of(op, {x}, true)[0]) == Values(12, 0));
  }
  CHECK(cross_entropy(zeros({0, 4}), zeros({0}, DType::i64)).item() == 0);
}

TEST_CASE("cross_entropy: label smoothing of 0, 0.1 and 1", "[ops]") {
  const Tensor x = random_tensor({2, 3}, 4), targets = tensor({2, 0});
  const Tensor log_p = log_softmax(x);
  const double hard = cross_entropy(x, targets).item(), even = -mean(log_p).item();
  const auto smooth = [&](double e) { return cross_entropy(x, targets, {.label_smoothing = e}).item(); };
  CHECK(smooth(0) == hard);
  CHECK(smooth(0.1) == Approx(0.9 * hard + 0.1 * even).epsilon(1e-14));
  CHECK(smooth(1) == Approx(even).epsilon(1e-14));
}

TEST_CASE("cross_entropy: far-off logits do not overflow, an impossible class costs infinity", "[ops]") {
  CHECK(cross_entropy(tensor({1e4, 0.0}, Shape{1, 2}), tensor({1})).item() == 1e4);
  CHECK(cross_entropy(tensor({1e4, 0.0}, Shape{1, 2}), tensor({0})).item() == 0);
  const Tensor masked = tensor({0.0, -infinity, 0.0}, Shape{1, 3});
  for (const auto& f : {cross_entropy, composed::cross_entropy}) {
    CHECK(f(masked, tensor({0}), {}).item() == Approx(std::log(2.0)));
    CHECK(f(masked, tensor({1}), {}).item() == infinity);
    CHECK(f(masked, tensor({0}), {.label_smoothing = 0.1}).item() == infinity);
    CHECK(std::isnan(f(tensor({0.0, not_a_number}, Shape{1, 2}), tensor({0}), {}).item()));
  }
  check_twins(fused(tensor({0})), twin(tensor({0})), {masked});
}

TEST_CASE("cross_entropy: equals its twin, forward and gradients", "[ops][fused]") {
  const Tensor targets = tensor({3, -100, 0, 4, 4, -100}, Shape{2, 3});
  for (const double e : {0.0, 0.1, 1.0}) {
    const CrossEntropyOptions options{.label_smoothing = e};
    INFO("label smoothing " << e);
    check_twins(fused(targets, options), twin(targets, options), {random_tensor({2, 3, 5}, 5, {-4, 4})});
    check_twins(fused(targets, options), twin(targets, options),
                {random_tensor({5, 3, 2}, 6).permute({2, 1, 0})});
    const Tensor long_targets = (arange(70) * 7).slice(0, 0, 33);
    check_twins(fused(long_targets, options), twin(long_targets, options), {random_tensor({33, 300}, 7)});
  }
  const CrossEntropyOptions zero_ignored{.ignore_index = 0};
  check_twins(fused(targets * 0 + 1.0, zero_ignored), twin(targets * 0 + 1.0, zero_ignored),
              {random_tensor({2, 3, 5}, 8)});
}

TEST_CASE("cross_entropy: gradients", "[ops][gradient]") {
  const Tensor targets = tensor({3, -100, 0, 2, 2, 1}, Shape{2, 3});
  for (const double e : {0.0, 0.1, 1.0}) {
    check_layouts(fused(targets, {.label_smoothing = e}), {{2, 3, 4}});
    check_layouts([&](const Inputs& x) { return pow(fused(targets, {.label_smoothing = e})(x), 2); },
                  {{2, 3, 4}});
  }
  for (int64_t n = 1; n <= 17; ++n) {
    check_gradients(fused(tensor({n - 1, n / 2}), {.label_smoothing = 0.1}), random_inputs({{2, n}}));
  }
  check_empty(fused(zeros({0}, DType::i64)), {{0, 3}});
}

TEST_CASE("cross_entropy: targets changed in place are refused by backward", "[ops]") {
  Tensor x = random_tensor({2, 3}, 9).requires_grad();
  Tensor targets = tensor({0, 1});
  const Tensor loss = cross_entropy(x, targets);
  targets.fill_(1000);
  const std::string text =
      "backward: a value [2] saved for the gradient was changed in place after it was used";
  CHECK_THROWS_WITH(loss.backward(true), text);
  CHECK_THROWS_WITH(loss.backward(true, true), text);
}

TEST_CASE("cross_entropy: a sum, or a number a target", "[ops]") {
  const Tensor x = random_tensor({2, 3, 5}, 8), targets = tensor({1, -100, 4, 0, 0, -100}, Shape{2, 3});
  const auto loss = [&](LossReduction how) { return cross_entropy(x, targets, {.reduction = how}); };
  const Tensor each = loss(LossReduction::none);
  CHECK(each.shape() == Shape{2, 3});
  CHECK(each.at({0, 1}) == 0);
  CHECK(each.at({1, 2}) == 0);
  CHECK(each.at({0, 2}) == Approx(cross_entropy(x.select(0, 0).select(0, 2), scalar(4, DType::i64)).item()));
  CHECK(loss(LossReduction::sum).item() == Approx(sum(each).item()).epsilon(1e-14));
  CHECK(loss(LossReduction::mean).item() == Approx(sum(each).item() / 4).epsilon(1e-14));
  for (const LossReduction how : {LossReduction::sum, LossReduction::none})
    check_twins(fused(targets, {.reduction = how}), twin(targets, {.reduction = how}), {x});
}

TEST_CASE("cross_entropy: what a class counts", "[ops]") {
  const Tensor x = random_tensor({3, 2}, 9), targets = tensor({1, 0, -100});
  const Tensor each = cross_entropy(x, targets, {.reduction = LossReduction::none});
  const auto loss = [&](std::vector<double> weight, LossReduction how) {
    return cross_entropy(x, targets, {.reduction = how, .weight = tensor(weight)});
  };
  CHECK(values(loss({3, 0.5}, LossReduction::none)) == Values{0.5 * each.at({0}), 3 * each.at({1}), 0});
  const double total = 0.5 * each.at({0}) + 3 * each.at({1});
  CHECK(loss({3, 0.5}, LossReduction::sum).item() == Approx(total).epsilon(1e-14));
  CHECK(loss({3, 0.5}, LossReduction::mean).item() == Approx(total / 3.5).epsilon(1e-14));
  CHECK(loss({1, 1}, LossReduction::mean).item() == Approx(cross_entropy(x, targets).item()).epsilon(1e-14));
  CHECK(loss({0, 0}, LossReduction::mean).item() == 0);
  // Weights are constants: nothing flows into them.
  Tensor weight = ones({2}, DType::f64).requires_grad();
  CHECK_FALSE(cross_entropy(x, targets, {.weight = weight}).needs_grad());
}

TEST_CASE("cross_entropy: misuse is named", "[ops][misuse]") {
  const Tensor x = zeros({2, 3});
  CHECK_THROWS_WITH(cross_entropy(x, tensor({0, 1}), {.weight = ones({2})}),
                    "cross_entropy: logits [2, 3] need a weight [3], not [2]");
  CHECK_THROWS_WITH(cross_entropy(x, tensor({0, 1}), {.weight = ones({3}, DType::f64)}),
                    "cross_entropy: the weight must be f32, not f64");
  CHECK_THROWS_WITH(cross_entropy(x, tensor({0, 3}), {.weight = ones({3})}),
                    "cross_entropy: target 3 at position 1 is outside [0, 3), the number of classes");
  const auto call = [&](const Tensor& logits, const Tensor& targets, CrossEntropyOptions options = {}) {
    return cross_entropy(logits, targets, options);
  };
  CHECK_THROWS_WITH(call(x, tensor({0, 3})),
                    "cross_entropy: target 3 at position 1 is outside [0, 3), the number of classes");
  CHECK_THROWS_WITH(call(x, tensor({-1, 0})),
                    "cross_entropy: target -1 at position 0 is outside [0, 3), the number of classes");
  CHECK_THROWS_AS(call(x, tensor({0, 3})), IndexError);
  CHECK_THROWS_WITH(call(x, tensor({0})), "cross_entropy: logits [2, 3] need targets [2], not [1]");
  CHECK_THROWS_WITH(call(scalar(1), tensor({0})),
                    "cross_entropy: the logits are a scalar; they need an axis of classes");
  CHECK_THROWS_WITH(call(x, zeros({2})), "cross_entropy: the targets must be i64, not f32");
  CHECK_THROWS_WITH(call(arange(3), scalar(0, DType::i64)), "cross_entropy: takes f32 or f64, not i64");
  CHECK_THROWS_WITH(call(x, tensor({0, 1}), {.label_smoothing = 1.5}),
                    "cross_entropy: label_smoothing 1.5 is outside [0, 1]");
  CHECK_THROWS_WITH(call(x, tensor({0, 1}), {.label_smoothing = not_a_number}),
                    "cross_entropy: label_smoothing nan is outside [0, 1]");
  CHECK_THROWS_WITH(composed::cross_entropy(x, tensor({0})),
                    "cross_entropy: logits [2, 3] need targets [2], not [1]");
}
