#include "autograd/kernels/layers/softmax.hpp"

#include "support/catch.hpp"
#include "support/kernels.hpp"

using namespace gradus;
using namespace gradus::test;
using std::vector;

namespace {

constexpr float inf = INFINITY;

vector<long double> naive_softmax(const vector<double>& x, int64_t rows, int64_t cols) {
  vector<long double> y(x.size());
  for (int64_t i = 0; i < rows; ++i) {
    long double sum = 0;
    for (int64_t j = 0; j < cols; ++j) sum += std::exp(static_cast<long double>(x[i * cols + j]));
    for (int64_t j = 0; j < cols; ++j) {
      y[i * cols + j] = std::exp(static_cast<long double>(x[i * cols + j])) / sum;
    }
  }
  return y;
}

template <class T>
void check_against_naive(int64_t rows, int64_t cols, double tolerance) {
  const vector<T> x = random_values<T>(rows * cols, 1, -5, 5);
  const vector<long double> expected = naive_softmax({x.begin(), x.end()}, rows, cols);
  vector<T> y(x.size()), logs(x.size());
  kernels::softmax(x.data(), y.data(), rows, cols);
  CHECK(worst_error(y, expected) < tolerance);
  kernels::log_softmax(x.data(), logs.data(), rows, cols);
  vector<long double> expected_logs;
  for (long double p : expected) expected_logs.push_back(std::log(p));
  CHECK(worst_error(logs, expected_logs) < tolerance);
  vector<T> in_place = x;
  kernels::softmax(in_place.data(), in_place.data(), rows, cols);
  CHECK(in_place == y);
}

}  // namespace

TEST_CASE("kernel softmax equals the plain formula") {
  for (int64_t cols : {1, 2, 3, 7, 8, 15, 16, 17, 33, 128, 242}) {
    check_against_naive<float>(5, cols, 1e-6);
    check_against_naive<double>(5, cols, 1e-14);
  }
  check_against_naive<float>(0, 4, 1e-6);
}

TEST_CASE("kernel softmax_backward and log_softmax_backward equal central differences") {
  const int64_t rows = 3, cols = 11;
  const auto x = random_values<double>(rows * cols, 2), dy = random_values<double>(rows * cols, 3);
  vector<double> y(x.size()), dx(x.size());
  kernels::softmax(x.data(), y.data(), rows, cols);
  kernels::softmax_backward(y.data(), dy.data(), dx.data(), rows, cols);
  CHECK(worst_error(dx, numeric_gradient(x, [&](const vector<double>& at) {
                      vector<double> out(at.size());
                      kernels::softmax(at.data(), out.data(), rows, cols);
                      return dot(out, dy);
                    })) < 1e-8);
  kernels::log_softmax(x.data(), y.data(), rows, cols);
  kernels::log_softmax_backward(y.data(), dy.data(), dx.data(), rows, cols);
  CHECK(worst_error(dx, numeric_gradient(x, [&](const vector<double>& at) {
                      vector<double> out(at.size());
                      kernels::log_softmax(at.data(), out.data(), rows, cols);
                      return dot(out, dy);
                    })) < 1e-8);
}

TEST_CASE("kernel softmax at the ends of the range") {
  // Huge entries do not overflow, -Inf is exactly 0, a row of -Inf is zeros, a NaN stays in its row.
  const vector<float> x = {1e38f, 1e38f, -inf, -inf, -inf, -inf, 0, NAN, 1, 0, -200, -inf};
  vector<float> y(x.size()), logs(x.size());
  kernels::softmax(x.data(), y.data(), 4, 3);
  CHECK(vector<float>(y.begin(), y.begin() + 6) == vector<float>{0.5f, 0.5f, 0, 0, 0, 0});
  for (int j = 6; j < 9; ++j) CHECK(std::isnan(y[j]));
  CHECK(vector<float>(y.begin() + 9, y.end()) == vector<float>{1, 0, 0});
  kernels::log_softmax(x.data(), logs.data(), 4, 3);
  for (int j = 2; j < 6; ++j) CHECK(logs[j] == -inf);
  CHECK(vector<float>(logs.begin() + 9, logs.end()) == vector<float>{0, -200, -inf});
}

TEST_CASE("kernel softmax gives the same bits on any number of threads") {
  const int64_t rows = 700, cols = 131;
  const auto x = random_values<float>(rows * cols, 4), dy = random_values<float>(rows * cols, 5);
  CHECK(same_bits_on_any_threads([&] {
    vector<float> y(x.size()), dx(x.size()), logs(x.size()), dlogs(x.size());
    kernels::softmax(x.data(), y.data(), rows, cols);
    kernels::softmax_backward(y.data(), dy.data(), dx.data(), rows, cols);
    kernels::log_softmax(x.data(), logs.data(), rows, cols);
    kernels::log_softmax_backward(logs.data(), dy.data(), dlogs.data(), rows, cols);
    return joined({y, dx, logs, dlogs});
  }));
}
