/// @file
/// Trainer: pretrains a BertForPreTraining, step by step, so that nothing is lost when it is stopped.
///
/// A run is a folder. While it goes on, `checkpoints/step-N` inside it hold a model folder that Hugging Face
/// opens, the optimiser's moments, and training_state.json. Everything random follows from (seed, step) and
/// (seed, epoch, example), so a run that is resumed from a checkpoint goes on with the same bits as if it had
/// never stopped.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bert/data/pretraining_data.hpp"
#include "bert/evaluation/evaluation.hpp"
#include "bert/model/heads.hpp"
#include "bert/tokenizer/tokenizer.hpp"
#include "bert/training/batch_reader.hpp"
#include "bert/training/checkpoint_folder.hpp"
#include "bert/training/course.hpp"
#include "bert/training/pace.hpp"
#include "bert/training/step_loss.hpp"
#include "bert/training/trainer_options.hpp"
#include "bert/training/training_state.hpp"
#include "nn/optimizer.hpp"

namespace gradus::bert {

/// What a step did, in training mode: the means over all masked positions, and over all pairs, of its
/// batches. The accuracies are those of the last step whose number report_every divides (or the last of all).
struct StepReport {
  int64_t step = 0;
  double progress = 0;  ///< share of the run that is done, 0 to 1
  double loss = 0, mlm_loss = 0, nsp_loss = 0, mlm_accuracy = 0, nsp_accuracy = 0;
  double learning_rate = 0, gradient_norm = 0;
  double slots_per_second = 0, seconds = 0;
  double seconds_left = 0;  ///< for the steps and evaluations to come, at the pace of the latest ones
  int64_t slots = 0;        ///< seen so far, with padding
  int64_t tokens = 0;       ///< of the text seen so far, as in TrainingState
};

/// What the caller wants to hear. Each may be empty.
struct TrainerEvents {
  std::function<void(const StepReport&)> step;
  std::function<void(const StepReport&, const Evaluation&)> evaluation;
  std::function<void(const std::filesystem::path& checkpoint)> saved;
  /// Asked after every step, and between the batches of a step or an evaluation; true: save and return. A
  /// step that is left is made again when the run goes on.
  std::function<bool()> stop;
};

enum class TrainingEnd { finished, interrupted };

class Trainer {
 public:
  /// `held_out` may be null: then nothing is evaluated. @throws Error for options out of range.
  Trainer(BertForPreTraining model, Tokenizer tokenizer, std::shared_ptr<const PretrainingData> training,
          std::shared_ptr<const PretrainingData> held_out, TrainerOptions options,
          std::filesystem::path folder, TrainerEvents events = {});

  /// Goes back to the newest checkpoint of the folder that can be read (find_resumable). Returns false if
  /// there is none.
  bool resume();

  /// Trains to the end, or until `stop` is set; a checkpoint is written either way. If the loss becomes NaN
  /// or infinite, throws Error that names the op, the place in the model and the last checkpoint.
  TrainingEnd run();

  /// True when all of the run's steps or minutes are done.
  bool is_done() const { return progress(options_, state_) >= 1; }

  /// The last evaluation of a run, on the model as it is now. Nothing without held-out text, or when `stop`
  /// says so.
  std::optional<Evaluation> final_evaluation() const;

  /// Whether run() evaluates the model as it is now before it takes a step, or in place of one.
  bool evaluates_first() const { return state_.step == 0 || state_.must_evaluate || is_done(); }

  const TrainingState& state() const { return state_; }
  const BertForPreTraining& model() const { return model_; }

 private:
  std::optional<StepReport> step();
  StepLoss forward_backward(bool with_accuracy);
  StepReport report_here() const;
  bool evaluate_now(const StepReport& report, int64_t rows);
  std::optional<Evaluation> evaluation_of(int64_t rows) const;
  double seconds_left() const;
  bool is_save_due(double saved_at) const;
  void save();
  TrainingEnd interrupted();
  bool must_stop() const { return events_.stop && events_.stop(); }
  void check_stop() const;
  void go_back_to(const TrainingState& state);
  [[noreturn]] void fail_not_finite(const TrainingState& before, const std::string& what);
  BatchReader checked_reader(const TrainingState& state, const std::filesystem::path& file) const;

  BertForPreTraining model_;
  Tokenizer tokenizer_;
  BatchReader reader_;
  std::shared_ptr<const PretrainingData> held_out_;
  TrainerOptions options_;
  std::filesystem::path folder_;
  CheckpointFolder checkpoints_;
  TrainerEvents events_;
  std::unique_ptr<nn::Optimizer> optimizer_;
  TrainingState state_;
  Pace pace_, evaluation_pace_;  // of shares of the run, and of evaluated rows
  int64_t held_out_rows_ = 0;    // of one epoch
  double mlm_accuracy_ = 0, nsp_accuracy_ = 0;
};

}  // namespace gradus::bert
