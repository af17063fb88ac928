#include "autograd/kernels/layers/residual_layer_norm.hpp"

#include "autograd/kernels/layers/bias.hpp"
#include "autograd/kernels/layers/dropout.hpp"
#include "autograd/kernels/layers/layer_norm.hpp"
#include "support/catch.hpp"
#include "support/kernels.hpp"

using namespace gradus;
using namespace gradus::test;
using std::vector;

namespace {

constexpr double eps = 1e-5;
constexpr uint64_t seed = 99;

template <class T>
struct Problem {
  int64_t rows, cols;
  double p;
  vector<T> x = random_values<T>(rows * cols, 1), residual = random_values<T>(rows * cols, 2);
  vector<T> bias = random_values<T>(cols, 3), gamma = random_values<T>(cols, 4),
            beta = random_values<T>(cols, 5);
  vector<T> dy = random_values<T>(rows * cols, 6);
  vector<T> xhat = vector<T>(x.size()), rstd = vector<T>(rows);

  vector<T> forward() {
    vector<T> y(x.size());
    kernels::residual_layer_norm(x.data(), bias.data(), residual.data(), gamma.data(), beta.data(), eps, p,
                                 seed, xhat.data(), y.data(), rstd.data(), rows, cols);
    return y;
  }

  // The same of the kernels that it fuses.
  vector<T> composed_forward() const {
    vector<T> sum = x, y(x.size()), mean(rows), scale(rows);
    kernels::add_bias(sum.data(), bias.data(), rows, cols);
    kernels::dropout(sum.data(), sum.data(), rows * cols, p, seed);
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += residual[i];
    kernels::layer_norm(sum.data(), gamma.data(), beta.data(), eps, y.data(), mean.data(), scale.data(), rows,
                        cols);
    return y;
  }

  struct Gradients {
    vector<T> residual, x, bias, gamma, beta;
  };
  Gradients backward() const {
    Gradients d{vector<T>(x.size()), vector<T>(x.size()), vector<T>(cols, 7), vector<T>(cols, 7),
                vector<T>(cols, 7)};
    kernels::residual_layer_norm_backward(dy.data(), xhat.data(), rstd.data(), gamma.data(), p, seed,
                                          d.residual.data(), d.x.data(), d.bias.data(), d.gamma.data(),
                                          d.beta.data(), rows, cols);
    return d;
  }
};

}  // namespace

TEST_CASE("kernel residual_layer_norm equals the kernels that it fuses") {
  const double p = GENERATE(0.0, 0.1, 0.5, 1.0);
  for (int64_t cols : {1, 3, 8, 16, 17, 31, 128, 130}) {
    Problem<float> single{7, cols, p};
    CHECK(worst_error(single.forward(), single.composed_forward()) < 1e-4);
    Problem<double> twice{7, cols, p};
    CHECK(worst_error(twice.forward(), twice.composed_forward()) < 1e-12);
  }
}

TEST_CASE("kernel residual_layer_norm_backward equals central differences") {
  Problem<double> problem{GENERATE(1, 4, 5), GENERATE(2, 9, 16), GENERATE(0.0, 0.3)};
  problem.forward();
  const auto d = problem.backward();
  const auto check = [&](const vector<double>& gradient, vector<double>& input) {
    const vector<double> start = input;
    CHECK(worst_error(gradient, numeric_gradient(start, [&](const vector<double>& at) {
                        input = at;
                        return dot(problem.forward(), problem.dy);
                      })) < 1e-6);
    input = start;
  };
  check(d.residual, problem.residual);
  check(d.x, problem.x);
  check(d.bias, problem.bias);
  check(d.gamma, problem.gamma);
  check(d.beta, problem.beta);
}

TEST_CASE("kernel residual_layer_norm may write over its inputs") {
  Problem<float> problem{6, 20, 0.2};
  const vector<float> y = problem.forward();
  vector<float> x = problem.x, residual = problem.residual, rstd(6);
  kernels::residual_layer_norm(x.data(), problem.bias.data(), residual.data(), problem.gamma.data(),
                               problem.beta.data(), eps, problem.p, seed, x.data(), residual.data(),
                               rstd.data(), problem.rows, problem.cols);
  CHECK(x == problem.xhat);
  CHECK(residual == y);

  const auto d = problem.backward();
  vector<float> dy = problem.dy, xhat = problem.xhat;
  kernels::residual_layer_norm_backward<float>(dy.data(), xhat.data(), rstd.data(), problem.gamma.data(),
                                               problem.p, seed, dy.data(), xhat.data(), nullptr, nullptr,
                                               nullptr, problem.rows, problem.cols);
  CHECK(dy == d.residual);
  CHECK(xhat == d.x);
}

TEST_CASE("kernel residual_layer_norm without bias, gamma, beta and dropout") {
  Problem<double> problem{4, 10, 0};
  problem.bias.assign(10, 0), problem.gamma.assign(10, 1), problem.beta.assign(10, 0);
  const vector<double> y = problem.forward();
  vector<double> out(y.size()), dresidual(y.size());
  kernels::residual_layer_norm<double>(problem.x.data(), nullptr, problem.residual.data(), nullptr, nullptr,
                                       eps, 0, seed, problem.xhat.data(), out.data(), problem.rstd.data(), 4,
                                       10);
  CHECK(out == y);
  kernels::residual_layer_norm_backward<double>(problem.dy.data(), problem.xhat.data(), problem.rstd.data(),
                                                nullptr, 0, seed, dresidual.data(), nullptr, nullptr, nullptr,
                                                nullptr, 4, 10);
  const auto d = problem.backward();
  CHECK(dresidual == d.residual);
  CHECK(d.x == d.residual);
}

TEST_CASE("kernel residual_layer_norm gives the same bits on any number of threads") {
  Problem<float> problem{1003, 72, 0.1};
  CHECK(same_bits_on_any_threads([&] {
    const auto y = problem.forward();
    const auto d = problem.backward();
    return joined({y, problem.xhat, problem.rstd, d.residual, d.x, d.bias, d.gamma, d.beta});
  }));
}
