// What readers may answer in chapter 9, wrong and right.
#include "tutorials/09_feed_forward_and_encoder/exercise.hpp"

#include <cmath>
#include <numbers>

#include "tests/tutorials/wrong_answers/answers.hpp"

#define widest_gated right_widest_gated
#define largest_gelu_gap right_largest_gelu_gap
#define bert_parameters right_bert_parameters
#include "tutorials/09_feed_forward_and_encoder/solution.cpp"
#undef widest_gated
#undef largest_gelu_gap
#undef bert_parameters

namespace gradus::tutorials {
namespace {

const Answers<decltype(widest_gated)> widest(
    1, right_widest_gated,
    {{"two thirds", "two thirds of I counts no biases",
      [](int64_t, int64_t intermediate) { return 2 * intermediate / 3; }},
     {"rounded up", "round down, not up",
      [](int64_t hidden, int64_t intermediate) { return right_widest_gated(hidden, intermediate) + 1; }},
     {"one less, to be sure", "there is room for one more",
      [](int64_t hidden, int64_t intermediate) { return right_widest_gated(hidden, intermediate) - 1; }},
     {"the biases of the plain network forgotten", "is each bias counted",
      [](int64_t hidden, int64_t intermediate) {
        return (2 * hidden * intermediate - hidden) / (3 * hidden + 2);
      }},
     {"counted up", accepted, [](int64_t hidden, int64_t intermediate) {
        const int64_t plain = hidden * intermediate + intermediate + intermediate * hidden + hidden;
        int64_t width = 0;
        while (3 * hidden * (width + 1) + 2 * (width + 1) + hidden <= plain) ++width;
        return width;
      }}});

Tensor points(double from, double step, int64_t count) { return arange(count, DType::f64) * step + from; }

const Answers<decltype(largest_gelu_gap)> gap(
    2, right_largest_gelu_gap,
    {{"from -1 to 1", "look further out than 2",
      [] {
        const Tensor x = points(-1, 0.001, 2001);
        return max(abs(gelu_tanh(x) - gelu(x))).item();
      }},
     {"at whole numbers", "in steps of 0.001 or less",
      [] {
        const Tensor x = points(-8, 1, 17);
        return max(abs(gelu_tanh(x) - gelu(x))).item();
      }},
     {"without the absolute value", "at the absolute value",
      [] {
        const Tensor x = points(-8, 0.001, 16001);
        return max(gelu(x) - gelu_tanh(x)).item();
      }},
     {"the smallest difference", "take the absolute value before the maximum",
      [] {
        const Tensor x = points(-8, 0.001, 16001);
        return -max(gelu_tanh(x) - gelu(x)).item();
      }},
     {"the mean", "not the mean",
      [] {
        const Tensor x = points(-8, 0.001, 16001);
        return mean(abs(gelu_tanh(x) - gelu(x))).item();
      }},
     {"relative to GELU", "not by the value of GELU",
      [] {
        const Tensor x = points(-7.9995, 0.001, 16000);
        return max(abs((gelu_tanh(x) - gelu(x)) / gelu(x))).item();
      }},
     {"by the standard library", accepted, [] {
        double largest = 0;
        for (int i = -5000; i <= 5000; ++i) {
          const double x = i * 0.001;
          const double by_erf = 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2));
          const double inner = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
          largest = std::max(largest, std::abs(0.5 * x * (1 + std::tanh(inner)) - by_erf));
        }
        return largest;
      }}});

using bert::Config;

const Answers<decltype(bert_parameters)> count(
    3, right_bert_parameters,
    {{"the pooler forgotten", "the pooler is missing",
      [](const Config& config) {
        return right_bert_parameters(config) - config.hidden_size * (config.hidden_size + 1);
      }},
     {"the segments forgotten", "the table of segments is missing",
      [](const Config& config) {
        return right_bert_parameters(config) - config.type_vocab_size * config.hidden_size;
      }},
     {"one LayerNorm a layer", "one of the two LayerNorms of a layer is missing",
      [](const Config& config) {
        return right_bert_parameters(config) - config.num_hidden_layers * 2 * config.hidden_size;
      }},
     {"attention again for each head", "a set of attention matrices for each head is too much",
      [](const Config& config) {
        const int64_t h = config.hidden_size, more = config.num_attention_heads - 1;
        return right_bert_parameters(config) + config.num_hidden_layers * 4 * h * h * more;
      }},
     {"the number that the chapter names", "in each layer four projections",
      [](const Config&) { return int64_t{109'482'240}; }},
     {"part by part", accepted, [](const Config& config) {
        const int64_t h = config.hidden_size, i = config.intermediate_size;
        int64_t all = (config.vocab_size + config.max_position_embeddings + config.type_vocab_size + 2) * h;
        for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
          for (int projection = 0; projection < 4; ++projection) all += h * h + h;
          all += (h * i + i) + (i * h + h) + 2 * h + 2 * h;
        }
        return all + h * h + h;
      }}});

}  // namespace

int64_t widest_gated(int64_t hidden, int64_t intermediate) { return widest(hidden, intermediate); }
double largest_gelu_gap() { return gap(); }
int64_t bert_parameters(const Config& config) { return count(config); }

}  // namespace gradus::tutorials
