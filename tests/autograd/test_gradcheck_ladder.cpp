// The ladder of steps: derivatives with honest error estimates, kinks and jumps.
#include <cmath>

#include "autograd/gradcheck/ladder.hpp"
#include "support/catch.hpp"

using namespace gradus;

namespace {

Slopes climb(const std::function<double(double)>& f, double x) {
  Ladder ladder(
      [&](double h) {
        const double above = f(x + h), below = f(x - h), here = f(x);
        return Rung{h, (above - below) / (2 * h), (here - below) / h, (above - here) / h,
                    2.2e-16 * std::max({std::abs(above), std::abs(below), std::abs(here)})};
      },
      2e-3);
  ladder.climb_all();
  return ladder.slopes();
}

}  // namespace

TEST_CASE("ridders: the error of a derivative lies within ten times its own estimate", "[gradcheck]") {
  struct Case {
    const char* name;
    std::function<double(double)> f, df;
  };
  const std::vector<Case> cases = {
      {"exp", [](double x) { return std::exp(x); }, [](double x) { return std::exp(x); }},
      {"sin 5x", [](double x) { return std::sin(5 * x); }, [](double x) { return 5 * std::cos(5 * x); }},
      {"log", [](double x) { return std::log(x + 4); }, [](double x) { return 1 / (x + 4); }},
      {"tanh 30x", [](double x) { return std::tanh(30 * x); },
       [](double x) { return 30 / (std::cosh(30 * x) * std::cosh(30 * x)); }},
      {"cubic", [](double x) { return x * x * x - x; }, [](double x) { return 3 * x * x - 1; }},
      {"line", [](double x) { return 7 * x + 1; }, [](double) { return 7; }},
  };
  for (const Case& one : cases) {
    for (double x = -3; x < 3; x += 0.0371) {
      const Estimate d = ridders(one.f, x);
      INFO(one.name << " at " << x << ": " << d.value << " +- " << d.error);
      CHECK(std::abs(d.value - one.df(x)) <= 10 * d.error + 1e-13 * std::abs(one.df(x)));
      CHECK(d.error < 1e-6);
    }
  }
}

TEST_CASE("ridders gets past the end of a function's domain and a near kink", "[gradcheck]") {
  const Estimate near_zero = ridders([](double x) { return std::log(x); }, 1e-4);
  CHECK(near_zero.value == Approx(1e4).epsilon(1e-9));
  for (const double distance : {1e-3, 1e-4, 1e-5, 1e-6, 1e-7}) {
    const Estimate d = ridders([&](double x) { return std::max(x - 1 + distance, 0.0) * 3; }, 1.0);
    INFO(distance);
    CHECK(std::abs(d.value - 3) <= 10 * d.error + 1e-12);
    CHECK(d.error < 1e-5);
  }
}

TEST_CASE("the ladder tells kinks and jumps from smooth curves, however sharp", "[gradcheck]") {
  const Slopes corner = climb([](double x) { return std::max(x, 0.0); }, 0);
  CHECK(corner.left.value == 0);
  CHECK(corner.right.value == 1);
  CHECK_FALSE(corner.jump);
  const Slopes bent = climb([](double x) { return std::abs(x) + std::exp(x); }, 0);
  CHECK(bent.left.value == Approx(0).margin(1e-8));
  CHECK(bent.right.value == Approx(2));
  const Slopes sharp = climb([](double x) { return std::tanh(1e4 * x); }, 1e-5);
  CHECK(std::abs(sharp.right.value - sharp.left.value) <= 10 * (sharp.right.error + sharp.left.error));
  const Slopes jump = climb([](double x) { return x > 0 ? 1.0 : 0.0; }, 0);
  CHECK(jump.jump);
  CHECK(jump.left.value == 0);
  CHECK(jump.right.value == Approx(0).margin(1e-12));  // beside the jump
  const Slopes steep = climb([](double x) { return x > 0 ? 1.0 + std::exp(2 * x) : std::sin(x); }, 0);
  CHECK(steep.jump);
  CHECK(steep.left.value == Approx(1).epsilon(1e-9));
  CHECK(steep.right.value == Approx(2).epsilon(1e-7));
  CHECK(steep.right.error < 1e-4);
}
