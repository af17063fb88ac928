// Every op of one number, and the row-wise ones, against dual numbers in plain loops: values and derivatives
// to 1e-13. Differences could not tell: their own error is larger.
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
      {"sub", [](const Tensor& x) { return 1.5 - x; }, [](Dual x) { return 1.5 - x; }},
      {"mul", [](const Tensor& x) { return x * x; }, [](Dual x) { return x * x; }},
      {"div", [](const Tensor& x) { return 3.0 / x; }, [](Dual x) { return 3.0 / x; }, 0.2, 5},
      {"pow", [](const Tensor& x) { return pow(x, 2.5); }, [](Dual x) { return pow(x, 2.5); }, 0.1, 5},
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

using Row = std::vector<Dual>;

/// The Jacobian of a function of one row, column by column, beside the vjp of the op for every unit
/// cotangent.
void check_rows(const std::function<Tensor(const Tensor&)>& op,
                const std::function<Row(const Row&)>& oracle) {
  constexpr int64_t n = 6;
  Rng rng(5);
  Tensor x = randn({n}, rng, DType::f64);
  x.requires_grad();
  const std::vector<double> values = x.to_vector<double>();
  const Tensor y = op(x);
  for (int64_t i = 0; i < n; ++i) {
    Row row;
    for (int64_t k = 0; k < n; ++k) row.push_back({values[static_cast<size_t>(k)], k == i ? 1.0 : 0.0});
    const Row wanted = oracle(row);
    REQUIRE(static_cast<int64_t>(wanted.size()) == y.numel());
    for (int64_t j = 0; j < y.numel(); ++j) {
      Tensor v = zeros(y.shape(), DType::f64);
      v.mutable_data<double>()[j] = 1;
      const Tensor dx = grad({y}, {x}, {v}, {.retain_graph = true})[0];
      INFO("output " << j << ", input " << i);
      CHECK(near(y.to_vector<double>()[static_cast<size_t>(j)], wanted[static_cast<size_t>(j)].value));
      CHECK(near(dx.at({i}), wanted[static_cast<size_t>(j)].slope));
    }
  }
}

Dual total(const Row& row) {
  Dual sum;
  for (const Dual& x : row) sum = sum + x;
  return sum;
}

Row exponentials(const Row& row) {
  Row result;
  for (const Dual& x : row) result.push_back(exp(x));
  return result;
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

TEST_CASE("softmax, logsumexp, variance and LayerNorm agree with dual numbers, every element of the Jacobian",
          "[dual]") {
  check_rows([](const Tensor& x) { return softmax(x); },
             [](const Row& row) {
               Row result = exponentials(row);
               const Dual sum = total(result);
               for (Dual& x : result) x = x / sum;
               return result;
             });
  check_rows([](const Tensor& x) { return log_softmax(x); },
             [](const Row& row) {
               const Dual sum = log(total(exponentials(row)));
               Row result;
               for (const Dual& x : row) result.push_back(x - sum);
               return result;
             });
  check_rows([](const Tensor& x) { return logsumexp(x); },
             [](const Row& row) { return Row{log(total(exponentials(row)))}; });
  const auto moments = [](const Row& row) {
    const auto n = static_cast<double>(row.size());
    const Dual mean = (1 / n) * total(row);
    Dual squares;
    for (const Dual& x : row) squares = squares + (x - mean) * (x - mean);
    return std::pair(mean, squares);
  };
  check_rows(
      [](const Tensor& x) { return var(x); },
      [&](const Row& row) { return Row{(1 / (static_cast<double>(row.size()) - 1)) * moments(row).second}; });
  check_rows(
      [](const Tensor& x) {
        return layer_norm(x, full({6}, 1.5, DType::f64), full({6}, 0.25, DType::f64), 1e-3);
      },
      [&](const Row& row) {
        const auto [mean, squares] = moments(row);
        const Dual scale = 1.5 / sqrt(1e-3 + (1 / static_cast<double>(row.size())) * squares);
        Row result;
        for (const Dual& x : row) result.push_back(0.25 + (x - mean) * scale);
        return result;
      });
}
