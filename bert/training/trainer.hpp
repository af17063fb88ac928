/// @file
/// Trainer: pretrains a BertForPreTraining. The steps are those of a TrainingLoop (training_loop.hpp), and a
/// run is a folder as described there.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "bert/data/pretraining_data.hpp"
#include "bert/evaluation/evaluation.hpp"
#include "bert/model/heads.hpp"
#include "bert/tokenizer/tokenizer.hpp"
#include "bert/training/batch_reader.hpp"
#include "bert/training/step_loss.hpp"
#include "bert/training/trainer_options.hpp"
#include "bert/training/training_loop.hpp"

namespace gradus::bert {

/// What a step did, in training mode: the means over all masked positions, and over all pairs, of its
/// batches. The accuracies are those of the last step whose number report_every divides (or the last of all).
struct StepReport : LoopReport {
  double mlm_loss = 0, nsp_loss = 0, mlm_accuracy = 0, nsp_accuracy = 0;
};

/// What the caller wants to hear, as LoopEvents has it.
struct TrainerEvents {
  std::function<void(const StepReport&)> step;
  std::function<void(const StepReport&, const Evaluation&)> evaluation;
  std::function<void(const std::filesystem::path& checkpoint)> saved;
  std::function<bool()> stop;
};

/// Learns masked words and next sentences from a text.
class PretrainingLearner : public Learner {
 public:
  /// `held_out` may be null. @throws Error for options out of range.
  PretrainingLearner(BertForPreTraining model, Tokenizer tokenizer,
                     std::shared_ptr<const PretrainingData> training,
                     std::shared_ptr<const PretrainingData> held_out, const TrainerOptions& options);

  const BertForPreTraining& model() const override { return model_; }
  double forward_backward(TrainingState& state, bool with_figures, ShardedStep& step,
                          const std::function<void()>& check_stop) override;
  int64_t held_out_rows() const override { return held_out_rows_; }
  double evaluate(int64_t rows, parallel::World& world, const std::function<void()>& check_stop) override;
  void go_to(const TrainingState& state) override { reader_.go_to(state); }
  void go_on_from(const TrainingState& state, const std::filesystem::path& file) override;
  void save(const std::filesystem::path& place) const override;

  /// `report` with the figures of the last step.
  StepReport with_figures(const LoopReport& report) const;
  const Evaluation& evaluation() const { return evaluation_; }  ///< the last one

 private:
  BertForPreTraining model_;
  Tokenizer tokenizer_;
  BatchReader reader_;
  std::shared_ptr<const PretrainingData> held_out_;
  TrainerOptions options_;
  int64_t held_out_rows_ = 0;  // of one epoch
  StepLoss loss_;
  double mlm_accuracy_ = 0, nsp_accuracy_ = 0;
  Evaluation evaluation_;
};

class Trainer {
 public:
  /// `held_out` may be null: then nothing is evaluated. @throws Error for options out of range.
  Trainer(BertForPreTraining model, Tokenizer tokenizer, std::shared_ptr<const PretrainingData> training,
          std::shared_ptr<const PretrainingData> held_out, const TrainerOptions& options,
          std::filesystem::path folder, TrainerEvents events = {});
  Trainer(const Trainer&) = delete;  // the loop holds the learner beside it
  Trainer& operator=(const Trainer&) = delete;

  bool resume() { return loop_.resume(); }          ///< as TrainingLoop
  TrainingEnd run() { return loop_.run(); }         ///< as TrainingLoop
  bool is_done() const { return loop_.is_done(); }  ///< as TrainingLoop

  /// The last evaluation of a run, on the model as it is now. Nothing without held-out text, or when `stop`
  /// says so.
  std::optional<Evaluation> final_evaluation();

  bool evaluates_first() const { return loop_.evaluates_first(); }  ///< as TrainingLoop
  const TrainingState& state() const { return loop_.state(); }
  int64_t step_memory() const { return loop_.step_memory(); }  ///< as TrainingLoop
  const BertForPreTraining& model() const { return learner_.model(); }

 private:
  PretrainingLearner learner_;
  TrainingLoop loop_;
};

}  // namespace gradus::bert
