#include <cmath>
#include <limits>
#include <vector>

#include "autograd/kernels/layers/attention.hpp"
#include "autograd/kernels/layers/dropout_mask.hpp"
#include "autograd/kernels/measure/profile.hpp"
#include "autograd/kernels/parallel.hpp"
#include "autograd/random.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::kernels;

namespace {

std::vector<double> random_values(int64_t n, uint64_t seed) {
  Rng rng(seed);
  std::vector<double> values(static_cast<size_t>(n));
  for (double& x : values) x = 2 * rng.uniform() - 1;
  return values;
}

std::vector<char> random_mask(int64_t n, uint64_t seed) {
  Rng rng(seed);
  std::vector<char> values(static_cast<size_t>(n));
  for (char& x : values) x = rng.chance(0.7) ? 1 : 0;
  return values;
}

const bool* as_bool(const std::vector<char>& mask) { return reinterpret_cast<const bool*>(mask.data()); }

// Everything of one problem, in double, stored as [B, positions, A, D] like a projection.
struct Problem {
  AttentionShape shape;
  kernels::AttentionOptions options;  // the op has options of that name, too
  std::vector<double> q, k, v, dout;

  explicit Problem(const AttentionShape& s) : shape(s) {
    const auto [B, A, S, T, D] = s;
    q = random_values(B * S * A * D, 1), k = random_values(B * T * A * D, 2);
    v = random_values(B * T * A * D, 3), dout = random_values(B * S * A * D, 4);
    for (double& x : q) x *= 3;
    options.scale = 1 / std::sqrt(static_cast<double>(std::max<int64_t>(D, 1)));
  }
};

struct Results {
  std::vector<double> out, dq, dk, dv;
};

bool allowed(const Problem& problem, int64_t b, int64_t a, int64_t i, int64_t j) {
  const AttentionMask& mask = problem.options.mask;
  if (mask.data != nullptr &&
      !mask.data[b * mask.batch_stride + a * mask.head_stride + i * mask.query_stride + j * mask.key_stride])
    return false;
  return !problem.options.causal || j <= i;
}

// The definition, element by element.
Results by_definition(const Problem& problem) {
  const auto [B, A, S, T, D] = problem.shape;
  const auto& [shape, options, q, k, v, dout] = problem;
  Results r{std::vector<double>(q.size()), std::vector<double>(q.size()), std::vector<double>(k.size()),
            std::vector<double>(k.size())};
  for (int64_t b = 0; b < B; ++b) {
    for (int64_t a = 0; a < A; ++a) {
      for (int64_t i = 0; i < S; ++i) {
        const auto query = ((b * S + i) * A + a) * D;
        const auto key = [&, bb = b, aa = a, TT = T, AA = A, DD = D](int64_t j) {
          return ((bb * TT + j) * AA + aa) * DD;
        };
        std::vector<double> p(static_cast<size_t>(T)), dropped(p), dp(p);
        double sum = 0, product = 0, largest = -std::numeric_limits<double>::infinity();
        for (int64_t j = 0; j < T; ++j) {
          for (int64_t d = 0; d < D; ++d) p[j] += options.scale * q[query + d] * k[key(j) + d];
          if (allowed(problem, b, a, i, j)) largest = std::max(largest, p[j]);
        }
        for (int64_t j = 0; j < T; ++j) {
          p[j] = allowed(problem, b, a, i, j) ? std::exp(p[j] - largest) : 0;
          sum += p[j];
        }
        for (int64_t j = 0; j < T; ++j) {
          p[j] = sum > 0 ? p[j] / sum : 0;
          const auto index = static_cast<uint64_t>(((b * A + a) * S + i) * T + j);
          const bool keep = dropout_keep(options.dropout_seed, index, dropout_threshold(options.dropout));
          dropped[j] = keep ? dropout_scale(options.dropout) : 0;
          for (int64_t d = 0; d < D; ++d) {
            r.out[query + d] += p[j] * dropped[j] * v[key(j) + d];
            dp[j] += dropped[j] * dout[query + d] * v[key(j) + d];
            r.dv[key(j) + d] += p[j] * dropped[j] * dout[query + d];
          }
          product += p[j] * dp[j];
        }
        for (int64_t j = 0; j < T; ++j) {
          const double ds = options.scale * p[j] * (dp[j] - product);
          for (int64_t d = 0; d < D; ++d) {
            r.dq[query + d] += ds * k[key(j) + d];
            r.dk[key(j) + d] += ds * q[query + d];
          }
        }
      }
    }
  }
  return r;
}

template <class T>
Results by_kernel(const Problem& problem) {
  const auto [B, A, S, keys, D] = problem.shape;
  const auto convert = [](const std::vector<double>& x) { return std::vector<T>(x.begin(), x.end()); };
  const auto q = convert(problem.q), k = convert(problem.k), v = convert(problem.v);
  const auto dout = convert(problem.dout);
  // Backward must overwrite what the gradients held.
  const T old = std::numeric_limits<T>::quiet_NaN();
  std::vector<T> out(q.size(), old), dq(q.size(), old), dk(k.size(), old), dv(k.size(), old);
  std::vector<T> shift(static_cast<size_t>(B * A * S)), inverse(shift);
  const auto at = [A = A, D = D](auto& x, int64_t positions) {
    using Element = std::remove_pointer_t<decltype(x.data())>;
    return Heads<Element>{x.data(), positions * A * D, D, A * D};
  };
  attention_forward<T>(problem.shape, problem.options, at(q, S), at(k, keys), at(v, keys), at(out, S),
                       {shift.data(), inverse.data()});
  attention_backward<T>(problem.shape, problem.options, at(q, S), at(k, keys), at(v, keys),
                        {shift.data(), inverse.data()}, at(dout, S), at(dq, S), at(dk, keys), at(dv, keys));
  const auto back = [](const std::vector<T>& x) { return std::vector<double>(x.begin(), x.end()); };
  return {back(out), back(dq), back(dk), back(dv)};
}

// The largest difference, in units of the largest element.
double difference(const std::vector<double>& got, const std::vector<double>& want) {
  double worst = 0, largest = 1e-30;
  for (size_t i = 0; i < want.size(); ++i) {
    if (!(std::fabs(got[i] - want[i]) <= worst)) worst = std::fabs(got[i] - want[i]);
    largest = std::max(largest, std::fabs(want[i]));
  }
  return worst / largest;
}

void check_against_definition(const Problem& problem) {
  const Results want = by_definition(problem);
  const auto check = [&](const Results& got, double tolerance) {
    CHECK(difference(got.out, want.out) < tolerance);
    CHECK(difference(got.dq, want.dq) < tolerance);
    CHECK(difference(got.dk, want.dk) < tolerance);
    CHECK(difference(got.dv, want.dv) < tolerance);
  };
  // Errors of long sums grow with the number of terms.
  const double terms = 1 + static_cast<double>(std::max(problem.shape.keys, problem.shape.queries)) / 200;
  check(by_kernel<float>(problem), 1e-6 * terms);
  check(by_kernel<double>(problem), 3e-15 * terms);
}

struct Restore {
  int threads = num_threads();
  ~Restore() { set_num_threads(threads); }
};

}  // namespace

TEST_CASE("fused attention equals its definition for every kind of size") {
  const AttentionShape shape = GENERATE(
      AttentionShape{2, 2, 32, 32, 64}, AttentionShape{1, 2, 128, 128, 64}, AttentionShape{1, 1, 25, 25, 16},
      AttentionShape{2, 3, 7, 19, 5}, AttentionShape{1, 1, 1, 1, 1}, AttentionShape{1, 2, 61, 3, 33},
      AttentionShape{1, 1, 50, 700, 8}, AttentionShape{3, 1, 1, 40, 24}, AttentionShape{1, 1, 300, 200, 12});
  INFO(shape.batch << " " << shape.heads << " " << shape.queries << " " << shape.keys << " "
                   << shape.head_size);
  Problem problem(shape);
  const auto [B, A, S, T, D] = shape;
  SECTION("plain") { check_against_definition(problem); }
  SECTION("causal") {
    problem.options.causal = true;
    check_against_definition(problem);
  }
  SECTION("a padding mask by sentence") {
    const auto mask = random_mask(B * T, 8);
    problem.options.mask = {as_bool(mask), T, 0, 0, 1};
    check_against_definition(problem);
  }
  SECTION("any mask, causal and dropout together") {
    const auto mask = random_mask(S * A * T * 2, 9);
    problem.options.mask = {as_bool(mask), 0, S * T * 2, T * 2, 2};
    problem.options.causal = true;
    problem.options.dropout = 0.3;
    problem.options.dropout_seed = 0x123456789ABCDEF;
    check_against_definition(problem);
  }
  SECTION("dropout") {
    problem.options.dropout = 0.1;
    problem.options.dropout_seed = 42;
    check_against_definition(problem);
  }
}

TEST_CASE("a row that may attend to nothing gives zeros and zero gradients") {
  Problem problem({2, 2, 9, 11, 6});
  std::vector<char> mask(2 * 11, 1);
  std::fill(mask.begin(), mask.begin() + 11, 0);  // the whole first sentence
  problem.options.mask = {as_bool(mask), 11, 0, 0, 1};
  const Results r = by_kernel<float>(problem);
  for (size_t i = 0; i < r.out.size() / 2; ++i) CHECK((r.out[i] == 0 && r.dq[i] == 0));
  for (size_t i = 0; i < r.dk.size() / 2; ++i) CHECK((r.dk[i] == 0 && r.dv[i] == 0));
  check_against_definition(problem);
}

TEST_CASE("attention without keys, queries or sentences") {
  const AttentionShape shape = GENERATE(AttentionShape{2, 2, 5, 0, 4}, AttentionShape{2, 2, 0, 5, 4},
                                        AttentionShape{0, 2, 5, 5, 4}, AttentionShape{2, 2, 5, 5, 0});
  const Results r = by_kernel<float>(Problem(shape));
  for (const auto& values : {r.out, r.dq, r.dk, r.dv}) {
    for (const double x : values) CHECK(x == 0);
  }
}

TEST_CASE("a masked key has no influence at all") {
  Problem problem({1, 1, 30, 30, 16});
  std::vector<char> mask(30, 1);
  mask[7] = 0;
  problem.options.mask = {as_bool(mask), 30, 0, 0, 1};
  const Results before = by_kernel<float>(problem);
  for (int64_t d = 0; d < 16; ++d) problem.k[7 * 16 + d] = 100, problem.v[7 * 16 + d] = -1e30;
  const Results after = by_kernel<float>(problem);
  CHECK(before.out == after.out);
  CHECK(before.dq == after.dq);
  CHECK(before.dv == after.dv);
}

TEST_CASE("large scores neither overflow nor lose the largest") {
  Problem problem({1, 2, 20, 20, 8});
  problem.options.scale = 200;
  const Results want = by_definition(problem);
  const Results got = by_kernel<double>(problem);
  CHECK(difference(got.out, want.out) < 1e-12);
  for (const double x : by_kernel<float>(problem).out) CHECK(std::isfinite(x));
}

TEST_CASE("attention has the same bits on one thread and on several") {
  const Restore restore;
  Problem problem({3, 4, 70, 70, 32});
  problem.options.dropout = 0.1;
  std::vector<Results> results;
  for (const int threads : {1, 2, 5}) {
    set_num_threads(threads);
    results.push_back(by_kernel<float>(problem));
  }
  for (const Results& other : {results[1], results[2]}) {
    CHECK(results[0].out == other.out);
    CHECK(results[0].dq == other.dq);
    CHECK(results[0].dk == other.dk);
    CHECK(results[0].dv == other.dv);
  }
}

TEST_CASE("a gradient that nobody wants is not computed") {
  const Problem problem({1, 1, 6, 6, 4});
  const std::vector<double> shift(6), inverse(6, 1);
  std::vector<double> dv(24);
  const auto at = [](auto* data) { return Heads<std::remove_reference_t<decltype(*data)>>{data, 24, 4, 4}; };
  attention_backward<double>(problem.shape, problem.options, at(problem.q.data()), at(problem.k.data()),
                             at(problem.v.data()), {shift.data(), inverse.data()}, at(problem.dout.data()),
                             {}, {}, at(dv.data()));
  CHECK(dv[0] != 0);
}

TEST_CASE("attention reports its products to the profiler") {
  profile::start();
  by_kernel<float>(Problem({2, 3, 8, 10, 4}));
  const auto entries = profile::stop();
  double flops = 0;
  for (const auto& entry : entries) flops += entry.flops;
  CHECK(flops == 6 * 2.0 * 2 * 3 * 8 * 10 * 4);
  const auto products = profile::products();
  REQUIRE(products.size() == 3);
  CHECK(products[0].calls == 2);
  CHECK(products[0].batch == 6);
}

TEST_CASE("dropout factors in a run agree with the rule for one element, also across 2^32") {
  const uint64_t seed = 0xFEDCBA9876543210;
  const uint32_t threshold = dropout_threshold(0.25);
  for (const uint64_t first : {uint64_t{0}, uint64_t{0xFFFFFFF0}, uint64_t{0x7FFFFFFF0}}) {
    std::vector<float> factors(50);
    dropout_factors(seed, first, 50, threshold, 2.0f, factors.data());
    for (uint64_t i = 0; i < 50; ++i)
      CHECK(factors[i] == (dropout_keep(seed, first + i, threshold) ? 2.0f : 0.0f));
  }
}
