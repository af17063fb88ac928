/// @file
/// Chapter 16's body: a small BERT that learns the market from text alone, and how it comes below a head.
#pragma once

#include <algorithm>
#include <functional>

#include "bert/data/masking.hpp"
#include "bert/model/heads.hpp"
#include "nn/optimizers/optimizer.hpp"
#include "nn/optimizers/schedule.hpp"
#include "rows.hpp"

namespace gradus::tutorials::fine_tuning {

/// Two layers of chapter 9, 48 numbers a token.
inline bert::Config small_config() {
  bert::Config config;
  config.vocab_size = tokenizer().vocab().size();
  config.hidden_size = 48;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 4;
  config.intermediate_size = 96;
  config.max_position_embeddings = 40;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0;
  config.initializer_range = 0.1;
  config.init.sinusoidal_positions = true;
  return config;
}

inline bert::BertForPreTraining fresh_bert(uint64_t seed) {
  Rng rng(seed);
  return bert::BertForPreTraining(small_config(), rng);
}

// ---- The text, without a label ----

/// A deal in goods of one kind, one or mostly two for one or two others, told in either order.
inline TokenRow market_text(Rng& rng) {
  const int64_t kind = rng.between(0, std::ssize(kinds) - 1);
  Words four = goods[static_cast<size_t>(kind)];
  rng.shuffle(four);
  Deal one{
      person(Half::all, rng), {kind, {four[0], four[1]}}, {kind, {four[2], four[3]}}, town(Half::all, rng)};
  for (Goods* some : {&one.given, &one.wanted})
    if (rng.chance(0.25)) some->words.pop_back();
  return row_of({tell(one, rng.chance(0.5)).words});
}

/// Rows as a batch with words hidden, 30 % of the pieces by the rule of chapter 12.
inline bert::PretrainingBatch with_gaps(const std::vector<TokenRow>& rows, Rng& rng) {
  const auto pieces = static_cast<int32_t>(tokenizer().vocab().size());
  bert::MaskingVocabulary words;
  words.vocabulary_size = pieces;
  std::vector<uint8_t> is_sign(static_cast<size_t>(pieces), 0);
  std::fill_n(is_sign.begin(), 5, uint8_t{1});
  std::vector<int32_t> drawable;
  for (int32_t id = 5; id < pieces; ++id) drawable.push_back(id);
  bert::Masker hide(words, is_sign, drawable, {.fraction = 0.3});

  std::vector<const bert::TextRow*> texts;
  for (const TokenRow& row : rows) texts.push_back(&row.text);
  const bert::TaskInput input = bert::to_input(texts, tokenizer().special_ids().pad);
  bert::PretrainingBatch batch;
  batch.rows = input.ids.size(0);
  batch.length = input.ids.size(1);
  batch.input_ids = input.ids.to_vector<int64_t>();
  batch.token_type_ids = input.token_type_ids.to_vector<int64_t>();
  batch.attention_mask = input.attention_mask.to_vector<int64_t>();
  batch.next_sentence_labels.assign(rows.size(), bert::no_label);
  for (size_t b = 0; b < rows.size(); ++b) {
    const size_t length = rows[b].text.ids.size();
    const int64_t begin = static_cast<int64_t>(b) * batch.length;
    batch.lengths.push_back(static_cast<int64_t>(length));
    hide(std::span(batch.input_ids).subspan(static_cast<size_t>(begin), length), begin,
         Rng(rng.below(uint64_t{1} << 62)), batch.masked_positions, batch.masked_labels);
  }
  return batch;
}

/// Adam with a rate that rises for a tenth of the steps and then falls to 0, as in chapter 15.
inline void descend(const nn::Module& model, int64_t steps, double peak, const std::function<Tensor()>& loss,
                    const std::function<void(int64_t, double)>& after = {}) {
  nn::Adam optimizer(model, {.lr = peak});
  const nn::Schedule schedule{nn::Schedule::Kind::cosine, peak, steps / 10, steps};
  for (int64_t step = 0; step < steps; ++step) {
    optimizer.zero_grad();
    const Tensor one = loss();
    one.backward();
    optimizer.set_learning_rate(schedule(step));
    optimizer.clipped_step(1.0);
    if (after) after(step + 1, one.item());
  }
}

inline constexpr int64_t pretraining_steps = 600;

/// Learns to fill gaps, 64 fresh texts at each step.
inline void fill_gaps(const bert::BertForPreTraining& model, uint64_t seed, int64_t steps,
                      const std::function<void(int64_t, double)>& after = {}) {
  Rng rng(seed);
  descend(
      model, steps, 4e-3,
      [&] {
        std::vector<TokenRow> rows;
        for (int i = 0; i < 64; ++i) rows.push_back(market_text(rng));
        return model.loss(with_gaps(rows, rng)).mlm_loss;
      },
      after);
}

/// Puts the weights of a trained body into the body of another model, by their names. What only one of the
/// two has, such as a pooler, is left as it is, and the report says so.
inline nn::LoadReport put_body(const bert::Bert& trained, const bert::Bert& into) {
  return into.load_state_dict(trained.state_dict(), /*strict=*/false);
}

}  // namespace gradus::tutorials::fine_tuning
