/// @file
/// Chapter 16: fine-tuning: a body, a head, some examples, and the figures of what comes of it.
#pragma once

#include "bert/tasks/finetuning.hpp"
#include "tasks.hpp"

namespace gradus::tutorials::fine_tuning {

struct Course {
  int64_t steps = 200, rows = 32;
  double rate = 2e-3;
  bool frozen = false;  ///< the embeddings and all layers stay as they are
};

/// A model of the task on top of `body`, which has learnt from random draws of the examples.
template <class Task>
typename Task::Model tuned(const Task& task, const bert::Bert& body,
                           const std::vector<typename Task::Example>& examples, const Course& how,
                           uint64_t seed) {
  Rng rng(seed);
  typename Task::Model model = task.model(rng);
  put_body(body, model.bert);
  if (how.frozen) bert::freeze_layers(model, small_config().num_hidden_layers);
  descend(model, how.steps, how.rate, [&] {
    Some<typename Task::Example> some;
    for (int64_t i = 0; i < how.rows; ++i) some.push_back(&examples[rng.below(examples.size())]);
    return task.loss(model, some);
  });
  return model;
}

/// The task's figures on all of some examples.
template <class Task>
std::vector<double> figures(const Task& task, const typename Task::Model& model,
                            const std::vector<typename Task::Example>& examples) {
  const NoGrad no_tape;
  const nn::EvalMode eval(model);
  Some<typename Task::Example> all;
  for (const auto& one : examples) all.push_back(&one);
  return task.score(model, all);
}

}  // namespace gradus::tutorials::fine_tuning
