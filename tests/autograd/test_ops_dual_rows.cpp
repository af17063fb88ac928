// Reductions, products, softmax, LayerNorm, the loss and attention against dual numbers in plain loops: every
// output and every element of the Jacobian to 1e-13.
#include <algorithm>
#include <functional>
#include <string>

#include "autograd/autograd.hpp"
#include "support/catch.hpp"
#include "support/dual.hpp"

using namespace gradus;
using gradus::test::constant;
using gradus::test::Dual;

namespace {

constexpr double bound = 1e-13;

using Row = std::vector<Dual>;
using Inputs = std::vector<Tensor>;
using Op = std::function<Tensor(const Inputs&)>;
/// The outputs of an op, in row-major order, from its inputs in row-major order.
using Oracle = std::function<Row(const std::vector<Row>&)>;

bool near(double found, double wanted) {
  return std::abs(found - wanted) <= bound * std::max(1.0, std::abs(wanted));
}

Row constants(const Tensor& x) {
  Row row;
  for (const double value : x.detach().to_vector<double>()) row.push_back(constant(value));
  return row;
}

/// dy_j / dx for one output j and every input.
std::vector<std::vector<double>> jacobian_row(const Tensor& y, const Inputs& x, int64_t j) {
  Tensor v = zeros(y.shape(), DType::f64);
  v.mutable_data<double>()[j] = 1;
  std::vector<std::vector<double>> rows;
  for (const Tensor& dx : grad({y}, x, {v}, {.retain_graph = true})) rows.push_back(dx.to_vector<double>());
  return rows;
}

/// The fused op and its composed twin, at random inputs of these shapes.
void check(const std::string& name, const std::vector<Shape>& shapes, const Op& op, const Oracle& oracle) {
  for (const bool composed : {false, true}) {
    const ComposedOps twins(composed);
    Rng rng(5);
    Inputs x;
    std::vector<Row> at;
    for (const Shape& shape : shapes) {
      x.push_back(randn(shape, rng, DType::f64).requires_grad());
      at.push_back(constants(x.back()));
    }
    const Tensor y = op(x);
    const std::vector<double> values = y.to_vector<double>();
    std::vector<std::vector<std::vector<double>>> jacobian;
    for (int64_t j = 0; j < y.numel(); ++j) jacobian.push_back(jacobian_row(y, x, j));
    for (size_t i = 0; i < at.size(); ++i) {
      for (size_t k = 0; k < at[i].size(); ++k) {
        at[i][k].slope = 1;
        const Row wanted = oracle(at);
        at[i][k].slope = 0;
        REQUIRE(wanted.size() == values.size());
        for (size_t j = 0; j < values.size(); ++j) {
          INFO(name << (composed ? ", composed" : "") << ": output " << j << ", element " << k << " of input "
                    << i);
          REQUIRE(near(values[j], wanted[j].value));
          REQUIRE(near(jacobian[j][i][k], wanted[j].slope));
        }
      }
    }
  }
}

Dual total(const Row& row) {
  Dual sum;
  for (const Dual& x : row) sum = sum + x;
  return sum;
}

Row softmax_of(const Row& row) {
  Row result;
  for (const Dual& x : row) result.push_back(exp(x));
  const Dual sum = total(result);
  for (Dual& x : result) x = x / sum;
  return result;
}

/// Rows of `width` elements, each by `f`, one after the other.
Row by_rows(const Row& x, size_t width, const std::function<Row(const Row&)>& f) {
  Row result;
  for (size_t begin = 0; begin < x.size(); begin += width) {
    const auto from = x.begin() + static_cast<std::ptrdiff_t>(begin);
    const Row y = f(Row(from, from + static_cast<std::ptrdiff_t>(width)));
    result.insert(result.end(), y.begin(), y.end());
  }
  return result;
}

/// Reduces every row of 4 to one number.
Oracle reduction(const std::function<Dual(const Row&)>& f) {
  return [f](const std::vector<Row>& in) {
    return by_rows(in[0], 4, [&](const Row& row) { return Row{f(row)}; });
  };
}

Dual variance(const Row& row, double correction) {
  const auto n = static_cast<double>(row.size());
  const Dual mean = (1 / n) * total(row);
  Dual squares;
  for (const Dual& x : row) squares = squares + (x - mean) * (x - mean);
  return (1 / (n - correction)) * squares;
}

Row normalised(const Row& row, const Row& weight, const Row& bias, double eps) {
  const Dual mean = (1 / static_cast<double>(row.size())) * total(row);
  const Dual scale = 1.0 / sqrt(eps + variance(row, 0));
  Row result;
  for (size_t i = 0; i < row.size(); ++i) result.push_back((row[i] - mean) * scale * weight[i] + bias[i]);
  return result;
}

/// a [m, n] times b [n, p].
Row product(const Row& a, const Row& b, size_t m, size_t n, size_t p) {
  Row y;
  for (size_t i = 0; i < m; ++i) {
    for (size_t j = 0; j < p; ++j) {
      Dual sum;
      for (size_t k = 0; k < n; ++k) sum = sum + a[i * n + k] * b[k * p + j];
      y.push_back(sum);
    }
  }
  return y;
}

const std::function<bool(size_t query, size_t key)> everything = [](size_t, size_t) { return true; };

/// q [3, 2], k [4, 2], v [4, 2]: the result [3, 2], then the probabilities [3, 4].
std::pair<Row, Row> attention(const Row& q, const Row& k, const Row& v, const auto& sees) {
  Row result, all;
  for (size_t i = 0; i < 3; ++i) {
    Row scores;
    for (size_t j = 0; j < 4; ++j) {
      if (sees(i, j))
        scores.push_back((1 / std::sqrt(2.0)) * (q[2 * i] * k[2 * j] + q[2 * i + 1] * k[2 * j + 1]));
    }
    const Row seen = softmax_of(scores);
    Dual y[2];
    size_t next = 0;
    for (size_t j = 0; j < 4; ++j) {
      const Dual p = sees(i, j) ? seen[next++] : constant(0);
      all.push_back(p);
      for (size_t d = 0; d < 2; ++d) y[d] = y[d] + p * v[2 * j + d];
    }
    result.insert(result.end(), {y[0], y[1]});
  }
  return {result, all};
}

Dual gelu_of(Dual x) { return 0.5 * x * (1.0 + erf(0.70710678118654752 * x)); }
Dual gelu_tanh_of(Dual x) { return 0.5 * x * (1.0 + tanh(0.79788456080286536 * (x + 0.044715 * x * x * x))); }

}  // namespace

TEST_CASE("dual numbers: reductions", "[dual]") {
  const std::vector<Shape> rows = {{2, 4}};
  const Axes last = {1};
  const auto extreme = [](bool largest) {
    return [largest](const Row& row) {
      return *std::max_element(row.begin(), row.end(), [largest](const Dual& a, const Dual& b) {
        return largest ? a.value < b.value : b.value < a.value;
      });
    };
  };
  check(
      "sum", rows, [=](const Inputs& x) { return sum(x[0], last); }, reduction(total));
  check(
      "mean", rows, [=](const Inputs& x) { return mean(x[0], last); },
      reduction([](const Row& row) { return 0.25 * total(row); }));
  check(
      "max", rows, [=](const Inputs& x) { return max(x[0], last); }, reduction(extreme(true)));
  check(
      "min", rows, [=](const Inputs& x) { return min(x[0], last); }, reduction(extreme(false)));
  for (const int64_t correction : {0, 1}) {
    check(
        "var", rows, [=](const Inputs& x) { return var(x[0], last, false, correction); },
        reduction([=](const Row& row) { return variance(row, static_cast<double>(correction)); }));
  }
  check(
      "logsumexp", rows, [=](const Inputs& x) { return logsumexp(x[0], last); },
      reduction([](const Row& row) {
        Dual sum;
        for (const Dual& x : row) sum = sum + exp(x);
        return log(sum);
      }));
}

TEST_CASE("dual numbers: products", "[dual]") {
  check(
      "matmul", {{2, 3}, {3, 4}}, [](const Inputs& x) { return matmul(x[0], x[1]); },
      [](const std::vector<Row>& in) { return product(in[0], in[1], 2, 3, 4); });
  check(
      "linear", {{2, 3}, {2, 3}, {2}}, [](const Inputs& x) { return linear(x[0], x[1], x[2]); },
      [](const std::vector<Row>& in) {
        Row y;
        for (size_t i = 0; i < 2; ++i) {
          for (size_t j = 0; j < 2; ++j) {
            Dual sum = in[2][j];
            for (size_t k = 0; k < 3; ++k) sum = sum + in[0][3 * i + k] * in[1][3 * j + k];
            y.push_back(sum);
          }
        }
        return y;
      });
}

TEST_CASE("dual numbers: softmax and LayerNorm", "[dual]") {
  check(
      "softmax", {{2, 5}}, [](const Inputs& x) { return softmax(x[0]); },
      [](const std::vector<Row>& in) { return by_rows(in[0], 5, softmax_of); });
  check(
      "log_softmax", {{2, 5}}, [](const Inputs& x) { return log_softmax(x[0]); },
      [](const std::vector<Row>& in) {
        return by_rows(in[0], 5, [](const Row& row) {
          Row result = softmax_of(row);
          for (Dual& p : result) p = log(p);
          return result;
        });
      });
  check(
      "layer_norm", {{2, 5}, {5}, {5}}, [](const Inputs& x) { return layer_norm(x[0], x[1], x[2], 1e-3); },
      [](const std::vector<Row>& in) {
        return by_rows(in[0], 5, [&](const Row& row) { return normalised(row, in[1], in[2], 1e-3); });
      });
  check(
      "residual_layer_norm", {{2, 4}, {4}, {2, 4}, {4}, {4}},
      [](const Inputs& x) { return residual_layer_norm(x[0], x[1], x[2], x[3], x[4], 1e-3, 0, 1); },
      [](const std::vector<Row>& in) {
        Row sums;
        for (size_t i = 0; i < 8; ++i) sums.push_back(in[0][i] + in[1][i % 4] + in[2][i]);
        return by_rows(sums, 4, [&](const Row& row) { return normalised(row, in[3], in[4], 1e-3); });
      });
}

TEST_CASE("dual numbers: a bias and an activation", "[dual]") {
  const std::vector<std::pair<Activation, Dual (*)(Dual)>> kinds = {
      {Activation::gelu, gelu_of},
      {Activation::gelu_tanh, gelu_tanh_of},
      {Activation::silu, [](Dual x) { return x / (1.0 + exp(-x)); }},
      {Activation::sigmoid, [](Dual x) { return 1.0 / (1.0 + exp(-x)); }},
      {Activation::relu, [](Dual x) { return x.value > 0 ? x : constant(0); }},
      {Activation::identity, [](Dual x) { return x; }},
  };
  for (const auto& [kind, f] : kinds) {
    check(
        fmt::format("activation {}", static_cast<int>(kind)), {{2, 3}, {3}},
        [k = kind](const Inputs& x) { return bias_activation(x[0], x[1], k); },
        [f = f](const std::vector<Row>& in) {
          Row y;
          for (size_t i = 0; i < 6; ++i) y.push_back(f(in[0][i] + in[1][i % 3]));
          return y;
        });
  }
}

TEST_CASE("dual numbers: cross-entropy with smoothing and an ignored row", "[dual]") {
  for (const double smoothing : {0.0, 0.1, 1.0}) {
    check(
        "cross_entropy", {{3, 4}},
        [=](const Inputs& x) {
          return cross_entropy(x[0], tensor({2, -100, 0}), {.label_smoothing = smoothing});
        },
        [=](const std::vector<Row>& in) {
          const size_t rows[2] = {0, 2}, targets[2] = {2, 0};
          Dual loss;
          for (size_t n = 0; n < 2; ++n) {
            const auto from = in[0].begin() + static_cast<std::ptrdiff_t>(4 * rows[n]);
            const Row p = softmax_of(Row(from, from + 4));
            for (size_t c = 0; c < 4; ++c) {
              const double share = (c == targets[n] ? 1 - smoothing : 0) + smoothing / 4;
              loss = loss - share * log(p[c]);
            }
          }
          return Row{0.5 * loss};
        });
  }
}

TEST_CASE("dual numbers: attention, plain, masked and causal", "[dual]") {
  const std::vector<Shape> heads = {{1, 1, 3, 2}, {1, 1, 4, 2}, {1, 1, 4, 2}};
  const auto plain = [](const AttentionOptions& options) {
    return [=](const Inputs& x) { return scaled_dot_product_attention(x[0], x[1], x[2], options); };
  };
  const auto result = [](auto sees) {
    return [=](const std::vector<Row>& in) { return attention(in[0], in[1], in[2], sees).first; };
  };
  const auto keys = [](size_t, size_t key) { return key != 2; };
  const auto earlier = [](size_t query, size_t key) { return key <= query + 1; };  // 4 keys, 3 queries
  AttentionOptions masked, causal;
  masked.mask = tensor({true, true, false, true}, Shape{1, 1, 1, 4});
  causal.causal = true;
  check("attention", heads, plain({}), result(everything));
  check("masked attention", heads, plain(masked), result(keys));
  check("causal attention", heads, plain(causal), result(earlier));
  check(
      "attention with weights", heads,
      [&](const Inputs& x) {
        const auto [y, weights] = attention_with_weights(x[0], x[1], x[2], causal);
        return concat({y.reshape({-1}), weights.reshape({-1})}, 0);
      },
      [&](const std::vector<Row>& in) {
        auto [y, weights] = attention(in[0], in[1], in[2], earlier);
        y.insert(y.end(), weights.begin(), weights.end());
        return y;
      });
  check(
      "attention from scores", {{2, 3}, {3, 2}},
      [](const Inputs& x) { return attention_from_scores(x[0], x[1]).first; },
      [](const std::vector<Row>& in) { return product(by_rows(in[0], 3, softmax_of), in[1], 2, 3, 2); });
}
