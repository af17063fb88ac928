// The ledger of a step's operations and bytes: against a count by hand, the nominal formula, and what a real
// step does.
#include "bert/cost/step_cost.hpp"

#include <algorithm>

#include "bert/cost/measured_step.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"
#include "support/error_text.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

const bert::CostRow& line(const std::vector<bert::CostRow>& rows, const std::string& layer,
                          const std::string& part) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const bert::CostRow& row) {
    return row.layer == layer && row.part == part;
  });
  INFO(layer << ", " << part);
  REQUIRE(found != rows.end());
  return *found;
}

/// The operations of all products, forward and backward.
double product_flops(const std::vector<bert::CostRow>& rows) {
  double sum = 0;
  for (const bert::CostRow& row : rows) sum += row.forward.product_flops() + row.backward.product_flops();
  return sum;
}

/// Sizes, and how often a product of them is made.
using Count = std::map<std::array<int64_t, 3>, int64_t>;

Count counted(const std::vector<bert::CostRow>& rows) {
  Count count;
  for (const bert::CostRow& row : rows) {
    for (const bert::Work* work : {&row.forward, &row.backward})
      for (const bert::MatrixProduct& p : work->products) count[{p.m, p.n, p.k}] += p.count;
  }
  return count;
}

Count counted(const std::vector<profile::Product>& products) {
  Count count;
  for (const profile::Product& p : products) count[{p.m, p.n, p.k}] += p.batch * p.calls;
  return count;
}

/// The small config and others of each kind that a model can have.
std::vector<std::pair<std::string, bert::Config>> kinds() {
  bert::Config plain = small_config(), one = plain, gated = plain, pre_norm = plain, untied = plain,
               still = plain;
  one.num_hidden_layers = 1;
  gated.variant.gated = true;
  gated.hidden_act = "silu";
  pre_norm.variant.pre_norm = true;
  untied.tie_word_embeddings = false;
  still.hidden_dropout_prob = still.attention_probs_dropout_prob = 0;
  return {{"plain", plain},       {"one layer", one}, {"gated", gated},
          {"pre-norm", pre_norm}, {"untied", untied}, {"without dropout", still}};
}

}  // namespace

TEST_CASE("step cost: a small model counted by hand") {
  // V 20, H 12, L 2, A 3, D 4, I 16; 2 rows of 5 tokens, 3 of them masked: 5 tokens are read by a head.
  const auto rows = bert::step_cost(small_config(), {.batch = 2, .length = 5, .masked = 3});
  const auto flops = [&](const std::string& layer, const std::string& part) {
    const bert::CostRow& row = line(rows, layer, part);
    return std::pair(row.forward.product_flops(), row.backward.product_flops());
  };
  for (const std::string layer : {"layer 1", "layer 2"}) {
    CHECK(flops(layer, "query, key, value: products") == std::pair(3 * 2880.0, 6 * 2880.0));  // 2 10 12 12
    CHECK(flops(layer, "scores") == std::pair(1200.0, 2400.0));  // 6 heads of 2 5 5 4
    CHECK(flops(layer, "context") == std::pair(1200.0, 2400.0));
    CHECK(line(rows, layer, "scores again").backward.flops == 1200);
  }
  CHECK(flops("layer 1", "output: product") == std::pair(2880.0, 5760.0));
  CHECK(flops("layer 1", "feed-forward 1: product") == std::pair(3840.0, 7680.0));  // 2 10 12 16
  CHECK(flops("layer 1", "feed-forward 2: product") == std::pair(3840.0, 7680.0));
  CHECK(flops("layer 2", "output: product") == std::pair(1440.0, 2880.0));  // 2 5 12 12
  CHECK(flops("layer 2", "feed-forward 1: product") == std::pair(1920.0, 3840.0));
  CHECK(flops("layer 2", "feed-forward 2: product") == std::pair(1920.0, 3840.0));
  CHECK(flops("MLM head", "transform: product") == std::pair(864.0, 1728.0));  // 2 3 12 12
  CHECK(flops("MLM head", "decoder: product") == std::pair(1440.0, 2880.0));   // 2 3 20 12
  CHECK(flops("NSP head", "pooler: product") == std::pair(576.0, 1152.0));     // 2 2 12 12
  CHECK(flops("NSP head", "classes: product") == std::pair(96.0, 192.0));      // 2 2 2 12
  CHECK(product_flops(rows) ==
        3 * (2 * (3 * 2880 + 2400) + 2880 + 3840 + 3840 + 1440 + 1920 + 1920 + 864 + 1440 + 576 + 96));

  // Bytes: f32, each array once. A hidden state has 120 numbers.
  const bert::CostRow& qkv = line(rows, "layer 1", "query, key, value: products");
  CHECK(qkv.forward.bytes == 3 * 4 * (120 + 144 + 120));
  CHECK(qkv.backward.bytes == 2 * qkv.forward.bytes);
  const bert::CostRow& gelu = line(rows, "layer 1", "feed-forward: bias, gelu");
  CHECK(gelu.forward.bytes == 4 * 3 * 160);
  CHECK(gelu.forward.flops == 63 * 160);
  CHECK(gelu.backward.bytes == 4 * 3 * 160);
  const bert::CostRow& norm = line(rows, "layer 1", "feed-forward 2: bias, dropout, sum, LayerNorm");
  CHECK(norm.forward.bytes == 4 * 4 * 120);
  CHECK(norm.backward.bytes == 4 * 4 * 120);
  CHECK(line(rows, "layer 1", "softmax, dropout").forward.bytes == 0);  // stays in the cache
  CHECK(line(rows, "layer 1", "scores").forward.bytes + line(rows, "layer 1", "context").forward.bytes ==
        4 * 4 * 120);
  const double numbers = bert::parameter_count(small_config());
  CHECK(line(rows, "optimizer", "AdamW").backward.bytes == 4 * 7 * numbers);
  CHECK(line(rows, "gradients", "set to 0").backward.bytes == 4 * numbers);
}

TEST_CASE("step cost: the products of the layers and the MLM head are the nominal operations") {
  for (const char* size : {"tiny", "mini", "small", "medium", "base"}) {
    INFO(size);
    const bert::Config config = bert::Config::named(size);
    const bert::StepSize step{.batch = 16, .length = 128, .masked = 300, .every_token = true};
    double sum = 0;
    for (const bert::CostRow& row : bert::step_cost(config, step))
      if (row.layer != "NSP head") sum += row.forward.product_flops() + row.backward.product_flops();
    CHECK(sum == bert::nominal_flops(config, step));
    const double H = static_cast<double>(config.hidden_size),
                 L = static_cast<double>(config.num_hidden_layers);
    CHECK(sum == 6.0 * 16 * 128 * L * (12 * H * H + 2 * 128 * H) + 6.0 * 300 * (H * 30522 + H * H));
  }
}

TEST_CASE("step cost: the products of a real step are those of the ledger, one by one") {
  for (const auto& [name, config] : kinds()) {
    for (const int64_t masked : {0, 3}) {
      INFO(name << ", masked: " << masked);
      const bert::StepSize size{.batch = 2, .length = 5, .masked = masked};
      const auto rows = bert::step_cost(config, size);
      const bert::MeasuredStep step = bert::measure_step(config, size, 1);
      CHECK(counted(rows) == counted(step.products));
      double flops = 0;
      for (const profile::Product& p : step.products) flops += p.flops() * static_cast<double>(p.calls);
      CHECK(product_flops(rows) == flops);
    }
  }
}

TEST_CASE("step cost: every kernel of a real step belongs to a line, and every line is measured") {
  for (const auto& [name, config] : kinds()) {
    const bert::StepSize size{.batch = 2, .length = 5, .masked = 3};
    std::map<std::pair<std::string, std::string>, std::pair<bool, bool>> lines;
    for (const bert::CostRow& row : bert::step_cost(config, size)) {
      auto& [forward, backward] = lines[{row.layer, row.measured_part()}];
      forward = forward || row.forward.calls > 0;
      backward = backward || row.backward.calls > 0;
    }
    const bert::MeasuredStep step = bert::measure_step(config, size, 3);
    for (const auto& [place, seconds] : step.parts) {
      INFO(name << ": " << place.first << ", " << place.second);
      if (place.first != "other") CHECK(lines.contains(place));
      CHECK(std::max(seconds.forward, seconds.backward) > 0);
    }
    for (const auto& [place, passes] : lines) {
      INFO(name << ": " << place.first << ", " << place.second);
      REQUIRE(step.parts.contains(place));
      CHECK((step.parts.at(place).forward > 0) == passes.first);
      CHECK((step.parts.at(place).backward > 0) == passes.second);
    }
    CHECK(step.fastest <= step.median);
    CHECK(step.memory > 4 * 4 * bert::parameter_count(config));  // values, gradients and two moments
    CHECK(step.seconds() <= step.fastest * 1.0001);
  }
}

TEST_CASE("step cost: the number of parameters is that of the model") {
  for (const auto& [name, config] : kinds()) {
    INFO(name);
    Rng rng(1);
    double numbers = 0;
    for (const auto& [key, x] : bert::BertForPreTraining(config, rng).named_parameters())
      numbers += static_cast<double>(x.numel());
    CHECK(bert::parameter_count(config) == numbers);
  }
}

TEST_CASE("step cost: sizes that no step has are refused") {
  const bert::Config config = small_config();
  const std::string op = "the cost of a step: ";
  CHECK_THROWS_WITH(bert::step_cost(config, {.batch = 0, .length = 5}),
                    op + "0 rows; from 1 to 1048576 can be counted");
  CHECK_THROWS_WITH(bert::step_cost(config, {.batch = 2, .length = -1}),
                    op + "-1 tokens a row; from 1 to 1048576 can be counted");
  CHECK_THROWS_WITH(bert::step_cost(config, {.batch = 2, .length = 10}),
                    op + "rows of 10 tokens, and the model has 9 positions");
  CHECK_THROWS_WITH(bert::step_cost(config, {.batch = 2, .length = 5, .masked = 11}),
                    op + "11 masked tokens of 10");
  CHECK_THROWS_WITH(bert::measure_step(config, {.batch = 2, .length = 5}, 0),
                    "measuring a step: 0 steps; it takes one at least");
}
