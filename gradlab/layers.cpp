// Subjects: the layers of nn, each with its parameters. The parameters are moved away from where they begin
// (biases of 0, weights of 1), where some wrong formulas give the right numbers.
#include "autograd/grad_mode.hpp"
#include "autograd/ops.hpp"
#include "gradlab/subject.hpp"
#include "nn/nn.hpp"

namespace gradus::lab {
namespace {

/// `make(rng)` gives a layer; `run(layer, inputs)` calls it.
template <class Make, class Run>
Subject layer(const std::string& name, const std::vector<Shape>& shapes, Make make, Run run,
              bool smooth = true) {
  const auto sample = [=](uint64_t seed, const Sizes&) {
    Rng rng(seed);
    const auto made = make(rng);
    {
      const NoGrad no_grad;
      uint64_t number = 0;
      for (auto& [label, parameter] : made.named_parameters()) {
        Tensor(parameter).copy_(spread(parameter.shape(), 1000 * seed + ++number, -0.9, 0.9));
      }
    }
    Sample result;
    for (size_t i = 0; i < shapes.size(); ++i)
      result.inputs.push_back(spread(shapes[i], 103 * seed + i, -1.5, 1.5));
    result.fn = [made, run](const Inputs& x) { return run(made, x); };
    result.module = made;
    return result;
  };
  return {name, "layer", sample, smooth};
}

const auto with_one = [](const auto& module, const Inputs& x) { return module(x[0]); };
const auto with_two = [](const auto& module, const Inputs& x) { return module(x[0], x[1]); };

nn::EncoderOptions small_encoder(int64_t layers) {
  nn::EncoderOptions options;
  options.hidden = 4;
  options.heads = 2;
  options.intermediate = 5;
  options.layers = layers;
  options.layer_norm_eps = 1e-3;
  return options;
}

nn::TransformerOptions small_transformer() {
  nn::TransformerOptions options;
  options.source_vocab = 5;
  options.target_vocab = 6;
  options.max_length = 4;
  options.hidden = 4;
  options.heads = 2;
  options.intermediate = 5;
  options.encoder_layers = options.decoder_layers = 1;
  options.feed_forward = Activation::gelu;
  options.layer_norm_eps = 1e-3;
  return options;
}

const auto with_ids = [](const auto& module, const Inputs&) {
  return module(tensor({4, 1, 1, 2}, Shape{2, 2}));
};

Subject multi_head(const std::string& name, const nn::MultiHeadOptions& options,
                   const std::vector<Shape>& shapes) {
  return layer(
      name, shapes, [=](Rng& rng) { return nn::MultiHeadAttention(4, 2, rng, options); },
      [](const nn::MultiHeadAttention& module, const Inputs& x) {
        return x.size() == 1 ? module(x[0], {.causal = true}) : module(x[0], x[1]);
      });
}

}  // namespace

std::vector<Subject> layer_subjects() {
  using namespace nn;
  const std::vector<Shape> scored = {{2, 3, 4}, {2, 5, 4}}, sequence = {{2, 3, 4}};
  return {
      layer(
          "Linear", {{3, 4}}, [](Rng& rng) { return Linear(4, 2, rng); }, with_one, false),
      layer(
          "Embedding", {}, [](Rng& rng) { return Embedding(5, 3, rng); }, with_ids, false),
      layer(
          "SinusoidalPositions", sequence, [](Rng&) { return SinusoidalPositions(3, 4); }, with_one, false),
      layer(
          "LearnedPositions", sequence, [](Rng& rng) { return LearnedPositions(3, 4, rng); }, with_one,
          false),
      layer(
          "SegmentEmbedding", {{2, 2, 4}}, [](Rng& rng) { return SegmentEmbedding(2, 4, rng); },
          [](const SegmentEmbedding& module, const Inputs& x) {
            return module(x[0], tensor({0, 1, 1, 1}, Shape{2, 2}));
          },
          false),
      layer(
          "LayerNorm", {{3, 5}}, [](Rng&) { return LayerNorm(5, 1e-3); }, with_one),
      layer(
          "Dropout", {{4, 5}}, [](Rng&) { return Dropout(0.3); }, with_one, false),
      layer(
          "DotScore", scored, [](Rng&) { return DotScore(); }, with_two, false),
      layer(
          "ScaledDotScore", scored, [](Rng&) { return ScaledDotScore(); }, with_two, false),
      layer(
          "GeneralScore", scored, [](Rng& rng) { return GeneralScore(4, 4, rng); }, with_two, false),
      layer(
          "AdditiveScore", scored, [](Rng& rng) { return AdditiveScore(4, 4, 3, rng); }, with_two),
      layer(
          "AttentionScore", scored, [](Rng& rng) { return AttentionScore(ScoreKind::additive, 4, 4, rng); },
          with_two),
      layer(
          "SingleHeadAttention", sequence,
          [](Rng& rng) { return SingleHeadAttention(4, 3, rng, {.dropout = 0.2}); }, with_one),
      layer(
          "SingleHeadAttention.cross", scored,
          [](Rng& rng) { return SingleHeadAttention(4, 3, rng, {.score = ScoreKind::additive}); }, with_two),
      multi_head("MultiHeadAttention", {.dropout = 0.2}, sequence),
      multi_head("MultiHeadAttention.cross", {}, scored),
      multi_head("MultiHeadAttention.gated", {.score = ScoreKind::general, .gated = true}, sequence),
      layer(
          "FeedForward", sequence, [](Rng& rng) { return FeedForward(4, 6, rng); }, with_one),
      layer(
          "FeedForward.swiglu", sequence,
          [](Rng& rng) { return FeedForward(4, 6, rng, {.kind = FeedForwardKind::swiglu}); }, with_one),
      layer(
          "Residual", sequence, [](Rng&) { return Residual(4, {.dropout = 0.2, .layer_norm_eps = 1e-3}); },
          [](const Residual& module, const Inputs& x) {
            return module(x[0], [](const Tensor& in) { return tanh(in); });
          }),
      layer(
          "AttentionPooling", sequence, [](Rng& rng) { return AttentionPooling(4, rng, {.queries = 2}); },
          with_one),
      layer(
          "EncoderLayer", sequence, [](Rng& rng) { return EncoderLayer(small_encoder(1), rng); }, with_one),
      layer(
          "Encoder", sequence, [](Rng& rng) { return Encoder(small_encoder(2), rng); }, with_one),
      layer(
          "DecoderLayer", scored, [](Rng& rng) { return DecoderLayer(small_encoder(1), rng); }, with_two),
      layer(
          "Decoder", scored, [](Rng& rng) { return Decoder(small_encoder(2), rng); }, with_two),
      layer(
          "TokenEmbedding", {}, [](Rng& rng) { return TokenEmbedding(5, small_transformer(), rng); },
          with_ids, false),
      layer(
          "Transformer", {}, [](Rng& rng) { return Transformer(small_transformer(), rng); },
          [](const Transformer& module, const Inputs&) {
            return module(tensor({4, 1, 1, 2}, Shape{2, 2}), tensor({1, 5, 2, 1, 3, 0}, Shape{2, 3}));
          }),
  };
}

}  // namespace gradus::lab
