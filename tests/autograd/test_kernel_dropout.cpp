#include "autograd/kernels/layers/dropout.hpp"

#include "autograd/kernels/layers/dropout_run.hpp"
#include "support/catch.hpp"
#include "support/kernels.hpp"

using namespace gradus;
using namespace gradus::test;
using std::vector;

TEST_CASE("kernel dropout keeps, scales and drops by the one mask") {
  const double p = GENERATE(0.0, 0.1, 0.5, 1.0);
  for (int64_t n : {0, 1, 7, 16, 17, 1000, 40000}) {
    const auto x = random_values<float>(n, 1);
    vector<float> y(x.size(), 7), expected;
    for (int64_t i = 0; i < n; ++i) {
      const bool keep = kernels::dropout_keep(42, static_cast<uint64_t>(i), kernels::dropout_threshold(p));
      expected.push_back(keep ? x[i] * static_cast<float>(1 / (1 - p)) : 0);
    }
    kernels::dropout(x.data(), y.data(), n, p, 42);
    CHECK(y == expected);
  }
}

TEST_CASE("DropoutRun makes the mask of dropout_keep, also where the low word of the index wraps") {
  const uint64_t seed = 0x123456789ABCDEF0u;
  const uint32_t threshold = kernels::dropout_threshold(0.3);
  for (const uint64_t first : {uint64_t{0}, uint64_t{12345}, uint64_t{0xFFFFFF80}, uint64_t{0x5FFFFFFF0}}) {
    const kernels::DropoutRun run(seed, first, threshold);
    bool same = true;
    for (uint64_t j = 0; j < 300; ++j) {
      same = same && run.keep(static_cast<int64_t>(j)) == kernels::dropout_keep(seed, first + j, threshold);
    }
    CHECK(same);
  }
}

TEST_CASE("kernel dropout drops the share p and keeps the mean") {
  const int64_t n = 200000;
  const vector<double> ones(n, 1);
  vector<double> y(n), z(n);
  kernels::dropout(ones.data(), y.data(), n, 0.1, 1);
  kernels::dropout(ones.data(), z.data(), n, 0.1, 2);
  double mean = 0, both = 0;
  for (int64_t i = 0; i < n; ++i) mean += y[i] / n, both += (y[i] == 0 && z[i] == 0) ? 1.0 / n : 0.0;
  CHECK(std::abs(mean - 1) < 0.004);     // standard deviation 0.00075
  CHECK(std::abs(both - 0.01) < 0.001);  // masks of two seeds are independent
}

TEST_CASE("kernel dropout turns a dropped Inf into 0, and may write over x") {
  vector<float> x(1000, INFINITY);
  kernels::dropout(x.data(), x.data(), 1000, 0.5, 3);
  int dropped = 0;
  for (float value : x) {
    CHECK((value == 0 || value == INFINITY));
    dropped += value == 0;
  }
  CHECK(dropped > 400);
}

TEST_CASE("kernel dropout gives the same bits on any number of threads") {
  const auto x = random_values<float>(100001, 1);
  CHECK(same_bits_on_any_threads([&] {
    vector<float> y(x.size());
    kernels::dropout(x.data(), y.data(), static_cast<int64_t>(x.size()), 0.1, 5);
    return y;
  }));
}
