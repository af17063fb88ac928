// Chapter 9: the feed-forward network, its gated kinds, and the encoder. By hand first, then the library's.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <string>
#include <vector>

#include "plot/plot.hpp"
#include "tutorials/09_feed_forward_and_encoder/feed_forward_and_encoder.hpp"
#include "tutorials/09_feed_forward_and_encoder/small_task.hpp"
#include "tutorials/support/kit.hpp"
#include "tutorials/support/table.hpp"

namespace gradus::tutorials {
namespace {

void shapes() {
  section("Wide and narrow again");
  Rng rng(1);
  const nn::FeedForward library(4, 16, rng);
  const FeedForwardWeights w = weights_of(library);
  const Tensor x = randn({1, 3, 4}, rng);
  fmt::print("x        {}\n", x.shape());
  fmt::print("wide     {}\n", gelu_by_hand(linear(x, w.w1, w.b1)).shape());
  fmt::print("result   {}\n", feed_forward(x, w, gelu_by_hand).shape());
  for (const auto& [name, tensor] : library.named_parameters())
    fmt::print("{:<25} {}\n", name, tensor.shape());
  fmt::print("numbers in all: {}\n", library.num_parameters());
  fmt::print("nn::FeedForward gives the same to 1e-6: {}\n",
             largest_gap(library(x).detach(), feed_forward(x, w, gelu_by_hand).detach()) < 1e-6);
}

void bends() {
  section("What bends");
  const Tensor x = tensor({-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0});
  print_table("", {"x", "ReLU", "GELU", "SiLU"}, {}, stack({x, relu(x), gelu_by_hand(x), silu(x)}, 0), 3);
  fmt::print("library's GELU, tanh form, same to 1e-12: {} {}\n",
             largest_gap(gelu(x), gelu_by_hand(x)) < 1e-12,
             largest_gap(gelu_tanh(x), gelu_tanh_by_hand(x)) < 1e-12);

  const Tensor wide = (arange(161, DType::f64) - 80.0) / 20.0;  // -4 ... 4
  const std::vector<double> xs = wide.to_vector<double>();
  plot::Chart chart;
  chart.title = "ReLU, GELU and SiLU";
  chart.x_label = "x";
  chart.series = {{"ReLU", xs, relu(wide).to_vector<double>(), 2},
                  {"GELU", xs, gelu_by_hand(wide).to_vector<double>(), 1},
                  {"SiLU", xs, silu(wide).to_vector<double>(), 3}};
  plot::Chart gap;
  gap.title = "GELU by tanh minus GELU by erf";
  gap.x_label = "x";
  gap.series = {{"", xs, (gelu_tanh_by_hand(wide) - gelu_by_hand(wide)).to_vector<double>(), 4}};
  save_figure("bends.svg", plot::below({plot::draw(chart), plot::draw(gap)}));
}

/// A square of numbers, words down and across.
plot::Picture words_map(const std::string& title, const Tensor& values) {
  plot::HeatMap map;
  map.title = title;
  map.rows = map.columns = {"a", "dog", "ate", "food"};
  map.row_title = "output";
  map.column_title = "input";
  map.values = values.to_vector<double>();
  return plot::draw(map);
}

void per_token() {
  section("Who moves whom");
  Rng rng(2);
  const nn::EncoderLayer layer({.hidden = 8, .heads = 2, .intermediate = 32, .init = nn::init::normal(0.4)},
                               rng);
  layer.to(DType::f64);
  const EncoderWeights w = weights_of(layer);
  const Tensor x = randn({1, 4, 8}, rng, DType::f64);
  const Tensor think =
      influence([&](const Tensor& in) { return feed_forward(in, w.feed_forward, gelu_by_hand); }, x);
  const Tensor look = influence([&](const Tensor& in) { return attention(in, w); }, x);
  const std::vector<std::string> words = {"a", "dog", "ate", "food"};
  print_table("feed-forward", words, words, think);
  fmt::print("\n");
  print_table("attention", words, words, look);
  save_figure("who_moves_whom.svg",
              plot::beside({words_map("Feed-forward", think), words_map("Attention", look)}));
}

void kinds() {
  section("Parameters of each kind");
  Rng rng(3);
  fmt::print("{:<9} {:>6} {:>11}\n", "", "width", "parameters");
  for (const auto& [name, kind] : feed_forward_kinds) {
    const int64_t width = kind.gated ? nn::gated_width(48) : 48;
    fmt::print("{:<9} {:>6} {:>11}\n", name, width,
               nn::FeedForward(task_width, width, rng, {.kind = kind}).num_parameters());
  }

  section("Kinds at equal parameters");
  plot::Bars bars;
  bars.title = "Error at equal parameters, over the variance (less is better)";
  bars.width = 620;
  bars.height = 290;
  bars.series = {{"smooth", {}, 1}, {"products", {}, 2}};
  fmt::print("{:<9} {:>9} {:>9}\n", "", "smooth", "products");
  for (const auto& [name, kind] : feed_forward_kinds) {
    const int64_t width = kind.gated ? nn::gated_width(48) : 48;
    bars.groups.push_back(name);
    std::vector<double> errors;
    for (const TokenTask task : {TokenTask::smooth, TokenTask::products}) {
      errors.push_back((task_error(kind, width, task, 1) + task_error(kind, width, task, 2)) / 2);
    }
    bars.series[0].values.push_back(std::round(errors[0] * 1000) / 1000);
    bars.series[1].values.push_back(std::round(errors[1] * 1000) / 1000);
    fmt::print("{:<9} {:>9.3f} {:>9.3f}\n", name, errors[0], errors[1]);
  }
  save_figure("kinds.svg", plot::draw(bars));
}

void the_encoder() {
  section("An encoder layer by hand");
  Rng rng(4);
  const nn::EncoderOptions options = {
      .hidden = 8, .heads = 2, .intermediate = 32, .layers = 3, .init = nn::init::normal(0.4)};
  const nn::Encoder encoder(options, rng);
  encoder.to(DType::f64);
  encoder.eval();
  const Tensor x = randn({2, 5, 8}, rng, DType::f64);
  Tensor mine = x;
  for (const nn::EncoderLayer& layer : encoder.layers) {
    mine = encoder_layer(mine, weights_of(layer));
    fmt::print("after a layer: shape {}, mean square of a row {:.4f}\n", mine.shape(),
               mean(mine.select(0, 0).select(0, 0) * mine.select(0, 0).select(0, 0)).item());
  }
  fmt::print("nn::Encoder gives the same to 1e-10: {}\n",
             largest_gap(mine.detach(), encoder(x).detach()) < 1e-10);
  fmt::print("{}", nn::EncoderLayer(options, rng).describe());

  section("Words in another order");
  const Tensor order = tensor<int64_t>({3, 0, 4, 1, 2});
  fmt::print("permuting the words permutes the outputs, to 1e-10: {}\n",
             largest_gap(encoder(index_select(x, 1, order)).detach(),
                         index_select(encoder(x), 1, order).detach()) < 1e-10);
}

void where_the_work_is() {
  section("One layer of BERT-base");
  const int64_t h = 768, i = 3072;
  const int64_t looking = 4 * (h * h + h), thinking = 2 * h * i + i + h, norms = 2 * 2 * h;
  fmt::print("attention     {:>9} parameters, {:.0f} %\n", looking,
             100.0 * looking / (looking + thinking + norms));
  fmt::print("feed-forward  {:>9} parameters, {:.0f} %\n", thinking,
             100.0 * thinking / (looking + thinking + norms));
  fmt::print("LayerNorms    {:>9} parameters\n", norms);
  fmt::print("a layer       {:>9} parameters\n", looking + thinking + norms);
  Rng rng(5);
  const nn::EncoderLayer small({.hidden = 12, .heads = 3, .intermediate = 48}, rng);
  fmt::print("the same formulas for H = 12, I = 48: {}, and nn::EncoderLayer has {}\n",
             4 * (12 * 12 + 12) + 2 * 12 * 48 + 48 + 12 + 4 * 12, small.num_parameters());

  section("Multiplications for one sentence");
  fmt::print("{:>5} {:>12} {:>12} {:>14}\n", "words", "projections", "scores, mix", "feed-forward");
  for (const int64_t s : {16, 128, 512, 4096}) {
    const double projections = 4.0 * s * h * h, scores = 2.0 * s * s * h, wide = 2.0 * s * h * i;
    const double all = projections + scores + wide;
    fmt::print("{:>5} {:>10.0f} % {:>10.0f} % {:>12.0f} %\n", s, 100 * projections / all, 100 * scores / all,
               100 * wide / all);
  }
}

void gradients() {
  section("Gradient check");
  Rng rng(6);
  const Tensor x = randn({2, 3, 4}, rng);
  const std::vector<Tensor> in = {x,
                                  randn({6, 4}, rng),
                                  randn({6}, rng),
                                  randn({4, 6}, rng),
                                  randn({4}, rng),
                                  randn({6, 4}, rng),
                                  randn({6}, rng)};
  const auto weights = [](const std::vector<Tensor>& v) {
    return FeedForwardWeights{.w1 = v[1], .b1 = v[2], .w2 = v[3], .b2 = v[4], .wg = v[5], .bg = v[6]};
  };
  check_gradient("GELU", [](const auto& v) { return gelu_by_hand(v[0]); }, {x});
  check_gradient("GELU by tanh", [](const auto& v) { return gelu_tanh_by_hand(v[0]); }, {x});
  check_gradient("feed-forward",
                 [&](const auto& v) {
                   return feed_forward(v[0], {v[1], v[2], v[3], v[4], {}, {}}, gelu_by_hand);
                 },
                 {in[0], in[1], in[2], in[3], in[4]});
  for (const auto& [name, bend] :
       std::vector<std::pair<std::string, Bend>>{{"GLU", sigmoid},
                                                 {"bilinear", [](const Tensor& gate) { return gate; }},
                                                 {"ReGLU", relu},
                                                 {"GEGLU", gelu_by_hand},
                                                 {"SwiGLU", silu}}) {
    check_gradient(
        name, [&, &bend = bend](const auto& v) { return gated_feed_forward(v[0], weights(v), bend); }, in);
  }
  const nn::EncoderLayer layer({.hidden = 4, .heads = 2, .intermediate = 6, .init = nn::init::normal(0.4)},
                               rng);
  layer.to(DType::f64);
  std::vector<Tensor> all = {x};
  for (const auto& [name, parameter] : layer.named_parameters()) all.push_back(parameter.detach());
  check_gradient(
      "an encoder layer, by x and its 16 tensors",
      [](const auto& v) {
        return encoder_layer(v[0], {.heads = 2,
                                    .wq = v[1],
                                    .bq = v[2],
                                    .wk = v[3],
                                    .bk = v[4],
                                    .wv = v[5],
                                    .bv = v[6],
                                    .wo = v[7],
                                    .bo = v[8],
                                    .scale1 = v[9],
                                    .offset1 = v[10],
                                    .feed_forward = {v[11], v[12], v[13], v[14], {}, {}},
                                    .scale2 = v[15],
                                    .offset2 = v[16]});
      },
      all);
}

void museum() {
  section("The bug museum: nothing bends");
  Rng rng(7);
  const nn::FeedForward plain(4, 16, rng);
  plain.to(DType::f64);
  const Tensor x = randn({3, 4}, rng, DType::f64), y = randn({3, 4}, rng, DType::f64),
               none = zeros({3, 4}, DType::f64);
  for (const bool bug : {false, true}) {
    FeedForwardWeights w = weights_of(plain);
    w.forget_bend = bug;
    const auto f = [&](const Tensor& in) { return feed_forward(in, w, gelu_by_hand); };
    fmt::print("{}:\n", bug ? "without GELU" : "with GELU");
    fmt::print("  gradient check passes:              {}\n",
               gradcheck([&](const auto& in) { return f(in[0]); }, {x}).passed);
    fmt::print("  f(x + y) = f(x) + f(y) - f(0):      {}\n",
               largest_gap(f(x + y).detach(), (f(x) + f(y) - f(none)).detach()) < 1e-10);
  }

  section("The bug museum: the gate's matrix swapped");
  for (const auto& [name, kind] : {feed_forward_kinds[3], feed_forward_kinds[6]}) {
    const nn::FeedForward gated(4, 16, rng, {.kind = kind});
    gated.to(DType::f64);
    const Bend bend =
        kind == nn::FeedForwardKind::swiglu ? Bend(silu) : Bend([](const Tensor& t) { return t; });
    FeedForwardWeights w = weights_of(gated);
    w.swap_gate = true;
    fmt::print("{}:\n", name);
    fmt::print("  gradient check passes:              {}\n",
               gradcheck([&](const auto& in) { return gated_feed_forward(in[0], w, bend); }, {x}).passed);
    fmt::print("  same output as nn::FeedForward:     {}\n",
               largest_gap(gated(x).detach(), gated_feed_forward(x, w, bend).detach()) < 1e-10);
  }
}

}  // namespace
}  // namespace gradus::tutorials

int main(int argc, char** argv) {
  using namespace gradus::tutorials;
  return run_chapter(argc, argv, [] {
    shapes();
    bends();
    per_token();
    kinds();
    the_encoder();
    where_the_work_is();
    gradients();
    museum();
  });
}
