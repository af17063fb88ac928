#include "autograd/kernels/layers/bias_act.hpp"

#include "autograd/kernels/layers/bias.hpp"
#include "support/catch.hpp"
#include "support/kernels.hpp"

using namespace gradus;
using namespace gradus::test;
using kernels::Activation;
using std::vector;

namespace {

long double naive(Activation kind, long double z) {
  const long double cubic = std::sqrt(2 / std::acos(-1.0L)) * (z + 0.044715L * z * z * z);
  switch (kind) {
    case Activation::relu:
      return z > 0 ? z : 0;
    case Activation::gelu:
      return z * std::erfc(-z / std::sqrt(2.0L)) / 2;
    case Activation::gelu_tanh:
      return z * (1 + std::tanh(cubic)) / 2;
    case Activation::silu:
      return z / (1 + std::exp(-z));
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-z));
    case Activation::identity:
      return z;
  }
  return NAN;
}

template <class T>
void check_against_naive(Activation kind, int64_t rows, int64_t cols, double tolerance) {
  const auto x = random_values<T>(rows * cols, 1, -4, 4), bias = random_values<T>(cols, 2);
  vector<long double> expected;
  for (int64_t i = 0; i < rows * cols; ++i) expected.push_back(naive(kind, x[i] + bias[i % cols]));
  vector<T> y(x.size()), plain(x.size()), slope(x.size());
  kernels::bias_act(kind, x.data(), bias.data(), y.data(), slope.data(), rows, cols);
  CHECK(worst_error(y, expected) < tolerance);
  kernels::bias_act<T>(kind, x.data(), bias.data(), plain.data(), nullptr, rows, cols);
  CHECK(worst_error(plain, expected) < tolerance);
  // The derivative where the pre-activation stood.
  vector<T> over = x;
  kernels::bias_act(kind, over.data(), bias.data(), plain.data(), over.data(), rows, cols);
  CHECK(over == slope);
  CHECK(plain == y);
  vector<T> sum = x, from_sum(x.size());
  kernels::add_bias(sum.data(), bias.data(), rows, cols);
  kernels::bias_act<T>(kind, sum.data(), nullptr, from_sum.data(), nullptr, rows, cols);
  CHECK(worst_error(from_sum, expected) < tolerance);
}

}  // namespace

TEST_CASE("kernel bias_act equals the plain formulas") {
  const auto kind = GENERATE(Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::silu,
                             Activation::sigmoid, Activation::identity);
  for (int64_t cols : {1, 2, 7, 8, 9, 16, 17, 31, 512}) {
    check_against_naive<float>(kind, 5, cols, 1e-6);
    check_against_naive<double>(kind, 5, cols, 1e-14);
  }
}

TEST_CASE("kernel bias_act_backward equals central differences") {
  const auto kind = GENERATE(Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::silu,
                             Activation::sigmoid, Activation::identity);
  const int64_t rows = 5, cols = 13;
  const auto x = random_values<double>(rows * cols, 1), bias = random_values<double>(cols, 2);
  const auto dy = random_values<double>(rows * cols, 3);
  vector<double> y(x.size()), slope(x.size()), dx(x.size()), dbias(cols, 7);
  kernels::bias_act(kind, x.data(), bias.data(), y.data(), slope.data(), rows, cols);
  kernels::bias_act_backward(dy.data(), slope.data(), dx.data(), dbias.data(), rows, cols);
  const auto value = [&](const vector<double>& x_at, const vector<double>& bias_at) {
    vector<double> out(x_at.size());
    kernels::bias_act<double>(kind, x_at.data(), bias_at.data(), out.data(), nullptr, rows, cols);
    return dot(out, dy);
  };
  CHECK(worst_error(dx, numeric_gradient(x, [&](const vector<double>& at) { return value(at, bias); })) <
        1e-8);
  CHECK(worst_error(dbias, numeric_gradient(bias, [&](const vector<double>& at) { return value(x, at); })) <
        1e-8);
  vector<double> over = dy;
  kernels::bias_act_backward<double>(over.data(), slope.data(), over.data(), nullptr, rows, cols);
  CHECK(over == dx);
}

TEST_CASE("kernel bias_act of relu at 0 and of NaN") {
  const vector<float> x = {0, NAN};
  vector<float> y(2), slope(2);
  kernels::bias_act<float>(Activation::relu, x.data(), nullptr, y.data(), slope.data(), 1, 2);
  CHECK(y[0] == 0);
  CHECK(slope[0] == 0);
  CHECK(std::isnan(y[1]));
}

TEST_CASE("kernel column_sum adds up every row") {
  for (int64_t rows : {0, 1, 3, 4, 5, 130, 2000}) {
    for (int64_t cols : {1, 5, 16, 37}) {
      const auto dy = random_values<float>(rows * cols, 1);
      vector<long double> expected(cols, 0);
      for (int64_t i = 0; i < rows * cols; ++i) expected[i % cols] += dy[i];
      vector<float> dbias(cols, 7);
      kernels::column_sum(dy.data(), dbias.data(), rows, cols);
      CHECK(worst_error(dbias, expected) < 1e-5);
    }
  }
}

TEST_CASE("kernel bias_act gives the same bits on any number of threads") {
  const int64_t rows = 1003, cols = 72;
  const auto x = random_values<float>(rows * cols, 1), bias = random_values<float>(cols, 2);
  CHECK(same_bits_on_any_threads([&] {
    vector<float> y(x.size()), slope(x.size()), dx(x.size()), dbias(cols), sum(cols), added = x;
    kernels::bias_act(Activation::gelu, x.data(), bias.data(), y.data(), slope.data(), rows, cols);
    kernels::bias_act_backward(x.data(), slope.data(), dx.data(), dbias.data(), rows, cols);
    kernels::column_sum(x.data(), sum.data(), rows, cols);
    kernels::add_bias(added.data(), bias.data(), rows, cols);
    return joined({y, slope, dx, dbias, sum, added});
  }));
}
