/// @file
/// TaskConfig: what config.json says beside the network's sizes when a BERT has a task on top.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bert/model/config.hpp"
#include "bert/tasks/text_pooling.hpp"

namespace gradus::bert {

/// The tasks, by the model that Hugging Face has for each.
enum class Task {
  sequence_classification,  ///< a label (or a number) for a text or a pair
  token_classification,     ///< a label for each word
  question_answering,       ///< a span of the text, or none
  multiple_choice           ///< one of several second texts
};

/// "BertForSequenceClassification" and so on: the class that `architectures` names.
std::string architecture_of(Task task);

/// The labels and the kind of a task, with Hugging Face's keys.
struct TaskConfig {
  Task task = Task::sequence_classification;
  std::vector<std::string> labels = {};  ///< `id2label`: the name of each class, by its number
  bool regression = false;               ///< `problem_type`: "regression", a number in place of a label
  /// Sequence classification: how a text's vectors become one. Hugging Face's models have the pooler alone,
  /// so a folder with another says that it is none of them.
  TextPoolingKind pooling = TextPoolingKind::pooler;
  /// Sequence classification: whether it was learnt from pairs of texts, or from single ones; unset where the
  /// folder does not say, as one of transformers.
  std::optional<bool> pairs{};
  std::optional<double> classifier_dropout{};  ///< before the classifier; unset: as hidden_dropout_prob

  /// Dropout before the classifier of a network of `config`.
  double dropout(const Config& config) const {
    return classifier_dropout.value_or(config.hidden_dropout_prob);
  }
  /// The number of a label. @throws ValueError that lists those that there are.
  int64_t label_id(const std::string& label) const;

  bool operator==(const TaskConfig&) const = default;
};

/// Reads the task of a config.json. `architectures` names it; absent labels are Hugging Face's LABEL_0 and
/// LABEL_1, and of num_labels or of id2label the latter counts.
/// @throws IoError; FormatError that names the file and the key: no architecture of a task, labels whose
///         numbers are not 0, 1, 2 ..., a label that stands there twice, a label2id that says otherwise,
///         several labels at once (multi_label_classification), which Gradus does not learn.
TaskConfig load_task_config(const std::filesystem::path& file);

/// The same for any BERT's config.json; nothing where its architecture is that of no task.
/// @throws as load_task_config, but for that.
std::optional<TaskConfig> find_task_config(const std::filesystem::path& file);

/// The text of a config.json of this network with this task on top.
std::string config_to_json(const Config& config, const TaskConfig& task);

}  // namespace gradus::bert
