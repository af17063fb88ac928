// Functions that differences resolve badly: huge outputs beside small ones, rounding, f32 inside, noise. A
// wrong gradient must not pass there, and a right one must not fail.
#include <bit>
#include <cmath>

#include "autograd/autograd.hpp"
#include "autograd/gradcheck/ladder.hpp"
#include "support/catch.hpp"
#include "support/gradcheck_inputs.hpp"
#include "support/own_backward.hpp"
#include "support/sanitized.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

/// 2x, its backward multiplied by `by`.
Tensor twice(const Tensor& x, double by) {
  return with_backward(x, x * 2.0, [by](const Tensor& dy) { return dy * (2.0 * by); });
}

/// How often each verdict comes out, by a row of seeds, for a function of 3 numbers whose gradient is
/// multiplied by `by`.
std::array<int, 4> verdicts(const std::function<Tensor(const Tensor&)>& fn, double by) {
  std::array<int, 4> counts{};
  for (uint64_t seed = 1; seed <= test::seeds(200); ++seed) {
    const GradcheckReport report = gradcheck(
        [&](const Inputs& in) {
          return with_spoilt_gradient(fn, in[0], [by](Tensor& dx, const Tensor&) { dx = dx * by; });
        },
        {random({3}, seed)}, {.seed = seed});
    ++counts[static_cast<size_t>(report.verdict)];
  }
  fmt::print("noise: {} pass, {} kink, {} inconclusive, {} fail\n", counts[0], counts[1], counts[2],
             counts[3]);
  return counts;
}

}  // namespace

TEST_CASE("outputs that do not move hide no wrong gradient, however large", "[gradcheck]") {
  const Tensor mask = less(arange(6), scalar(3, DType::i64));
  for (const double fill : {-1e9, -1e12, -3.4e38}) {
    for (const double by : {1.0001, -1.0, 1 + 1e-8}) {
      const auto masked = [&](double factor) {
        return gradcheck([&](const Inputs& in) { return masked_fill(twice(in[0], factor), mask, fill); },
                         {random({6}, 1)});
      };
      INFO(fill << ", " << by << "\n" << to_string(masked(by)));
      CHECK(masked(by).verdict == Verdict::fail);
      CHECK(masked(1).verdict == Verdict::pass);
    }
  }
  const auto beside_ones = [](double by) {
    return gradcheck(
        [by](const Inputs& in) {
          return concat({twice(in[0], by), ones({1'000'000}, DType::f64)}, 0);
        },
        {random({2}, 2)});
  };
  CHECK(beside_ones(1 + 1e-8).verdict == Verdict::fail);
  CHECK(beside_ones(1).verdict == Verdict::pass);
}

TEST_CASE("beside outputs that swallow what x changes, a gradient is inconclusive", "[gradcheck]") {
  for (const double size : {0.01, 1e-8}) {
    for (const double by : {1.0, -1.0, 0.0, 1.0001}) {
      const double offset = size * 1e12;
      const GradcheckReport report =
          gradcheck([=](const Inputs& in) { return twice(in[0], by) * size + offset; }, {random({4}, 3)});
      INFO(size << ", " << by << "\n" << to_string(report));
      if (by != 0 || size == 0.01) CHECK(report.verdict == Verdict::inconclusive);
      if (report.passed) CHECK(report.inputs[0].note == "0 up to rounding");
    }
  }
}

TEST_CASE("0 up to rounding is said of both values, and only beside larger gradients", "[gradcheck]") {
  // The same number added to every score changes no softmax.
  const auto shifted = [](double claimed, double size) {
    return gradcheck(
        [=](const Inputs& in) {
          const Tensor b = with_backward(in[1], in[1], [=](const Tensor& dy) { return dy + claimed * dy; });
          return softmax(in[0] + b, -1) * size;
        },
        {random({6, 9}, 5), random({6, 1}, 6)});
  };
  for (const double size : {1e-6, 1.0, 1e6}) {
    const GradcheckReport right = shifted(0, size);
    INFO(to_string(right));
    CHECK(right.verdict == Verdict::pass);
    CHECK(right.inputs[1].note == "0 up to rounding");
    CHECK(right.inputs[1].error == 0);
  }
  const GradcheckReport leaking = gradcheck(
      [](const Inputs& in) {
        const Tensor y = softmax(in[0] + in[1].detach(), -1);
        return y +
               with_backward(in[1], zeros({6, 1}, DType::f64), [](const Tensor& dy) { return dy * 1e-11; });
      },
      {random({6, 9}, 5), random({6, 1}, 6)});
  INFO(to_string(leaking));
  CHECK_FALSE(leaking.passed);
}

TEST_CASE("a function that computes in f32 or is noisy is inconclusive, right or wrong", "[gradcheck]") {
  const Tensor w = random({3, 4}, 99);
  const std::vector<std::function<Tensor(const Tensor&)>> functions = {
      [](const Tensor& x) { return exp(x.to(DType::f32)).to(DType::f64); },
      [&](const Tensor& x) {
        return tanh(matmul(x.reshape({1, 3}).to(DType::f32), w.to(DType::f32))).to(DType::f64);
      },
      [](const Tensor& x) {
        Tensor factors = empty(x.shape(), DType::f64);
        for (int64_t i = 0; i < x.numel(); ++i) {
          const auto bits = std::bit_cast<uint64_t>(x.detach().data<double>()[i]);
          factors.mutable_data<double>()[i] = 1 + 1e-7 * (counter_hash(7, bits) / 4294967296.0 - 0.5);
        }
        return x * factors;
      }};
  for (const auto& fn : functions) {
    for (const double by : {1.0, 1.0001, 1.1, 0.0}) {
      const std::array<int, 4> counts = verdicts(fn, by);
      INFO("gradient times " << by);
      CHECK(counts[1] == 0);
      if (by != 1) CHECK(counts[0] == 0);
      if (by != 1) continue;  // a gradient that is far off may fail
      CHECK(counts[3] == 0);
      CHECK(counts[2] >= static_cast<int>(test::seeds(180)));  // x * noise has little of it near 0
    }
  }
}

TEST_CASE("ridders: noise of a function is part of the estimate", "[gradcheck]") {
  for (const double size : {1e-14, 1e-10, 1e-7, 1e-4}) {
    for (uint64_t seed = 1; seed <= 500; ++seed) {
      const auto noisy = [&](double x) {
        return std::sin(x) + size * (counter_hash(seed, std::bit_cast<uint64_t>(x)) / 4294967296.0 - 0.5);
      };
      const Estimate d = ridders(noisy, 0.7);
      INFO(size << ", seed " << seed << ": " << d.value << " +- " << d.error);
      REQUIRE(std::abs(d.value - std::cos(0.7)) <= 10 * d.error);
      REQUIRE(d.error < 1e4 * size);
    }
  }
}
