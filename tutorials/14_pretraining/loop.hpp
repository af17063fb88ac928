/// @file
/// Chapter 14: pretraining from primitives. The loss of chapters 12 and 13, the rate, the clipping and AdamW,
/// and the loop that puts them together.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "autograd/autograd.hpp"
#include "tutorials/12_masked_language_modelling/guessing.hpp"
#include "tutorials/13_next_sentence/judging.hpp"

namespace gradus::tutorials::pretraining {

/// How a model is trained.
struct Course {
  int64_t steps = 300, warmup = 30;
  double peak = 5e-3;    ///< the highest rate
  int64_t rows = 64;     ///< of a batch
  double longest = 1.0;  ///< of a gradient: a longer one is shortened
  double decay = 0.01;
  bool words = true;  ///< false: the pairs alone
};

/// The rate after `step` finished steps: up in a straight line, then down to 0 in another.
inline double rate_after(int64_t step, const Course& how) {
  if (step < how.warmup) return how.peak * static_cast<double>(step) / static_cast<double>(how.warmup);
  return how.peak * static_cast<double>(how.steps - step) / static_cast<double>(how.steps - how.warmup);
}

struct Losses {
  Tensor words, pairs;
};

/// The mean over the hidden words of a batch, and the mean over its pairs.
inline Losses losses_of(const bert::BertForPreTraining& model, const bert::PretrainingBatch& batch) {
  const Tensor vectors = next_sentence::vectors_of(model, batch);  // [B, S, H]
  const Tensor asked = index_select(vectors.reshape({batch.rows * batch.length, vectors.size(2)}), 0,
                                    tensor(batch.masked_positions));  // [P, H]
  return {
      masked::mean_surprise(masked::guesses(asked, masked::weights_of(model)), tensor(batch.masked_labels)),
      next_sentence::verdict_loss(next_sentence::verdicts(vectors, next_sentence::weights_of(model)),
                                  tensor(batch.next_sentence_labels))};
}

/// Whether a weight is drawn towards 0: all but the biases and what belongs to a LayerNorm.
inline bool decays(const std::string& name) {
  return !name.ends_with("bias") && name.find("LayerNorm") == std::string::npos;
}

/// Adam with a decay that stays out of its moments (AdamW).
class OurAdamW {
 public:
  explicit OurAdamW(const std::vector<std::pair<std::string, Tensor>>& weights) {
    for (const auto& [name, weight] : weights) {
      if (weight.needs_grad())
        moving_.push_back({weight, zeros(weight.shape(), weight.dtype()),
                           zeros(weight.shape(), weight.dtype()), decays(name)});
    }
  }

  void clear() {
    for (Moving& one : moving_) one.weight.clear_grad();
  }

  /// The length of the gradient, all weights together.
  double length() const {
    double squares = 0;
    for (const Moving& one : moving_) {
      const Tensor g = one.weight.grad();
      if (g.defined()) squares += sum(g * g).item();
    }
    return std::sqrt(squares);
  }

  /// One step, with the gradient shortened to `longest` where it is longer.
  void step(double rate, double longest, double decay) {
    const NoGrad no_tape;
    const double shorter = std::min(1.0, longest / (length() + 1e-6));
    ++steps_;
    const double share_1 = 1 - std::pow(0.9, steps_), share_2 = 1 - std::pow(0.999, steps_);
    for (Moving& one : moving_) {
      if (!one.weight.grad().defined()) continue;  // the loss does not reach it
      const Tensor g = one.weight.grad() * shorter;
      one.mean = one.mean * 0.9 + g * 0.1;
      one.square = one.square * 0.999 + g * g * 0.001;
      const Tensor move = (one.mean / share_1) / (sqrt(one.square / share_2) + 1e-8);
      const double kept = one.decays ? 1 - rate * decay : 1.0;
      one.weight.copy_(one.weight * kept - move * rate);
    }
  }

 private:
  struct Moving {
    Tensor weight, mean, square;
    bool decays;
  };
  std::vector<Moving> moving_;
  int64_t steps_ = 0;
};

/// The batches of a text, epoch after epoch.
class Batches {
 public:
  explicit Batches(const bert::PretrainingData& data) : data_(data), plan_(data.plan_epoch(0)) {}
  bert::PretrainingBatch next(int64_t rows) {
    if (read_ >= plan_.size()) plan_ = data_.plan_epoch(++epoch_), read_ = 0;
    const bert::PretrainingBatch batch = data_.batch(plan_, read_, rows);
    read_ += batch.rows;
    return batch;
  }

 private:
  const bert::PretrainingData& data_;
  bert::EpochPlan plan_;
  int64_t epoch_ = 0, read_ = 0;
};

/// Called before each step and after the last, with the steps done so far.
using Watch = std::function<void(int64_t)>;

/// Everything together.
inline void pretrain(const bert::BertForPreTraining& model, const bert::PretrainingData& data,
                     const Course& how, const Watch& watch = {},
                     const std::function<void(const Losses&)>& after = {}) {
  OurAdamW optimizer(model.named_parameters());
  Batches batches(data);
  for (int64_t step = 0; step < how.steps; ++step) {
    if (watch) watch(step);
    const bert::PretrainingBatch batch = batches.next(how.rows);  // chapters 11 to 13
    optimizer.clear();
    const Losses loss = losses_of(model, batch);
    (how.words ? loss.words + loss.pairs : loss.pairs).backward();
    optimizer.step(rate_after(step, how), how.longest, how.decay);
    if (after) after(loss);
  }
  if (watch) watch(how.steps);
}

}  // namespace gradus::tutorials::pretraining
