// What the exercises of chapter 9 are held to.
#include "tutorials/support/check.hpp"

#include "bert/model.hpp"
#include "tutorials/09_feed_forward_and_encoder/exercise.hpp"

int main() {
  using namespace gradus;
  using namespace gradus::tutorials;
  Checks checks("09_feed_forward_and_encoder");

  checks.exercise("1: GLU width for equal parameters", [](Check& check) {
    Rng rng(1);
    const auto plain = [&](int64_t h, int64_t i) { return nn::FeedForward(h, i, rng).num_parameters(); };
    const auto gated = [&](int64_t h, int64_t i) {
      return nn::FeedForward(h, i, rng, {.kind = nn::FeedForwardKind::geglu}).num_parameters();
    };
    for (const auto& [h, i] : {std::pair<int64_t, int64_t>{16, 48}, {8, 32}, {24, 100}}) {
      const int64_t width = widest_gated(h, i);
      check.that(fmt::format("H = {}, I = {}: not more than plain", h, i),
                 width > 0 && gated(h, width) <= plain(h, i),
                 fmt::format("width {}: {} against {}", width, width > 0 ? gated(h, width) : 0, plain(h, i)),
                 "three matrices and three biases: 3 H I' + 2 I' + H");
      check.that("and one wider would be more", width > 0 && gated(h, width + 1) > plain(h, i),
                 fmt::format("width {}", width), "plain has 2 H I + I + H; round down at the end only");
    }
    check.equal("BERT-base: H = 768, I = 3072", widest_gated(768, 3072), 2047,
                "one less than two thirds of 3072: the second bias costs it");
  });

  checks.exercise("2: the largest gap of two GELUs", [](Check& check) {
    const double got = largest_gelu_gap();
    check.close("to 1e-7", got, 4.7326e-4, "look from -8 to 8 with steps of 0.001 or less, in f64", 1e-7);
    check.that("a positive number", got > 0, fmt::format("{}", got), "take the absolute value first");
  });

  checks.exercise("3: BERT-base's 109 million", [](Check& check) {
    bert::Config tiny;
    tiny.vocab_size = 50;
    tiny.hidden_size = 12;
    tiny.num_hidden_layers = 0;
    tiny.num_attention_heads = 3;
    tiny.intermediate_size = 20;
    tiny.max_position_embeddings = 9;
    Rng rng(1);
    for (const int64_t layers : {1, 3}) {
      tiny.num_hidden_layers = layers;
      check.equal(fmt::format("a tiny BERT of {} layer{}", layers, layers == 1 ? "" : "s"),
                  bert_parameters(tiny), bert::Bert(tiny, rng).num_parameters(),
                  "a layer has 4 (H H + H) + 2 H I + I + H + 4 H; three tables have V, P and T rows; the "
                  "embeddings' LayerNorm has 2 H, the pooler H H + H");
    }
    tiny.num_attention_heads = 1;
    check.equal("the number of heads does not matter", bert_parameters(tiny),
                bert::Bert(tiny, rng).num_parameters(), "heads share the same matrices (chapter 6)");
    check.equal("BERT-base", bert_parameters(bert::Config::named("base")), 109'482'240,
                "V = 30522, P = 512, T = 2, L = 12");
  });

  return checks.finish();
}
