// Every layer in a few lines, as your own program would use it. Each function is a whole example.
#include <fmt/format.h>

#include "nn/nn.hpp"

using namespace gradus;

namespace {

void scores(Rng& rng) {
  const Tensor queries = randn({2, 3, 4}, rng), keys = randn({2, 5, 6}, rng);
  const nn::GeneralScore general(4, 6, rng);
  const nn::AdditiveScore additive(4, 6, 8, rng);
  fmt::print("general {}, additive {}\n", general(queries, keys).shape(), additive(queries, keys).shape());
}

void one_head(Rng& rng) {
  const nn::SingleHeadAttention attention(8, 4, rng, {.score = nn::ScoreKind::additive});
  const Tensor x = randn({2, 5, 8}, rng);
  const auto [y, weights] = attention.with_weights(x, x, {.allowed = nn::padding_mask({5, 3}, 5)});
  fmt::print("one head {}, its weights on padding {}\n", y.shape(),
             sum(weights.select(0, 1).slice(1, 3, 5)).item());
}

void many_heads(Rng& rng) {
  const nn::MultiHeadAttention attention(8, 2, rng, {.gated = true});
  const Tensor x = randn({2, 5, 8}, rng), memory = randn({2, 7, 8}, rng);
  fmt::print("many heads {}, looking elsewhere {}\n", attention(x, {.causal = true}).shape(),
             attention(x, memory).shape());
}

void positions(Rng& rng) {
  const nn::SinusoidalPositions sinusoids(16, 8);
  const nn::LearnedPositions learned(16, 8, rng);
  const nn::SegmentEmbedding segments(2, 8, rng);
  const Tensor x = randn({1, 4, 8}, rng), ids = tensor<int64_t>({0, 0, 1, 1}, Shape{1, 4});
  fmt::print("positions {}, {}, segments {}\n", sinusoids(x).shape(), learned(x).shape(),
             segments(x, ids).shape());
}

void feed_forward(Rng& rng) {
  const nn::FeedForward gated(8, nn::gated_width(32), rng, {.kind = nn::FeedForwardKind::swiglu});
  const nn::Residual residual(8, {.dropout = 0, .pre_norm = true});
  const Tensor x = randn({2, 5, 8}, rng);
  fmt::print("SwiGLU around which x goes on {}\n", residual(x, gated).shape());
}

void encoder(Rng& rng) {
  nn::Encoder encoder({.hidden = 8, .heads = 2, .intermediate = 32, .layers = 3}, rng);
  encoder.eval();
  const nn::EncoderTrace trace =
      encoder.trace(randn({2, 5, 8}, rng), {.allowed = nn::padding_mask({5, 3}, 5)});
  fmt::print("encoder {}, attention of layer 0 {}\n", trace.last.shape(), trace.attentions[0].shape());
}

void decoder(Rng& rng) {
  nn::Decoder decoder({.hidden = 8, .heads = 2, .intermediate = 32, .layers = 1}, rng);
  decoder.eval();
  const Tensor x = randn({2, 5, 8}, rng), memory = randn({2, 7, 8}, rng);
  nn::DecoderState state = decoder.start(memory);
  const Tensor first = decoder.next(x.slice(1, 0, 1), state);
  fmt::print("decoder {}, token by token {}\n", decoder(x, memory).shape(), first.shape());
}

void pooling(Rng& rng) {
  const nn::AttentionPooling pool(8, rng);
  const Tensor x = randn({2, 5, 8}, rng), mask = nn::padding_mask({5, 3}, 5);
  fmt::print("pooled {}, mean {}\n", pool(x, mask).shape(), nn::mean_pool(x, mask).shape());
}

void transformer(Rng& rng) {  // learns to say backwards what it reads
  nn::Transformer model({.source_vocab = 6, .target_vocab = 6, .hidden = 32, .dropout = 0}, rng);
  nn::Adam optimizer(model, {.lr = 0.003});
  const Tensor source = nn::padded({{3, 4, 5}, {5, 3}}), target = nn::padded({{1, 5, 4, 3, 2}, {1, 3, 5, 2}});
  for (int step = 0; step < 60; ++step) {
    optimizer.zero_grad();
    model.loss(source, target).backward();
    optimizer.step();
  }
  fmt::print("{} and {}\n", fmt::join(nn::greedy(model, source)[0].ids, " "),
             fmt::join(nn::beam_search(model, source)[1][0].ids, " "));
}

}  // namespace

int main() {
  Rng rng(1);
  scores(rng), one_head(rng), many_heads(rng), positions(rng), feed_forward(rng);
  encoder(rng), decoder(rng), pooling(rng), transformer(rng);
}
