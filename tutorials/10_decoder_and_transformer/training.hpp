/// @file
/// Chapter 10: teacher forcing, the loss of a batch, and the training of a small Transformer on dates.
#pragma once

#include <functional>
#include <vector>

#include "autograd/autograd.hpp"
#include "dates.hpp"
#include "decoder_and_transformer.hpp"
#include "nn/optimizers/optimizer.hpp"
#include "nn/optimizers/schedule.hpp"
#include "nn/transformer/decoding.hpp"

namespace gradus::tutorials::translation {

/// Teacher forcing: what the decoder is given, and what it has to say at each place.
struct Lesson {
  Tensor given, wanted;  // i64 [B, S - 1]
};

/// The same ids twice, one place apart: begin ... and ... end.
inline Lesson lesson_of(const Tensor& target) {
  const int64_t S = target.size(1);
  return {target.slice(1, 0, S - 1), target.slice(1, 1, S)};
}

/// How a loss is made one number.
enum class Averaging {
  tokens,         ///< the sum over all characters divided by how many they are
  mean_of_means,  ///< bug: the mean of each row, then the mean over rows
};

/// -log p of the wanted ids [B, S] under logits [B, S, V]; padding (0) does not count.
inline Tensor loss_of(const Tensor& logits, const Tensor& wanted, Averaging how = Averaging::tokens) {
  const Tensor log_p = log_softmax(logits);                                                 // [B, S, V]
  const Tensor said = gather(log_p, 2, wanted.unsqueeze(2)).squeeze(2);                     // [B, S]
  const Tensor real = logical_not(equal(wanted, tensor<int64_t>({0}))).to(logits.dtype());  // 1 or 0
  if (how == Averaging::mean_of_means) return -mean(sum(said * real, Axes{1}) / sum(real, Axes{1}));
  return -sum(said * real) / sum(real);
}

// ---- The models and their data ----

inline const nn::TransformerOptions& small_model() {
  static const nn::TransformerOptions options = {.source_vocab = spoken().size(),
                                                 .target_vocab = written().size(),
                                                 .max_length = 16,
                                                 .hidden = 32,
                                                 .heads = 4,
                                                 .intermediate = 64,
                                                 .encoder_layers = 1,
                                                 .decoder_layers = 1,
                                                 .dropout = 0,
                                                 .pad_id = Alphabet::pad};
  return options;
}

/// A model for dates that has learned nothing, in f64.
inline nn::Transformer fresh_model() {
  Rng rng(2);
  nn::Transformer model(small_model(), rng);
  model.to(DType::f64);
  return model;
}

/// One decoder layer of two heads, as the paper has it, in f64.
inline nn::Decoder small_decoder(int64_t hidden = 8, int64_t intermediate = 16) {
  Rng rng(3);
  nn::Decoder decoder({.hidden = hidden,
                       .heads = 2,
                       .intermediate = intermediate,
                       .layers = 1,
                       .feed_forward = Activation::relu,
                       .hidden_dropout = 0,
                       .attention_dropout = 0,
                       .layer_norm_eps = 1e-5,
                       .init = nn::init::xavier_uniform()},
                      rng);
  decoder.to(DType::f64);
  return decoder;
}

/// The parameters themselves, by name: what is computed with them has gradients.
inline Weights weights_of(const nn::Module& module) {
  Weights weights;
  for (const auto& [name, tensor] : module.named_parameters()) weights[name] = tensor;
  return weights;
}

/// Dates to learn from, and 500 others that are never learned from, in neither style.
struct Data {
  std::vector<Date> known, unseen;

  explicit Data(uint64_t seed) {
    Rng rng(seed);
    known = all_dates(rng);
    unseen.assign(known.end() - 500, known.end());
    known.resize(known.size() - 500);
  }
};

struct Training {
  int64_t steps = 400, batch = 64;
  double rate = 1e-2;  // at its highest
};

/// Adam, with a rate that rises for a tenth of the steps and then falls to 0. `loss` is that of a batch;
/// `after` hears of each step (from 1) and its loss.
inline void train(const nn::Module& model, const std::vector<Date>& known, const Training& training,
                  const std::function<Tensor(const Batch&)>& loss,
                  const std::function<void(int64_t, double)>& after = {}) {
  nn::Adam optimizer(model, {.lr = training.rate});
  const nn::Schedule schedule{nn::Schedule::Kind::cosine, training.rate, training.steps / 10, training.steps};
  Rng rng(7);
  for (int64_t step = 0; step < training.steps; ++step) {
    std::vector<Date> dates;
    for (int64_t i = 0; i < training.batch; ++i) dates.push_back(known[rng.below(known.size())]);
    optimizer.zero_grad();
    const Tensor value = loss(batch_of(dates, rng));
    value.backward();
    optimizer.set_learning_rate(schedule(step));
    optimizer.clipped_step(1.0);
    if (after) after(step + 1, value.item());
  }
}

// ---- How good is it? ----

/// The share of places whose likeliest character is the wanted one, all characters before them being given.
inline double next_right(const Tensor& logits, const Tensor& wanted) {
  return mean(equal(argmax(logits, 2), wanted).to(DType::f64)).item();
}

/// The share of dates that the model writes, alone, without one wrong character.
inline double exact_match(const nn::Transformer& model, const std::vector<Date>& dates,
                          const Tensor& source) {
  const std::vector<nn::Decoded> texts = nn::greedy(model, source, {.max_length = 12});
  size_t right = 0;
  for (size_t i = 0; i < dates.size(); ++i) {
    right += texts[i].ended && written().text(texts[i].ids) == iso(dates[i]) ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(dates.size());
}

/// The share of the dates' characters that the model writes, alone, at their right places.
inline double characters_right(const nn::Transformer& model, const std::vector<Date>& dates,
                               const Tensor& source) {
  const std::vector<nn::Decoded> texts = nn::greedy(model, source, {.max_length = 12});
  size_t right = 0, all = 0;
  for (size_t i = 0; i < dates.size(); ++i) {
    const std::string text = written().text(texts[i].ids), wanted = iso(dates[i]);
    for (size_t at = 0; at < wanted.size(); ++at) right += at < text.size() && text[at] == wanted[at] ? 1 : 0;
    all += wanted.size();
  }
  return static_cast<double>(right) / static_cast<double>(all);
}

}  // namespace gradus::tutorials::translation
