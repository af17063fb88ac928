// Optimisers that share their work, each with the whole model: the steps of one alone.
#include <algorithm>

#include "autograd/kernels/pieces.hpp"
#include "nn/linear.hpp"
#include "nn/muon.hpp"
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
    both[which]->share(
        {.parts = parts_of(which, size), .add_up = [](std::span<double>) {}, .gather = [](const Tensor&) {}});
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
                     .gather = [](const Tensor&) {}});
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
  Linear own = layer();
  AdamW optimizer(own, {});
  Tensor last;  // what was asked for
  optimizer.share({.parts = parts_of(1, optimizer.arena().size()),
                   .add_up = [](std::span<double>) {},
                   .gather = [&](const Tensor& flat) { last = flat; }});
  optimizer.load_state_dict(state);
  CHECK(optimizer.steps() == 1);
  const StateDict kept = optimizer.state_dict();
  CHECK(kept.size() == state.size());
  const std::vector<float> had = alone.arena().values().to_vector<float>();
  std::vector<float> flat = last.to_vector<float>();
  CHECK(std::all_of(flat.begin(), flat.begin() + piece, [](float x) { return x == 0; }));
  CHECK(std::all_of(flat.begin() + 2 * piece, flat.begin() + 3 * piece, [](float x) { return x == 0; }));
  const auto begin = flat.begin() + piece, end = flat.begin() + 2 * piece;
  CHECK(std::count(begin, end, 0.0F) < 10);
  CHECK(!had.empty());
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
