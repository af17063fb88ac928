// The sequence-to-sequence Transformer: what it computes, its gradients, and a task that it learns.
#include <cmath>

#include "nn/optimizers/optimizer.hpp"
#include "nn/transformer/decoding.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/small_stacks.hpp"
#include "support/training_seed.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

namespace {

Transformer make_model(const TransformerOptions& options) {
  Rng rng(3);
  const Transformer model(options, rng);
  model.to(DType::f64);
  model.eval();
  return model;
}

const Tensor source = padded({{3, 4, 5, 6}, {5, 3}});
const Tensor target = padded({{1, 3, 5, 2}, {1, 4, 3, 5, 2}});

}  // namespace

TEST_CASE("padded makes one tensor of sequences of different lengths", "[transformer]") {
  CHECK(padded({{3, 4}, {}, {5}}, 9).to_vector<int64_t>() == std::vector<int64_t>{3, 4, 9, 9, 5, 9});
  CHECK(padded({}).shape() == Shape{0, 0});
}

TEST_CASE("a Transformer is embedding, encoder, decoder and a projection", "[transformer]") {
  TransformerOptions options = small_transformer();
  for (const bool learned : {false, true}) {
    for (const bool tied : {false, true}) {
      options.learned_positions = learned;
      options.tied_output = tied;
      const Transformer model = make_model(options);
      const auto embed = [&](const TokenEmbedding& part, const Tensor& ids) {
        const int64_t S = ids.size(1);
        const Tensor rows = learned ? part.positions->weight.slice(0, 0, S) : sinusoids(10, 8).slice(0, 0, S);
        return embedding(part.token.weight, ids) * std::sqrt(8.0) + rows;
      };
      const Tensor mask = logical_not(equal(source, scalar(0, DType::i64)));
      const Tensor memory = model.encoder(embed(model.source_embedding, source), {.allowed = mask});
      const Tensor y = model.decoder(embed(model.target_embedding, target), memory,
                                     {.target = model.not_padding(target), .memory = mask});
      const Tensor logits = linear(y, model.output_weight, model.output_bias);
      CHECK(logits.shape() == Shape{2, 5, 6});
      CHECK(worst_difference(model(source, target), logits) < 1e-13);
      CHECK(model.output_weight.shares_memory_with(model.target_embedding.token.weight) == tied);
      CHECK(model.state_dict().contains("output.weight") != tied);
      CHECK(model.state_dict().contains("source.positions.weight") == learned);
      const DecoderTrace trace = model.trace(source, target);
      CHECK(worst_difference(trace.last, y) < 1e-13);
      CHECK(trace.cross_attentions.at(1).shape() == Shape{2, 2, 5, 4});
    }
  }
}

TEST_CASE("a Transformer's loss is the cross-entropy of what follows", "[transformer]") {
  const Transformer model = make_model(small_transformer());
  const Tensor log_p = log_softmax(model(source, target));
  double sum = 0, smooth = 0;
  int64_t count = 0;
  for (int64_t b = 0; b < 2; ++b) {
    for (int64_t i = 0; i + 1 < 5; ++i) {
      const int64_t next = static_cast<int64_t>(target.at({b, i + 1}));
      if (next == 0) continue;
      sum -= log_p.at({b, i, next});
      for (int64_t v = 0; v < 6; ++v) smooth -= log_p.at({b, i, v}) / 6;
      ++count;
    }
  }
  CHECK(count == 7);
  const auto n = static_cast<double>(count);
  CHECK(model.loss(source, target).item() == Approx(sum / n));
  CHECK(model.loss(source, target, 0.1).item() == Approx(0.9 * sum / n + 0.1 * smooth / n));
}

TEST_CASE("every parameter of a Transformer has a right gradient", "[transformer]") {
  for (const bool tied : {true, false}) {
    TransformerOptions options = small_transformer();
    options.tied_output = options.pre_norm = tied;
    options.learned_positions = !tied;
    options.feed_forward = tied ? FeedForwardKind::swiglu : FeedForwardKind::gelu;  // no kinks
    Rng rng(4);
    manual_seed(4);
    const Transformer model(options, rng);
    check_gradients(
        model, [&](const auto&) { return model.loss(source, target, 0.1); }, {}, 2);
  }
}

TEST_CASE("invariant: more padding of source or target changes no result and no loss", "[transformer]") {
  const Transformer model = make_model(small_transformer());
  const Tensor more_source = pad(source, 1, 0, 3), more_target = pad(target, 1, 0, 2);
  const Tensor logits = model(source, target);
  CHECK(worst_difference(model(more_source, target), logits) < 1e-13);
  CHECK(worst_difference(model(source, more_target).slice(1, 0, 5), logits) < 1e-13);
  CHECK(model.loss(more_source, more_target, 0.1).item() ==
        Approx(model.loss(source, target, 0.1).item()).epsilon(1e-13));
}

TEST_CASE("a Transformer, id by id, gives the logits of the full pass", "[transformer]") {
  for (const bool learned : {false, true}) {
    TransformerOptions options = small_transformer();
    options.learned_positions = learned;
    const Transformer model = make_model(options);
    const Tensor ids = padded({{1, 3, 5, 4, 2}, {1, 4, 3, 5, 2}});
    const Tensor logits = model(source, ids);
    DecoderState state = model.start(source);
    for (int64_t i = 0; i < 5; ++i) {
      CHECK(worst_difference(model.next(ids.slice(1, i, i + 1), state), logits.slice(1, i, i + 1)) < 1e-13);
    }
  }
}

TEST_CASE("a Transformer refuses what does not fit", "[transformer]") {
  Rng rng(1);
  CHECK_THROWS_WITH(Transformer({.target_vocab = 3}, rng),
                    "transformer: source_vocab must be at least 1, not 0");
  CHECK_THROWS_WITH(Transformer({.source_vocab = 3}, rng),
                    "transformer: target_vocab must be at least 1, not 0");
  const Transformer model = make_model(small_transformer());
  CHECK_THROWS_WITH(model(ones({2, 3}), target),
                    "transformer: source must be ids, i64 [B, S], not f32 [2, 3]");
  CHECK_THROWS_WITH(model(source, tensor({1, 2})),
                    "transformer: target must be ids, i64 [B, S], not i64 [2]");
  CHECK_THROWS_WITH(model.loss(source, target.slice(1, 0, 1)),
                    "transformer: a target [2, 1] must hold a begin and at least one id");
  CHECK_THROWS_WITH(model(source, zeros({2, 11}, DType::i64)),
                    "sinusoidal positions: a sequence of 11 that begins at position 0 does not fit into the "
                    "10 positions (in target)");
  CHECK_THROWS_AS(model(full({1, 2}, 7, DType::i64), target.slice(0, 0, 1)), IndexError);
}

TEST_CASE("a Transformer learns to write five letters backwards", "[transformer]") {
  constexpr int64_t letters = 6, length = 5, batch = 64;
  Rng rng(training_seed(5));
  manual_seed(5);
  const Transformer model({.source_vocab = 3 + letters,
                           .target_vocab = 3 + letters,
                           .max_length = length + 2,
                           .hidden = 32,
                           .heads = 4,
                           .intermediate = 64,
                           .encoder_layers = 1,
                           .decoder_layers = 1,
                           .dropout = 0},
                          rng);
  struct Pairs {
    Tensor source, target;
    std::vector<std::vector<int64_t>> answers;
  };
  const auto draw = [&](int64_t count) {
    std::vector<std::vector<int64_t>> sources, targets, answers;
    for (int64_t i = 0; i < count; ++i) {
      std::vector<int64_t> word;
      for (int64_t j = 0; j < length; ++j) word.push_back(rng.between(3, 2 + letters));
      sources.push_back(word);
      answers.emplace_back(word.rbegin(), word.rend());
      std::vector<int64_t> whole{1};
      whole.insert(whole.end(), answers.back().begin(), answers.back().end());
      whole.push_back(2);
      targets.push_back(whole);
    }
    return Pairs{padded(sources), padded(targets), answers};
  };
  Adam optimizer(model, {.lr = 3e-3});
  for (int64_t step = 0; step < 400; ++step) {
    const Pairs pairs = draw(batch);
    optimizer.zero_grad();
    model.loss(pairs.source, pairs.target, 0.1).backward();
    optimizer.step();
  }
  const Pairs unseen = draw(200);
  int64_t right = 0;
  const std::vector<Decoded> written = greedy(model, unseen.source, {.max_length = length + 1});
  for (size_t i = 0; i < written.size(); ++i) right += written[i].ids == unseen.answers[i];
  CHECK(right >= 198);
}
