#include <cmath>
#include <limits>
#include <vector>

#include "autograd/kernels/layers/bias.hpp"
#include "autograd/kernels/measure/profile.hpp"
#include "autograd/kernels/parallel.hpp"
#include "autograd/kernels/products/gemm.hpp"
#include "autograd/kernels/products/packed_gemm.hpp"
#include "autograd/kernels/products/panel_gemm.hpp"
#include "autograd/kernels/products/small_gemm.hpp"
#include "autograd/random.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::kernels;

namespace {

template <class T>
std::vector<T> random_values(int64_t n, uint64_t seed) {
  Rng rng(seed);
  std::vector<T> values(static_cast<size_t>(n));
  for (T& x : values) x = static_cast<T>(2 * rng.uniform() - 1);
  return values;
}

// Storage large enough for a matrix with any strides of this file, its origin in the middle.
template <class T>
struct Operand {
  std::vector<T> storage;
  Matrix<T> matrix;
  Operand(int64_t rows, int64_t cols, int64_t row_stride, int64_t col_stride, uint64_t seed) {
    const int64_t reach = rows * std::abs(row_stride) + cols * std::abs(col_stride) + 1;
    storage = random_values<T>(2 * reach, seed);
    matrix = {storage.data() + reach, rows, cols, row_stride, col_stride};
  }
};

// The largest difference over all of two storages.
template <class T>
double largest_difference(const std::vector<T>& a, const std::vector<T>& b) {
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::fabs(static_cast<double>(a[i]) - b[i]));
  return worst;
}

// Computes with gemm, and by the definition in long double; returns the largest difference over all of c's
// storage, so that writing beside c shows too.
template <class T>
double difference(T alpha, const Operand<T>& a, const Operand<T>& b, T beta, Operand<T>& c) {
  const auto& [pa, m, k, ars, acs] = a.matrix;
  const auto& [pb, kb, n, brs, bcs] = b.matrix;
  REQUIRE(k == kb);
  std::vector<T> want = c.storage;
  T* const pw = want.data() + (c.matrix.data - c.storage.data());
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      long double sum = 0;
      for (int64_t p = 0; p < k; ++p)
        sum += static_cast<long double>(pa[i * ars + p * acs]) * pb[p * brs + j * bcs];
      T& w = pw[i * c.matrix.row_stride + j * c.matrix.col_stride];
      w = static_cast<T>(alpha * sum + (beta == 0 ? 0 : beta * w));
    }
  }
  gemm(alpha, a.matrix, b.matrix, beta, c.matrix);
  return largest_difference(want, c.storage);
}

// How far c = a b / 2, or that added to c, is from what BLIS makes of the same c, over all of c's storage.
template <class T, class Product>
double difference_from_blis(const Operand<T>& a, const Operand<T>& b, bool add, Operand<T>& c, Product own) {
  Operand<T> blis = c;
  blis.matrix.data = blis.storage.data() + (c.matrix.data - c.storage.data());
  own(T(0.5), a.matrix, b.matrix, add, c.matrix);
  gemm_plain<T>(1, T(0.5), a.matrix, b.matrix, add, blis.matrix);
  return largest_difference(c.storage, blis.storage);
}

struct Restore {
  int threads = num_threads();
  ~Restore() { set_num_threads(threads); }
};

}  // namespace

TEST_CASE("gemm equals the definition for any strides of its operands") {
  struct Case {
    int64_t m, n, k, ars, acs, brs, bcs, crs, ccs;
  };
  const auto [m, n, k, ars, acs, brs, bcs, crs, ccs] =
      GENERATE(Case{37, 41, 53, 53, 1, 41, 1, 41, 1},      // row-major
               Case{37, 41, 53, 1, 37, 1, 53, 1, 37},      // column-major, which is transposed
               Case{37, 41, 53, 3, 200, 2, 300, 2, 100},   // no unit stride at all
               Case{37, 41, 53, 1, 1, 1, 3, 41, 1},        // overlapping windows
               Case{37, 41, 53, 0, 1, 41, 1, 41, 1},       // one row repeated
               Case{37, 41, 53, 1, 0, 0, 1, 41, 1},        // repeated along the sum
               Case{37, 41, 53, 0, 0, 0, 0, 41, 1},        // a constant
               Case{37, 41, 53, -53, 1, -41, -1, 41, 1},   // backwards
               Case{1, 41, 53, 0, 1, 0, 1, 0, 1},          // a row, whose row strides mean nothing
               Case{37, 1, 53, 53, 1, 1, 0, 1, 0},         // a column
               Case{37, 41, 1, 1, 0, 0, 1, 41, 1},         // an outer product
               Case{1, 1, 1, 0, 0, 0, 0, 0, 0},            // one number
               Case{8, 32, 17, 1, 9, 32, 1, 1, 8},         // small, into a transposed result
               Case{5, 3, 40, 40, 1, 1, 40, 3, 1},         // small, of two transposed sides
               Case{71, 73, 67, 67, 1, 73, 1, 73, 1},      // too large for the register tile: row-major
               Case{71, 73, 67, 1, 71, 1, 67, 1, 71},      // column-major
               Case{71, 73, 67, 3, 250, 2, 300, 2, 150},   // no unit stride at all
               Case{71, 73, 67, 1, 1, 1, 3, 73, 1},        // overlapping windows
               Case{71, 73, 67, 0, 1, 73, 1, 73, 1},       // one row repeated
               Case{71, 73, 67, 0, 0, 0, 0, 73, 1},        // a constant
               Case{71, 73, 67, -67, 1, -73, -1, 73, 1},   // backwards
               Case{131, 80, 70, 70, 1, 80, 1, 80, 1},     // many rows with a weight
               Case{131, 80, 70, 75, 1, 1, 77, 90, 1},     // with a transposed one, within larger matrices
               Case{131, 80, 70, 0, 1, 1, 0, 80, 1},       // one row and one column, repeated
               Case{131, 80, 70, -70, 1, -80, 1, 80, 1},   // backwards
               Case{1, 600, 900, 0, 1, 600, 1, 0, 1},      // a long row
               Case{600, 1, 900, 900, 1, 1, 0, 1, 0},      // a long column
               Case{2049, 64, 64, 64, 1, 64, 1, 64, 1},    // cut along m
               Case{65, 2100, 64, 64, 1, 1, 64, 2100, 1},  // cut along n
               Case{64, 64, 4097, 1, 64, 64, 1, 64, 1},    // cut along k
               Case{64, 64, 4097, 1, 64, 64, 1, 1, 64});   // the same into a transposed result
  INFO(m << " " << n << " " << k << " strides " << ars << " " << acs << " " << brs << " " << bcs);
  {
    Operand<float> a(m, k, ars, acs, 1), b(k, n, brs, bcs, 2), c(m, n, crs, ccs, 3);
    CHECK(difference(1.0f, a, b, 0.0f, c) < 1e-6 * static_cast<double>(k + 20));
    CHECK(difference(2.0f, a, b, 1.0f, c) < 2e-6 * static_cast<double>(k + 20));
    CHECK(difference(-0.5f, a, b, 2.0f, c) < 1e-6 * static_cast<double>(k + 20));
  }
  {
    Operand<double> a(m, k, ars, acs, 1), b(k, n, brs, bcs, 2), c(m, n, crs, ccs, 3);
    CHECK(difference(1.0, a, b, 0.0, c) < 2e-15 * static_cast<double>(k + 20));
    CHECK(difference(2.0, a, b, 1.0, c) < 4e-15 * static_cast<double>(k + 20));
    CHECK(difference(-0.5, a, b, 2.0, c) < 2e-15 * static_cast<double>(k + 20));
  }
}

TEST_CASE("small products go without BLIS, by sizes, strides and beta alone", "[gemm]") {
  const auto takes = [](int64_t m, int64_t n, int64_t k, float beta, bool b_dense, bool c_dense) {
    Operand<float> a(m, k, k, 1, 1), b(k, n, b_dense ? n : 2 * n, b_dense ? 1 : 2, 2),
        c(m, n, c_dense ? n : 2 * n, c_dense ? 1 : 2, 3);
    const std::vector<float> before = c.storage;
    const bool taken = small_gemm<float>(1, a.matrix, b.matrix, beta, c.matrix);
    if (!taken) CHECK(c.storage == before);
    return taken;
  };
  for (const int64_t n : {1, 2, 8, 16, 24, 32}) {
    INFO(n);
    CHECK(takes(n, n, n, 0, true, true));
    CHECK(takes(n, n, n, 1, true, true));
    CHECK(takes(n, n, n, 0, false, true) == (n == 1));  // a is dense, but then c has to be lying
    CHECK(takes(n, n, n, 0, true, false) == (n == 1));
    CHECK_FALSE(takes(n, n, n, 0.5f, true, true));
  }
  CHECK_FALSE(takes(72, 72, 72, 0, true, true));
  CHECK_FALSE(takes(1, 1, 1000, 0, true, true));  // more than fits on the stack
}

namespace {

template <class T>
void check_panels(int64_t m, int64_t n, int64_t k, bool transposed, bool add) {
  INFO(m << " " << n << " " << k << (transposed ? " transposed" : "") << (add ? " added" : ""));
  const Operand<T> a(m, k, k + 2, 1, 1), b(k, n, transposed ? 1 : n + 1, transposed ? k + 3 : 1, 2);
  Operand<T> own(m, n, n + 1, 1, 3);
  const auto by_panels = [](auto... of) { panel_gemm<T>(of...); };
  CHECK(difference_from_blis(a, b, add, own, by_panels) <
        10 * static_cast<double>(std::numeric_limits<T>::epsilon()));
  if (add) return;
  // With a bias: what it was before, and then the bias.
  const std::vector<T> bias = random_values<T>(n, 4);
  Operand<T> biased = own;
  biased.matrix.data = biased.storage.data() + (own.matrix.data - own.storage.data());
  panel_gemm<T>(T(0.5), a.matrix, b.matrix, false, biased.matrix, bias.data());
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) own.matrix.data[i * (n + 1) + j] += bias[static_cast<size_t>(j)];
  }
  CHECK(largest_difference(own.storage, biased.storage) <
        2 * static_cast<double>(std::numeric_limits<T>::epsilon()));
}

}  // namespace

TEST_CASE("a product by panels is that of BLIS, at the edges of its tiles too", "[gemm]") {
  struct Sizes {
    int64_t m, n, k;
  };
  const auto [m, n, k] =
      GENERATE(Sizes{1, 1, 1}, Sizes{7, 17, 33}, Sizes{50, 31, 9}, Sizes{53, 96, 40}, Sizes{30, 2100, 40});
  for (const bool transposed : {false, true}) {
    for (const bool add : {false, true}) {
      check_panels<float>(m, n, k, transposed, add);
      check_panels<double>(m, n, k, transposed, add);
    }
  }
}

TEST_CASE("a product with a bias has the bits of the product and the bias after it", "[gemm]") {
  struct Sizes {
    int64_t m, n, k;
  };
  // Of the small products, by panels with a last one that is not full, by BLIS, and empty ones.
  const auto [m, n, k] = GENERATE(Sizes{5, 7, 9}, Sizes{128, 64, 64}, Sizes{211, 120, 70}, Sizes{130, 65, 40},
                                  Sizes{600, 128, 300}, Sizes{100, 0, 40}, Sizes{0, 4, 40}, Sizes{3, 4, 0});
  INFO(m << " " << n << " " << k);
  const auto check = [&]<class T> {
    const Operand<T> a(m, k, k, 1, 1), b(k, n, 1, k, 2), bias(1, n, n, 1, 3);
    Operand<T> fused(m, n, n, 1, 4), apart = fused;
    apart.matrix.data = apart.storage.data() + (fused.matrix.data - fused.storage.data());
    gemm_with_bias<T>(a.matrix, b.matrix, bias.matrix.data, fused.matrix);
    gemm<T>(1, a.matrix, b.matrix, 0, apart.matrix);
    add_bias<T>(apart.matrix.data, bias.matrix.data, m, n);
    CHECK(fused.storage == apart.storage);
  };
  check.template operator()<float>();
  check.template operator()<double>();
}

TEST_CASE("products by panels are taken by sizes, strides and beta alone", "[gemm]") {
  const auto takes = [](int64_t m, int64_t n, int64_t k, float beta, int64_t a_step, int64_t c_step) {
    Operand<float> a(m, k, a_step == 1 ? k : 1, a_step, 1), b(k, n, n, 1, 2), c(m, n, c_step * n, c_step, 3);
    const std::vector<float> before = c.storage;
    const bool taken = panel_gemm_if_ahead<float>(1, a.matrix, b.matrix, beta, c.matrix);
    if (!taken) CHECK(c.storage == before);
    return taken;
  };
  const bool here = takes(128, 64, 64, 0, 1, 1);  // whether this build has them at all
  CHECK(takes(128, 64, 64, 1, 1, 1) == here);
  CHECK(takes(2000, 128, 512, 0, 1, 1) == here);
  CHECK(takes(128, 120, 64, 0, 1, 1) == here);
  CHECK_FALSE(takes(128, 64, 64, 0.5f, 1, 1));
  CHECK_FALSE(takes(128, 64, 64, 0, 128, 1));  // a is transposed
  CHECK_FALSE(takes(128, 64, 64, 0, 1, 2));    // the result has gaps
  CHECK_FALSE(takes(64, 64, 64, 0, 1, 1));     // few rows
  CHECK_FALSE(takes(128, 64, 16, 0, 1, 1));    // short sums
  CHECK_FALSE(takes(128, 65, 64, 0, 1, 1));    // a last panel that is nearly empty
  CHECK_FALSE(takes(128, 2064, 512, 0, 1, 1));
}

TEST_CASE("a product of packed sides is that of BLIS, at the edges of its tiles, blocks and slices too",
          "[gemm]") {
  struct Sizes {
    int64_t m, n, k;
  };
  // A block has 192 rows, a slice is 256 deep, 8 rows are packed at once, and eight are two tiles of four.
  const auto [m, n, k] = GENERATE(Sizes{1, 1, 1}, Sizes{8, 16, 8}, Sizes{7, 17, 33}, Sizes{98, 31, 9},
                                  Sizes{200, 40, 257}, Sizes{296, 16, 523}, Sizes{101, 5, 256});
  const auto check = [&]<class T>(bool add) {
    INFO(m << " " << n << " " << k << (add ? " added" : ""));
    const Operand<T> a(m, k, 1, m + 3, 1), b(k, n, n + 1, 1, 2);
    Operand<T> own(m, n, n + 2, 1, 3);
    const auto by_packing = [](auto... of) { packed_gemm<T>(of...); };
    CHECK(difference_from_blis(a, b, add, own, by_packing) <
          60 * static_cast<double>(std::numeric_limits<T>::epsilon()));
  };
  for (const bool add : {false, true}) {
    check.template operator()<float>(add);
    check.template operator()<double>(add);
  }
}

TEST_CASE("products of packed sides are taken by sizes, strides and beta alone", "[gemm]") {
  const auto takes = [](int64_t m, int64_t n, int64_t k, float beta, bool transposed = true,
                        int64_t b_step = 1, int64_t c_step = 1) {
    Operand<float> a(m, k, transposed ? 1 : k, transposed ? m : 1, 1);
    Operand<float> b(k, n, n * b_step, b_step, 2), c(m, n, c_step * n, c_step, 3);
    const std::vector<float> before = c.storage;
    const bool taken = packed_gemm_if_ahead<float>(1, a.matrix, b.matrix, beta, c.matrix);
    if (!taken) CHECK(c.storage == before);
    return taken;
  };
  const bool here = takes(128, 64, 512, 0);  // whether this build has them at all
  CHECK(takes(128, 64, 512, 1) == here);
  CHECK(takes(48, 16, 128, 0) == here);
  CHECK(takes(128, 120, 512, 0) == here);
  CHECK_FALSE(takes(128, 64, 512, 0.5f));
  CHECK_FALSE(takes(128, 64, 512, 0, false));
  CHECK_FALSE(takes(128, 64, 512, 0, true, 2));
  CHECK_FALSE(takes(128, 64, 512, 0, true, 1, 2));
  CHECK_FALSE(takes(47, 64, 512, 0));   // few rows
  CHECK_FALSE(takes(128, 64, 127, 0));  // short sums
  CHECK_FALSE(takes(128, 65, 512, 0));  // a last panel that is nearly empty
}

TEST_CASE("gemm with an empty dimension") {
  Operand<float> a(3, 0, 1, 1, 1), b(0, 4, 4, 1, 2), c(3, 4, 4, 1, 3);
  CHECK(difference(1.0f, a, b, 0.5f, c) == 0);
  CHECK(difference(1.0f, a, b, 0.0f, c) == 0);
  CHECK(c.matrix.data[11] == 0);
  Operand<float> no_rows(0, 5, 5, 1, 1), full(5, 4, 4, 1, 2), none(0, 4, 4, 1, 3);
  CHECK(difference(1.0f, no_rows, full, 0.0f, none) == 0);
}

TEST_CASE("gemm with beta 0 never reads what c held") {
  const int64_t k = GENERATE(0, 5, 4097);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto a = random_values<float>(20 * k, 1), b = random_values<float>(k * 30, 2);
  std::vector<float> c(20 * 30, nan);
  gemm<float>(1, {a.data(), 20, k, k, 1}, {b.data(), k, 30, 30, 1}, 0,
              Matrix<float>{c.data(), 20, 30, 30, 1});
  for (const float x : c) CHECK_FALSE(std::isnan(x));
}

TEST_CASE("gemm has the same bits on one thread and on several") {
  struct Case {
    int64_t m, n, k;
    bool transposed = true;
  };
  const auto [m, n, k, transposed] =
      GENERATE(Case{2048, 128, 128}, Case{128, 128, 4096}, Case{614, 2500, 64}, Case{300, 200, 700},
               Case{512, 128, 2048}, Case{300, 208, 700, false}, Case{2048, 128, 128, false});
  const Restore restore;
  const auto a = random_values<float>(m * k, 1), b = random_values<float>(k * n, 2);
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 5}) {
    set_num_threads(threads);
    auto& c = results.emplace_back(random_values<float>(m * n, 3));
    gemm<float>(1.5f, {a.data(), m, k, transposed ? 1 : k, transposed ? m : 1}, {b.data(), k, n, n, 1},
                transposed ? 0.5f : 1.0f, Matrix<float>{c.data(), m, n, n, 1});
  }
  CHECK(results[0] == results[1]);
  CHECK(results[0] == results[2]);
}

TEST_CASE("the tiles cover the product and are worth a thread") {
  for (const int64_t m : {1, 32, 128, 614, 4096, 30522}) {
    for (const int64_t n : {1, 32, 128, 614, 4096, 30522}) {
      for (const int64_t k : {1, 128, 512, 4096}) {
        const GemmTiles tiles = gemm_tiles(m, n, k);
        CHECK(tiles.rows >= 1);
        CHECK(tiles.cols >= 1);
        CHECK(tiles.depth >= 1);
        // Partial sums are kept for slices along k, so the other two are whole then.
        if (tiles.depth < k) CHECK((tiles.rows >= m && tiles.cols >= n));
      }
    }
  }
  CHECK(gemm_tiles(4, 4, 4) == GemmTiles{4, 4, 4});
}

TEST_CASE("a batch of products reads each operand at its own strides") {
  const Restore restore;
  set_num_threads(GENERATE(1, 3));
  // Heads as strided views: q and k of shape [B, S, A * D] read as [B, A, S, D]; scores [B, A, S, S].
  const int64_t B = 3, A = 2, S = 17, D = 5;
  const auto q = random_values<double>(B * S * A * D, 1), k = random_values<double>(B * S * A * D, 2);
  std::vector<double> scores(B * A * S * S);
  gemm_batched<double>({B, A}, 2, {q.data(), S, D, A * D, 1}, {S * A * D, D}, {k.data(), D, S, 1, A * D},
                       {S * A * D, D}, 0, Matrix<double>{scores.data(), S, S, S, 1}, {A * S * S, S * S});
  for (int64_t b = 0; b < B; ++b) {
    for (int64_t h = 0; h < A; ++h) {
      for (int64_t i = 0; i < S; ++i) {
        for (int64_t j = 0; j < S; ++j) {
          double want = 0;
          for (int64_t d = 0; d < D; ++d)
            want += 2 * q[((b * S + i) * A + h) * D + d] * k[((b * S + j) * A + h) * D + d];
          CHECK(scores[((b * A + h) * S + i) * S + j] == Approx(want).margin(1e-13));
        }
      }
    }
  }
}

TEST_CASE("a batch may share one operand, hold large products or be empty") {
  const int64_t n = 180;
  const auto a = random_values<float>(3 * n * n, 1), b = random_values<float>(n * n, 2);
  std::vector<float> c(3 * n * n, 7), want(3 * n * n);
  gemm_batched<float>({3}, 1, {a.data(), n, n, n, 1}, {n * n}, {b.data(), n, n, n, 1}, {0}, 0,
                      Matrix<float>{c.data(), n, n, n, 1}, {n * n});
  for (int64_t i = 0; i < 3; ++i)
    gemm<float>(1, {a.data() + i * n * n, n, n, n, 1}, {b.data(), n, n, n, 1}, 0,
                Matrix<float>{want.data() + i * n * n, n, n, n, 1});
  CHECK(c == want);
  gemm_batched<float>({0}, 1, {a.data(), n, n, n, 1}, {n * n}, {b.data(), n, n, n, 1}, {0}, 0,
                      Matrix<float>{c.data(), n, n, n, 1}, {n * n});
  CHECK(c == want);
}

TEST_CASE("the profiler times scopes, counts operations and lists products once") {
  profile::start();
  {
    const ProfileScope outer("outer");
    const auto a = random_values<float>(6, 1);
    std::vector<float> c(4);
    for (int i = 0; i < 2; ++i)
      gemm<float>(1, {a.data(), 2, 3, 3, 1}, {a.data(), 3, 2, 1, 3}, 0, Matrix<float>{c.data(), 2, 2, 2, 1});
  }
  const auto entries = profile::stop();
  REQUIRE(entries.size() == 2);
  const auto& outer = entries[0].name == "outer" ? entries[0] : entries[1];
  const auto& inner = entries[0].name == "outer" ? entries[1] : entries[0];
  CHECK(inner.name == "gemm");
  CHECK(inner.calls == 2);
  CHECK(inner.flops == 2 * 24);
  CHECK(outer.calls == 1);
  CHECK(outer.flops == 2 * 24);
  CHECK(outer.seconds >= inner.seconds);
  CHECK(outer.self_seconds == Approx(outer.seconds - inner.seconds).margin(1e-12));
  const auto products = profile::products();
  REQUIRE(products.size() == 1);
  CHECK(products[0].calls == 2);
  CHECK(products[0].m == 2);
  CHECK(products[0].k == 3);
  CHECK(products[0].a == profile::Layout::row_major);
  CHECK(products[0].b == profile::Layout::column_major);
  CHECK(products[0].flops() == 24);
  { const ProfileScope off("off"); }
  CHECK(profile::products().size() == 1);
  profile::start();
  CHECK(profile::stop().empty());
}
