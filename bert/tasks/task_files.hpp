/// @file
/// Folders of models with a task on top: those that Hugging Face's models of the same names are kept in.
///
///     auto start = bert::start_task<bert::BertForSequenceClassification>("model", {.labels = {"bad", "good"}});
///     ... train start.model ...
///     bert::save_task("sentiment", start.model, tokenizer);  // transformers opens this folder
///     auto again = bert::load_task<bert::BertForSequenceClassification>("sentiment");
#pragma once

#include <filesystem>

#include "bert/checkpoint/checkpoint.hpp"
#include "bert/tasks/task_models.hpp"

namespace gradus::bert {

/// How a body that was pretrained without dropout, or with another, is trained on. Unset: as its folder says.
struct StartOptions {
  std::optional<double> dropout{};  ///< of hidden states and of attention probabilities
  uint64_t seed = 0;                ///< of the weights that are drawn
};

/// A model with `task` on top of the body of any BERT folder. The classifier is the folder's own if it was
/// trained on this task with these labels; else a fresh one is drawn, and a warning says so where the folder
/// had another. Model is one of the four of task_models.hpp. Returned in training mode.
/// @throws as read_checkpoint and load_weights; FormatError when the classifier's shape is not that of the
///         labels.
template <class Model>
Loaded<Model> start_task(const std::filesystem::path& folder, const TaskConfig& task,
                         const StartOptions& options = {});

/// The model of a folder that was trained on a task. @throws as start_task, and as load_task_config;
/// FormatError when it is another task's, or lacks the classifier.
template <class Model>
Loaded<Model> load_task(const std::filesystem::path& folder);

/// Writes the folder as save_pretrained does.
template <class Model>
void save_task(const std::filesystem::path& folder, const Model& model, const Tokenizer& tokenizer) {
  save_pretrained(folder, model, model.bert.config, config_to_json(model.bert.config, model.task),
                  &tokenizer);
}

}  // namespace gradus::bert
