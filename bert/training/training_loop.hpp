/// @file
/// TrainingLoop: step after step, so that nothing is lost when it is stopped, whatever is learnt.
///
/// A run is a folder. While it goes on, `checkpoints/step-N` inside it hold a model folder that Hugging Face
/// opens, the optimiser's moments, and training_state.json. Everything random follows from the seed and the
/// place in the run, so a run that is resumed from a checkpoint goes on with the same bits as if it had never
/// stopped.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bert/training/checkpoint_folder.hpp"
#include "bert/training/course.hpp"
#include "bert/training/loop_options.hpp"
#include "bert/training/pace.hpp"
#include "bert/training/sharded_step.hpp"
#include "bert/training/training_state.hpp"
#include "nn/optimizers/optimizer.hpp"

namespace gradus::bert {

/// What a loop trains: a model, the rows that it learns from, and those that it is scored on. `check_stop`
/// is to be called between batches, by all ranks alike; it may throw, and then the step or the evaluation is
/// made again later.
class Learner {
 public:
  virtual ~Learner() = default;
  virtual const nn::Module& model() const = 0;

  /// Adds to the gradients that of the next step's loss, moves `state` past its rows, and gives the loss; all
  /// that over the shards of `step`, of which this rank computes its own. Figures that only a report needs
  /// are counted `with_figures`.
  virtual double forward_backward(TrainingState& state, bool with_figures, ShardedStep& step,
                                  const std::function<void()>& check_stop) = 0;
  /// The rows of a whole evaluation; 0: there is nothing to be scored on.
  virtual int64_t held_out_rows() const = 0;
  /// Scores the model on so many rows, or on all for 0. Gives a number from 0 on that is the smaller the
  /// better.
  /// With several ranks it may share the rows out over `world`; all get the same number.
  virtual double evaluate(int64_t rows, parallel::World& world, const std::function<void()>& check_stop) = 0;

  /// Goes back to the rows after `state`, where it was before.
  virtual void go_to(const TrainingState& state) = 0;
  /// The same for a state that was read from `file`.
  /// @throws FormatError that names it when no run of this learner comes to that state.
  virtual void go_on_from(const TrainingState& state, const std::filesystem::path& file) = 0;
  /// Writes the model's folder.
  virtual void save(const std::filesystem::path& place) const = 0;

 protected:
  Learner() = default;
  Learner(const Learner&) = default;
  Learner& operator=(const Learner&) = default;
};

/// What a step did, and where the run is.
struct LoopReport {
  int64_t step = 0;
  double progress = 0;  ///< share of the run that is done, 0 to 1
  double loss = 0;
  double learning_rate = 0, gradient_norm = 0;
  double slots_per_second = 0, seconds = 0;
  double waiting_share = 0;  ///< of the step that this rank waited for others
  double seconds_left = 0;   ///< for the steps and evaluations to come, at the pace of the latest ones
  int64_t slots = 0;         ///< seen so far, with padding
  int64_t tokens = 0;        ///< of the text seen so far, as in TrainingState
};

/// What the caller wants to hear. Each may be empty.
struct LoopEvents {
  std::function<void(const LoopReport&)> step;
  std::function<void(const LoopReport&)> evaluation;  ///< the learner has just been scored
  /// A checkpoint is about to be written: what a run that goes on from it needs beside it is to be there
  /// first.
  std::function<void()> saving;
  std::function<void(const std::filesystem::path& checkpoint)> saved;
  /// Asked after every step, and between the batches of a step or an evaluation; true: save and return. A
  /// step that is left is made again when the run goes on.
  std::function<bool()> stop;
};

enum class TrainingEnd { finished, interrupted };

class TrainingLoop {
 public:
  /// `learner` must outlive the loop. @throws Error for options out of range.
  TrainingLoop(Learner& learner, LoopOptions options, std::filesystem::path folder, LoopEvents events = {});

  /// Goes back to the newest checkpoint of the folder that can be read (find_resumable). Returns false if
  /// there is none.
  bool resume();

  /// Trains to the end, or until `stop` is set on some rank; a checkpoint is written either way, by rank 0,
  /// and also before an error of another rank goes on to the caller. If the loss becomes NaN or infinite,
  /// throws Error that names the op, the place in the model and the last checkpoint.
  TrainingEnd run();

  /// True when all of the run's steps or minutes are done, or its patience is.
  bool is_done() const;

  /// The score of the model as it is now on all rows that the last evaluation takes. Nothing if there are
  /// none, or when `stop` says so.
  std::optional<double> final_score() const { return score_of(options_.final_rows); }

  /// Whether run() evaluates the model as it is now before it takes a step, or in place of one.
  bool evaluates_first() const { return state_.step == 0 || state_.must_evaluate || is_done(); }

  const TrainingState& state() const { return state_; }

  /// The most bytes that tensors of this process held at a time within a step (MemoryStats): weights,
  /// gradients and moments, and what the step keeps for its backward. 0 before the first step.
  int64_t step_memory() const { return step_memory_; }

 private:
  TrainingEnd train();
  std::optional<LoopReport> step();
  double forward_backward(bool with_figures);
  double seconds_of_step(double seconds) const;
  LoopReport report_here() const;
  bool evaluate_now(const LoopReport& report, int64_t rows);
  std::optional<double> score_of(int64_t rows) const;
  int64_t rows_of(int64_t asked) const;
  double seconds_left() const;
  bool is_save_due(double saved_at) const;
  void save();
  void save_alone();
  void write_checkpoint();
  void write_moments(const std::filesystem::path& file) const;
  void save_result();
  bool shares_moments() const { return options_.share_moments && options_.world->size() > 1; }
  void share_moments();
  bool is_first_rank() const { return options_.world->rank() == 0; }
  TrainingEnd interrupted();
  bool must_stop() const;
  void check_stop() const;
  void load(const std::filesystem::path& checkpoint);
  void go_back_to(const TrainingState& state);
  [[noreturn]] void fail_not_finite(const TrainingState& before, const std::string& what);

  Learner& learner_;
  LoopOptions options_;
  std::filesystem::path folder_;
  CheckpointFolder checkpoints_;
  LoopEvents events_;
  std::unique_ptr<nn::Optimizer> optimizer_;
  ShardedStep shards_;
  TrainingState state_;
  int64_t step_memory_ = 0;
  Pace pace_, evaluation_pace_;  // of shares of the run, and of evaluated rows
};

}  // namespace gradus::bert
