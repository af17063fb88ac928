/// @file
/// The clinic: a patient, as it comes to you. All of it can be asked and measured; what it suffers from
/// cannot.
///
///     Patient patient(Fault::none, 7);
///     const Batch batch = patient.training_batch(0);
///     const Tensor rows = sum(patient.look(batch).attention[0], Axes{-1});   // 1 everywhere?
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "body.hpp"
#include "rows.hpp"

namespace gradus::tutorials::clinic {

/// A line of a patient's log.
struct LogLine {
  int64_t step;
  double word_loss, pair_loss;      ///< as its loop reckons them
  double words_right, pairs_right;  ///< shares, on what it was trained with
};

/// A BERT that has been trained, 500 steps of 32 rows. What it was trained with, what it says, and its loop.
class Patient {
 public:
  /// `fault` is for those who run the clinic. The same seed gives the same weights, words and masks.
  Patient(Fault fault, uint64_t seed);
  Patient(Patient&&) noexcept;
  Patient& operator=(Patient&&) noexcept;
  ~Patient();

  // ---- What it was given ----
  Batch training_batch(int64_t step) const;        ///< of a step of its training, from 0 on
  const std::vector<std::string>& tokens() const;  ///< its vocab.txt, as it is read at work
  /// The ids of words, as at work; [UNK] for one that it does not know.
  std::vector<int64_t> encode(const std::string& text) const;
  /// Pairs that it has not seen, made by the clinic with care: words hidden and labels as they should be. Its
  /// own vocabulary gives the ids.
  Batch held_out(int64_t rows = 256, uint64_t seed = 1) const;

  // ---- What it says ----
  Outputs look(const Batch& batch) const;              ///< as at work
  Outputs look_in_training(const Batch& batch) const;  ///< as in its loop, with dropout
  /// What its loop would minimise on a batch, with dropout off: a scalar with a graph. Labels that are
  /// not_asked do not count; a task that asks for nothing adds 0.
  Tensor loss(const Batch& batch) const;

  // ---- Its weights and its loop ----
  std::vector<std::pair<std::string, Tensor>> parameters() const;  ///< by name; the tensors themselves
  void begin_again();                 ///< as it was before its first step: weights, moments and rate
  void train(int64_t steps);          ///< the next steps of its own loop
  void train_on(const Batch& batch);  ///< the next step of its loop, on your batch
  int64_t steps_done() const;
  const std::vector<LogLine>& log() const;  ///< a line every 20 steps of its training

 private:
  struct Self;
  std::unique_ptr<Self> self_;
};

inline constexpr int64_t training_steps = 500, training_rows = 32;

/// The share of the asked words that have the highest logit, and the share of the pairs.
double words_right(const Outputs& out, const Batch& batch);
double pairs_right(const Outputs& out, const Batch& batch);

}  // namespace gradus::tutorials::clinic
