/// @file
/// The exercises of chapter 14. You write exercise.cpp; `./learn 14 check` says how it goes.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/random.hpp"
#include "bert/model/heads.hpp"
#include "nn/optimizers/optimizer.hpp"

namespace gradus::tutorials::pretraining {

/// Exercise 1. Overfit one batch: take `steps` steps on the same batch, at a fixed rate, with nn::AdamW
/// (options: .lr = rate alone) and the gradient clipped to the length 1. The answer is the loss before each
/// step, words plus pairs. nn/optimizers/optimizer.hpp shows an optimiser in use: `zero_grad`,
/// `clipped_step`. `model.loss(batch)` gives mlm_loss, nsp_loss and their sum, loss, as tensors: `backward`
/// and `item`.
std::vector<double> overfit(const bert::BertForPreTraining& model, const bert::PretrainingBatch& batch,
                            int64_t steps, double rate);

/// Exercise 2. A training run, and all that it takes to go on with it, bit for bit. Rows, masks and dropout
/// of the run are drawn from `rng`; its rate follows from `step`.
struct Run {
  bert::BertForPreTraining model;
  nn::AdamW optimizer;
  Rng rng;
  int64_t step = 0;  ///< finished steps
};
struct SavedRun {
  nn::StateDict weights, moments;
  Rng::State rng = {};
  int64_t step = 0;
};
/// Everything of a run. The run goes on afterwards, and what was saved must not change with it: `state_dict`
/// of a model and of an optimiser shares memory with them, `clone` of a tensor does not.
SavedRun saved(const Run& run);
/// Puts everything back into another run with a model of the same sizes: `load_state_dict`, `from_state`.
void resume(Run& run, const SavedRun& from);

/// Exercise 3. The bar to beat: what two neighbours say of the word between them. From sentences of ids 0 to
/// vocabulary - 1, n(w) counts the word w, n(l, w) how often w stands right after l in a sentence, n(l, .)
/// how often l has any word right after it, and N counts all words. With
///
///     p(w) = (n(w) + 1) / (N + vocabulary)
///     p(w | l) = (n(l, w) + p(w)) / (n(l, .) + 1)
///
/// and in the same way p(w | r), from the words that stand before r,
///
/// the answer is p(w | l) p(w | r) / p(w) for each w, divided by the sum of all of these. A neighbour of -1
/// is not known, as at the end of a row: then p(w) takes the place of its factor. (Below the line of p(w | l)
/// the same number stands for each w, so the last division takes it out again.)
std::vector<double> between(const std::vector<std::vector<int64_t>>& sentences, int64_t vocabulary,
                            int64_t left, int64_t right);

}  // namespace gradus::tutorials::pretraining
