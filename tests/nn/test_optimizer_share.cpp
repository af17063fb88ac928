// Optimisers that share their work, each with the whole model: the steps of one alone.
#include <algorithm>

#include "autograd/kernels/pieces.hpp"
#include "nn/linear.hpp"
#include "nn/optimizers/muon.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"

using namespace gradus;
using namespace gradus::nn;

namespace {

constexpr int64_t piece = kernels::elements_per_piece;

/// A layer of 3.9 pieces: weights, which decay, to the middle of the fourth, and then the bias.
Linear layer() {
  Rng rng(3);
  return Linear(250, 254, rng);
}

/// Parts that two optimisers have, of each the first and the third piece or the others.
std::vector<OptimizerShare::Part> parts_of(int which, int64_t size) {
  return which == 0 ? std::vector<OptimizerShare::Part>{{0, piece}, {2 * piece, 3 * piece}}
                    : std::vector<OptimizerShare::Part>{{piece, 2 * piece}, {3 * piece, size}};
}

void draw_gradients(const Linear& of, uint64_t seed) {
  Rng rng(seed);
  for (Tensor parameter : of.parameters())
    parameter.grad().detach().copy_(gradus::randn(parameter.shape(), rng));
}

}  // namespace

TEST_CASE("optimizers that share their work each step over their own elements, as one alone does",
          "[optimizer]") {
  const AdamOptions options{.lr = 0.01, .weight_decay = 0.1};
  const Linear whole = layer();
  AdamW alone(whole, options);
  const Linear layers[] = {layer(), layer()};
  AdamW first(layers[0], options), second(layers[1], options);
  AdamW* const both[] = {&first, &second};
  for (const int which : {0, 1}) {
    const int64_t size = both[which]->arena().size();
    REQUIRE(size > 3 * piece);
    REQUIRE(both[which]->arena().decaying() % piece != 0);
    both[which]->share({.parts = parts_of(which, size),
                        .add_up = [](std::span<double>) {},
                        .gather = [](const Tensor&) {},
                        .collect = {}});
  }
  for (uint64_t step = 0; step < 3; ++step) {
    draw_gradients(whole, step);
    alone.step();
    for (const int which : {0, 1}) {
      draw_gradients(layers[which], step);
      both[which]->step();
    }
  }
  const std::vector<float> expected = alone.arena().values().to_vector<float>();
  const Linear fresh = layer();
  const AdamW untouched(fresh, options);
  const std::vector<float> before = untouched.arena().values().to_vector<float>();
  for (const int which : {0, 1}) {
    const std::vector<float> values = both[which]->arena().values().to_vector<float>();
    std::vector<float> mixed = before;
    for (const OptimizerShare::Part& part : parts_of(which, std::ssize(values)))
      std::copy(expected.begin() + part.begin, expected.begin() + part.end, mixed.begin() + part.begin);
    CHECK(values == mixed);
  }
}

TEST_CASE("optimizers that share their work add up the norm of the gradient piece by piece", "[optimizer]") {
  const Linear whole = layer();
  const AdamW alone(whole, {});
  draw_gradients(whole, 1);
  Linear layers[2] = {layer(), layer()};
  std::vector<double> of_other;
  double norms[2] = {0, 0};
  for (const int which : {0, 1}) {
    AdamW optimizer(layers[which], {});
    draw_gradients(layers[which], 1);
    optimizer.share({.parts = parts_of(which, optimizer.arena().size()),
                     .add_up =
                         [&](std::span<double> sums) {
                           if (which == 0) {
                             of_other.assign(sums.begin(), sums.end());
                           } else {
                             for (size_t i = 0; i < sums.size(); ++i) sums[i] += of_other[i];
                           }
                         },
                     .gather = [](const Tensor&) {},
                     .collect = {}});
    norms[which] = optimizer.grad_norm();
  }
  CHECK(norms[1] == alone.grad_norm());  // the same bits
  CHECK(norms[0] < norms[1]);
}

TEST_CASE("an optimizer with a share keeps the moments of its own elements, and saves and loads the whole",
          "[optimizer]") {
  const Linear whole = layer();
  AdamW alone(whole, {});
  draw_gradients(whole, 1);
  alone.step();
  const StateDict state = alone.state_dict();
  // Two optimisers, each with a half of the moments, and what each has when it is asked for an entry.
  const Linear layers[] = {layer(), layer()};
  for (const int which : {0, 1}) {
    AdamW optimizer(layers[which], {});
    const int64_t size = optimizer.arena().size();
    int64_t own = 0;
    for (const OptimizerShare::Part& part : parts_of(which, size)) own += part.end - part.begin;
    optimizer.share({.parts = parts_of(which, size),
                     .add_up = [](std::span<double>) {},
                     .gather = [](const Tensor&) {},
                     .collect =
                         [&](const Tensor& mine, const OptimizerShare::Part& range) {
                           CHECK(mine.shape() == Shape{own});
                           Tensor flat = zeros({size});
                           int64_t place = 0;
                           for (const OptimizerShare::Part& part : parts_of(which, size)) {
                             const int64_t n = part.end - part.begin;
                             flat.slice(0, part.begin, part.end).copy_(mine.slice(0, place, place + n));
                             place += n;
                           }
                           return which == 0 ? flat.slice(0, range.begin, range.end) : Tensor();
                         }});
    CHECK_THROWS_WITH(optimizer.state_dict(),
                      "optimizer: it has a share of the moments only; ask for state_value of each name");
    optimizer.load_state_dict(state);
    CHECK(optimizer.steps() == 1);
    for (const TensorEntry& entry : optimizer.state_entries()) {
      const Tensor value = optimizer.state_value(entry.name);
      if (entry.name == "step") continue;
      CHECK(value.defined() == (which == 0));
      if (which == 0) CHECK(value.shape() == state.at(entry.name).shape());
    }
    if (which == 1) continue;
    // The pieces of the first are there, those of the second are not.
    const std::vector<float> weight = optimizer.state_value("exp_avg.weight").to_vector<float>();
    const std::vector<float> expected = state.at("exp_avg.weight").to_vector<float>();
    CHECK(std::equal(weight.begin(), weight.begin() + piece, expected.begin()));
    CHECK(std::all_of(weight.begin() + piece, weight.begin() + 2 * piece, [](float x) { return x == 0; }));
    CHECK(std::equal(weight.begin() + 2 * piece, weight.begin() + 3 * piece, expected.begin() + 2 * piece));
    CHECK_THROWS_WITH(optimizer.state_value("exp_avg.other"), "optimizer state: there is no exp_avg.other");
  }
}

TEST_CASE("an optimizer's work is shared before its first step, and only where elements step by themselves",
          "[optimizer]") {
  const Linear of = layer();
  AdamW optimizer(of, {});
  optimizer.zero_grad();
  optimizer.step();
  CHECK_THROWS_WITH(optimizer.share({}),
                    "optimizer: 1 step is taken already; share its work before the first");
  const Linear other = layer();
  Muon muon(other, {.hidden = [](const std::string&) { return true; }});
  CHECK_THROWS_WITH(muon.share({}),
                    "optimizer: this one steps over whole matrices, so its work cannot be shared");
}
