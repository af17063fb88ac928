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

#include "bert/training/training_loop.hpp"

namespace gradus::bert {

/// A figure and its name, such as ("accuracy", 0.93).
using Figures = std::vector<std::pair<std::string, double>>;

/// A task: its model, its labelled rows, and how it is scored. What the tasks have in common is
/// FinetuneLearner's.
class TaskTraining {
 public:
  virtual ~TaskTraining() = default;
  virtual const nn::Module& model() const = 0;
  virtual void save(const std::filesystem::path& folder) const = 0;

  virtual int64_t rows() const = 0;  ///< to learn from
  /// The slots of these rows as a batch, padding counted, and the pieces in them.
  virtual std::pair<int64_t, int64_t> slots_and_pieces(std::span<const int64_t> rows) const = 0;
  /// How much the loss of these rows is a mean over: labels, or the sum of their weights.
  virtual double weight(std::span<const int64_t> rows) const = 0;
  /// The mean loss, with a graph.
  virtual Tensor loss(std::span<const int64_t> rows) const = 0;

  virtual int64_t examples() const = 0;  ///< to be scored on; 0: none
  /// The figures of the model on them, the one that decides first: the larger the better, at most 1.
  /// `check_stop` is called between batches, as Learner has it.
  virtual Figures score(const std::function<void()>& check_stop) const = 0;

 protected:
  TaskTraining() = default;
  TaskTraining(const TaskTraining&) = default;
  TaskTraining& operator=(const TaskTraining&) = default;
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
  /// `task` must outlive the learner. @throws ValueError for a task without rows, or a batch below 1.
  FinetuneLearner(TaskTraining& task, const FinetuneRows& rows);

  int64_t steps_of_an_epoch() const;                   ///< the last one may have fewer rows
  const Figures& figures() const { return figures_; }  ///< of the last evaluation

  const nn::Module& model() const override { return task_.model(); }
  double forward_backward(TrainingState& state, bool with_figures,
                          const std::function<void()>& check_stop) override;
  int64_t held_out_rows() const override { return task_.examples(); }
  /// Scores all examples, however many are asked for. Gives 1 minus the first figure.
  double evaluate(int64_t rows, const std::function<void()>& check_stop) override;
  void go_to(const TrainingState& state) override;
  void go_on_from(const TrainingState& state, const std::filesystem::path& file) override;
  void save(const std::filesystem::path& place) const override { task_.save(place); }

 private:
  std::vector<int64_t> next_rows(TrainingState& state);

  TaskTraining& task_;
  FinetuneRows rows_;
  std::vector<int64_t> order_;  // of the epoch that it is in
  Figures figures_;
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
