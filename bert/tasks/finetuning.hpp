/// @file
/// Fine-tuning: a model with a task on top learns from labelled rows, by the loop that pretraining has
/// (bert/training/training_loop.hpp).
///
///     bert::Classification task(start.model, tokenizer, training, validation, {.fit = {.max_length = 64}});
///     bert::FinetuneLearner learner(task, {.batch_rows = 32, .seed = 1});
///     bert::LoopOptions options;
///     options.steps = 3 * learner.steps_of_an_epoch();
///     options.evaluations = 3;
///     options.ends_with_best = true;
///     bert::TrainingLoop(learner, options, "out").run();
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bert/metrics/findings.hpp"
#include "bert/tasks/scoring.hpp"
#include "bert/tasks/task_models.hpp"
#include "bert/tokenizer/vocab.hpp"
#include "bert/training/training_loop.hpp"

namespace gradus::bert {

/// A task: its model, its labelled rows, and how it is scored. What the tasks have in common is
/// FinetuneLearner's.
class TaskTraining {
 public:
  virtual ~TaskTraining() = default;

  /// While it learns, this share of the pieces of a text, drawn anew in each step, is shown as [MASK], which
  /// pretraining has taught what to do with: what stands around a word has to do where the word itself is
  /// nothing to rely on, as a name that was never seen (word dropout: Iyyer et al. 2015, "Deep Unordered
  /// Composition Rivals Syntactic Methods for Text Classification", section 2.2).
  /// @throws ValueError for a share that is not from 0 up to 1.
  void hide_pieces(double share);
  virtual const nn::Module& model() const = 0;
  virtual void save(const std::filesystem::path& folder) const = 0;

  virtual int64_t rows() const = 0;  ///< to learn from
  /// The slots of these rows as a batch, padding counted, and the pieces in them.
  virtual std::pair<int64_t, int64_t> slots_and_pieces(std::span<const int64_t> rows) const = 0;
  /// How much the loss of these rows is a mean over: labels, or the sum of their weights.
  virtual double weight(std::span<const int64_t> rows) const = 0;
  /// Whether the loss of a batch is the weighted mean of those of its parts, so that parts can be counted one
  /// after the other.
  virtual bool can_be_cut() const { return true; }
  /// The mean loss, with a graph.
  virtual Tensor loss(std::span<const int64_t> rows) const = 0;

  virtual int64_t examples() const = 0;  ///< to be scored on; 0: none
  /// What the model comes to on them. `scoring` as Learner::evaluate has it.
  virtual Findings score(const Scoring& scoring, Detail detail) const = 0;
  virtual std::string measure() const = 0;  ///< the name of the figure that decides
  /// What guesses that need no model reach on them.
  virtual Baselines baselines() const = 0;
  /// What is known of rows to learn from and examples that had to be cut: a sentence for each, or none.
  virtual std::vector<std::string> notes() const = 0;

 protected:
  /// The input of a step, with what is hidden. It may be changed in place.
  TaskInput shown(TaskInput input, const SpecialIds& special) const;

  TaskTraining() = default;
  TaskTraining(const TaskTraining&) = default;
  TaskTraining& operator=(const TaskTraining&) = default;

 private:
  double hidden_share_ = 0;
};

struct FinetuneRows {
  int64_t batch_rows = 32;  ///< of a step
  /// Rows that go through the model at once, for a little memory: the gradient is that of the whole step
  /// whatever this is. 0: all.
  int64_t rows_at_once = 0;
  uint64_t seed = 1;  ///< of the order of rows, another one in each epoch
};

/// Reads all rows once in each epoch, in an order that follows from the seed and the epoch.
class FinetuneLearner : public Learner {
 public:
  /// `task` must outlive the learner. @throws ValueError for a task without rows, a batch below
  /// 1, and rows at once where the task's batches cannot be cut.
  FinetuneLearner(TaskTraining& task, const FinetuneRows& rows);

  int64_t steps_of_an_epoch() const;                      ///< the last one may have fewer rows
  const Findings& findings() const { return findings_; }  ///< of the last evaluation

  const nn::Module& model() const override { return task_.model(); }
  double forward_backward(TrainingState& state, bool with_figures, ShardedStep& step,
                          const std::function<void()>& check_stop) override;
  int64_t held_out_rows() const override { return task_.examples(); }
  /// Scores all examples, however many are asked for. Gives 1 minus the figure that decides.
  double evaluate(int64_t rows, parallel::World& world, const std::function<void()>& check_stop) override;
  void go_to(const TrainingState& state) override;
  void go_on_from(const TrainingState& state, const std::filesystem::path& file) override;
  void save(const std::filesystem::path& place) const override { task_.save(place); }

 private:
  std::vector<int64_t> next_rows(TrainingState& state);

  TaskTraining& task_;
  FinetuneRows rows_;
  std::vector<int64_t> order_;  // of the epoch that it is in
  Findings findings_;
};

/// The embeddings and the first `layers` layers of the model's body are no longer trained. @throws ValueError
/// when there are not so many.
void freeze_layers(const nn::Module& model, int64_t layers);

/// Groups that learn the more slowly the further they are from the task: the classifier and the pooler at the
/// full rate, layer L (the last) at `decay` times it, layer L - 1 at decay^2, the embeddings at
/// decay^(L + 1) (Howard and Ruder 2018, section 3.2; Clark et al. 2020, appendix B). None for a decay of 1.
/// @throws ValueError for a decay that is not above 0 and at most 1.
std::vector<nn::ParameterGroup> layer_wise_rates(int64_t layers, double decay);

}  // namespace gradus::bert
