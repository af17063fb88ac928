#include "autograd/kernels/layers/cross_entropy.hpp"

#include "support/catch.hpp"
#include "support/kernels.hpp"

using namespace gradus;
using namespace gradus::test;
using std::vector;

namespace {

constexpr int64_t ignored = -100;

vector<int64_t> random_targets(int64_t rows, int64_t classes, uint64_t seed) {
  Rng rng(seed);
  vector<int64_t> targets;
  for (int64_t i = 0; i < rows; ++i) targets.push_back(i % 4 == 2 ? ignored : rng.between(0, classes - 1));
  return targets;
}

// The definition: the mean over a smoothed target distribution of -log softmax.
template <class T>
vector<long double> naive_loss(const vector<T>& logits, const vector<int64_t>& targets, double smoothing,
                               int64_t classes) {
  vector<long double> losses;
  for (size_t i = 0; i < targets.size(); ++i) {
    long double sum = 0, loss = 0;
    for (int64_t j = 0; j < classes; ++j) sum += std::exp(static_cast<long double>(logits[i * classes + j]));
    for (int64_t j = 0; j < classes && targets[i] != ignored; ++j) {
      const long double share = static_cast<long double>(smoothing) / classes +
                                (j == targets[i] ? 1 - static_cast<long double>(smoothing) : 0);
      loss -= share * (logits[i * classes + j] - std::log(sum));
    }
    losses.push_back(loss);
  }
  return losses;
}

template <class T>
vector<T> losses_of(const vector<T>& logits, const vector<int64_t>& targets, double smoothing,
                    int64_t classes) {
  vector<T> loss(targets.size()), shift(loss), inverse(loss);
  REQUIRE(kernels::cross_entropy(logits.data(), targets.data(), ignored, smoothing, loss.data(), shift.data(),
                                 inverse.data(), static_cast<int64_t>(targets.size()), classes) == -1);
  return loss;
}

}  // namespace

TEST_CASE("kernel cross_entropy equals its definition") {
  const double smoothing = GENERATE(0.0, 0.1, 1.0);
  for (int64_t classes : {1, 2, 3, 7, 16, 33, 242, 5000}) {
    const auto targets = random_targets(9, classes, 1);
    const auto single = random_values<float>(9 * classes, 2, -6, 6);
    CHECK(worst_error(losses_of(single, targets, smoothing, classes),
                      naive_loss(single, targets, smoothing, classes)) < 2e-6);
    const auto twice = random_values<double>(9 * classes, 2, -6, 6);
    CHECK(worst_error(losses_of(twice, targets, smoothing, classes),
                      naive_loss(twice, targets, smoothing, classes)) < 1e-13);
  }
}

TEST_CASE("kernel cross_entropy_backward equals central differences, in place too") {
  const int64_t rows = 7, classes = GENERATE(2, 5, 17);
  const double smoothing = GENERATE(0.0, 0.2);
  const auto logits = random_values<double>(rows * classes, 3), dloss = random_values<double>(rows, 4);
  const auto targets = random_targets(rows, classes, 5);
  vector<double> loss(rows), shift(rows), inverse(rows), dlogits(logits.size(), 7), in_place = logits;
  kernels::cross_entropy(logits.data(), targets.data(), ignored, smoothing, loss.data(), shift.data(),
                         inverse.data(), rows, classes);
  kernels::cross_entropy_backward(logits.data(), targets.data(), shift.data(), inverse.data(), dloss.data(),
                                  ignored, smoothing, dlogits.data(), rows, classes);
  CHECK(worst_error(dlogits, numeric_gradient(logits, [&](const vector<double>& at) {
                      return dot(losses_of(at, targets, smoothing, classes), dloss);
                    })) < 1e-8);
  kernels::cross_entropy_backward(in_place.data(), targets.data(), shift.data(), inverse.data(), dloss.data(),
                                  ignored, smoothing, in_place.data(), rows, classes);
  CHECK(in_place == dlogits);
}

TEST_CASE("kernel cross_entropy reports the first target out of range and writes nothing") {
  const vector<float> logits(12, 0.5f);
  vector<float> loss(4, 7), shift(4, 7), inverse(4, 7);
  const auto first_bad = [&](const vector<int64_t>& targets) {
    return kernels::cross_entropy(logits.data(), targets.data(), ignored, 0.0, loss.data(), shift.data(),
                                  inverse.data(), 4, int64_t{3});
  };
  CHECK(first_bad({0, ignored, 3, -1}) == 2);
  CHECK(first_bad({-1, 0, 0, 0}) == 0);
  CHECK(loss == vector<float>(4, 7));
  CHECK(first_bad({0, 1, 2, ignored}) == -1);
  CHECK(loss[3] == 0);
}

TEST_CASE("kernel cross_entropy of huge logits and of a class that is ruled out") {
  const vector<float> logits = {1e4f, 0, -INFINITY, 1e4f, 0, -INFINITY};
  const vector<int64_t> targets = {0, 1};
  CHECK(losses_of(logits, targets, 0, 3) == vector<float>{0, 1e4f});
}

TEST_CASE("kernel cross_entropy gives the same bits on any number of threads") {
  const int64_t rows = 150, classes = 1001;
  const auto logits = random_values<float>(rows * classes, 3), dloss = random_values<float>(rows, 4);
  const auto targets = random_targets(rows, classes, 5);
  CHECK(same_bits_on_any_threads([&] {
    vector<float> loss(rows), shift(rows), inverse(rows), dlogits(logits.size());
    kernels::cross_entropy(logits.data(), targets.data(), ignored, 0.1, loss.data(), shift.data(),
                           inverse.data(), rows, classes);
    kernels::cross_entropy_backward(logits.data(), targets.data(), shift.data(), inverse.data(), dloss.data(),
                                    ignored, 0.1, dlogits.data(), rows, classes);
    return joined({loss, shift, inverse, dlogits});
  }));
}
