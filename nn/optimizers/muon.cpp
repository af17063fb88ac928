#include "nn/optimizers/muon.hpp"

#include <algorithm>
#include <cmath>

namespace gradus::nn {
namespace {

double frobenius_norm(const Tensor& x) { return std::sqrt(sum(x * x).item()); }

}  // namespace

Tensor orthogonalized(const Tensor& x) {
  if (x.rank() != 2) fail<ShapeError>("orthogonalized: x {} must be a matrix", x.shape());
  const NoGrad no_grad;
  const double norm = frobenius_norm(x);
  if (!(norm > 0)) return x.clone();
  const bool tall = x.size(0) > x.size(1);           // A is then the smaller of the two products
  Tensor y = (tall ? x.transpose(0, 1) : x) / norm;  // [m, n], m <= n
  constexpr double a = 3.4445, b = -4.775, c = 2.0315;
  constexpr int rounds = 5;
  for (int round = 0; round < rounds; ++round) {
    const Tensor A = matmul(y, y.transpose(0, 1));    // [m, m]
    y = y * a + matmul(A * b + matmul(A, A) * c, y);  // [m, n]
  }
  return tall ? y.transpose(0, 1) : y;
}

bool in_a_layer(const std::string& name) {
  return name.starts_with("layer.") || name.find(".layer.") != std::string::npos;
}

Muon::Muon(const Parameters& parameters, const MuonOptions& options)
    : Adam(parameters,
           {.lr = options.lr,
            .beta1 = options.beta1,
            .beta2 = options.beta2,
            .eps = {},
            .weight_decay = options.weight_decay,
            .decays = options.decays,
            .groups = options.groups},
           Kind::adamw, 1e-8, options.weight_decay),
      hidden_(options.hidden),
      momentum_(options.momentum) {
  if (!(momentum_ >= 0 && momentum_ < 1))
    fail<ValueError>("muon: momentum is {}; it must be a number from 0 up to 1", momentum_);
  const auto& entries = arena().entries();
  if (std::none_of(entries.begin(), entries.end(), [this](const auto& e) { return steps_alone(e); })) {
    fail<Error>(
        "muon: no parameter is a matrix of a hidden layer, so there is nothing for it to do; name them in "
        "MuonOptions::hidden, or take adamw");
  }
}

bool Muon::steps_alone(const ParameterArena::Entry& entry) const {
  return entry.parameter.rank() == 2 && hidden_(entry.name);
}

void Muon::update(const Stretch& stretch) {
  if (!stretch.alone) return Adam::update(stretch);
  const NoGrad no_grad;
  const Tensor gradient = arena().part(arena().gradients(), *stretch.alone) * stretch.grad_scale;
  Tensor average = arena().part(moment_array(0), *stretch.alone);
  average.copy_(average * momentum_ + gradient * (1 - momentum_));
  const Tensor ahead = average * momentum_ + gradient * (1 - momentum_);
  Tensor weight = stretch.alone->parameter.detach();
  const double step =
      0.2 * std::sqrt(static_cast<double>(std::max(weight.size(0), weight.size(1)))) * stretch.lr;
  weight.copy_(weight * (1 - stretch.lr * stretch.weight_decay) - orthogonalized(ahead) * step);
}

}  // namespace gradus::nn
