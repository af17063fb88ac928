// Every op of one number and of two against dual numbers: values and derivatives to 1e-13. Differences could
// not tell: their own error is larger. (Ops over rows: test_ops_dual_rows.cpp.)
#include <algorithm>
#include <functional>
#include <string>

#include "autograd/autograd.hpp"
#include "support/catch.hpp"
#include "support/dual.hpp"

using namespace gradus;
using gradus::test::Dual;

namespace {

constexpr double bound = 1e-13;
constexpr double root_half = 0.70710678118654752, two_over_pi_root = 0.79788456080286536;

struct Case {
  std::string name;
  std::function<Tensor(const Tensor&)> op;
  std::function<Dual(Dual)> oracle;
  double low = -4, high = 4;
};

std::vector<Case> cases() {
  return {
      {"neg", [](const Tensor& x) { return neg(x); }, [](Dual x) { return -x; }},
      {"add", [](const Tensor& x) { return x + 1.5; }, [](Dual x) { return 1.5 + x; }},
      {"add.number", [](const Tensor& x) { return add(x, -0.75); }, [](Dual x) { return -0.75 + x; }},
      {"mul.number", [](const Tensor& x) { return mul(x, -2.5); }, [](Dual x) { return -2.5 * x; }},
      {"sub", [](const Tensor& x) { return 1.5 - x; }, [](Dual x) { return 1.5 - x; }},
      {"mul", [](const Tensor& x) { return x * x; }, [](Dual x) { return x * x; }},
      {"div", [](const Tensor& x) { return 3.0 / x; }, [](Dual x) { return 3.0 / x; }, 0.2, 5},
      {"pow", [](const Tensor& x) { return pow(x, 2.5); }, [](Dual x) { return pow(x, 2.5); }, 0.1, 5},
      {"pow.negative", [](const Tensor& x) { return pow(x, -1.5); }, [](Dual x) { return pow(x, -1.5); }, 0.3,
       5},
      {"pow.whole", [](const Tensor& x) { return pow(x, 3); }, [](Dual x) { return x * x * x; }},
      {"masked_fill", [](const Tensor& x) { return masked_fill(x * x, less(x, zeros({}, DType::f64)), 7); },
       [](Dual x) { return x.value < 0 ? test::constant(7) : x * x; }},
      {"exp", [](const Tensor& x) { return exp(x); }, [](Dual x) { return exp(x); }},
      {"log", [](const Tensor& x) { return log(x); }, [](Dual x) { return log(x); }, 0.05, 9},
      {"sqrt", [](const Tensor& x) { return sqrt(x); }, [](Dual x) { return sqrt(x); }, 0.05, 9},
      {"rsqrt", [](const Tensor& x) { return rsqrt(x); }, [](Dual x) { return 1.0 / sqrt(x); }, 0.05, 9},
      {"tanh", [](const Tensor& x) { return tanh(x); }, [](Dual x) { return tanh(x); }},
      {"sigmoid", [](const Tensor& x) { return sigmoid(x); }, [](Dual x) { return 1.0 / (1.0 + exp(-x)); }},
      {"relu", [](const Tensor& x) { return relu(x); },
       [](Dual x) { return x.value > 0 ? x : test::constant(0); }},
      {"erf", [](const Tensor& x) { return erf(x); }, [](Dual x) { return erf(x); }},
      {"gelu", [](const Tensor& x) { return gelu(x); },
       [](Dual x) { return 0.5 * x * (1.0 + erf(root_half * x)); }},
      {"gelu_tanh", [](const Tensor& x) { return gelu_tanh(x); },
       [](Dual x) { return 0.5 * x * (1.0 + tanh(two_over_pi_root * (x + 0.044715 * x * x * x))); }},
      {"silu", [](const Tensor& x) { return silu(x); }, [](Dual x) { return x / (1.0 + exp(-x)); }},
      {"abs", [](const Tensor& x) { return abs(x); }, [](Dual x) { return x.value < 0 ? -x : x; }},
      {"clamp", [](const Tensor& x) { return clamp(x, -1, 2); },
       [](Dual x) { return x.value < -1  ? test::constant(-1)
                           : x.value > 2 ? test::constant(2)
                                         : x; }},
      {"sin", [](const Tensor& x) { return sin(x); }, [](Dual x) { return sin(x); }},
      {"cos", [](const Tensor& x) { return cos(x); }, [](Dual x) { return cos(x); }},
  };
}

bool near(double found, double wanted) {
  return std::abs(found - wanted) <= bound * std::max(1.0, std::abs(wanted));
}

/// An op of two numbers: its derivative with respect to each.
struct PairCase {
  std::string name;
  std::function<Tensor(const Tensor&, const Tensor&)> op;
  std::function<Dual(Dual, Dual)> oracle;
};

std::vector<PairCase> pair_cases() {
  const auto chosen = [](const Tensor& a, const Tensor& b) { return where(less(a, b), a * a, b); };
  return {
      {"add", [](const Tensor& a, const Tensor& b) { return a + b; }, [](Dual a, Dual b) { return a + b; }},
      {"sub", [](const Tensor& a, const Tensor& b) { return a - b; }, [](Dual a, Dual b) { return a - b; }},
      {"mul", [](const Tensor& a, const Tensor& b) { return a * b; }, [](Dual a, Dual b) { return a * b; }},
      {"div", [](const Tensor& a, const Tensor& b) { return a / b; }, [](Dual a, Dual b) { return a / b; }},
      {"maximum", [](const Tensor& a, const Tensor& b) { return maximum(a, b); },
       [](Dual a, Dual b) { return a.value > b.value ? a : b; }},
      {"minimum", [](const Tensor& a, const Tensor& b) { return minimum(a, b); },
       [](Dual a, Dual b) { return a.value < b.value ? a : b; }},
      {"where", chosen, [](Dual a, Dual b) { return a.value < b.value ? a * a : b; }},
  };
}

}  // namespace

TEST_CASE("ops of one number agree with dual numbers to 1e-13", "[dual]") {
  constexpr int points = 801;
  for (const Case& one : cases()) {
    std::vector<double> points_at;
    for (int i = 0; i < points; ++i) {
      points_at.push_back(one.low + (one.high - one.low) * (i + 0.37) / points);
    }
    const Tensor x = tensor(points_at).requires_grad();
    const Tensor y = one.op(x);
    const std::vector<double> values = y.to_vector<double>(),
                              slopes = grad({y}, {x}, {ones(y.shape(), DType::f64)})[0].to_vector<double>();
    for (size_t i = 0; i < points_at.size(); ++i) {
      const Dual wanted = one.oracle(test::variable(points_at[i]));
      INFO(one.name << " at " << points_at[i] << ": " << values[i] << ", " << slopes[i] << "; wanted "
                    << wanted.value << ", " << wanted.slope);
      REQUIRE(near(values[i], wanted.value));
      REQUIRE(near(slopes[i], wanted.slope));
    }
  }
}

TEST_CASE("ops of two numbers agree with dual numbers to 1e-13", "[dual]") {
  Rng rng(3);
  const Tensor a = rand({500}, rng, -3, 3, DType::f64).requires_grad();
  const Tensor b = rand({500}, rng, 0.3, 4, DType::f64).requires_grad();
  const std::vector<double> at_a = a.to_vector<double>(), at_b = b.to_vector<double>();
  for (const PairCase& one : pair_cases()) {
    const Tensor y = one.op(a, b);
    const std::vector<Tensor> gradients = grad({y}, {a, b}, {ones(y.shape(), DType::f64)});
    const std::vector<double> values = y.to_vector<double>(), da = gradients[0].to_vector<double>(),
                              db = gradients[1].to_vector<double>();
    for (size_t i = 0; i < at_a.size(); ++i) {
      INFO(one.name << " at " << at_a[i] << ", " << at_b[i]);
      const Dual by_a = one.oracle(test::variable(at_a[i]), test::constant(at_b[i]));
      const Dual by_b = one.oracle(test::constant(at_a[i]), test::variable(at_b[i]));
      REQUIRE(near(values[i], by_a.value));
      REQUIRE(near(da[i], by_a.slope));
      REQUIRE(near(db[i], by_b.slope));
    }
  }
}
