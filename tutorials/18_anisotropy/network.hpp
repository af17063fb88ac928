/// @file
/// Chapter 18's network: a small BERT that learns from hidden words alone (chapter 12), the vectors of whole
/// texts (chapter 15), and how it learns by contrast.
#pragma once

#include <functional>

#include "bert/model/heads.hpp"
#include "bert/tasks/text_rows.hpp"
#include "contrast.hpp"
#include "handovers.hpp"
#include "nn/optimizers/optimizer.hpp"
#include "nn/optimizers/schedule.hpp"
#include "tutorials/15_what_bert_gives_back/giving.hpp"

namespace gradus::tutorials::anisotropy {

inline bert::BertForPreTraining small_bert(const bert::Tokenizer& tokenizer, uint64_t seed,
                                           double dropout = 0) {
  bert::Config config;
  config.vocab_size = tokenizer.vocab().size();
  config.hidden_size = 48;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 4;
  config.intermediate_size = 96;
  config.max_position_embeddings = 40;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = dropout;
  config.initializer_range = 0.1;
  Rng rng(seed);
  return bert::BertForPreTraining(config, rng);
}

/// Rows [begin, end) as a batch, filled up with [PAD] to the longest.
inline bert::TaskInput input_of(const Rows& rows, size_t begin, size_t end) {
  std::vector<const bert::TextRow*> some;
  for (size_t i = begin; i < end; ++i) some.push_back(&rows[i]);
  return bert::to_input(some, bert::SpecialIds{}.pad);
}

/// One vector a text: the mean over its real tokens (chapter 15) of what enters the first layer and what
/// leaves the last, added up and halved: [B, H].
inline Tensor text_vectors(const bert::Bert& model, const bert::TaskInput& input) {
  const std::vector<Tensor> states =
      model(input.ids, {}, input.attention_mask, {.hidden_states = true}).hidden_states;
  return gives_back::mean_of_real((states.front() + states.back()) / 2, input.attention_mask);
}

/// The same of all rows, without dropout: [N, H] in f64.
inline Tensor vectors_of(const bert::BertForPreTraining& model, const Rows& rows) {
  const NoGrad no_tape;
  const nn::EvalMode eval(model);
  std::vector<Tensor> parts;
  for (size_t i = 0; i < rows.size(); i += 250)
    parts.push_back(text_vectors(model.bert, input_of(rows, i, std::min(i + 250, rows.size()))));
  return concat(parts, 0).to(DType::f64);
}

/// `count` of the rows, drawn anew; of each, words are hidden by the rule of chapter 12.
inline bert::PretrainingBatch lesson(const Rows& rows, int64_t count, const bert::MaskingVocabulary& pieces,
                                     Rng& rng) {
  std::vector<uint8_t> is_sign(static_cast<size_t>(pieces.vocabulary_size), 0);
  std::fill_n(is_sign.begin(), 5, uint8_t{1});
  std::vector<int32_t> drawable;
  for (int32_t id = 5; id < pieces.vocabulary_size; ++id) drawable.push_back(id);
  bert::Masker hide(pieces, is_sign, drawable, {.fraction = 0.2});

  bert::PretrainingBatch batch;
  std::vector<std::vector<bert::TokenId>> texts;
  for (int64_t i = 0; i < count; ++i) {
    texts.push_back(rows[rng.below(rows.size())].ids);
    batch.lengths.push_back(std::ssize(texts.back()));
  }
  batch.rows = count;
  batch.length = *std::max_element(batch.lengths.begin(), batch.lengths.end());
  for (const auto& ids : texts) {
    const auto row = std::ssize(batch.input_ids);
    batch.input_ids.insert(batch.input_ids.end(), ids.begin(), ids.end());
    batch.input_ids.resize(static_cast<size_t>(row + batch.length), pieces.special.pad);
    batch.attention_mask.insert(batch.attention_mask.end(), ids.size(), 1);
    batch.attention_mask.resize(batch.input_ids.size(), 0);
    hide(std::span(batch.input_ids).subspan(static_cast<size_t>(row), ids.size()), row,
         Rng(rng.below(uint64_t{1} << 62)), batch.masked_positions, batch.masked_labels);
  }
  batch.token_type_ids.assign(batch.input_ids.size(), 0);
  batch.next_sentence_labels.assign(static_cast<size_t>(count), bert::no_label);
  return batch;
}

/// What a step reports: its number from 1 on, and its loss.
using AfterStep = std::function<void(int64_t, double)>;

/// Adam; the rate rises for a tenth of the steps and then falls to 0.
inline void learn(const nn::Module& model, double rate, int64_t steps, const std::function<Tensor()>& loss_of,
                  const AfterStep& after = {}) {
  nn::Adam optimizer(model, {.lr = rate});
  const nn::Schedule schedule{nn::Schedule::Kind::cosine, rate, steps / 10, steps};
  for (int64_t step = 0; step < steps; ++step) {
    optimizer.zero_grad();
    const Tensor loss = loss_of();
    loss.backward();
    optimizer.set_learning_rate(schedule(step));
    optimizer.clipped_step(1.0);
    if (after) after(step + 1, loss.item());
  }
}

/// From hidden words of stories. It does not see the texts that change hands, nor a score.
inline void pretrain(const bert::BertForPreTraining& model, const Handovers& world, uint64_t seed,
                     int64_t steps, const AfterStep& after = {}) {
  const bert::MaskingVocabulary pieces = bert::MaskingVocabulary::of(world.tokenizer);
  Rng rng(seed);
  learn(
      model, 6e-3, steps, [&] { return model.loss(lesson(world.stories, 64, pieces, rng)).mlm_loss; }, after);
}

/// The same network once more, with dropout.
inline bert::BertForPreTraining copy_of(const bert::BertForPreTraining& model,
                                        const bert::Tokenizer& tokenizer, double dropout) {
  bert::BertForPreTraining copy = small_bert(tokenizer, 0, dropout);
  copy.load_state_dict(model.state_dict());
  return copy;
}

/// Which texts belong together when a network learns by contrast.
enum class Alike {
  itself,  ///< a text and itself, seen with other dropout: nobody has to label anything
  pairs    ///< the two texts of a pair of the training that tell the same in four facts or five
};

inline void learn_by_contrast(const bert::BertForPreTraining& model, const Handovers& world, Alike alike,
                              uint64_t seed, int64_t steps) {
  const bert::TokenId pad = world.tokenizer.special_ids().pad;
  const Rows all = world.training.all();
  std::vector<size_t> same;
  for (size_t i = 0; i < world.training.scores.size(); ++i)
    if (world.training.scores[i] >= 4) same.push_back(i);
  Rng rng(seed);
  learn(model.bert, 6e-3, steps, [&] {
    std::vector<const bert::TextRow*> u, v;
    for (int i = 0; i < 64; ++i) {
      if (alike == Alike::itself) {
        u.push_back(&all[rng.below(all.size())]);
        v.push_back(u.back());
      } else {
        const size_t k = same[rng.below(same.size())];
        u.push_back(&world.training.first[k]);
        v.push_back(&world.training.second[k]);
      }
    }
    return contrast(text_vectors(model.bert, bert::to_input(u, pad)),
                    text_vectors(model.bert, bert::to_input(v, pad)), 0.1);
  });
}

}  // namespace gradus::tutorials::anisotropy
