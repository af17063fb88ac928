// Error of f32 gradients against depth: encoders, and a chain of tanh layers on two sides of chaos.
#include <fmt/format.h>

#include <cmath>

#include "gradlab/experiments/experiment.hpp"
#include "gradlab/experiments/measure.hpp"
#include "nn/linear.hpp"
#include "nn/transformer/encoder.hpp"

namespace gradus::lab {
namespace {

constexpr int64_t hidden = 32, length = 16, repeats = 4;
const std::vector<int64_t> depths = {1, 2, 4, 8, 16, 32, 64};

/// x -> tanh(W x + b), `layers` times, W normal with standard deviation gain / sqrt(H). In a wide chain with
/// a gain above 1 a small difference grows from layer to layer (Poole et al. 2016, section 3).
class TanhChain : public nn::Module {
 public:
  TanhChain(int64_t layers, double gain, Rng& rng) {
    const nn::Init init = nn::init::normal(gain / std::sqrt(static_cast<double>(hidden)));
    for (int64_t i = 0; i < layers; ++i)
      layers_.push_back(child(fmt::format("layer.{}", i), nn::Linear(hidden, hidden, rng, {.init = init})));
  }
  Tensor operator()(const Tensor& x) const {
    Tensor y = x;
    for (const nn::Linear& layer : layers_) y = tanh(layer(y));
    return y;
  }

 private:
  std::vector<nn::Linear> layers_;
};

nn::Encoder encoder(int64_t layers, bool pre_norm, Rng& rng) {
  return {{.hidden = hidden,
           .heads = 2,
           .intermediate = 4 * hidden,
           .layers = layers,
           .hidden_dropout = 0,
           .attention_dropout = 0,
           .init = nn::init::xavier_uniform(),
           .pre_norm = pre_norm},
          rng};
}

/// The error of the input's gradient at each depth.
template <class Make>
std::vector<double> errors(uint64_t seed, const Make& make) {
  std::vector<double> found;
  for (const int64_t layers : depths) {
    std::vector<double> each;
    for (int64_t r = 0; r < repeats; ++r) {
      Rng rng(seed, static_cast<uint64_t>(r));
      const Tensor x = randn({1, length, hidden}, rng);
      const auto model = make(layers, rng);
      each.push_back(f32_gradient_error(
                         model, [&](const Tensor& in) { return model(in); }, x, seed)
                         .input);
    }
    found.push_back(geometric_mean(each));
  }
  return found;
}

Outcome run(const ExperimentOptions& options) {
  const auto post =
      errors(options.seed, [](int64_t layers, Rng& rng) { return encoder(layers, false, rng); });
  const auto pre = errors(options.seed, [](int64_t layers, Rng& rng) { return encoder(layers, true, rng); });
  const auto calm = errors(options.seed, [](int64_t layers, Rng& rng) { return TanhChain(layers, 1, rng); });
  const auto wild = errors(options.seed, [](int64_t layers, Rng& rng) { return TanhChain(layers, 2, rng); });

  Outcome outcome;
  outcome.table.columns = {{"layers", "{:.0f}"},
                           {"post-norm", "{:.2f}"},
                           {"pre-norm", "{:.2f}"},
                           {"tanh, gain 1", "{:.2f}"},
                           {"tanh, gain 2", "{:.2f}"}};
  std::vector<double> x;
  for (size_t i = 0; i < depths.size(); ++i) {
    x.push_back(static_cast<double>(depths[i]));
    outcome.table.rows.push_back({x[i], post[i], pre[i], calm[i], wild[i]});
  }
  const size_t last = depths.size() - 1;
  const double per_layer = std::pow(wild[last] / wild[1], 1 / (x[last] - x[1]));
  outcome.facts = {{"post_norm_slope", log_slope(x, post)},
                   {"pre_norm_slope", log_slope(x, pre)},
                   {"calm_slope", log_slope(x, calm)},
                   {"wild_factor_per_layer", per_layer},
                   {"post_norm_deepest", post[last]},
                   {"pre_norm_deepest", pre[last]},
                   {"wild_deepest", wild[last]}};
  outcome.conclusion = {
      "Errors in units of eps32 = 1.2e-07, relative to the length of the input's gradient.",
      fmt::format(
          "They grow like depth^{:.2f} (post-norm), depth^{:.2f} (pre-norm), depth^{:.2f} (tanh, gain 1).",
          log_slope(x, post), log_slope(x, pre), log_slope(x, calm)),
      fmt::format(
          "With gain 2 each layer multiplies it by {:.2f}: at {} layers {:.0f} of f32's 24 bits are lost.",
          per_layer, depths[last], std::log2(wild[last]))};
  plot::Chart chart;
  chart.title = "f32 gradient against f64: error in units of eps32";
  chart.x_label = "layers";
  chart.log_x = chart.log_y = true;
  chart.width = 640;
  chart.height = 380;
  chart.series = {curve("encoder, post-norm", 1, x, post),  curve("encoder, pre-norm", 3, x, pre),
                  curve("tanh chain, gain 1", 4, x, calm),  curve("tanh chain, gain 2", 2, x, wild),
                  guide("sqrt(depth)", 1, x, post, 0, 0.5), guide("depth", 3, x, post, 0, 1)};
  outcome.picture = plot::draw(chart);
  return outcome;
}

}  // namespace

Experiment depth_experiment() {
  return {"depth", "How does the error of an f32 gradient grow with depth?", 2, run};
}

}  // namespace gradus::lab
