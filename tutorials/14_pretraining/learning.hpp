/// @file
/// Chapter 14: a small BERT that learns both tasks at once, looked at again and again; what it is with a part
/// switched off; and the same training by the library's parts and by its Trainer.
#pragma once

#include <unistd.h>

#include <filesystem>

#include "bert/evaluation/evaluation.hpp"
#include "bert/training/trainer.hpp"
#include "loop.hpp"
#include "nn/optimizers/schedule.hpp"
#include "texts.hpp"

namespace gradus::tutorials::pretraining {

/// Two layers of chapter 9, 48 numbers a token.
inline bert::BertForPreTraining small_bert(const Reading& reading, uint64_t seed, double spread = 0.1,
                                           double dropout = 0) {
  bert::Config config;
  config.vocab_size = reading.tokenizer.vocab().size();
  config.hidden_size = 48;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 4;
  config.intermediate_size = 96;
  config.max_position_embeddings = 48;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = dropout;
  config.initializer_range = spread;
  Rng rng(seed);
  return bert::BertForPreTraining(config, rng);
}

/// Sets a weight to 0, for good.
inline void switch_off(Tensor weight) {
  const NoGrad no_tape;
  weight.fill_(0);
  weight.requires_grad(false);
}
inline void without_positions(const bert::BertForPreTraining& model) {
  switch_off(model.bert.embeddings.position_embeddings.weight);
}
/// What heads find is multiplied by 0, so each place knows of itself alone.
inline void without_attention(const bert::BertForPreTraining& model) {
  for (const auto& [name, weight] : model.named_parameters()) {
    if (name.find("attention.output.dense") != std::string::npos) switch_off(weight);
  }
}

/// The loop again, of the library's parts.
inline void pretrain_with_parts(const bert::BertForPreTraining& model, const bert::PretrainingData& data,
                                const Course& how, const Watch& watch = {}) {
  nn::AdamW optimizer(model, {.lr = how.peak, .weight_decay = how.decay});
  const nn::Schedule schedule{nn::Schedule::Kind::linear, how.peak, how.warmup, how.steps};
  Batches batches(data);
  for (int64_t step = 0; step < how.steps; ++step) {
    if (watch) watch(step);
    optimizer.zero_grad();
    const bert::PretrainingLoss loss = model.loss(batches.next(how.rows));
    (how.words ? loss.loss : loss.nsp_loss).backward();
    optimizer.set_learning_rate(schedule(step));
    optimizer.clipped_step(how.longest);
  }
  if (watch) watch(how.steps);
}

/// How good a model was after `step` steps.
struct Seen {
  int64_t step;
  bert::Evaluation score;
};

/// What a training is looked at with: held-out rows, and what counting achieves on them.
struct Exam {
  const bert::PretrainingData& held_out;
  const bert::BigramBaseline& counts;
  int64_t rows = 400, every = 10;
};

/// Trains, and looks at the model every few steps, before the first and after the last. `by_hand`: with our
/// own loop, and not with the library's parts, which do the same in less time.
inline std::vector<Seen> learn(const bert::BertForPreTraining& model, const bert::PretrainingData& data,
                               const Course& how, const Exam& exam, bool by_hand = false) {
  std::vector<Seen> seen;
  const auto watch = [&](int64_t step) {
    if (step % exam.every != 0) return;
    const bert::EvaluationOptions options{.rows = exam.rows, .batch_rows = exam.rows};
    seen.push_back({step, bert::evaluate(model, exam.held_out, options, &exam.counts)});
  };
  if (by_hand) {
    pretrain(model, data, how, watch);
  } else {
    pretrain_with_parts(model, data, how, watch);
  }
  return seen;
}

/// The loss of those who know how frequent each piece is, and of those who also know its two neighbours.
inline double loss_of(const bert::BaselineScore& score) {
  return score.loss / static_cast<double>(score.positions);
}
inline double frequency_loss(const Seen& seen) { return loss_of(*seen.score.unigram); }
inline double neighbours_loss(const Seen& seen) { return loss_of(*seen.score.bigram); }

/// The pairs have left the coin when their loss is below this; a coin has ln 2 = 0.69.
inline constexpr double off_the_coin = 0.6;

/// The first step after which `reached` held; `otherwise` if it never did.
inline int64_t first_step(const std::vector<Seen>& seen, int64_t otherwise,
                          const std::function<bool(const Seen&)>& reached) {
  for (const Seen& one : seen) {
    if (reached(one)) return one.step;
  }
  return otherwise;
}
inline int64_t below_frequency(const std::vector<Seen>& seen, int64_t otherwise) {
  return first_step(seen, otherwise, [](const Seen& s) { return s.score.mlm_loss() < frequency_loss(s); });
}
inline int64_t below_neighbours(const std::vector<Seen>& seen, int64_t otherwise) {
  return first_step(seen, otherwise, [](const Seen& s) { return s.score.mlm_loss() < neighbours_loss(s); });
}
inline int64_t pairs_learnt(const std::vector<Seen>& seen, int64_t otherwise) {
  return first_step(seen, otherwise, [](const Seen& s) { return s.score.nsp_loss() < off_the_coin; });
}

// ---- The same with the library ----

/// A run of the library's Trainer, in a folder that is removed afterwards: what it reports of each step.
inline std::vector<bert::StepReport> pretrain_with_trainer(
    bert::BertForPreTraining model, const Reading& reading,
    const std::shared_ptr<const bert::PretrainingData>& data, const Course& how) {
  const int64_t length = data->options().max_length;
  bert::TrainerOptions options;
  options.steps = how.steps;
  options.slots = how.rows * length;
  options.lengths = {{1, length}};
  options.learning_rate = how.peak;
  options.warmup = how.warmup;
  options.weight_decay = how.decay;
  options.clip = how.longest;
  options.report_every = 1;
  std::vector<bert::StepReport> reports;
  bert::TrainerEvents events;
  events.step = [&](const bert::StepReport& report) { reports.push_back(report); };
  const auto folder =
      std::filesystem::temp_directory_path() / ("gradus-chapter-14-" + std::to_string(::getpid()));
  bert::Trainer trainer(std::move(model), reading.tokenizer, data, nullptr, options, folder, events);
  trainer.run();
  std::filesystem::remove_all(folder);
  return reports;
}

/// True if two models have the same weights, bit for bit.
inline bool same_bits(const bert::BertForPreTraining& a, const bert::BertForPreTraining& b) {
  const nn::StateDict weights = a.state_dict(), others = b.state_dict();
  for (const auto& [name, weight] : weights) {
    const Tensor other = others.at(name);
    if (weight.to(DType::f64).to_vector<double>() != other.to(DType::f64).to_vector<double>()) return false;
  }
  return true;
}

}  // namespace gradus::tutorials::pretraining
