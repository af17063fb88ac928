#include <cmath>
#include <limits>

#include "autograd/kernels/layers/dropout_mask.hpp"
#include "autograd/kernels/math.hpp"
#include "support/catch.hpp"

using namespace gradus::kernels;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();

// The distance in units of the last place that a float near `want` has.
double ulps(float got, long double want) {
  if (got == want) return 0;
  int exponent = 0;
  std::frexp(want, &exponent);
  return static_cast<double>(std::fabs(got - want) / std::ldexp(1.0L, std::max(exponent - 24, -149)));
}

struct Worst {
  double ulp = 0, absolute = 0;
  float at = 0;
};

// Every 4999th bit pattern between two floats of one sign: all magnitudes are sampled alike.
template <class Function, class Exact>
void sample(float from, float to, Function function, Exact exact, Worst& worst) {
  const auto first = std::bit_cast<uint32_t>(from), last = std::bit_cast<uint32_t>(to);
  for (uint64_t bits = first; bits <= last; bits += 4999) {
    const float x = std::bit_cast<float>(static_cast<uint32_t>(bits));
    const long double want = exact(static_cast<long double>(x));
    const float got = function(x);
    const double error = ulps(got, want);
    if (!(error <= worst.ulp)) worst.ulp = error, worst.at = x;
    worst.absolute = std::max(worst.absolute, static_cast<double>(std::fabs(got - want)));
  }
}

// Over [-negative, -0] and [0, positive].
template <class Function, class Exact>
Worst worst_error(float negative, float positive, Function function, Exact exact) {
  Worst worst;
  sample(-0.0f, -negative, function, exact, worst);
  sample(0.0f, positive, function, exact, worst);
  INFO("worst at " << worst.at);
  CHECK(worst.ulp == worst.ulp);
  return worst;
}

long double normal_cdf(long double x) { return std::erfc(-x * std::sqrt(0.5L)) / 2; }
long double normal_pdf(long double x) { return std::exp(-x * x / 2) * 0.398942280401432677939946L; }
long double logistic(long double x) { return 1 / (1 + std::exp(-x)); }
constexpr long double twice_root = 1.595769121605730711759784L;
long double gelu_tanh_w(long double x) { return twice_root * x * (1 + 0.044715L * x * x); }

bool is_negative_zero(double x) { return x == 0 && std::signbit(x); }

}  // namespace

TEST_CASE("exp is within 1.5 units in the last place") {
  const auto worst = worst_error(
      86.98f, 88.72f, [](float x) { return math::exp(x); }, [](long double x) { return std::exp(x); });
  CHECK(worst.ulp <= 1.5);
}

TEST_CASE("exp at the ends of its range") {
  CHECK(math::exp(0.0f) == 1);
  CHECK(math::exp(-0.0f) == 1);
  CHECK(math::exp(1e-40f) == 1);
  CHECK(math::exp(88.7f) < inf);
  CHECK(math::exp(88.73f) == inf);
  CHECK(math::exp(3e38f) == inf);
  CHECK(math::exp(inf) == inf);
  CHECK(math::exp(-86.9f) > 0);
  CHECK(math::exp(-87.0f) == 0);
  CHECK(math::exp(-100.0f) == 0);
  CHECK(math::exp(-3e38f) == 0);
  CHECK(math::exp(-inf) == 0);
  CHECK(std::isnan(math::exp(nan_value)));
  CHECK(std::isnan(math::exp(std::bit_cast<float>(0xFFC12345u))));
}

TEST_CASE("exp of what is not positive has the bits of exp") {
  const auto same = [](float x) {
    return std::bit_cast<uint32_t>(math::exp_nonpositive(x)) == std::bit_cast<uint32_t>(math::exp(x));
  };
  int different = 0;
  for (uint32_t bits = 0x80000000u; bits <= 0xFF800000u; bits += 997) {  // -0 to -Inf
    if (!same(std::bit_cast<float>(bits))) ++different;
  }
  CHECK(different == 0);
  CHECK(same(0.0f));
  CHECK(same(-inf));
  CHECK(math::exp_nonpositive(-inf) == 0);
  CHECK(std::isnan(math::exp_nonpositive(nan_value)));
  CHECK(math::exp_nonpositive(-1.25) == std::exp(-1.25));
}

TEST_CASE("tanh is within 2.5 units in the last place") {
  const auto worst = worst_error(
      3e38f, 3e38f, [](float x) { return math::tanh(x); }, [](long double x) { return std::tanh(x); });
  CHECK(worst.ulp <= 2.5);
  CHECK(math::tanh(inf) == 1);
  CHECK(math::tanh(-inf) == -1);
  CHECK(math::tanh(1e-42f) == 1e-42f);
  CHECK(is_negative_zero(math::tanh(-0.0f)));
  CHECK_FALSE(std::signbit(math::tanh(0.0f)));
  CHECK(std::isnan(math::tanh(nan_value)));
}

TEST_CASE("erf is within 2.5 units in the last place") {
  const auto worst = worst_error(
      3e38f, 3e38f, [](float x) { return math::erf(x); }, [](long double x) { return std::erf(x); });
  CHECK(worst.ulp <= 2.5);
  CHECK(math::erf(inf) == 1);
  CHECK(math::erf(-inf) == -1);
  CHECK(is_negative_zero(math::erf(-0.0f)));
  CHECK(std::isnan(math::erf(nan_value)));
}

TEST_CASE("sigmoid is within 3 units in the last place") {
  const auto worst = worst_error(
      86.9f, 3e38f, [](float x) { return math::sigmoid(x); }, logistic);
  CHECK(worst.ulp <= 3);
  CHECK(math::sigmoid(0.0f) == 0.5f);
  CHECK(math::sigmoid(-0.0f) == 0.5f);
  CHECK(math::sigmoid(inf) == 1);
  CHECK(math::sigmoid(-inf) == 0);
  CHECK(math::sigmoid(-89.0f) == 0);
  CHECK(std::isnan(math::sigmoid(nan_value)));
}

TEST_CASE("gelu keeps its relative accuracy far in the negative tail") {
  const auto exact = [](long double x) { return x * normal_cdf(x); };
  const auto worst = worst_error(
      13.0f, 3e38f, [](float x) { return math::gelu_erf(x); }, exact);
  CHECK(worst.ulp <= 6);
  const auto slope = worst_error(
      3e38f, 3e38f, [](float x) { return math::gelu_erf_and_slope(x).slope; },
      [](long double x) { return normal_cdf(x) + (std::fabs(x) < 1000 ? x * normal_pdf(x) : 0); });
  CHECK(slope.absolute <= 3e-7);
}

TEST_CASE("the tanh form of gelu has the stated errors") {
  const auto value = [](float x) { return math::gelu_tanh(x); };
  const auto exact = [](long double x) { return x * logistic(gelu_tanh_w(x)); };
  CHECK(worst_error(1.0f, 1e10f, value, exact).ulp <= 4);
  CHECK(worst_error(9.0f, 10.0f, value, exact).ulp <= 170);
  CHECK(worst_error(3e10f, 4.0f, value, exact).absolute <= 5e-7);
  const auto slope = worst_error(
      3e10f, 3e10f, [](float x) { return math::gelu_tanh_and_slope(x).slope; },
      [](long double x) {
        if (std::fabs(x) > 1000) return x > 0 ? 1.0L : 0.0L;
        const long double s = logistic(gelu_tanh_w(x));
        return s + x * s * (1 - s) * twice_root * (1 + 3 * 0.044715L * x * x);
      });
  CHECK(slope.absolute <= 5e-7);
}

TEST_CASE("both gelus at zero, infinity and NaN") {
  const auto check = [](auto gelu, auto nothing) {
    using T = decltype(nothing);
    const T infinite = std::numeric_limits<T>::infinity();
    CHECK(gelu(T(0)).value == 0);
    CHECK(gelu(T(0)).slope == T(0.5));
    CHECK(is_negative_zero(gelu(T(-0.0)).value));
    CHECK(gelu(infinite).value == infinite);
    CHECK(gelu(infinite).slope == 1);
    CHECK(is_negative_zero(gelu(-infinite).value));
    CHECK(gelu(-infinite).slope == 0);
    CHECK(std::isnan(gelu(std::numeric_limits<T>::quiet_NaN()).value));
    CHECK(std::isnan(gelu(std::numeric_limits<T>::quiet_NaN()).slope));
    CHECK(gelu(T(1e-40)).value == T(0.5) * T(1e-40));
  };
  const auto by_erf = [](auto x) { return math::gelu_erf_and_slope(x); };
  const auto by_tanh = [](auto x) { return math::gelu_tanh_and_slope(x); };
  check(by_erf, 0.0f);
  check(by_erf, 0.0);
  check(by_tanh, 0.0f);
  check(by_tanh, 0.0);
}

TEST_CASE("the double versions agree with long double") {
  for (double x = -9; x < 9; x += 0.00917) {
    const long double w = x, phi = normal_cdf(w), s = logistic(gelu_tanh_w(w));
    const auto close = [](double got, long double want, double tolerance) {
      return std::fabs(got - want) <= tolerance * std::max(1.0L, std::fabs(want));
    };
    INFO("x = " << x);
    CHECK(close(math::gelu_erf(x), w * phi, 5e-16));
    CHECK(close(math::gelu_erf_and_slope(x).slope, phi + w * normal_pdf(w), 5e-16));
    CHECK(close(math::gelu_tanh(x), w * s, 1e-15));
    CHECK(close(math::gelu_tanh_and_slope(x).slope,
                s + w * s * (1 - s) * twice_root * (1 + 3 * 0.044715L * w * w), 2e-15));
    CHECK(close(math::exp(x), std::exp(w), 3e-16));
    CHECK(close(math::tanh(x), std::tanh(w), 3e-16));
    CHECK(close(math::erf(x), std::erf(w), 3e-16));
    CHECK(close(math::sigmoid(x), logistic(w), 3e-16));
  }
}

TEST_CASE("the dropout rule keeps a share of 1 - p, all at p = 0 and none at p = 1") {
  CHECK(dropout_threshold(0) == 0);
  CHECK(dropout_threshold(1) == 65536);
  const uint32_t tenth = dropout_threshold(0.1);
  CHECK(tenth == 6554);
  const int64_t n = 200000;
  int64_t kept = 0, none = 0, all = 0;
  for (int64_t i = 0; i < n; ++i) {
    kept += dropout_keep(77, i, tenth);
    none += dropout_keep(77, i, 65536);
    all += dropout_keep(77, i, 0);
  }
  CHECK(none == 0);
  CHECK(all == n);
  // Five standard deviations of a binomial share.
  CHECK(std::fabs(static_cast<double>(kept) / n - 0.9) < 5 * std::sqrt(0.09 / n));
  CHECK(dropout_scale(0.5) == 2);
  CHECK(dropout_scale(1) == 0);
}
