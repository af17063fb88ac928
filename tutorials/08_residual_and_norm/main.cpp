// Chapter 8: residual connections and LayerNorm. LayerNorm by hand first, then towers of 1 to 64 layers.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "nn/optimizers/arena.hpp"
#include "nn/transformer/encoder.hpp"
#include "nn/transformer/residual.hpp"
#include "plot/plot.hpp"
#include "tutorials/08_residual_and_norm/residual_and_norm.hpp"
#include "tutorials/08_residual_and_norm/tower.hpp"
#include "tutorials/support/kit.hpp"

namespace gradus::tutorials {
namespace {

void layer_norm_forward_by_hand() {
  section("LayerNorm by hand");
  const Tensor x = tensor({1.0, 3.0, 5.0, 7.0}), weight = ones({4}, DType::f64),
               bias = zeros({4}, DType::f64);
  const Normed n = layer_norm_by_hand(x, weight, bias, 1e-5);
  fmt::print("x     {}\n", x);
  fmt::print("mean  {}\n", n.mean);
  fmt::print("r     {}\n", n.r);
  fmt::print("xhat  {}\n", n.xhat);
  fmt::print("ten times x gives {}\n", layer_norm_by_hand(x * 10, weight, bias, 1e-5).y);
  fmt::print("x plus 100 gives  {}\n", layer_norm_by_hand(x + 100, weight, bias, 1e-5).y);
}

void layer_norm_backward_by_hand() {
  section("Its backward by hand");
  Tensor x = tensor({1.0, 3.0, 5.0, 7.0}), weight = tensor({1.0, 2.0, 1.0, 0.5}),
         bias = zeros({4}, DType::f64);
  const Tensor dy = tensor({1.0, 0.0, 0.0, 0.0});
  const NormGradients mine = layer_norm_backward(dy, layer_norm_by_hand(x, weight, bias, 1e-5), weight);
  fmt::print("dx       {}\ndweight  {}\ndbias    {}\n", mine.dx, mine.dweight, mine.dbias);
  x.requires_grad();
  weight.requires_grad();
  bias.requires_grad();
  const std::vector<Tensor> tape = grad({layer_norm(x, weight, bias, 1e-5)}, {x, weight, bias}, {dy});
  fmt::print("autograd gives the same to 1e-12: {} {} {}\n", largest_gap(mine.dx, tape[0]) < 1e-12,
             largest_gap(mine.dweight, tape[1]) < 1e-12, largest_gap(mine.dbias, tape[2]) < 1e-12);
}

/// A chart of one line a wiring: a chart has four colours, so "norm" is dashed.
plot::ChartSeries line_of(size_t k, std::vector<double> x, std::vector<double> y) {
  const int colors[] = {2, 3, 4, 4, 1};
  plot::ChartSeries line{wirings[k].first, std::move(x), std::move(y), colors[k], false};
  line.dashed = k == 2;
  return line;
}

void signal_and_gradient() {
  section("A tower of 64 layers");
  plot::Chart gradient, first;
  gradient.title = "|dLoss/dh_l| over |dLoss/dh_64| in a tower of 64 layers";
  gradient.x_label = "layer l";
  first.title = "|dLoss/dh_0| over |dLoss/dh_L| by depth";
  first.x_label = "depth L";
  first.log_x = true;
  for (plot::Chart* chart : {&gradient, &first}) {
    chart->log_y = chart->whole_x = true;
    chart->width = 560;
    chart->height = 320;
  }
  fmt::print("{:<10} {:>12} {:>12} {:>14} {:>14}\n", "", "size of h_0", "size of h_64", "rows alike",
             "gradient at 0");
  for (size_t k = 0; k < wirings.size(); ++k) {
    const Wiring wiring = wirings[k].second;
    const DepthProfile profile = depth_profile(wiring, 64, 64, 1);
    fmt::print("{:<10} {:>12.2e} {:>12.2e} {:>14.2f} {:>14.2e}\n", wirings[k].first, profile.signal[0],
               profile.signal[64], profile.likeness[64], profile.gradient[0]);
    std::vector<double> layers, depths, at_first;
    for (int l = 0; l <= 64; ++l) layers.push_back(l);
    gradient.series.push_back(line_of(k, layers, profile.gradient));
    for (const int64_t depth : {1, 2, 4, 8, 16, 32, 64}) {
      depths.push_back(static_cast<double>(depth));
      at_first.push_back(depth_profile(wiring, depth, 64, 1).gradient[0]);
    }
    first.series.push_back(line_of(k, depths, at_first));
  }
  save_figure("gradient_by_layer.svg", plot::draw(gradient));
  save_figure("gradient_by_depth.svg", plot::draw(first));
}

void what_trains() {
  section("What trains");
  const std::vector<int64_t> depths = {2, 8, 32, 64};
  plot::Bars bars;
  bars.title = "Two circles: accuracy after 60 steps, by depth";
  bars.percent = true;
  bars.numbers = false;
  bars.width = 560;
  for (size_t d = 0; d < depths.size(); ++d) {
    bars.series.push_back({fmt::format("{} layers", depths[d]), {}, static_cast<int>(d) + 1});
  }
  fmt::print("{:<10} {:>9} {:>9} {:>9} {:>9}\n", "layers", 2, 8, 32, 64);
  for (const auto& [name, wiring] : wirings) {
    bars.groups.push_back(name);
    fmt::print("{:<10}", name);
    for (size_t d = 0; d < depths.size(); ++d) {
      const double reached = trained_accuracy(wiring, depths[d], 1);
      bars.series[d].values.push_back(reached);
      fmt::print(" {:>9.2f}", reached);
    }
    fmt::print("\n");
  }
  save_figure("what_trains.svg", plot::draw(bars));
}

void the_library() {
  section("The library");
  Rng rng(3);
  const Tensor x = randn({2, 3, 8}, rng, DType::f64);
  const nn::LayerNorm norm(8);
  norm.to(DType::f64);
  fmt::print("nn::LayerNorm, same to 1e-12:             {}\n",
             largest_gap(norm(x), layer_norm_by_hand(x, norm.weight, norm.bias, norm.eps).y) < 1e-12);
  const nn::Linear f(8, 8, rng);
  f.to(DType::f64);
  for (const bool pre : {false, true}) {
    const nn::Residual residual(8, {.dropout = 0, .pre_norm = pre});
    residual.to(DType::f64);
    const Tensor mine = wire(pre ? Wiring::pre_norm : Wiring::post_norm, x, f, residual.norm);
    fmt::print("nn::Residual, {:<10} same to 1e-12: {}\n", pre ? "pre-norm," : "post-norm,",
               largest_gap(mine, residual(x, [&](const Tensor& in) { return f(in); })) < 1e-12);
  }
}

void gradients() {
  section("Gradient check");
  Rng rng(4);
  const Tensor x = randn({3, 5}, rng), weight = randn({5}, rng), bias = randn({5}, rng),
               w = randn({5, 5}, rng);
  check_gradient("LayerNorm by hand",
                 [](const auto& in) { return layer_norm_by_hand(in[0], in[1], in[2], 1e-5).y; },
                 {x, weight, bias});
  for (const auto& [name, wiring] : wirings) {
    check_gradient(name,
                   [wiring = wiring](const auto& in) {
                     return wire(
                         wiring, in[0], [&](const Tensor& h) { return tanh(linear(h, in[3])); },
                         [&](const Tensor& h) { return layer_norm_by_hand(h, in[1], in[2], 1e-5).y; });
                   },
                   {x, weight, bias, w});
  }
}

void museum_std_plus_eps() {
  section("The bug museum: std + eps");
  const Tensor usual = tensor({3.0, 7.0}), small = tensor({-1e-6, 1e-6});
  Tensor constant = tensor({2.0, 2.0}).requires_grad();
  for (const bool bug : {false, true}) {
    const auto norm = [&](const Tensor& x) {
      const Tensor weight = ones({x.size(-1)}, DType::f64), bias = zeros({x.size(-1)}, DType::f64);
      return bug ? layer_norm_std_plus_eps(x, weight, bias, 1e-12)
                 : layer_norm_by_hand(x, weight, bias, 1e-12).y;
    };
    fmt::print("{}:\n", bug ? "(x - mean) / (std + eps)" : "(x - mean) / sqrt(var + eps)");
    fmt::print("  gradient check at 3, 7, 4 passes: {}\n",
               gradcheck([&](const auto& in) { return norm(in[0]); }, {tensor({3.0, 7.0, 4.0})}).passed);
    fmt::print("  of  3, 7                          {}\n", norm(usual));
    fmt::print("  of -0.000001, 0.000001            {}\n", norm(small));
    fmt::print("  gradient at 2, 2                  {}\n",
               grad({norm(constant)}, {constant}, {tensor({1.0, 0.0})})[0]);
  }
}

void museum_pre_for_post() {
  section("The bug museum: pre- for post-norm");
  Rng rng(5);
  const nn::EncoderOptions post = {
      .hidden = 8, .heads = 2, .intermediate = 16, .layers = 2, .init = nn::init::normal(0.5)};
  nn::EncoderOptions pre = post;
  pre.pre_norm = true;
  const nn::Encoder right(post, rng), wrong(pre, rng);
  wrong.load_state_dict(right.state_dict(), /*strict=*/false);
  right.eval();
  wrong.eval();
  const NoGrad no_grad;
  const Tensor x = randn({1, 4, 8}, rng) * 2;
  fmt::print("the same weights, outputs the same to 0.01: {}\n", largest_gap(right(x), wrong(x)) < 0.01);
  const auto spread = [&](const Tensor& y) { return var(y, Axes{-1}, false, 0).to(DType::f64); };
  fmt::print("variance of each row after layer 1, post-norm: {}\n", spread(right.layers[0](x)));
  fmt::print("variance of each row after layer 1, pre-norm:  {}\n", spread(wrong.layers[0](x)));
  const nn::LoadReport report = wrong.load_state_dict(right.state_dict(), false);
  fmt::print("names that the file lacks: {}\n", fmt::join(report.missing, ", "));
}

/// A module with one matrix and one LayerNorm.
struct Small : nn::Module {
  explicit Small(Rng& rng)
      : dense(child("dense", nn::Linear(2, 2, rng))), norm(child("LayerNorm", nn::LayerNorm(2))) {}
  nn::Linear dense;
  nn::LayerNorm norm;
};

void museum_weight_decay() {
  section("The bug museum: weight decay on LayerNorm");
  for (const bool bug : {false, true}) {
    Rng rng(6);
    const Small part(rng);
    nn::AdamOptions options = {.lr = 0.01, .weight_decay = 0.1};
    if (bug) options.decays = [](const std::string&) { return true; };
    nn::AdamW optimizer(part, options);
    const double before = part.dense.weight.at({0, 0});
    optimizer.zero_grad();  // no gradient at all: only the decay moves what it moves
    for (int step = 0; step < 500; ++step) optimizer.step();
    fmt::print("{}:\n", bug ? "every parameter decays" : "decays_by_name");
    fmt::print("  dense.weight shrinks to {:.4f} of itself\n", part.dense.weight.at({0, 0}) / before);
    fmt::print("  LayerNorm.weight        {}\n", part.norm.weight.detach());
  }
}

}  // namespace
}  // namespace gradus::tutorials

int main(int argc, char** argv) {
  using namespace gradus::tutorials;
  return run_chapter(argc, argv, [] {
    layer_norm_forward_by_hand();
    layer_norm_backward_by_hand();
    signal_and_gradient();
    what_trains();
    the_library();
    gradients();
    museum_std_plus_eps();
    museum_pre_for_post();
    museum_weight_decay();
  });
}
