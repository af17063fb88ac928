// Gradients at extreme inputs: large, small, of very different size, tied. Wherever differences cannot see
// the slope, a check may be inconclusive; but no wrong gradient passes there, and no right one fails.
#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <vector>

#include "autograd/engine.hpp"
#include "autograd/gradcheck/problem.hpp"
#include "autograd/node.hpp"
#include "autograd/ops.hpp"
#include "gradlab/subject.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"

using namespace gradus;
using lab::Inputs;

namespace {

/// x, whose gradient is multiplied by `factor`.
Tensor planted(const Tensor& x, double factor) {
  return record("planted", x.detach().clone(), wrt(x, [factor](const Tensor& dy) { return dy * factor; }));
}

/// What becomes of the i-th of the numbers that a subject is usually checked at.
struct Extreme {
  std::string name;
  double (*number)(double usual, int64_t i);
};

const std::vector<Extreme>& extremes() {
  static const std::vector<Extreme> all = {
      {"1e8 x", [](double x, int64_t) { return 1e8 * x; }},
      {"1e-8 x", [](double x, int64_t) { return 1e-8 * x; }},
      {"1e8 and a little", [](double, int64_t i) { return 1e8 + static_cast<double>(i % 3); }},
      {"1000, -1000, 3, 999",
       [](double, int64_t i) {
         return std::array<double, 4>{1000, -1000, 3, 999}[static_cast<size_t>(i % 4)];
       }},
      {"ties", [](double x, int64_t) { return x < 0 ? -1.0 : 1.0; }},
      {"1e15 x", [](double x, int64_t) { return 1e15 * x; }},
  };
  return all;
}

Inputs at(const lab::Sample& sample, const Extreme& extreme) {
  bool positive = true;  // such as those of log
  for (const Tensor& x : sample.inputs)
    for (const double value : x.to_vector<double>()) positive = positive && value > 0;
  Inputs inputs;
  for (const Tensor& x : sample.inputs) {
    std::vector<double> values = x.to_vector<double>();
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = extreme.number(values[i], static_cast<int64_t>(i));
      if (positive) values[i] = std::abs(values[i]);
    }
    inputs.push_back(tensor(values, x.shape()));
  }
  return inputs;
}

GradcheckReport check(const lab::Sample& sample, const Inputs& inputs, double factor, int64_t elements) {
  const auto fn = [&](const Inputs& in) {
    Inputs all;
    for (const Tensor& x : in) all.push_back(factor == 1 ? x : planted(x, factor));
    return sample.fn(all);
  };
  return gradcheck(fn, inputs, {.sample = elements});
}

/// Is every element of every gradient 0? Far out a tanh has no slope that f64 could hold, nor a softmax whose
/// scores are far apart, nor clamp outside its limits. A multiple of 0 is 0, so no factor makes it wrong.
bool is_flat(const lab::Sample& sample, const Inputs& inputs) {
  Inputs leaves;
  for (const Tensor& x : inputs) leaves.push_back(x.clone().requires_grad());
  Rng rng(1);
  const Tensor y = sample.fn(leaves);
  const std::vector<Tensor> gradients =
      grad({y}, leaves, {gradchecking::cotangent(y.shape(), rng)}, {.allow_unused = true});
  return std::all_of(gradients.begin(), gradients.end(), [](const Tensor& dx) {
    return !dx.defined() || dx.numel() == 0 || max(abs(dx)).item() == 0;
  });
}

}  // namespace

TEST_CASE("at extreme inputs of every op no wrong gradient passes, and no right one fails", "[extremes]") {
  std::array<int64_t, 4> right{}, wrong{};
  std::set<std::string> flat;
  int64_t number = 0;
  for (const Extreme& extreme : extremes()) {
    int64_t turn = number++;  // so that other ops are taken at the next extreme
    for (const lab::Subject& subject : lab::subjects()) {
      constexpr int64_t of_so_many = 12;  // every gradient check has its memory watched elsewhere
      if (subject.group != "op" || (test::is_sanitized && turn++ % of_so_many != 0)) continue;
      const lab::Sample sample = subject.sample(1);
      const Inputs inputs = at(sample, extreme);
      const GradcheckReport found = check(sample, inputs, 1, 8);
      INFO(subject.name << " at " << extreme.name << "\n" << to_string(found));
      CHECK(found.verdict != Verdict::fail);
      ++right[static_cast<size_t>(found.verdict)];
      if (is_flat(sample, inputs)) {
        CHECK(found.verdict == Verdict::pass);
        flat.insert(subject.name);
        continue;
      }
      using Factors = std::vector<double>;
      for (const double factor : test::is_sanitized ? Factors{-1.0} : Factors{0.5, 1.01, 1.05, 2.0, -1.0}) {
        const GradcheckReport spoilt = check(sample, inputs, factor, 8);
        INFO("times " << factor << "\n" << to_string(spoilt));
        ++wrong[static_cast<size_t>(spoilt.verdict)];
        CHECK(spoilt.verdict != Verdict::pass);
        // Between the slopes of a real kink another gradient is as good, but not one of the other sign.
        if (found.verdict != Verdict::kink || factor < 0) CHECK(spoilt.verdict > Verdict::kink);
      }
    }
  }
  fmt::print("extreme inputs, right gradients: {}\nextreme inputs, wrong ones: {}\n", to_string(right),
             to_string(wrong));
  // Rounding hides some; most it does not.
  if (test::is_sanitized) return;  // too few for a rule
  CHECK(right[0] + right[1] > 9 * right[2]);
  CHECK(wrong[3] > 4 * (wrong[1] + wrong[2]));
  // Nothing else is left out: these level off, or take the other of two values.
  CHECK(flat == std::set<std::string>{"bias_activation.sigmoid", "clamp", "composed::softmax", "erf",
                                      "maximum.number", "minimum.number", "sigmoid", "softmax", "tanh"});
}
