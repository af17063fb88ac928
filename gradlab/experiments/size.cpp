// Error of f32 gradients against sequence length and hidden size, beside a plain loop of additions.
#include <fmt/format.h>

#include <cmath>

#include "gradlab/experiments/experiment.hpp"
#include "gradlab/experiments/measure.hpp"
#include "nn/transformer/encoder.hpp"

namespace gradus::lab {
namespace {

constexpr int64_t heads = 4, fixed_hidden = 64, fixed_length = 16, repeats = 2;
const std::vector<int64_t> lengths = {4, 8, 16, 32, 64, 128, 256, 512};
const std::vector<int64_t> widths = {8, 16, 32, 64, 128, 256, 512};

F32Error layer_error(int64_t length, int64_t hidden, uint64_t seed) {
  std::vector<double> input, parameters;
  for (int64_t r = 0; r < repeats; ++r) {
    Rng rng(seed, static_cast<uint64_t>(r));
    const Tensor x = randn({1, length, hidden}, rng);
    const nn::EncoderLayer layer({.hidden = hidden,
                                  .heads = heads,
                                  .intermediate = 4 * hidden,
                                  .hidden_dropout = 0,
                                  .attention_dropout = 0,
                                  .init = nn::init::xavier_uniform()},
                                 rng);
    const F32Error error = f32_gradient_error(
        layer, [&](const Tensor& in) { return layer(in); }, x, seed);
    input.push_back(error.input);
    parameters.push_back(error.parameters);
  }
  return {geometric_mean(input), geometric_mean(parameters)};
}

/// The error of a[0] b[0] + a[1] b[1] + ... added one after the other in f32, in units of eps32 times the
/// typical size sqrt(K) of such a sum of normal numbers.
double loop_error(int64_t terms, uint64_t seed) {
  Rng rng(seed);
  std::vector<double> errors;
  for (int draw = 0; draw < 200; ++draw) {
    float single = 0;
    double exact = 0;
    for (int64_t k = 0; k < terms; ++k) {
      const auto a = static_cast<float>(rng.normal()), b = static_cast<float>(rng.normal());
      single += a * b;
      exact += static_cast<double>(a) * static_cast<double>(b);
    }
    errors.push_back(static_cast<double>(single) - exact);
  }
  return root_mean_square(errors) / (std::sqrt(static_cast<double>(terms)) * eps32);
}

/// The same for the sums of a matrix product [32, K] times [K, 32].
double product_error(int64_t terms, uint64_t seed) {
  Rng rng(seed);
  const Tensor a = randn({32, terms}, rng), b = randn({terms, 32}, rng);
  const std::vector<double> single = matmul(a, b).to(DType::f64).to_vector<double>();
  const std::vector<double> exact = matmul(a.to(DType::f64), b.to(DType::f64)).to_vector<double>();
  std::vector<double> errors;
  for (size_t i = 0; i < exact.size(); ++i) errors.push_back(single[i] - exact[i]);
  return root_mean_square(errors) / (std::sqrt(static_cast<double>(terms)) * eps32);
}

/// Errors along one axis.
struct Line {
  std::string what;
  std::vector<double> size, input, parameters, loop, product;
};

plot::Picture drawn(const Line& line) {
  plot::Chart chart;
  chart.title = fmt::format("Error in eps32 against {}", line.what);
  chart.x_label = line.what;
  chart.log_x = chart.log_y = true;
  chart.width = 420;
  chart.height = 340;
  chart.series = {curve("layer: by input", 1, line.size, line.input),
                  curve("layer: by parameters", 3, line.size, line.parameters),
                  curve("a loop of K sums", 2, line.size, line.loop),
                  curve("a matrix product", 4, line.size, line.product),
                  guide("sqrt(K)", 2, line.size, line.loop, 0, 0.5)};
  return plot::draw(chart);
}

Outcome run(const ExperimentOptions& options) {
  Line by_length{"sequence length", {}, {}, {}, {}, {}}, by_width{"hidden size", {}, {}, {}, {}, {}};
  Outcome outcome;
  outcome.table.columns = {{"grows"},
                           {"to", "{:.0f}"},
                           {"by input", "{:.2f}"},
                           {"by parameters", "{:.2f}"},
                           {"loop of K", "{:.2f}"},
                           {"product of K", "{:.2f}"}};
  const auto measure = [&](Line& line, int64_t size, int64_t length, int64_t hidden) {
    const F32Error error = layer_error(length, hidden, options.seed);
    line.size.push_back(static_cast<double>(size));
    line.input.push_back(error.input);
    line.parameters.push_back(error.parameters);
    line.loop.push_back(loop_error(size, options.seed));
    line.product.push_back(product_error(size, options.seed));
    outcome.table.rows.push_back(
        {line.what, line.size.back(), error.input, error.parameters, line.loop.back(), line.product.back()});
  };
  for (const int64_t length : lengths) measure(by_length, length, length, fixed_hidden);
  for (const int64_t hidden : widths) measure(by_width, hidden, fixed_length, hidden);
  outcome.facts = {{"length_input_slope", log_slope(by_length.size, by_length.input)},
                   {"length_parameters_slope", log_slope(by_length.size, by_length.parameters)},
                   {"width_input_slope", log_slope(by_width.size, by_width.input)},
                   {"width_parameters_slope", log_slope(by_width.size, by_width.parameters)},
                   {"loop_slope", log_slope(by_length.size, by_length.loop)},
                   {"product_slope", log_slope(by_length.size, by_length.product)}};
  outcome.conclusion = {
      "Errors in units of eps32 = 1.2e-07, relative to the length of the gradient.",
      fmt::format("A loop of K sums errs like K^{:.2f} (theory: 0.5), a matrix product like K^{:.2f}.",
                  outcome.fact("loop_slope"), outcome.fact("product_slope")),
      fmt::format(
          "The layer errs like S^{:.2f} (by input) and S^{:.2f} (by parameters); like H^{:.2f} and H^{:.2f}.",
          outcome.fact("length_input_slope"), outcome.fact("length_parameters_slope"),
          outcome.fact("width_input_slope"), outcome.fact("width_parameters_slope"))};
  outcome.picture = plot::beside({drawn(by_length), drawn(by_width)});
  return outcome;
}

}  // namespace

Experiment size_experiment() {
  return {"size", "How does the error of an f32 gradient grow with sequence length and hidden size?", 2, run};
}

}  // namespace gradus::lab
