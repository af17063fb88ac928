// Errors name the part of the model: the one whose forward runs, or, in backward, the one that recorded the
// op.
#include "autograd/module_scope.hpp"

#include <atomic>
#include <cmath>
#include <thread>

#include "autograd/autograd.hpp"
#include "autograd/kernels/parallel.hpp"
#include "support/catch.hpp"
#include "support/own_backward.hpp"

using namespace gradus;

namespace {

/// What the error says that `f` throws, which must be an E; empty if it throws none.
template <class E = Error, class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "";
}

/// x, recorded by an op whose derivative has the wrong shape.
Tensor with_wrong_gradient(const Tensor& x) {
  return test::with_backward(x, x, [](const Tensor&) { return ones({7}); });
}

const char* const wrong_gradient = "backward: own gave a gradient [7] for an input [2]";

}  // namespace

TEST_CASE("every kind of error ends with the part of the model", "[place]") {
  const Tensor x = ones({2, 3});
  const ModuleScope scope("encoder"), inside("layer.0");
  CHECK(message_of<ShapeError>([&] {
          matmul(x, ones({4, 5}));
        }) == "matmul: a [2, 3] and b [4, 5]: inner dimensions 3 and 4 differ (in encoder.layer.0)");
  CHECK(message_of<DTypeError>([&] {
          matmul(x, ones({3, 2}, DType::f64));
        }) == "matmul: dtypes f32 and f64 differ; convert one with to() (in encoder.layer.0)");
  CHECK(message_of<IndexError>([&] { x.select(0, 2); }) ==
        "select: index 2 is outside axis 0 of [2, 3] (in encoder.layer.0)");
  CHECK(message_of<ValueError>([&] { clamp(x, 2, 1); }) ==
        "clamp: the lower bound 2 must not be above the upper bound 1 (in encoder.layer.0)");
  CHECK(message_of<GraphError>([&] { sum(x).backward(); }) ==
        "backward: the output depends on no tensor that requires a gradient (in encoder.layer.0)");
}

TEST_CASE("a probability, a bound or a step without meaning is a ValueError", "[place]") {
  const Tensor x = ones({2, 3});
  CHECK_THROWS_AS(dropout(x, 2, 1), ValueError);
  CHECK_THROWS_AS(clamp(x, 2, 1), ValueError);
  CHECK_THROWS_AS(x.slice(0, 0, 2, 0), ValueError);
  CHECK_THROWS_AS(cross_entropy(x, zeros({2}, DType::i64), {.label_smoothing = 2}), ValueError);
  CHECK_THROWS_AS(Rng(1).below(0), ValueError);
  CHECK_THROWS_AS(Rng(1).between(1, 0), ValueError);
}

TEST_CASE("the part of the model is gone where its scope ends, also by an error", "[place]") {
  const Tensor x = ones({2});
  const auto bad = [&] { return x.select(0, 5); };
  const std::string plain = "select: index 5 is outside axis 0 of [2]";
  CHECK(message_of(bad) == plain);
  {
    const ModuleScope outer("outer");
    CHECK(message_of([&] {
            const ModuleScope inner("inner");
            const ModuleScope innermost("");  // without a name of its own
            bad();
          }) == plain + " (in outer.inner)");
    CHECK(message_of(bad) == plain + " (in outer)");
  }
  CHECK(message_of(bad) == plain);
  CHECK(module_path().empty());
}

TEST_CASE("each thread runs its own part of the model", "[place]") {
  const Tensor x = ones({2});
  const auto bad = [&] { return message_of([&] { x.select(0, 5); }); };
  const ModuleScope scope("here");
  std::string bare, named;
  std::thread([&] {
    bare = bad();
    const ModuleScope there("there");
    named = bad();
  }).join();
  CHECK(bare == "select: index 5 is outside axis 0 of [2]");
  CHECK(named == "select: index 5 is outside axis 0 of [2] (in there)");
  CHECK(bad() == "select: index 5 is outside axis 0 of [2] (in here)");
}

TEST_CASE("an op names the part of the model from whichever thread its piece fails on", "[place]") {
  const int threads = num_threads();
  const int n = GENERATE(1, 4);
  set_num_threads(n);
  {
    const ModuleScope scope("here");
    const Tensor far = full({1 << 20}, NAN);  // in pieces for many threads
    CHECK(message_of([&] { far.to(DType::i64); }) == "to: nan does not fit into i64 (in here)");
    CHECK(message_of([] { kernels::parallel_for(64, [](int64_t) { fail<ShapeError>("a piece"); }); }) ==
          "a piece (in here)");
  }
  std::atomic<int> named = 0;
  kernels::parallel_for(64, [&](int64_t) { named += module_path().empty() ? 0 : 1; });
  CHECK(named == 0);  // no thread has kept it
  set_num_threads(threads);
}

TEST_CASE("backward names the part that recorded the op, wherever it is called", "[place]") {
  const Tensor x = ones({2}).requires_grad();
  Tensor y, unnamed;
  {
    const ModuleScope scope("encoder"), inside("layer.0");
    y = sum(with_wrong_gradient(x));
  }
  unnamed = sum(with_wrong_gradient(x));
  const BackwardOptions keep{.retain_graph = true};
  const std::string named = std::string(wrong_gradient) + " (in encoder.layer.0)";
  CHECK(message_of([&] { backward({y}, {}, keep); }) == named);
  CHECK(module_path().empty());
  CHECK(message_of([&] { backward({unnamed}, {}, keep); }) == wrong_gradient);
  {
    const ModuleScope scope("elsewhere");
    CHECK(message_of([&] { backward({y}, {}, keep); }) == named);
    CHECK(message_of([&] { backward({unnamed}, {}, keep); }) == wrong_gradient);
    CHECK(module_path() == "elsewhere");
  }
  std::string from_a_thread;
  std::thread([&] { from_a_thread = message_of([&] { backward({y}, {}, keep); }); }).join();
  CHECK(from_a_thread == named);
}

TEST_CASE("hooks, values changed in place and gradients of gradients name the part as well", "[place]") {
  Tensor x = ones({2}).requires_grad();
  Tensor hooked, changed, second;
  {
    const ModuleScope scope("layer");
    hooked = x * 2.0;
    hooked.register_hook([](const Tensor&) { return ones({3}); });
    const Tensor factor = exp(x);
    changed = sum(factor * factor);
    const NoGrad no_grad;
    Tensor(factor).fill_(0);
  }
  CHECK(message_of([&] { sum(hooked).backward(); }) ==
        "backward: a hook on mul returned a gradient [3] for one of [2] (in layer)");
  CHECK(message_of([&] { changed.backward(); }) ==
        "backward: a value [2] saved for the gradient was changed in place after it was used (in layer)");
  {
    const ModuleScope scope("layer");
    second = sum(test::with_backward(x, x, [x](const Tensor& dy) { return with_wrong_gradient(dy * x); }));
  }
  const Tensor first = grad({second}, {x}, {}, {.create_graph = true})[0];
  CHECK(message_of([&] { sum(first).backward(); }) == std::string(wrong_gradient) + " (in layer)");
}
