// What the exercises of chapter 9 are held to.
#include "tutorials/support/check.hpp"

#include "bert/model/model.hpp"
#include "tutorials/09_feed_forward_and_encoder/exercise.hpp"

namespace {

/// What a wrong count has left out or has too much, as far as the difference tells.
std::string about_count(int64_t difference, const gradus::bert::Config& config) {
  const int64_t h = config.hidden_size, layers = config.num_hidden_layers;
  const std::vector<std::pair<int64_t, std::string>> parts = {
      {h * h + h, "the pooler"},
      {2 * h, "the LayerNorm after the embeddings"},
      {config.type_vocab_size * h, "the table of segments"},
      {config.max_position_embeddings * h, "the table of positions"},
      {layers * 4 * h, "the two LayerNorms of a layer"},
      {layers * 2 * h, "one of the two LayerNorms of a layer"},
      {layers * (config.intermediate_size + h), "the biases of the feed-forward network"},
      {layers * 4 * h * h * (config.num_attention_heads - 1), "a set of attention matrices for each head"}};
  for (const auto& [size, part] : parts) {
    if (difference == -size) return part + " is missing";
    if (difference == size) return part + " is too much";
  }
  return "add up: three tables and a LayerNorm; in each layer four projections, two matrices of the "
         "feed-forward "
         "network and two LayerNorms; a pooler. Every projection and matrix has a bias";
}

}  // namespace

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
      const std::string seen = fmt::format("width {}: {} parameters against {}", width,
                                           width > 0 ? gated(h, width) : 0, plain(h, i));
      check.that(fmt::format("H = {}, I = {}: not more than plain", h, i),
                 width > 0 && gated(h, width) <= plain(h, i), seen,
                 width == 2 * i / 3
                     ? "two thirds of I counts no biases: a gated network has one bias more to pay for"
                     : "a gated network has three matrices and three biases, a plain one two of each; "
                       "round down, not up");
      check.that("and one wider would be more", width > 0 && gated(h, width + 1) > plain(h, i), seen,
                 "there is room for one more: is each bias counted, the plain network's last one too, and is "
                 "it rounded "
                 "down at the end only?");
    }
    check.equal("BERT-base: H = 768, I = 3072", widest_gated(768, 3072), 2047,
                "one less than two thirds of 3072: the second bias costs it");
  });

  checks.exercise("2: the largest gap of two GELUs", [](Check& check) {
    // The number itself is not printed: it is what is asked for.
    const double got = largest_gelu_gap(), want = 4.732355e-4;
    std::string hint =
        "larger than the largest gap: is it the gap itself, by x and not by the value of GELU?";
    if (got < 0) hint = "a negative gap: take the absolute value before the maximum";
    if (got > 0 && got < want) {
      hint =
          "there is a larger one: look further out than 2 on either side, in steps of 0.001 or less, at the "
          "absolute "
          "value, and for the largest, not the mean";
    }
    check.that("to 1e-7", std::abs(got - want) <= 1e-7, fmt::format("{:.9g}", got), hint);
  });

  checks.exercise("3: BERT-base's 109 million", [](Check& check) {
    bert::Config tiny;
    tiny.vocab_size = 50;
    tiny.hidden_size = 12;
    tiny.num_hidden_layers = 0;
    tiny.num_attention_heads = 3;
    tiny.intermediate_size = 20;
    tiny.max_position_embeddings = 9;
    tiny.type_vocab_size = 5;  // so that no two parts have the same size
    Rng rng(1);
    for (const int64_t layers : {2, 3}) {
      tiny.num_hidden_layers = layers;
      const int64_t mine = bert_parameters(tiny), want = bert::Bert(tiny, rng).num_parameters();
      check.equal(fmt::format("a tiny BERT of {} layers", layers), mine, want,
                  about_count(mine - want, tiny));
    }
    tiny.num_attention_heads = 1;
    check.equal("the number of heads does not matter", bert_parameters(tiny),
                bert::Bert(tiny, rng).num_parameters(), "heads share the same matrices (chapter 6)");
    check.equal("BERT-base", bert_parameters(bert::Config::named("base")), 109'482'240,
                "all sizes are those of the config: V = 30522, P = 512, two segments, 12 layers");
  });

  return checks.finish();
}
