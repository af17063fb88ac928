#include "autograd/kernels/check_finite.hpp"

#include <limits>

#include "support/catch.hpp"
#include "support/kernels.hpp"

using namespace gradus;
using namespace gradus::test;
using std::vector;

TEST_CASE("kernel first_not_finite finds the first NaN or Inf anywhere") {
  const int64_t n = 50000;
  const double bad = GENERATE(double{NAN}, double{INFINITY}, -double{INFINITY});
  for (int64_t at : {0, 1, 15, 16, 16383, 16384, 33333, 49999}) {
    auto x = random_values<float>(n, 1);
    CHECK(kernels::first_not_finite(x.data(), n) == -1);
    x[at] = static_cast<float>(bad);
    x[n - 1] = NAN;
    CHECK(kernels::first_not_finite(x.data(), n) == at);
    vector<double> y(x.begin(), x.begin() + at);
    CHECK(kernels::first_not_finite(y.data(), at) == -1);
    y.push_back(bad);
    CHECK(kernels::first_not_finite(y.data(), at + 1) == at);
  }
}

TEST_CASE("kernel first_not_finite takes the ends of the finite range for what they are") {
  using limits = std::numeric_limits<float>;
  const vector<float> x = {limits::max(), limits::lowest(), limits::denorm_min(), -0.0f};
  CHECK(kernels::first_not_finite(x.data(), 4) == -1);
}
