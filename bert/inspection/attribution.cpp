#include "bert/inspection/attribution.hpp"

#include <cmath>
#include <numbers>
#include <numeric>

#include "autograd/error.hpp"
#include "autograd/ops.hpp"

namespace gradus::bert {
namespace {

/// dF/dx at some versions of the text, [B, S, H], with F there.
struct Slope {
  Tensor gradient;
  std::vector<double> outputs;
};

Slope slope_at(const FromEmbeddings& output, const Tensor& versions) {
  Tensor x = versions.detach().clone();
  x.requires_grad(true);
  const Tensor of_each = output(x);
  if (of_each.shape() != Shape{x.size(0)})
    fail<ShapeError>("attribution: the output of embeddings {} is {}, and must be a number for each version",
                     x.shape(), of_each.shape());
  sum(of_each).backward();
  return {x.grad(), of_each.detach().to(DType::f64).to_vector<double>()};
}

/// [1, S, H] or [S, H] -> the sum over H as [S].
std::vector<double> by_token(const Tensor& shares) {
  return sum(shares.to(DType::f64), Axes{-1}).reshape({shares.size(-2)}).to_vector<double>();
}

void check_row(const Tensor& x) {
  if (x.rank() != 3 || x.size(0) != 1)
    fail<ShapeError>("attribution: the embeddings of one text are wanted, [1, S, H], not {}", x.shape());
}

}  // namespace

double Attribution::sum() const { return std::accumulate(by_token.begin(), by_token.end(), 0.0); }

Attribution gradient_times_input(const FromEmbeddings& output, const Tensor& x) {
  check_row(x);
  const Slope slope = slope_at(output, x);
  return {by_token(x * slope.gradient), slope.outputs[0], 0};
}

Attribution integrated_gradients(const FromEmbeddings& output, const Tensor& x, const Tensor& baseline,
                                 int64_t steps) {
  check_row(x);
  if (x.shape() != baseline.shape())
    fail<ShapeError>("integrated gradients: x {} and its baseline {} differ in shape", x.shape(),
                     baseline.shape());
  const QuadratureRule rule = gauss_legendre(steps);
  const Tensor way = x - baseline;
  Tensor mean = zeros(x.shape(), x.dtype());
  constexpr int64_t at_once = 16;
  for (int64_t begin = 0; begin < steps; begin += at_once) {
    const int64_t end = std::min(begin + at_once, steps);
    std::vector<Tensor> versions;
    for (int64_t i = begin; i < end; ++i)
      versions.push_back(baseline + way * rule.points[static_cast<size_t>(i)]);
    const Slope slope = slope_at(output, concat(versions, 0));  // [B, S, H]
    for (int64_t i = begin; i < end; ++i)
      mean = mean + slope.gradient.slice(0, i - begin, i - begin + 1) * rule.weights[static_cast<size_t>(i)];
  }
  const NoGrad no_grad;
  const std::vector<double> ends = output(concat({x, baseline}, 0)).to(DType::f64).to_vector<double>();
  return {by_token(way * mean), ends[0], ends[1]};
}

QuadratureRule gauss_legendre(int64_t steps) {
  constexpr int64_t most = 512;
  if (steps < 1 || steps > most) fail<ValueError>("{} steps of a quadrature; take 1 to {}", steps, most);
  QuadratureRule rule;
  for (int64_t i = 0; i < steps; ++i) {
    // A root of the Legendre polynomial P_n in [-1, 1], from a guess that is close to it.
    double x =
        std::cos(std::numbers::pi * (static_cast<double>(i) + 0.75) / (static_cast<double>(steps) + 0.5));
    double slope = 0;
    for (int round = 0; round < 20; ++round) {
      double before = 1, value = x;  // P_0 and P_1
      for (int64_t n = 2; n <= steps; ++n) {
        const auto k = static_cast<double>(n);
        const double next = ((2 * k - 1) * x * value - (k - 1) * before) / k;
        before = value;
        value = next;
      }
      slope = static_cast<double>(steps) * (x * value - before) / (x * x - 1);
      const double change = value / slope;
      x -= change;
      if (std::abs(change) < 1e-15) break;
    }
    rule.points.push_back((1 - x) / 2);
    rule.weights.push_back(1 / ((1 - x * x) * slope * slope));
  }
  return rule;
}

Tensor embeddings_of(const Bert& model, const Tensor& ids, const Tensor& token_type_ids) {
  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  return model.embeddings(ids, token_type_ids);
}

Tensor encoded(const Bert& model, const Tensor& embeddings) { return model.encoder(embeddings); }

}  // namespace gradus::bert
