/// @file
/// The exercises of chapter 16. You write exercise.cpp; `./learn 16 check` says how it goes.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/module.hpp"

namespace gradus::tutorials::fine_tuning {

/// Exercise 1. The labels of a row for a tagger. A sentence has words; word i is cut into pieces[i] pieces
/// and has the tag tags[i]. (pieces[i] may be 0: of a control character nothing is left.) The row is [CLS],
/// the pieces of all words, [SEP], and padding up to `slots` in all. A word's tag stands at its first piece.
/// Every other slot has -100, which the loss leaves out.
std::vector<int64_t> first_piece_labels(const std::vector<int64_t>& pieces, const std::vector<int64_t>& tags,
                                        int64_t slots);

/// Exercise 2. The slots of an answer, or that there is none. start[i] and end[i] say how good slot i is as
/// the first slot of the answer and as the last, and a span has the sum of both. Slots before `begin` are
/// [CLS] and the question. Take the best span from `begin` on that does not end before it begins and has at
/// most `longest` slots. But where start[0] + end[0], the score of "no answer", is more than `threshold`
/// above that of the best span, give (0, 0). No check has two best spans.
struct AnswerSlots {
  int64_t first = 0, last = 0;
};
AnswerSlots answer_slots(const std::vector<double>& start, const std::vector<double>& end, int64_t begin,
                         int64_t longest, double threshold);

/// Exercise 3. Freezes the embeddings and the first `layers` layers of a BERT with a task on top, and nothing
/// else: a frozen parameter wants no gradient, and no optimiser moves it. Returns how many numbers still
/// move. `layers` is from 0 to the number of layers. Parameters have names such as
///
///     bert.embeddings.word_embeddings.weight, bert.encoder.layer.0.attention.self.query.weight,
///     bert.pooler.dense.bias, classifier.weight
///
/// `named_parameters`, `requires_grad(false)` (of a copy of the handle: Tensor(parameter)), `numel`.
int64_t freeze_first(const nn::Module& model, int64_t layers);

}  // namespace gradus::tutorials::fine_tuning
