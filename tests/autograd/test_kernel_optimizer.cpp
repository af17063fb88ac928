#include "autograd/kernels/optimizer.hpp"

#include "support/catch.hpp"
#include "support/kernels.hpp"

using namespace gradus;
using namespace gradus::test;
using kernels::AdamSettings;
using kernels::SgdSettings;
using std::vector;

namespace {

enum class Kind { adam, adamw, bert_adam };

// The papers' formulas, one parameter at a time, in long double.
struct NaiveAdam {
  long double w, m = 0, v = 0;
  void step(Kind kind, long double g, int t, const AdamSettings& s) {
    const long double lr = s.lr, decay = s.weight_decay, beta1 = s.beta1, beta2 = s.beta2;
    g *= s.grad_scale;
    if (kind == Kind::adam) g += decay * w;
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    if (kind == Kind::bert_adam) {
      w -= lr * (m / (std::sqrt(v) + s.eps) + decay * w);
      return;
    }
    if (kind == Kind::adamw) w -= lr * decay * w;
    w -= lr * (m / (1 - std::pow(beta1, t))) / (std::sqrt(v / (1 - std::pow(beta2, t))) + s.eps);
  }
};

template <class T>
double adam_error(Kind kind, AdamSettings settings) {
  const int64_t n = 37;
  auto param = random_values<T>(n, 1);
  vector<T> m(n), v(n);
  vector<NaiveAdam> naive;
  for (T w : param) naive.push_back({w});
  for (int t = 1; t <= 5; ++t) {
    const auto grad = random_values<T>(n, 10 + t);
    settings.correction1 = 1 - std::pow(settings.beta1, t);
    settings.correction2 = 1 - std::pow(settings.beta2, t);
    if (kind == Kind::adam) kernels::adam_step(param.data(), grad.data(), m.data(), v.data(), n, settings);
    if (kind == Kind::adamw) kernels::adamw_step(param.data(), grad.data(), m.data(), v.data(), n, settings);
    if (kind == Kind::bert_adam)
      kernels::bert_adam_step(param.data(), grad.data(), m.data(), v.data(), n, settings);
    for (int64_t i = 0; i < n; ++i) naive[i].step(kind, grad[i], t, settings);
  }
  vector<long double> expected;
  for (const NaiveAdam& one : naive) expected.push_back(one.w);
  return worst_error(param, expected);
}

}  // namespace

TEST_CASE("kernels of Adam, AdamW and BERT's Adam equal their formulas over five steps") {
  const Kind kind = GENERATE(Kind::adam, Kind::adamw, Kind::bert_adam);
  AdamSettings settings;
  settings.lr = 0.05;
  settings.weight_decay = GENERATE(0.0, 0.1);
  settings.grad_scale = GENERATE(1.0, 0.25);
  settings.eps = 1e-6;
  CHECK(adam_error<double>(kind, settings) < 1e-14);
  CHECK(adam_error<float>(kind, settings) < 1e-6);
}

TEST_CASE("kernel sgd_step equals torch's rule") {
  SgdSettings settings;
  settings.lr = 0.1;
  settings.momentum = GENERATE(0.0, 0.9);
  settings.nesterov = GENERATE(false, true);
  settings.weight_decay = 0.01;
  settings.grad_scale = 0.5;
  const int64_t n = 37;
  auto param = random_values<double>(n, 1), expected = param;
  vector<double> velocity(n), naive_velocity(n);
  for (int t = 0; t < 4; ++t) {
    const auto grad = random_values<double>(n, 10 + t);
    kernels::sgd_step(param.data(), grad.data(), settings.momentum > 0 ? velocity.data() : nullptr, n,
                      settings);
    for (int64_t i = 0; i < n; ++i) {
      const double g = 0.5 * grad[i] + 0.01 * expected[i];
      naive_velocity[i] = settings.momentum * naive_velocity[i] + g;
      expected[i] -=
          0.1 * (settings.nesterov ? g + settings.momentum * naive_velocity[i] : naive_velocity[i]);
    }
  }
  CHECK(worst_error(param, expected) < 1e-14);
}

TEST_CASE("kernels sum_of_squares and scale") {
  for (int64_t n : {0, 1, 15, 16, 17, 16384, 40001}) {
    const auto x = random_values<float>(n, 1);
    long double expected = 0;
    for (float value : x) expected += static_cast<long double>(value) * value;
    CHECK(std::abs(kernels::sum_of_squares(x.data(), n) - static_cast<double>(expected)) <=
          1e-13 * static_cast<double>(expected));
    vector<float> y = x, halves;
    for (float value : x) halves.push_back(value * 0.5f);
    kernels::scale(y.data(), n, 0.5);
    CHECK(y == halves);
  }
  // Squares beyond float's range still have a norm.
  const vector<float> huge(3, 1e30f);
  CHECK(kernels::sum_of_squares(huge.data(), 3) == Approx(3e60));
}

TEST_CASE("kernels of the optimisers give the same bits on any number of threads") {
  const int64_t n = 60001;
  const auto grad = random_values<float>(n, 1), start = random_values<float>(n, 2);
  CHECK(same_bits_on_any_threads([&] {
    vector<float> param = start, m(n), v(n), other = start, velocity(n);
    kernels::adamw_step(param.data(), grad.data(), m.data(), v.data(), n, AdamSettings{});
    SgdSettings settings;
    settings.momentum = 0.9;
    kernels::sgd_step(other.data(), grad.data(), velocity.data(), n, settings);
    const double squares = kernels::sum_of_squares(param.data(), n);
    return joined({param, m, v, other, velocity, {static_cast<float>(squares)}});
  }));
  CHECK(same_bits_on_any_threads([&] { return vector<double>{kernels::sum_of_squares(grad.data(), n)}; }));
}
