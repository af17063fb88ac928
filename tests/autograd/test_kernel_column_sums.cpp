// Every gradient that is a sum over rows is made in one order: the rows of a piece one after the other, then
// the pieces. Each addend here is exact (a factor of 1, or a plain copy), so the order alone decides the
// bits.
#include "autograd/kernels/layers/bias.hpp"
#include "autograd/kernels/layers/bias_act.hpp"
#include "autograd/kernels/layers/layer_norm.hpp"
#include "autograd/kernels/layers/residual_layer_norm.hpp"
#include "autograd/kernels/pieces.hpp"
#include "support/catch.hpp"
#include "support/kernels.hpp"

using namespace gradus;
using namespace gradus::test;
using std::vector;

namespace {

/// The sums down the columns of x, [rows, cols], in that order.
template <class T>
vector<T> sums_in_order(const vector<T>& x, int64_t rows, int64_t cols) {
  const int64_t grain = kernels::rows_per_partial_sum(rows, cols);
  vector<T> total(cols, 0);
  for (int64_t begin = 0; begin < rows; begin += grain) {
    vector<T> part(cols, 0);
    for (int64_t row = begin; row < std::min(rows, begin + grain); ++row) {
      for (int64_t j = 0; j < cols; ++j) part[j] += x[row * cols + j];
    }
    for (int64_t j = 0; j < cols; ++j) total[j] += part[j];
  }
  return total;
}

}  // namespace

TEMPLATE_TEST_CASE("kernels: sums over rows are added in one order, to the bit", "", float, double) {
  using T = TestType;
  const int64_t rows = GENERATE(0, 1, 5, 2000), cols = GENERATE(2, 37, 128);
  CAPTURE(rows, cols);
  const auto dy = random_values<T>(rows * cols, 1), x = random_values<T>(rows * cols, 2);
  const vector<T> ones(rows * cols, 1), of_dy = sums_in_order(dy, rows, cols);
  const vector<T> zero_means(rows, 0), unit_rstds(rows, 1);
  const auto fresh = [&] { return vector<T>(cols, 7); };
  auto dbias = fresh(), dgamma = fresh(), dbeta = fresh();
  vector<T> dx(rows * cols), dresidual(rows * cols);

  kernels::column_sum(dy.data(), dbias.data(), rows, cols);
  CHECK(dbias == of_dy);

  dbias = fresh();
  kernels::bias_act_backward(dy.data(), ones.data(), dx.data(), dbias.data(), rows, cols);
  CHECK(dbias == of_dy);

  // A dy of ones makes each addend of dgamma the normalised x: with mean 0 and rstd 1, x itself.
  const auto layer_norm_backward = [&](const vector<T>& from) {
    kernels::layer_norm_backward<T>(from.data(), x.data(), zero_means.data(), unit_rstds.data(), nullptr,
                                    dx.data(), dgamma.data(), dbeta.data(), rows, cols);
  };
  layer_norm_backward(dy);
  CHECK(dbeta == of_dy);
  layer_norm_backward(ones);
  CHECK(dgamma == sums_in_order(x, rows, cols));

  const auto residual_backward = [&](const vector<T>& from, double p) {
    dbias = dgamma = dbeta = fresh();
    kernels::residual_layer_norm_backward<T>(from.data(), x.data(), unit_rstds.data(), nullptr, p, 3,
                                             dresidual.data(), dx.data(), dbias.data(), dgamma.data(),
                                             dbeta.data(), rows, cols);
  };
  for (const double p : {0.0, 0.5}) {  // what is kept is scaled by 1 or 2, and that is exact, too
    residual_backward(dy, p);
    CHECK(dbeta == of_dy);
    CHECK(dbias == sums_in_order(dx, rows, cols));
    residual_backward(ones, p);
    CHECK(dgamma == sums_in_order(x, rows, cols));
  }
}

TEST_CASE("kernels: a gradient that nobody asked for is left out of the sums over rows") {
  const int64_t rows = 700, cols = 37;
  const auto dy = random_values<float>(rows * cols, 1), x = random_values<float>(rows * cols, 2);
  const vector<float> rstd(rows, 1);
  const vector<float> of_dy = sums_in_order(dy, rows, cols);
  vector<float> dx(rows * cols), dresidual(rows * cols), dbeta(cols, 7);
  kernels::layer_norm_backward<float>(dy.data(), x.data(), rstd.data(), rstd.data(), nullptr, dx.data(),
                                      nullptr, dbeta.data(), rows, cols);
  CHECK(dbeta == of_dy);
  dbeta.assign(cols, 7);
  kernels::residual_layer_norm_backward<float>(dy.data(), x.data(), rstd.data(), nullptr, 0.1, 3,
                                               dresidual.data(), dx.data(), nullptr, nullptr, dbeta.data(),
                                               rows, cols);
  CHECK(dbeta == of_dy);
}
