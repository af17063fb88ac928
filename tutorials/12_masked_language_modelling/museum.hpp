/// @file
/// Chapter 12's checks that catch its bugs: every place asked, padding asked, a tie that is a copy; and the
/// two parts of the table's gradient.
#pragma once

#include "learning.hpp"

namespace gradus::tutorials::masked {

/// What somebody scores who repeats what is seen.
struct CopyScore {
  double everywhere, where_asked;
};
inline CopyScore copying(const bert::PretrainingBatch& batch) {
  const std::vector<int64_t> words = all_words(batch).to_vector<int64_t>();
  Share all, asked;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] < signs) continue;
    all.right += batch.input_ids[i] == words[i];
    ++all.all;
  }
  for (size_t i = 0; i < batch.masked_positions.size(); ++i) {
    asked.right += batch.input_ids[static_cast<size_t>(batch.masked_positions[i])] == batch.masked_labels[i];
    ++asked.all;
  }
  return {all.value(), asked.value()};
}

/// The share of the words that were not chosen at whose place the likeliest word is the word itself.
inline double repeats(const bert::BertForPreTraining& model, const bert::PretrainingBatch& batch) {
  const NoGrad no_tape;
  const std::vector<int64_t> guessed = likeliest(logits_everywhere(model, batch));
  const std::vector<int64_t> labels = labels_everywhere(batch);
  Share share;
  for (size_t i = 0; i < guessed.size(); ++i) {
    if (labels[i] != bert::no_label || batch.input_ids[i] < signs) continue;
    share.right += guessed[i] == batch.input_ids[i];
    ++share.all;
  }
  return share.value();
}

/// The loss of four sentences with `padding` places after each; with the bug, padding is asked, too.
inline double loss_when_padded(const bert::BertForPreTraining& model, int64_t padding, bool padding_asked) {
  Rng rng(21);
  std::vector<Hidden> rows;
  for (int64_t i = 0; i < 4; ++i) {
    rows.push_back(hide(sentence(rng), rng));
    rows.back().seen.resize(rows.back().seen.size() + static_cast<size_t>(padding), pad_id);
  }
  const bert::PretrainingBatch batch = batch_of(rows);
  std::vector<int64_t> labels = labels_everywhere(batch);
  for (size_t i = 0; i < labels.size(); ++i) {
    if (padding_asked && batch.input_ids[i] == pad_id) labels[i] = pad_id;
  }
  const NoGrad no_tape;
  return mean_surprise_where_asked(logits_everywhere(model, batch), tensor(labels)).item();
}

/// How many rows of a gradient [n, H] are not 0.
inline int64_t rows_that_move(const Tensor& gradient) {
  int64_t rows = 0;
  const Tensor largest = max(abs(gradient), Axes{1});
  for (int64_t row = 0; row < gradient.size(0); ++row) rows += largest.at({row}) > 0;
  return rows;
}

/// The gradient of the table of word vectors [V, H], which is used twice: for what goes in, and for the
/// scores.
struct TableGradients {
  Tensor as_input, as_output, whole;
};
inline TableGradients gradients_of_table(const bert::BertForPreTraining& model,
                                         const bert::PretrainingBatch& batch) {
  const auto gradient = [&](bool in, bool out) {
    Tensor table = model.bert.embeddings.word_embeddings.weight;
    table.clear_grad();
    const Tensor hidden = model.bert(tensor(batch.input_ids, Shape{batch.rows, batch.length})).last_hidden;
    Tensor rows = index_select(hidden.reshape({-1, hidden.size(2)}), 0, tensor(batch.masked_positions));
    if (!in) rows = rows.detach();
    HeadWeights w = weights_of(model);
    if (!out) w.table = w.table.detach();
    mean_surprise(guesses(rows, w), tensor(batch.masked_labels)).backward();
    return table.grad().clone();
  };
  return {gradient(true, false), gradient(false, true), gradient(true, true)};
}

/// How far the head's logits are from those with the model's own table, before and after one step of
/// learning.
struct TieTest {
  double before, after;
};
inline TieTest after_a_step(bool bug) {
  const bert::BertForPreTraining model = small_bert(3);
  model.to(DType::f64);
  HeadWeights w = weights_of(model);
  if (bug) w.table = w.table.detach().clone();
  Rng rng(22);
  const Tensor vectors = randn({3, 32}, rng, DType::f64);
  const auto gap = [&] {
    const NoGrad no_tape;
    return max(abs(guesses(vectors, w) - guesses(vectors, weights_of(model)))).item();
  };
  TieTest result{gap(), 0};
  nn::Sgd optimizer(model, {.lr = 0.1});
  optimizer.zero_grad();
  loss_of_chosen(model, lesson(8, rng)).backward();
  optimizer.step();
  result.after = gap();
  return result;
}

}  // namespace gradus::tutorials::masked
