// Chapter 2: its engine for single numbers against differences and against Gradus; its wrong walks; softplus.
#include <cmath>

#include "autograd/autograd.hpp"
#include "support/catch.hpp"
#include "tutorials/02_autograd/autograd.hpp"
#include "tutorials/02_autograd/other_walks.hpp"
#include "tutorials/02_autograd/softplus.hpp"

using namespace gradus;
namespace own = gradus::tutorials;
using own::Scalar;
using own::variable;

namespace {

struct Diamond {
  Scalar a = variable("a", 3), b = a + a, c = b * b;
};

/// The same formula for tensors and for the chapter's numbers: every op, and steps used more than once.
template <class T>
T formula(const T& a, const T& b) {
  const T u = a * b - a;
  const T v = tanh(u + b);
  return v * u - v * v + a;
}

Scalar chain(const Scalar& x, int steps) {
  Scalar y = x;
  for (int i = 0; i < steps; ++i) y = y + x;
  return y;
}

}  // namespace

TEST_CASE("02 the chapter's engine adds what arrives by every path") {
  const Diamond d;
  own::backward(d.c);
  CHECK(d.c.gradient() == 1);
  CHECK(d.b.gradient() == 12);
  CHECK(d.a.gradient() == 24);
  own::backward(d.c);  // clears before it begins
  CHECK(d.a.gradient() == 24);
}

TEST_CASE("02 the chapter's engine agrees with Gradus and with differences") {
  Rng rng(7);
  for (int i = 0; i < 50; ++i) {
    const double a = 2 * rng.uniform() - 1, b = 2 * rng.uniform() - 1;
    const Scalar sa = variable("a", a), sb = variable("b", b);
    own::backward(formula(sa, sb));

    Tensor ta = scalar(a, DType::f64).requires_grad(), tb = scalar(b, DType::f64).requires_grad();
    formula(ta, tb).backward();
    CHECK(std::abs(sa.gradient() - ta.grad().item()) < 1e-14);
    CHECK(std::abs(sb.gradient() - tb.grad().item()) < 1e-14);

    const auto at = [](double x, double y) { return formula(variable("a", x), variable("b", y)).value(); };
    const double h = 1e-5;
    CHECK(std::abs(sa.gradient() - (at(a + h, b) - at(a - h, b)) / (2 * h)) < 1e-8);
    CHECK(std::abs(sb.gradient() - (at(a, b + h) - at(a, b - h)) / (2 * h)) < 1e-8);
  }
}

TEST_CASE("02 newest first: every step once, and before all that it used") {
  const Scalar a = variable("a", 0.3), b = variable("b", -0.8);
  const Scalar result = formula(a, b);
  const std::vector<own::Step*> order = own::newest_first(result);
  own::Depth depth;
  const std::vector<own::Step*> by_recursion = own::sorted_by_recursion(result, depth);
  for (const auto& steps : {order, by_recursion}) {
    REQUIRE(steps.size() == 10);
    std::unordered_set<const own::Step*> before;
    for (const own::Step* step : steps) {
      for (const own::Step::Edge& edge : step->inputs) CHECK(!before.contains(edge.from.get()));
      CHECK(before.insert(step).second);
    }
  }
}

TEST_CASE("02 walking every path is right, and doubles with every doubling") {
  const Scalar a = variable("a", 1);
  Scalar result = a;
  for (int i = 0; i < 12; ++i) result = result + result;
  CHECK(own::backward_by_paths(result) == (2u << 12) - 2);
  CHECK(a.gradient() == 4096);
  own::backward(result);
  CHECK(a.gradient() == 4096);
  CHECK(own::count_edges(result) == 24);
}

TEST_CASE("02 without the order the gradient is wrong") {
  const Diamond d;
  own::backward_depth_first(d.c);
  CHECK(d.b.gradient() == 12);
  CHECK(d.a.gradient() == 12);
  own::backward_breadth_first(d.c);
  CHECK(d.a.gradient() == 24);  // by luck

  const Scalar a = variable("a", 3);
  const Scalar b = a + a, c = b + b * b;
  own::backward(c);
  CHECK(a.gradient() == 26);
  own::backward_breadth_first(c);
  CHECK(a.gradient() == 2);
}

TEST_CASE("02 museum: an assigned gradient is right until a step is used twice") {
  const Scalar p = variable("p", 3), q = variable("q", 5);
  own::backward_assigned(p * q);
  CHECK(p.gradient() == 5);
  CHECK(q.gradient() == 3);
  const Diamond d;
  own::backward_assigned(d.c);
  CHECK(d.a.gradient() == 6);
  CHECK(std::abs(d.a.gradient() - (4 * 3.001 * 3.001 - 4 * 2.999 * 2.999) / 0.002) > 1);  // a nudge shows it
}

TEST_CASE("02 museum: a gradient that was not cleared is caught by a fresh run") {
  const auto second_gradient = [](bool clears) {
    Tensor w = scalar(1, DType::f64).requires_grad();
    for (int step = 0; step < 2; ++step) {
      if (clears) w.clear_grad();
      const Tensor loss = w * w;
      loss.backward();
      const NoGrad no_grad;
      if (step == 0) w.add_(w.grad(), -0.25);
    }
    Tensor fresh = scalar(w.item(), DType::f64).requires_grad();
    const Tensor loss = fresh * fresh;
    loss.backward();
    return std::pair(w.grad().item(), fresh.grad().item());
  };
  const auto [kept, right] = second_gradient(false);
  CHECK(kept == 3);
  CHECK(right == 1);
  const auto [cleared, same] = second_gradient(true);
  CHECK(cleared == same);
}

TEST_CASE("02 a chain of a million steps runs back and is destroyed without recursion") {
  const Scalar x = variable("x", 1);
  {
    const Scalar y = chain(x, 1000000);
    own::backward(y);
    CHECK(x.gradient() == 1000001);
  }
  CHECK(x.step().use_count() == 1);  // the whole chain is gone
  own::Depth depth;
  own::sorted_by_recursion(chain(x, 1000), depth);
  CHECK(depth.calls == 1001);
  CHECK(depth.bytes > 1000 * 16);
}

TEST_CASE("02 softplus: value, gradient and second order in every layout") {
  Rng rng(3);
  const auto fn = [](const std::vector<Tensor>& in) { return own::softplus(in[0]); };
  for (const Tensor& x : {randn({2, 3}, rng, DType::f64), randn({3, 2}, rng, DType::f64).transpose(0, 1),
                          randn({1}, rng, DType::f64), empty({0, 3}, DType::f64)}) {
    CHECK(gradcheck(fn, {x}).passed);
    CHECK(gradcheck(fn, {x}, {.second_order = true}).passed);
    const std::vector<double> own_op = own::softplus(x).to_vector<double>();
    const std::vector<double> composed = own::softplus_composed(x).to_vector<double>();
    CHECK(own_op == composed);
  }
  const auto repeated = [](const std::vector<Tensor>& in) { return own::softplus(in[0].expand({2, 3})); };
  CHECK(gradcheck(repeated, {randn({1, 3}, rng, DType::f64)}).passed);
}

TEST_CASE("02 softplus notices that its input was changed before backward") {
  Tensor x = tensor({1.0, 2.0}).requires_grad();
  const Tensor y = sum(own::softplus(x));
  {
    const NoGrad no_grad;
    x.fill_(0);
  }
  CHECK_THROWS_WITH(y.backward(),
                    "backward: a value [2] saved for the gradient was changed in place after it was used");
}
