#include "bert/tasks/task_config.hpp"

#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/error_text.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using namespace gradus::bert;

namespace {

TaskConfig read(const TemporaryFolder& folder, const std::string& text) {
  write_file_atomically(folder / "config.json", text);
  return load_task_config(folder / "config.json");
}

std::string with(const std::string& more) {
  return R"({"architectures": ["BertForSequenceClassification"], )" + more + "}";
}

}  // namespace

TEST_CASE("task config: what is written is read again") {
  const TemporaryFolder folder;
  const Config config = Config::named("tiny", 100);
  for (const TaskConfig& task :
       {TaskConfig{.labels = {"bad", "good \"very\"", "好"}, .classifier_dropout = 0.25},
        TaskConfig{.labels = {"LABEL_0"}, .regression = true},
        TaskConfig{.labels = {"bad", "good"}, .pairs = true},
        TaskConfig{.labels = {"bad", "good"}, .pairs = false},
        TaskConfig{.task = Task::token_classification, .labels = {"O", "B-PER", "I-PER"}},
        TaskConfig{.task = Task::question_answering}, TaskConfig{.task = Task::multiple_choice}}) {
    CHECK(read(folder, config_to_json(config, task)) == task);
    CHECK(load_config(folder / "config.json") == config);
  }
}

TEST_CASE("task config: labels that are not said are those of Hugging Face") {
  const TemporaryFolder folder;
  CHECK(read(folder, with("\"x\": 1")).labels == std::vector<std::string>{"LABEL_0", "LABEL_1"});
  CHECK(read(folder, with("\"num_labels\": 3")).labels.size() == 3);
  CHECK(read(folder, with("\"num_labels\": 1")).regression);
  CHECK(read(folder, with(R"("id2label": {"1": "b", "0": "a"}, "problem_type": null)")).labels ==
        std::vector<std::string>{"a", "b"});
}

TEST_CASE("task config: refusals name the key") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& text, const std::string& message) {
    INFO(test::error_text([&] { read(folder, text); }));
    CHECK(test::fails_with(message, [&] { read(folder, text); }));
  };
  refused(R"({"architectures": ["BertModel"]})",
          "the key \"architectures[0]\" is \"BertModel\", but must be the class");
  refused(R"({"architectures": []})", "the key \"architectures\" is a list, but must be a list of one name");
  refused(with(R"("id2label": {"0": "a", "2": "b"})"),
          "but must be an object with the numbers 0 to 1, each once");
  refused(with(R"("id2label": {"0": "a", "01": "b"})"),
          "but must be an object with the numbers 0 to 1, each once");
  refused(with(R"("id2label": {"0": "a", "1": "a"})"),
          "the key \"id2label.1\" is \"a\", but must be a label that no other");
  refused(with(R"("id2label": {})"), "but must be an object of numbers and labels");
  refused(with(R"("id2label": {"0": "a", "1": "b"}, "label2id": {"a": 1, "b": 0})"),
          "the key \"label2id.a\" is 1, but must be 0, as id2label has it");
  refused(with(R"("problem_type": "multi_label_classification")"),
          "the key \"problem_type\" is \"multi_label_classification\", but must be "
          "single_label_classification or "
          "regression");
  refused(with(R"("problem_type": "regression")"), "a regression has one number, not several");
  refused(with(R"("classifier_dropout": 1)"),
          "the key \"classifier_dropout\" is 1, but must be a number from 0 up to 1");
}

TEST_CASE("task config: a label that is not there is named beside those that are") {
  const TaskConfig task{.labels = {"bad", "good"}};
  CHECK(task.label_id("good") == 1);
  CHECK_THROWS_WITH(task.label_id("fine"), "there is no label 'fine'; the labels are bad, good");
}
