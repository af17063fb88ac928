#include "autograd/kernels/layers/layer_norm.hpp"

#include "support/catch.hpp"
#include "support/kernels.hpp"

using namespace gradus;
using namespace gradus::test;
using std::vector;

namespace {

template <class T>
vector<long double> naive_layer_norm(const vector<T>& x, const T* gamma, const T* beta, double eps,
                                     int64_t rows, int64_t cols) {
  vector<long double> y(x.size());
  for (int64_t i = 0; i < rows; ++i) {
    long double sum = 0, squares = 0;
    for (int64_t j = 0; j < cols; ++j) sum += x[i * cols + j];
    const long double mean = sum / cols;
    for (int64_t j = 0; j < cols; ++j) squares += (x[i * cols + j] - mean) * (x[i * cols + j] - mean);
    const long double deviation = std::sqrt(squares / cols + static_cast<long double>(eps));
    for (int64_t j = 0; j < cols; ++j) {
      const long double xhat = (x[i * cols + j] - mean) / deviation;
      y[i * cols + j] = xhat * (gamma ? gamma[j] : 1) + (beta ? beta[j] : 0);
    }
  }
  return y;
}

template <class T>
vector<T> forward(const vector<T>& x, const T* gamma, const T* beta, double eps, int64_t rows, int64_t cols) {
  vector<T> y(x.size()), mean(rows), rstd(rows);
  kernels::layer_norm(x.data(), gamma, beta, eps, y.data(), mean.data(), rstd.data(), rows, cols);
  return y;
}

}  // namespace

TEST_CASE("kernel layer_norm equals the plain formula") {
  const int64_t rows = 9;
  for (int64_t cols : {1, 2, 5, 8, 15, 16, 17, 64, 128, 200}) {
    const auto gamma = random_values<float>(cols, 1, 0.5, 1.5), beta = random_values<float>(cols, 2);
    // A mean far from 0 shows a variance that cancels.
    const auto x = random_values<float>(rows * cols, 3, 98, 102);
    const auto expected = naive_layer_norm(x, gamma.data(), beta.data(), 1e-5, rows, cols);
    CHECK(worst_error(forward(x, gamma.data(), beta.data(), 1e-5, rows, cols), expected) < 1e-4);
    const auto y = random_values<float>(rows * cols, 4);
    const float* none = nullptr;
    CHECK(worst_error(forward(y, none, none, 1e-12, rows, cols),
                      naive_layer_norm(y, none, none, 1e-12, rows, cols)) < 3e-6);
    const vector<double> z(x.begin(), x.end());
    const double* nothing = nullptr;
    CHECK(worst_error(forward(z, nothing, nothing, 1e-5, rows, cols),
                      naive_layer_norm(z, nothing, nothing, 1e-5, rows, cols)) < 1e-12);
  }
}

TEST_CASE("kernel layer_norm of a constant row is beta") {
  const vector<float> x(6, 3.5f), beta = {1, 2, 3};
  CHECK(forward<float>(x, nullptr, beta.data(), 1e-12, 2, 3) == vector<float>{1, 2, 3, 1, 2, 3});
}

TEST_CASE("kernel layer_norm_backward equals central differences") {
  const int64_t rows = GENERATE(1, 4, 6), cols = GENERATE(2, 9, 16);
  const bool affine = GENERATE(true, false);
  const double eps = 1e-3;
  const auto x = random_values<double>(rows * cols, 1), dy = random_values<double>(rows * cols, 2);
  const auto gamma = random_values<double>(cols, 3), beta = random_values<double>(cols, 4);
  const double *weight = affine ? gamma.data() : nullptr, *shift = affine ? beta.data() : nullptr;
  vector<double> y(x.size()), mean(rows), rstd(rows), dx(x.size()), dgamma(cols, 7), dbeta(cols, 7);
  kernels::layer_norm(x.data(), weight, shift, eps, y.data(), mean.data(), rstd.data(), rows, cols);
  kernels::layer_norm_backward(dy.data(), x.data(), mean.data(), rstd.data(), weight, dx.data(),
                               affine ? dgamma.data() : nullptr, affine ? dbeta.data() : nullptr, rows, cols);
  CHECK(worst_error(dx, numeric_gradient(x, [&](const vector<double>& at) {
                      return dot(forward(at, weight, shift, eps, rows, cols), dy);
                    })) < 1e-7);
  if (!affine) return;
  CHECK(worst_error(dgamma, numeric_gradient(gamma, [&](const vector<double>& at) {
                      return dot(forward(x, at.data(), shift, eps, rows, cols), dy);
                    })) < 1e-8);
  CHECK(worst_error(dbeta, numeric_gradient(beta, [&](const vector<double>& at) {
                      return dot(forward(x, weight, at.data(), eps, rows, cols), dy);
                    })) < 1e-8);
}

TEST_CASE("kernel layer_norm_backward may write over dy, and sums no rows to zero") {
  const int64_t rows = 5, cols = 12;
  const auto x = random_values<float>(rows * cols, 1), gamma = random_values<float>(cols, 3);
  vector<float> dy = random_values<float>(rows * cols, 2);
  vector<float> y(x.size()), mean(rows), rstd(rows), dx(x.size()), dgamma(cols, 7), dbeta(cols, 7);
  kernels::layer_norm<float>(x.data(), gamma.data(), nullptr, 1e-12, y.data(), mean.data(), rstd.data(), rows,
                             cols);
  kernels::layer_norm_backward<float>(dy.data(), x.data(), mean.data(), rstd.data(), gamma.data(), dx.data(),
                                      nullptr, nullptr, rows, cols);
  kernels::layer_norm_backward<float>(dy.data(), x.data(), mean.data(), rstd.data(), gamma.data(), dy.data(),
                                      dgamma.data(), nullptr, rows, cols);
  CHECK(dy == dx);
  kernels::layer_norm_backward<float>(dy.data(), x.data(), mean.data(), rstd.data(), gamma.data(), dx.data(),
                                      dgamma.data(), dbeta.data(), 0, cols);
  CHECK(dgamma == vector<float>(cols, 0));
  CHECK(dbeta == vector<float>(cols, 0));
}

TEST_CASE("kernel layer_norm gives the same bits on any number of threads") {
  const int64_t rows = 1003, cols = 72;
  const auto x = random_values<float>(rows * cols, 1), dy = random_values<float>(rows * cols, 2);
  const auto gamma = random_values<float>(cols, 3), beta = random_values<float>(cols, 4);
  CHECK(same_bits_on_any_threads([&] {
    vector<float> y(x.size()), mean(rows), rstd(rows), dx(x.size()), dgamma(cols), dbeta(cols);
    kernels::layer_norm(x.data(), gamma.data(), beta.data(), 1e-12, y.data(), mean.data(), rstd.data(), rows,
                        cols);
    kernels::layer_norm_backward(dy.data(), x.data(), mean.data(), rstd.data(), gamma.data(), dx.data(),
                                 dgamma.data(), dbeta.data(), rows, cols);
    return joined({y, mean, rstd, dx, dgamma, dbeta});
  }));
}
