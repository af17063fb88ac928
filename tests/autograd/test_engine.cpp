// The tape and the engine: accumulation, order, second order, hooks, misuse, long chains, memory.
#include "autograd/engine.hpp"

#include "autograd/grad_mode.hpp"
#include "autograd/node.hpp"
#include "autograd/ops.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"

using namespace gradus;

TEST_CASE("a tensor used twice gets both gradients") {
  Tensor a = scalar(3, DType::f64).requires_grad();
  const Tensor b = a + a;
  (b * b).backward();
  CHECK(a.grad().item() == 8 * 3);
}

TEST_CASE("gradients accumulate over backward calls until they are cleared") {
  Tensor x = tensor({1.0, 2.0}).requires_grad();
  sum(x * x).backward();
  sum(x * x).backward();
  CHECK(x.grad().to_vector<double>() == std::vector<double>{4, 8});
  x.zero_grad();
  CHECK(x.grad().to_vector<double>() == std::vector<double>{0, 0});
  x.clear_grad();
  CHECK(!x.grad().defined());
}

TEST_CASE("a gradient kept by the caller does not change when backward runs again") {
  Tensor x = tensor({1.0, 2.0}).requires_grad();
  const Tensor dy = tensor({5.0, 7.0});
  backward({x + 0.0}, {dy});
  backward({x + 0.0}, {dy});
  CHECK(dy.to_vector<double>() == std::vector<double>{5, 7});
  CHECK(x.grad().to_vector<double>() == std::vector<double>{10, 14});
}

TEST_CASE("with create_graph, too, every leaf's gradient is its own memory") {
  Tensor a = tensor({1.0, 2.0}).requires_grad(), b = tensor({3.0, 4.0}).requires_grad();
  sum(a + b).backward(false, true);
  CHECK(!a.grad().shares_memory_with(b.grad()));
  sum(a + b).backward();
  CHECK(a.grad().to_vector<double>() == std::vector<double>{2, 2});
  a.zero_grad();
  CHECK(b.grad().to_vector<double>() == std::vector<double>{2, 2});
  const Tensor dy = tensor({5.0, 7.0});
  a.clear_grad();
  backward({a.clone()}, {dy}, {.create_graph = true});
  sum(a).backward();
  CHECK(dy.to_vector<double>() == std::vector<double>{5, 7});
  // And it can still be differentiated.
  a.clear_grad();
  sum(a * a * a).backward(false, true);
  CHECK(grad({sum(a.grad())}, {a})[0].to_vector<double>() == std::vector<double>{6, 12});
}

TEST_CASE("what a hook returns must look like the gradient") {
  Tensor x = ones({4, 8}).requires_grad();
  Tensor hooked = softmax(x), wrong = ones({1});
  hooked.register_hook([&](const Tensor&) { return wrong; });
  const auto run = [&] { sum(hooked * hooked).backward(true); };
  CHECK_THROWS_WITH(run(), "backward: a hook on softmax returned a gradient [1] for one of [4, 8]");
  wrong = ones({4, 8}, DType::f64);
  CHECK_THROWS_WITH(run(), "backward: a hook on softmax returned a gradient of f64 for one of f32");
  wrong = zeros({4, 8});
  run();
  CHECK(x.grad().to_vector<float>() == std::vector<float>(32, 0.f));
}

TEST_CASE("a derivative of the wrong shape or number is named") {
  const Tensor x = ones({3}).requires_grad();
  const Tensor total = record("my sum", sum(x.detach()), wrt(x, [](const Tensor& dy) { return dy; }));
  CHECK_THROWS_WITH(total.backward(), "backward: my sum gave a gradient [] for an input [3]");
  const Tensor pair =
      record_fused("my pair", x.detach() + x.detach(), {x, x},
                   [](const Tensor& dy, const Tensor&) { return std::vector<Tensor>{dy}; }, {});
  CHECK_THROWS_WITH(sum(pair).backward(), "backward: my pair gave 1 gradient for 2 inputs");
}

TEST_CASE("an op that returns its input leaves the input as it is") {
  const Tensor x = ones({3}).requires_grad();
  const Tensor y = record("same", x, wrt(x, [](const Tensor& dy) { return dy * 2; }));
  CHECK(x.is_leaf());
  CHECK(!y.is_leaf());
  sum(y).backward();
  CHECK(x.grad().to_vector<float>() == std::vector<float>(3, 2.f));
}

TEST_CASE("broadcast inputs get gradients of their own shape") {
  Tensor a = ones({2, 3}, DType::f64).requires_grad();
  Tensor b = ones({3}, DType::f64).requires_grad();
  Tensor c = ones({2, 1}, DType::f64).requires_grad();
  sum(a * b * c).backward();
  CHECK(b.grad().to_vector<double>() == std::vector<double>{2, 2, 2});
  CHECK(c.grad().to_vector<double>() == std::vector<double>{3, 3});
}

TEST_CASE("grad gives first, second and third derivatives") {
  Tensor x = scalar(2, DType::f64).requires_grad();
  const Tensor y = x * x * x * x;
  const Tensor first = grad({y}, {x}, {}, {.create_graph = true})[0];
  const Tensor second = grad({first}, {x}, {}, {.create_graph = true})[0];
  const Tensor third = grad({second}, {x})[0];
  CHECK(first.item() == 32);
  CHECK(second.item() == 48);
  CHECK(third.item() == 48);
  CHECK(!x.grad().defined());
}

TEST_CASE("grad with respect to an inner tensor stops there") {
  Tensor x = scalar(3, DType::f64).requires_grad();
  const Tensor inner = x * x;
  const Tensor y = inner * inner;
  CHECK(grad({y}, {inner}, {}, {.retain_graph = true})[0].item() == 18);
  CHECK(grad({y}, {x})[0].item() == 108);
}

TEST_CASE("grad of unused inputs: an error, or undefined on request") {
  Tensor x = scalar(3, DType::f64).requires_grad(), z = scalar(1, DType::f64).requires_grad();
  const Tensor y = x * x;
  CHECK_THROWS_WITH(
      grad({y}, {z}, {}, {.retain_graph = true}),
      "grad: no output depends on input 0 of shape []; allow_unused = true returns an undefined tensor");
  CHECK(!grad({y}, {z}, {}, {.allow_unused = true})[0].defined());
}

TEST_CASE("grad leaves other leaves, their hooks and leaf_done alone, and asks for one input at least") {
  Tensor x = scalar(3, DType::f64).requires_grad(), z = scalar(2, DType::f64).requires_grad();
  int calls = 0;
  z.register_hook([&](const Tensor&) { return ++calls, Tensor(); });
  CHECK(grad({x * z}, {x}, {}, {.leaf_done = [&](const Tensor&) { ++calls; }})[0].item() == 2);
  CHECK(calls == 0);
  CHECK_THROWS_WITH(grad({x * z}, {}), "grad: no inputs are named; backward fills those of all leaves");
  CHECK(!x.grad().defined());
  CHECK(!z.grad().defined());
}

TEST_CASE("anomaly mode sees a sum of gradients that overflows") {
  const Tensor x = full({2}, 1, DType::f32).requires_grad(), one = ones({2}, DType::f32);
  const DetectAnomaly detect;
  CHECK_THROWS_WITH(backward({x * 3e38, x * 3e38}, {one, one}),
                    Catch::Contains("the sum of several uses: the gradient has inf"));
}

TEST_CASE("a second backward through a freed graph is refused, and allowed with retain_graph") {
  Tensor x = scalar(3, DType::f64).requires_grad();
  const Tensor y = x * x;
  y.backward(true);
  y.backward();
  CHECK(x.grad().item() == 12);
  CHECK_THROWS_WITH(
      y.backward(),
      "backward: the graph below mul was freed by an earlier backward; pass retain_graph = true to "
      "the first");
}

TEST_CASE("a saved value that was changed in place is refused") {
  Tensor x = tensor({1.0, 2.0}).requires_grad();
  Tensor w = tensor({3.0, 4.0});
  const Tensor y = sum(x * w);
  w.fill_(0);
  CHECK_THROWS_WITH(y.backward(),
                    "backward: a value [2] saved for the gradient was changed in place after it was used");
  Tensor e = exp(x);
  const Tensor total = sum(e);
  {
    NoGrad no_grad;
    e.fill_(0);
  }
  CHECK_THROWS_WITH(total.backward(),
                    "backward: the output [2] of exp was changed in place, and its gradient needs it");
}

TEST_CASE("a value that no derivative saved may be changed in place") {
  Tensor x = tensor({1.0, 2.0}).requires_grad();
  Tensor w = tensor({3.0, 4.0});
  const Tensor y = sum(x + w);
  w.fill_(0);
  y.backward();
  CHECK(x.grad().to_vector<double>() == std::vector<double>{1, 1});
}

TEST_CASE("NoGrad records nothing and detach cuts") {
  Tensor x = scalar(2, DType::f64).requires_grad();
  {
    NoGrad no_grad;
    CHECK(!(x * x).needs_grad());
    { const NoGrad inner; }
    CHECK(!(x * x).needs_grad());
  }
  CHECK((x * x).needs_grad());
  CHECK(!(x.detach() * 2).needs_grad());
  (x * x.detach()).backward();
  CHECK(x.grad().item() == 2);
}

TEST_CASE("hooks see the whole gradient and may replace it") {
  Tensor x = scalar(2, DType::f64).requires_grad();
  Tensor inner = x * 3;
  double seen = 0;
  inner.register_hook([&](const Tensor& dy) {
    seen = dy.item();
    return dy * 10;
  });
  (inner * inner).backward();
  CHECK(seen == 12);
  CHECK(x.grad().item() == 360);
  CHECK_THROWS_WITH(x.detach().register_hook(nullptr), "register_hook: no gradient flows into this tensor");
}

TEST_CASE("grad returns what the input's hook returned, of leaves and of inner tensors") {
  for (const bool create_graph : {false, true}) {
    Tensor x = tensor({1.0, 2.0}).requires_grad();
    Tensor inner = x * 3;
    x.register_hook([](const Tensor& dy) { return dy * 10; });
    inner.register_hook([](const Tensor& dy) { return dy + 1; });
    const Tensor y = inner * inner;  // dy/dinner = 2 inner = 6, 12
    const std::vector<Tensor> found =
        grad({y, sum(x)}, {inner, x}, {ones({2}, DType::f64), scalar(1, DType::f64)},
             {.create_graph = create_graph});
    CHECK(found[0].to_vector<double>() == std::vector<double>{7, 13});
    CHECK(found[1].to_vector<double>() == std::vector<double>{220, 400});  // 10 (3 (7, 13) + 1)
    CHECK(!x.grad().defined());
  }
}

TEST_CASE("hooks run in the order in which they came, once, on the whole gradient") {
  Tensor x = scalar(2, DType::f64).requires_grad();
  std::vector<double> seen;
  x.register_hook([&](const Tensor& dy) {
    seen.push_back(dy.item());
    return dy + 1;
  });
  x.register_hook([&](const Tensor& dy) {
    seen.push_back(dy.item());
    return Tensor();  // leaves it as it is
  });
  x.register_hook([](const Tensor& dy) { return dy * 2; });
  (x * x + x).backward();
  CHECK(seen == std::vector<double>{5, 6});
  CHECK(x.grad().item() == 12);
  (x * 1.0).backward();  // the next pass hooks its own gradient, not what has gathered
  CHECK(x.grad().item() == 16);
}

TEST_CASE("retain_grad keeps what the hooks made of the gradient, and grad fills neither it nor a leaf") {
  Tensor x = scalar(2, DType::f64).requires_grad();
  Tensor inner = x * 3;
  inner.retain_grad();
  inner.register_hook([](const Tensor& dy) { return dy * 10; });
  CHECK(grad({inner * 2.0}, {x}, {}, {.retain_graph = true})[0].item() == 60);
  CHECK(!inner.grad().defined());
  CHECK(!x.grad().defined());
  (inner * 2.0).backward();
  CHECK(inner.grad().item() == 20);
  CHECK(x.grad().item() == 60);
}

TEST_CASE("grad of an output with respect to itself, of one input twice, and of one output twice") {
  Tensor x = tensor({1.0, 2.0}).requires_grad();
  const Tensor y = x * x, dy = tensor({5.0, 7.0});
  CHECK(grad({y}, {y}, {dy}, {.retain_graph = true})[0].to_vector<double>() == std::vector<double>{5, 7});
  const std::vector<Tensor> twice = grad({y}, {x, x}, {dy}, {.retain_graph = true});
  for (const Tensor& dx : twice) CHECK(dx.to_vector<double>() == std::vector<double>{10, 28});
  CHECK(grad({y, y}, {x}, {dy, dy})[0].to_vector<double>() == std::vector<double>{20, 56});
}

TEST_CASE("retain_grad keeps the gradient of an inner tensor") {
  Tensor x = scalar(2, DType::f64).requires_grad();
  Tensor inner = x * 3;
  inner.retain_grad();
  (inner * inner).backward();
  CHECK(inner.grad().item() == 12);
}

TEST_CASE("misuse of backward and of leaves is named") {
  Tensor x = ones({2, 3}, DType::f64).requires_grad();
  CHECK_THROWS_WITH((x * 2).backward(),
                    "backward: an output of shape [2, 3] needs a cotangent; only a scalar has the default 1");
  CHECK_THROWS_WITH(ones({}).backward(),
                    "backward: the output depends on no tensor that requires a gradient");
  CHECK_THROWS_WITH(backward({x * 2}, {ones({3}, DType::f64)}),
                    "backward: cotangent [3] for an output [2, 3]");
  CHECK_THROWS_WITH(backward({x * 2}, {ones({3, 2}, DType::f64)}),
                    "backward: cotangent [3, 2] for an output [2, 3]");
  CHECK_THROWS_WITH(backward({x * 2}, {ones({2, 3})}), "backward: a cotangent of f32 for an output of f64");
  CHECK_THROWS_WITH(backward({x * 2}, {x, x}), "backward: 2 cotangents for 1 output");
  CHECK_THROWS_WITH(arange(3).requires_grad(), "requires_grad: gradients exist for f32 and f64, not i64");
  CHECK_THROWS_WITH((x * 2).requires_grad(),
                    "requires_grad: the tensor is the output of mul; only a leaf can be marked");
  CHECK_THROWS_WITH(x.fill_(1),
                    "fill_: the graph depends on this tensor; change it inside NoGrad, or change a copy");
  CHECK_THROWS_WITH(
      ones({1, 3}).expand({2, 3}).fill_(1),
      "fill_: this tensor is an expanded view, where one element stands for many; clone it first");
  CHECK_THROWS_WITH(Tensor().shape(),
                    "this tensor is not defined: it was made by Tensor() and never assigned");
}

TEST_CASE("a chain of a million ops runs back and is destroyed") {
  const int length = test::is_sanitized ? 200'000 : 1'000'000;  // where a call takes more of the stack
  Tensor x = scalar(1, DType::f64).requires_grad();
  {
    Tensor y = x;
    for (int i = 0; i < length; ++i) y = y + 1.0;
    y.backward();
    CHECK(x.grad().item() == 1);
  }
  {
    // Destroyed without a backward; mul keeps its input alive through what it saved as well.
    Tensor y = x;
    for (int i = 0; i < length; ++i) y = y * x;
    CHECK(y.needs_grad());
  }
}

TEST_CASE("memory returns to its baseline after each step") {
  Tensor w = ones({64, 64}).requires_grad();
  const auto step = [&] {
    Tensor x = ones({64, 64});
    for (int i = 0; i < 5; ++i) x = tanh(x * w) + exp(x);
    sum(x).backward();
  };
  step();
  step();
  const MemoryStats before = memory_stats();
  for (int i = 0; i < 3; ++i) step();
  const MemoryStats after = memory_stats();
  CHECK(after.live_bytes == before.live_bytes);
  CHECK(after.live_blocks == before.live_blocks);
  CHECK(after.system_allocations == before.system_allocations);
}

TEST_CASE("closures are freed as backward runs") {
  Tensor w = ones({1000}).requires_grad();
  Tensor x = w;
  for (int i = 0; i < 10; ++i) x = exp(x * 0.1);
  const Tensor loss = sum(x);
  x = Tensor();
  const int64_t before = memory_stats().live_bytes;
  loss.backward();
  CHECK(memory_stats().live_bytes < before - 5 * 4000);
}

TEST_CASE("anomaly mode names the op, the place in the model and the index") {
  const DetectAnomaly anomaly;
  Tensor x = tensor({1.0, 0.0, 2.0}).requires_grad();
  {
    const ModuleScope scope("encoder"), inside("layer.0");
    CHECK_THROWS_WITH(log(x), "log: the output has -inf at index [1] of [3] (in encoder.layer.0)");
    const Tensor root = sqrt(x);
    CHECK_THROWS_WITH(sum(root).backward(),
                      "sqrt: the gradient has inf at index [1] of [3] (in encoder.layer.0)");
  }
  // An infinity that is filled in on purpose is none: a mask puts -inf before every softmax.
  const Tensor hidden = masked_fill(x, tensor<bool>({false, true, false}), -INFINITY);
  sum(softmax(hidden)).backward();
  CHECK_THROWS_WITH(hidden * 2.0, "mul: the output has -inf at index [1] of [3]");
  CHECK_THROWS_WITH(log(tensor({1.0, 1.0, 1.0, 1.0, 1.0, 0.0}, Shape{2, 3})),
                    "log: the output has -inf at index [1, 2] of [2, 3]");
}
