#include "bert/tasks/task_files.hpp"

#include <string_view>

namespace gradus::bert {
namespace fs = std::filesystem;
namespace {

template <class Model>
constexpr Task task_of = Task::sequence_classification;
template <>
constexpr Task task_of<BertForTokenClassification> = Task::token_classification;
template <>
constexpr Task task_of<BertForQuestionAnswering> = Task::question_answering;
template <>
constexpr Task task_of<BertForMultipleChoice> = Task::multiple_choice;

bool is_classifier(std::string_view name) {
  return name.starts_with("classifier.") || name.starts_with("qa_outputs.") || name.starts_with("pooling.");
}

/// The task that the folder's classifier was trained on; nothing for a folder without one.
std::optional<TaskConfig> trained_on(const fs::path& folder, const Checkpoint& checkpoint) {
  for (const auto& [name, value] : checkpoint.weights)
    if (is_classifier(name)) return load_task_config(folder / "config.json");
  return std::nullopt;
}

/// Whether a classifier of `has` does what `wanted` asks for.
bool is_same_head(const TaskConfig& has, const TaskConfig& wanted) {
  return has.task == wanted.task && has.labels == wanted.labels && has.regression == wanted.regression &&
         has.pooling == wanted.pooling;
}

template <class Model>
Model with_weights(Checkpoint& checkpoint, const TaskConfig& task, uint64_t seed) {
  Model model = model_to_load(checkpoint, [&] {
    Rng rng(seed);
    return Model(checkpoint.config, task, rng);
  });
  const bool has_pooler = model.bert.pooler.has_value();
  // Other heads are no part of the model; leaving them is what was asked for.
  std::erase_if(checkpoint.weights, [&](const auto& entry) {
    return entry.first.starts_with("cls.") || (!has_pooler && entry.first.starts_with("bert.pooler."));
  });
  load_weights(checkpoint, model);
  return model;
}

}  // namespace

template <class Model>
Loaded<Model> start_task(const fs::path& folder, const TaskConfig& task, const StartOptions& options) {
  if (task.task != task_of<Model>)
    fail<ValueError>("a {} has no {}", architecture_of(task_of<Model>), architecture_of(task.task));
  Checkpoint checkpoint = read_checkpoint(folder);
  if (const std::optional<TaskConfig> has = trained_on(folder, checkpoint);
      has && !is_same_head(*has, task)) {
    std::erase_if(checkpoint.weights, [](const auto& entry) { return is_classifier(entry.first); });
    checkpoint.warnings.push_back(
        fmt::format("{}: its classifier was trained on another task or on other labels and is left out",
                    checkpoint.file.string()));
  }
  if (options.dropout)
    checkpoint.config.hidden_dropout_prob = checkpoint.config.attention_probs_dropout_prob = *options.dropout;
  Model model = with_weights<Model>(checkpoint, task, options.seed);
  return {std::move(model), std::move(checkpoint.warnings)};
}

template <class Model>
Loaded<Model> load_task(const fs::path& folder) {
  Checkpoint checkpoint = read_checkpoint(folder);
  const TaskConfig task = load_task_config(folder / "config.json");
  if (task.task != task_of<Model>)
    fail<FormatError>("{}: is a {}, not a {}", (folder / "config.json").string(), architecture_of(task.task),
                      architecture_of(task_of<Model>));
  if (!trained_on(folder, checkpoint))
    fail<FormatError>("{}: has no classifier, so it was not trained on a task", checkpoint.file.string());
  Model model = with_weights<Model>(checkpoint, task, 0);
  return {std::move(model), std::move(checkpoint.warnings)};
}

template Loaded<BertForSequenceClassification> start_task(const fs::path&, const TaskConfig&,
                                                          const StartOptions&);
template Loaded<BertForTokenClassification> start_task(const fs::path&, const TaskConfig&,
                                                       const StartOptions&);
template Loaded<BertForQuestionAnswering> start_task(const fs::path&, const TaskConfig&, const StartOptions&);
template Loaded<BertForMultipleChoice> start_task(const fs::path&, const TaskConfig&, const StartOptions&);
template Loaded<BertForSequenceClassification> load_task(const fs::path&);
template Loaded<BertForTokenClassification> load_task(const fs::path&);
template Loaded<BertForQuestionAnswering> load_task(const fs::path&);
template Loaded<BertForMultipleChoice> load_task(const fs::path&);

}  // namespace gradus::bert
