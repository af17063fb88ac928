#include "bert/tasks/task_config.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "bert/text/json_node.hpp"

namespace gradus::bert {
namespace {

using nlohmann::ordered_json;

constexpr std::array<std::pair<Task, const char*>, 4> architectures = {
    {{Task::sequence_classification, "BertForSequenceClassification"},
     {Task::token_classification, "BertForTokenClassification"},
     {Task::question_answering, "BertForQuestionAnswering"},
     {Task::multiple_choice, "BertForMultipleChoice"}}};

bool has(const JsonNode& node, const char* key) { return node.has(key) && !node.value().at(key).is_null(); }

std::optional<Task> task_by_architecture(const std::string& name) {
  for (const auto& [task, architecture] : architectures)
    if (name == architecture) return task;
  return std::nullopt;
}

Task read_task(const JsonNode& root) {
  const std::string wanted =
      "the class of a task: BertForSequenceClassification, BertForTokenClassification, "
      "BertForQuestionAnswering or BertForMultipleChoice; a pretrained model is made one by gradus finetune";
  const std::vector<JsonNode> names = root.at("architectures").items();
  if (names.size() != 1) root.at("architectures").refuse("a list of one name");
  const std::string name = names[0].text();
  if (const std::optional<Task> task = task_by_architecture(name)) return *task;
  names[0].refuse(wanted);
}

/// id2label, by rising number. JSON has the numbers as text.
std::vector<std::string> read_labels(const JsonNode& root) {
  if (!has(root, "id2label")) {
    const int64_t count = has(root, "num_labels") ? root.at("num_labels").whole(1, 1'000'000) : 2;
    std::vector<std::string> labels;
    for (int64_t i = 0; i < count; ++i) labels.push_back(fmt::format("LABEL_{}", i));
    return labels;
  }
  const JsonNode map = root.at("id2label");
  if (!map.value().is_object() || map.value().empty()) map.refuse("an object of numbers and labels");
  std::vector<std::string> labels(map.value().size());
  std::vector<bool> is_there(labels.size());
  for (const auto& [key, value] : map.value().items()) {
    size_t id = labels.size();
    std::from_chars(key.data(), key.data() + key.size(), id);
    if (key != std::to_string(id) || id >= labels.size() || is_there[id])
      map.refuse(fmt::format("an object with the numbers 0 to {}, each once", labels.size() - 1));
    labels[id] = map.at(key).text();
    is_there[id] = true;
    if (std::ranges::count(labels, labels[id]) > 1) map.at(key).refuse("a label that no other number has");
  }
  if (!has(root, "label2id")) return labels;
  const JsonNode back = root.at("label2id");
  for (size_t id = 0; id < labels.size(); ++id) {
    if (back.at(labels[id]).whole() != static_cast<int64_t>(id))
      back.at(labels[id]).refuse(fmt::format("{}, as id2label has it", id));
  }
  return labels;
}

}  // namespace

std::string architecture_of(Task task) {
  return std::ranges::find(architectures, task, &std::pair<Task, const char*>::first)->second;
}

int64_t TaskConfig::label_id(const std::string& label) const {
  const auto found = std::ranges::find(labels, label);
  if (found == labels.end()) {
    constexpr size_t shown = 20;
    const std::vector<std::string> some(
        labels.begin(), labels.begin() + static_cast<std::ptrdiff_t>(std::min(shown, labels.size())));
    fail<ValueError>("there is no label '{}'; the labels are {}{}", label, fmt::join(some, ", "),
                     labels.size() > shown ? fmt::format(" and {} more", labels.size() - shown) : "");
  }
  return found - labels.begin();
}

TaskConfig load_task_config(const std::filesystem::path& file) {
  const nlohmann::json content = parse_json_file(file);
  const JsonNode root(file.string(), content);
  TaskConfig config;
  config.task = read_task(root);
  const bool has_labels =
      config.task == Task::sequence_classification || config.task == Task::token_classification;
  if (has_labels) config.labels = read_labels(root);
  if (has(root, "problem_type") && config.task == Task::sequence_classification) {
    const std::string type = root.at("problem_type").text();
    if (type != "regression" && type != "single_label_classification")
      root.at("problem_type").refuse("single_label_classification or regression");
    config.regression = type == "regression";
  } else if (config.task == Task::sequence_classification) {
    config.regression = config.labels.size() == 1;  // as transformers takes it
  }
  if (config.regression && config.labels.size() != 1)
    root.at("problem_type").refuse("single_label_classification: a regression has one number, not several");
  if (has(root, "gradus") && has(root.at("gradus"), "pairs"))
    config.pairs = root.at("gradus").at("pairs").boolean();
  if (has(root, "gradus") && has(root.at("gradus"), "pooling")) {
    const JsonNode pooling = root.at("gradus").at("pooling");
    const std::vector<std::string>& names = text_pooling_names();
    if (std::ranges::find(names, pooling.text()) == names.end())
      pooling.refuse(fmt::format("one of {}", fmt::join(names, ", ")));
    config.pooling = text_pooling_by_name(pooling.text());
  }
  if (has(root, "classifier_dropout")) {
    config.classifier_dropout = root.at("classifier_dropout").number();
    if (!(*config.classifier_dropout >= 0 && *config.classifier_dropout < 1))
      root.at("classifier_dropout").refuse("a number from 0 up to 1");
  }
  return config;
}

std::optional<TaskConfig> find_task_config(const std::filesystem::path& file) {
  const nlohmann::json content = parse_json_file(file);
  const JsonNode root(file.string(), content);
  if (!has(root, "architectures")) return std::nullopt;
  for (const JsonNode& name : root.at("architectures").items())
    if (task_by_architecture(name.text())) return load_task_config(file);
  return std::nullopt;
}

std::string config_to_json(const Config& config, const TaskConfig& task) {
  ordered_json out = ordered_json::parse(config_to_json(config, architecture_of(task.task)));
  if (!task.labels.empty()) {
    for (size_t id = 0; id < task.labels.size(); ++id) {
      out["id2label"][std::to_string(id)] = task.labels[id];
      out["label2id"][task.labels[id]] = id;
    }
  }
  if (task.task == Task::sequence_classification)
    out["problem_type"] = task.regression ? "regression" : "single_label_classification";
  if (task.pooling != TextPoolingKind::pooler) {
    out["model_type"] = variant_type;
    out["gradus"]["pooling"] = name_of(task.pooling);
  }
  if (task.pairs) out["gradus"]["pairs"] = *task.pairs;
  out["classifier_dropout"] = nullptr;
  if (task.classifier_dropout) out["classifier_dropout"] = *task.classifier_dropout;
  return out.dump(2) + "\n";
}

}  // namespace gradus::bert
