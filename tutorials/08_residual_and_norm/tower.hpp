/// @file
/// Chapter 8, second half: a tower of layers, to see what becomes of signal and gradient in depth.
#pragma once

#include <cmath>

#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "nn/layer_norm.hpp"
#include "nn/linear.hpp"
#include "nn/optimizers/optimizer.hpp"
#include "residual_and_norm.hpp"

namespace gradus::tutorials {

/// One layer of the tower: f(h) = relu(h W_1^T + b_1) W_2^T + b_2, wired with a LayerNorm.
class TowerLayer : public nn::Module {
 public:
  TowerLayer(Wiring how, int64_t hidden, Rng& rng)
      : wiring(how),
        first(child("first", nn::Linear(hidden, hidden, rng))),
        second(child("second", nn::Linear(hidden, hidden, rng))),
        norm(child("norm", nn::LayerNorm(hidden, 1e-5))) {}

  Tensor operator()(const Tensor& h) const {
    return wire(
        wiring, h, [this](const Tensor& x) { return second(relu(first(x))); }, norm);
  }

  const Wiring wiring;
  const nn::Linear first, second;
  const nn::LayerNorm norm;
};

/// `depth` layers between a way in (2 -> H) and a way out (H -> 2).
class Tower : public nn::Module {
 public:
  Tower(Wiring wiring, int64_t depth, int64_t hidden, Rng& rng)
      : in(child("in", nn::Linear(2, hidden, rng))),
        out(child("out", nn::Linear(hidden, 2, rng))),
        last_norm(child("last_norm", nn::LayerNorm(hidden, 1e-5))),
        has_last_norm(wiring == Wiring::pre_norm) {
    for (int64_t i = 0; i < depth; ++i) {
      layers.push_back(child("layer." + std::to_string(i), TowerLayer(wiring, hidden, rng)));
    }
  }

  /// h_0 ... h_L: what enters the first layer, and what each layer makes of it. h0 [B, H].
  std::vector<Tensor> states(const Tensor& h0) const {
    std::vector<Tensor> all = {h0};
    for (const TowerLayer& layer : layers) all.push_back(layer(all.back()));
    return all;
  }

  Tensor operator()(const Tensor& x) const {  // [B, 2] -> [B, 2]
    const Tensor last = states(in(x)).back();
    return out(has_last_norm ? last_norm(last) : last);  // with pre-norm nothing else keeps h_L in size
  }

  const nn::Linear in, out;
  const nn::LayerNorm last_norm;
  const bool has_last_norm;
  std::vector<TowerLayer> layers;
};

/// The Euclidean norm of all elements.
inline double length_of(const Tensor& x) { return std::sqrt(sum(x * x).item()); }

/// The mean cosine between the rows of x [B, H]: 1 when all rows point the same way.
inline double likeness_of_rows(const Tensor& x) {
  const double rows = static_cast<double>(x.size(0));
  const Tensor unit = x * rsqrt(sum(x * x, Axes{1}, true));
  return (sum(matmul(unit, unit.transpose(0, 1))).item() - rows) / (rows * (rows - 1));
}

/// What depth does to a fresh tower: for each layer l = 0 ... L, the size of h_l (the root of the mean
/// square), how alike its rows are, and the norm of dLoss/dh_l, where Loss = sum(h_L v) for random v, over
/// that of dLoss/dh_L.
struct DepthProfile {
  std::vector<double> signal, likeness, gradient;
};

inline DepthProfile depth_profile(Wiring wiring, int64_t depth, int64_t hidden, uint64_t seed) {
  Rng rng(seed);
  const Tower tower(wiring, depth, hidden, rng);
  tower.to(DType::f64);
  Tensor h0 = randn({16, hidden}, rng, DType::f64);
  h0.requires_grad();
  std::vector<Tensor> states = tower.states(h0);
  const Tensor v = randn({16, hidden}, rng, DType::f64);
  const std::vector<Tensor> gradients = grad({states.back()}, states, {v});
  DepthProfile profile;
  for (size_t l = 0; l < states.size(); ++l) {
    const double count = static_cast<double>(states[l].numel());
    profile.signal.push_back(length_of(states[l].detach()) / std::sqrt(count));
    profile.likeness.push_back(likeness_of_rows(states[l].detach()));
    profile.gradient.push_back(length_of(gradients[l]) / length_of(gradients.back()));
  }
  return profile;
}

/// Points on two circles of radius 0.5 (label 0) and 1 (label 1), with a little noise.
struct Circles {
  Tensor points, labels;  ///< [B, 2], i64 [B]
};

inline Circles two_circles(int64_t count, Rng& rng) {
  std::vector<float> points;
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < count; ++i) {
    const double angle = 2 * 3.141592653589793 * rng.uniform();
    const double radius = (i % 2 == 0 ? 0.5 : 1.0) + 0.05 * rng.normal();
    points.push_back(static_cast<float>(radius * std::cos(angle)));
    points.push_back(static_cast<float>(radius * std::sin(angle)));
    labels.push_back(i % 2);
  }
  return {tensor(points, Shape{count, 2}), tensor(labels)};
}

/// Trains a tower on the two circles with Adam and returns the accuracy on 200 other points.
inline double trained_accuracy(Wiring wiring, int64_t depth, uint64_t seed, int64_t steps = 60,
                               double rate = 3e-3) {
  Rng rng(seed);
  const Tower tower(wiring, depth, 16, rng);
  const Circles train = two_circles(64, rng), test = two_circles(200, rng);
  nn::Adam optimizer(tower, {.lr = rate});
  for (int64_t step = 0; step < steps; ++step) {
    optimizer.zero_grad();
    cross_entropy(tower(train.points), train.labels).backward();
    optimizer.step();
  }
  const NoGrad no_grad;
  return mean(equal(argmax(tower(test.points), 1), test.labels).to(DType::f64)).item();
}

}  // namespace gradus::tutorials
