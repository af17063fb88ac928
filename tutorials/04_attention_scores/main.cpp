// Chapter 4: the four attention scores, by hand and from the library; what scaling is for; and what each kind
// can learn.
#include "attention_scores.hpp"

#include <fmt/format.h>

#include "nn/attention/attention_score.hpp"
#include "nn/optimizers/optimizer.hpp"
#include "plot/plot.hpp"
#include "tutorials/support/kit.hpp"
#include "tutorials/support/table.hpp"

using namespace gradus;
using namespace gradus::tutorials;

namespace {

void with_a_pencil() {
  section("One query, three keys");
  const Tensor q = tensor({2.0, 1.0}, Shape{1, 2});
  const Tensor k = tensor({2.0, 1.0, -1.0, 2.0, 0.0, 4.0}, Shape{3, 2});
  const Tensor w = tensor({0.0, 1.0, 1.0, 0.0}, Shape{2, 2});
  const Tensor one = eye(2, DType::f64), v = tensor({1.0, 1.0});
  const std::vector<std::string> keys = {"k1 = [2, 1]", "k2 = [-1, 2]", "k3 = [0, 4]"};
  fmt::print("q = [2, 1]\n\n");
  print_table("score", {"dot", "scaled dot", "general", "additive"}, keys,
              concat({dot_score(q, k), scaled_dot_score(q, k), general_score(q, k, w),
                      additive_score(q, k, one, one, v)},
                     0),
              3);
  fmt::print("\nadditive for k2, by loops: {:.3f}\n",
             additive_by_hand({2, 1}, {-1, 2}, {{1, 0}, {0, 1}}, {{1, 0}, {0, 1}}, {1, 1}));
}

void library() {
  section("The library's scores");
  Rng rng(1);
  const Tensor q = randn({4, 6}, rng, DType::f64), k = randn({5, 6}, rng, DType::f64);
  const nn::GeneralScore general(6, 6, rng);
  const nn::AdditiveScore additive(6, 6, 8, rng);
  general.to(DType::f64);
  additive.to(DType::f64);
  const auto same = [](const char* name, const Tensor& ours, const Tensor& theirs) {
    fmt::print("{:<11} {} same numbers: {}\n", name, theirs.shape(), largest_gap(ours, theirs) < 1e-12);
  };
  same("dot", dot_score(q, k), nn::DotScore()(q, k));
  same("scaled dot", scaled_dot_score(q, k), nn::ScaledDotScore()(q, k));
  same("general", general_score(q, k, general.weight), general(q, k));
  same("additive", additive_score(q, k, additive.query_weight, additive.key_weight, additive.vector),
       additive(q, k));
}

plot::Picture lines(const std::string& title, const std::vector<double>& d,
                    const std::vector<std::pair<std::string, std::vector<double>>>& curves, bool log_y) {
  plot::Chart chart;
  chart.title = title;
  chart.x_label = "d, the numbers in a query";
  chart.log_x = true;
  chart.log_y = log_y;
  int color = 1;
  for (const auto& [name, y] : curves) {
    plot::ChartSeries series;
    series.name = name;
    series.x = d;
    series.y = y;
    series.color = color++;
    series.markers = true;
    chart.series.push_back(series);
  }
  return plot::draw(chart);
}

void scaling() {
  section("Why divide by the root");
  const int64_t S = 64, T = 64;
  fmt::print("{} random queries and {} random keys, each number of variance 1\n\n", S, T);
  fmt::print("{:>5}  {:>17}  {:>17}  {:>17}\n", "", "variance of score", "entropy / ln T", "gradient");
  fmt::print("{:>5}  {:>8} {:>8}  {:>8} {:>8}  {:>8} {:>8}\n", "d", "dot", "scaled", "dot", "scaled", "dot",
             "scaled");
  std::string at_queries;
  std::vector<double> sizes, dot_var, scaled_var, dot_entropy, scaled_entropy;
  Rng rng(2);
  for (int64_t d = 4; d <= 1024; d *= 2) {
    const Tensor q = randn({S, d}, rng, DType::f64), k = randn({T, d}, rng, DType::f64);
    const Tensor dot = dot_score(q, k), scaled = scaled_dot_score(q, k);
    sizes.push_back(static_cast<double>(d));
    dot_var.push_back(var(dot).item());
    scaled_var.push_back(var(scaled).item());
    dot_entropy.push_back(relative_entropy(softmax(dot)));
    scaled_entropy.push_back(relative_entropy(softmax(scaled)));
    fmt::print("{:>5}  {:>8.1f} {:>8.3f}  {:>8.3f} {:>8.3f}  {:>8.4f} {:>8.4f}\n", d, dot_var.back(),
               scaled_var.back(), dot_entropy.back(), scaled_entropy.back(), gradient_size(dot),
               gradient_size(scaled));
    const Tensor of_dot = query_gradients(q, k, false), of_scaled = query_gradients(q, k, true);
    at_queries += fmt::format("{:>5}  {:>8.3f} {:>8.3f}  {:>8.3f} {:>8.3f}\n", d, mean(of_dot).item(),
                              mean(of_scaled).item(), median(of_dot), median(of_scaled));
  }
  section("The gradient at the queries");
  fmt::print("{:>5}  {:>17}  {:>17}\n", "", "mean", "median");
  fmt::print("{:>5}  {:>8} {:>8}  {:>8} {:>8}\n{}", "d", "dot", "scaled", "dot", "scaled", at_queries);
  save_figure("variance.svg",
              lines("Variance of the scores", sizes, {{"dot", dot_var}, {"scaled dot", scaled_var}}, true));
  save_figure("entropy.svg", lines("Entropy of the weights, as a share of ln T", sizes,
                                   {{"dot", dot_entropy}, {"scaled dot", scaled_entropy}}, false));
}

void related() {
  section("Dot and general");
  Rng rng(3);
  const Tensor q = randn({4, 6}, rng, DType::f64), k = randn({5, 6}, rng, DType::f64);
  fmt::print("general with W = I is dot: {}\n",
             largest_gap(general_score(q, k, eye(6, DType::f64)), dot_score(q, k)) < 1e-12);
  const Tensor w_q = randn({2, 6}, rng, DType::f64), w_k = randn({2, 6}, rng, DType::f64);
  const Tensor projected = dot_score(matmul(q, w_q.transpose(0, 1)), matmul(k, w_k.transpose(0, 1)));
  fmt::print("dot of W_q q and W_k k is general with W = W_q^T W_k: {}\n",
             largest_gap(projected, general_score(q, k, matmul(w_q.transpose(0, 1), w_k))) < 1e-12);
}

void costs() {
  section("What each costs");
  const int64_t D = 64, S = 128, T = 128;
  Rng rng(4);
  const Tensor q = randn({S, D}, rng), k = randn({T, D}, rng);
  fmt::print("D = E = {}, S = T = {}\n\n{:<11} {:>10}  {:>14}  {:>16}\n", D, S, "", "parameters",
             "multiply-adds", "bytes on the way");
  const auto line = [&](nn::ScoreKind kind, const char* name, int64_t multiply_adds) {
    const nn::AttentionScore score(kind, D, D, rng);
    const NoGrad no_tape;
    reset_peak_memory();
    const int64_t before = memory_stats().peak_bytes;
    const Tensor scores = score(q, k);
    fmt::print("{:<11} {:>10}  {:>14}  {:>16}\n", name, score.num_parameters(), multiply_adds,
               memory_stats().peak_bytes - before);
  };
  line(nn::ScoreKind::dot, "dot", S * T * D);
  line(nn::ScoreKind::scaled_dot, "scaled dot", S * T * D);
  line(nn::ScoreKind::general, "general", S * D * D + S * T * D);
  line(nn::ScoreKind::additive, "additive", S * D * D + T * D * D + S * T * D);
}

/// The partner's place for each query, or the place of the key whose first number is the largest.
Tensor wanted(const Pairs& pairs, bool partner) {
  const int64_t S = pairs.q.size(0);
  if (partner) return arange(S);
  return argmax(pairs.k.select(1, 0), 0, true).expand({S});
}

void learn(const char* title, bool partner) {
  section(title);
  const int64_t D = 8, S = 16;
  Rng rng(5);
  const Tensor m = randn({D, D}, rng, DType::f64) / std::sqrt(static_cast<double>(D));
  fmt::print("{:<11} {:>10}  {:>7}  {:>15}\n", "", "parameters", "before", "after 400 steps");
  const auto found = [&](const nn::AttentionScore& score) {
    const NoGrad no_tape;
    Rng fresh(6);
    double share = 0;
    for (int i = 0; i < 50; ++i) {
      const Pairs pairs = random_pairs(m, S, fresh);
      share += found_keys(score(pairs.q, pairs.k), wanted(pairs, partner)) / 50;
    }
    return fixed(100 * share, 0) + " %";
  };
  for (const auto& [name, kind] : {std::pair{"dot", nn::ScoreKind::dot},
                                   {"scaled dot", nn::ScoreKind::scaled_dot},
                                   {"general", nn::ScoreKind::general},
                                   {"additive", nn::ScoreKind::additive}}) {
    const nn::AttentionScore score(kind, D, D, rng);
    score.to(DType::f64);
    const std::string before = found(score);
    if (score.num_parameters() > 0) {
      nn::Adam optimizer(score, {.lr = 0.02});
      Rng stream(7);
      for (int step = 0; step < 400; ++step) {
        const Pairs pairs = random_pairs(m, S, stream);
        optimizer.zero_grad();
        cross_entropy(score(pairs.q, pairs.k), wanted(pairs, partner)).backward();
        optimizer.step();
      }
    }
    fmt::print("{:<11} {:>10}  {:>7}  {:>15}\n", name, score.num_parameters(), before, found(score));
  }
}

void learning() {
  learn("Task 1: find the partner", true);
  learn("Task 2: find the largest", false);
}

void gradients() {
  section("Gradient check");
  Rng rng(8);
  const auto draw = [&](const Shape& shape) { return randn(shape, rng, DType::f64); };
  const Tensor q = draw({3, 4}), k = draw({5, 4});
  check_gradient("dot", [](const auto& in) { return dot_score(in[0], in[1]); }, {q, k});
  check_gradient("scaled dot", [](const auto& in) { return scaled_dot_score(in[0], in[1]); }, {q, k});
  check_gradient("general", [](const auto& in) { return general_score(in[0], in[1], in[2]); },
                 {q, k, draw({4, 4})});
  check_gradient("additive", [](const auto& in) { return additive_score(in[0], in[1], in[2], in[3], in[4]); },
                 {q, k, draw({6, 4}), draw({6, 4}), draw({6})});
}

void museum() {
  Rng rng(9);
  const int64_t D = 64, S = 64;
  const Tensor q = randn({S, D}, rng, DType::f64), k = randn({S, D}, rng, DType::f64),
               other = randn({S, D}, rng, DType::f64);
  const Tensor few = q.slice(0, 0, 3).slice(1, 0, 4), keys = k.slice(0, 0, 3).slice(1, 0, 4);

  section("Museum: the root forgotten");
  for (const bool bug : {false, true}) {
    const auto score = bug ? dot_score : scaled_dot_score;
    const bool passes =
        gradcheck([&](const auto& in) { return attention_weights(score(in[0], in[1])); }, {few, keys}).passed;
    fmt::print("{}:\n  gradient check passes:           {}\n  variance of the scores:         {:>6.2f}\n",
               bug ? "without the root" : "with the root", passes, var(score(q, k)).item());
  }

  section("Museum: softmax along the wrong axis");
  for (const bool bug : {false, true}) {
    const auto weights = [&](const Tensor& a, const Tensor& b) {
      return attention_weights(scaled_dot_score(a, b), bug);
    };
    const bool passes = gradcheck([&](const auto& in) { return weights(in[0], in[1]); }, {few, keys}).passed;
    const Tensor sums = sum(weights(few, keys), Axes{1});
    fmt::print("{}:\n  gradient check passes:           {}\n", bug ? "over the queries" : "over the keys",
               passes);
    fmt::print("  sums of the first three rows:    {:.2f} {:.2f} {:.2f}\n", sums.at({0}), sums.at({1}),
               sums.at({2}));
    fmt::print("  other queries change a row:      {}\n", change_by_others(q, other, k, bug) > 1e-12);
  }
}

void chapter() {
  with_a_pencil();
  library();
  scaling();
  related();
  costs();
  learning();
  gradients();
  museum();
}

}  // namespace

int main(int argc, char** argv) { return run_chapter(argc, argv, chapter); }
