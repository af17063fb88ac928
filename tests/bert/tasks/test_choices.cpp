// Multiple choice: reading, scoring and learning it.
#include "bert/tasks/choices.hpp"

#include <cmath>

#include "autograd/file.hpp"
#include "autograd/ops.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"
#include "support/error_text.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using namespace gradus::bert;
using test::error_text;
using test::largest_difference;

namespace {

Tokenizer words() {
  return Tokenizer(Vocab({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "d", "e", "f", "g"}));
}

BertForMultipleChoice small_model() {
  Config config = test::small_config();
  config.initializer_range = 0.2;
  Rng rng(3);
  return {config, {.task = Task::multiple_choice}, rng};
}

/// The right choice is the one with the text's letter.
ChoiceQuestions same_letter(int64_t count, uint64_t seed) {
  Rng rng(seed);
  const std::vector<std::string> letters = {"a", "b", "c", "d"};
  ChoiceQuestions questions{"letters.tsv", {"choice1", "choice2"}, {}};
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t n = rng.below(3);
    const uint64_t wrong = (n + 1 + rng.below(2)) % 3;
    const auto right = static_cast<int64_t>(rng.below(2));
    std::vector<std::string> choices = {letters[wrong], letters[wrong]};
    choices[static_cast<size_t>(right)] = letters[n];
    questions.questions.push_back({letters[n], choices, right, i + 2});
  }
  return questions;
}

}  // namespace

TEST_CASE("choices: columns choice1 and on are read, and the label is a name or its number") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "t.tsv";
  write_file_atomically(file, "label\ttext\tchoice1\tkind\tchoice2\nchoice2\ta b\tc\tx\td\n1\te\tf\ty\tg\n");
  const ChoiceQuestions questions = read_choices(file, true);
  CHECK(questions.names == std::vector<std::string>{"choice1", "choice2"});
  REQUIRE(questions.questions.size() == 2);
  CHECK(questions.questions[0].text == "a b");
  CHECK(questions.questions[0].choices == std::vector<std::string>{"c", "d"});
  CHECK(questions.questions[0].right == 1);
  CHECK(questions.questions[1].right == 0);
  CHECK(questions.questions[1].line == 3);
  CHECK(read_choices(file, false).questions[0].right == -1);
}

TEST_CASE("choices: tables that are wrong are refused with their line") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "t.tsv";
  const auto refusal = [&](const std::string& bytes) {
    write_file_atomically(file, bytes);
    std::string text = error_text([&] { read_choices(file, true); });
    return text.substr(file.string().size());
  };
  CHECK(refusal("text\tlabel\nA\t1\n") ==
        ", line 1: names no column of choices; there must be choice1, choice2 and so on");
  CHECK(refusal("text\tlabel\tchoice1\nA\t1\tB\n") ==
        ", line 1: names one column of choices; there must be choice1, choice2 and so on");
  CHECK(refusal("text\tlabel\tchoice1\tchoice2\nA\t1\tB\t\n") == ", line 2: the choice2 is empty");
  CHECK(refusal("text\tlabel\tchoice1\tchoice2\nA\t3\tB\tC\n") ==
        ", line 2: the label '3' is none of the choices choice1, choice2");
}

TEST_CASE("choices: a row for each choice, and accuracy and loss of what is said") {
  const ChoiceQuestions questions = same_letter(3, 1);
  const ChoiceRows rows = choice_rows(words(), questions, {});
  REQUIRE(rows.rows.size() == 6);
  CHECK(rows.rows[1].ids.size() == 5);  // [CLS] text [SEP] choice [SEP]
  CHECK(rows.rows[1].first_length == 3);
  ChoiceQuestions known = questions;
  for (auto& question : known.questions) question.right = 0;
  const Findings found = judge_choices(known, tensor<double>({2, 0, 0, 1, 3, 0}, Shape{3, 2}), Detail::all);
  CHECK(found.value() == Approx(2.0 / 3));
  CHECK(
      found.figures[1].value ==
      Approx((std::log1p(std::exp(-2.0)) + 1 + std::log1p(std::exp(-1.0)) + std::log1p(std::exp(-3.0))) / 3));
  REQUIRE(found.worst.size() == 1);
  CHECK(found.worst[0].text == known.questions[1].text);
  CHECK(found.worst[0].said == known.questions[1].choices[1]);
  ChoiceQuestions unknown = questions;
  unknown.questions[2].right = -1;
  CHECK(error_text([&] {
          judge_choices(unknown, zeros({3, 2}), Detail::all);
        }) == "letters.tsv, line 4: has no label");
}

TEST_CASE("choices: choose() scores each choice as the model alone does, whatever is beside it") {
  const BertForMultipleChoice model = small_model();
  const ChoiceQuestions questions = same_letter(5, 2);
  const ChoiceRows rows = choice_rows(words(), questions, {});
  const Tensor said = choose(model, rows, 2, 0);
  CHECK(said.shape() == Shape{5, 2});
  const nn::EvalMode eval(model);
  std::vector<const TextRow*> all;
  for (const TextRow& row : rows.rows) all.push_back(&row);
  CHECK(largest_difference(said, model(to_input(all, 0), 2)) < 1e-6);
}

TEST_CASE("choices: what fits is learnt, and guesses stand beside it") {
  Choices task(small_model(), words(), same_letter(120, 1), same_letter(40, 2), {});
  FinetuneLearner learner(task, {.batch_rows = 8});
  const TemporaryFolder folder;
  LoopOptions how;
  how.steps = 300;
  how.warmup = 0;
  how.learning_rate = 5e-3;
  how.settings = "test";
  TrainingLoop(learner, how, folder.path() / "run").run();
  CHECK(learner.findings().value() == 1);
  CHECK(task.baselines()[0] == std::pair<std::string, double>("guessing", 0.5));
  CHECK(task.baselines()[1] == std::pair<std::string, double>("word overlap", 1));  // here it is as good
  const auto [saved, warnings] = load_task<BertForMultipleChoice>(folder.path() / "run");
  CHECK(warnings.empty());
  const ChoiceRows rows = choice_rows(words(), same_letter(4, 3), {});
  CHECK(largest_difference(choose(saved, rows, 2, 0), choose(task.model(), rows, 2, 0)) < 1e-6);
}

TEST_CASE("choices: training and validation must have as many") {
  ChoiceQuestions three = same_letter(3, 1);
  three.file = "three.tsv";
  three.names.emplace_back("choice3");
  for (auto& question : three.questions) question.choices.emplace_back("g");
  CHECK(error_text([&] { Choices(small_model(), words(), same_letter(3, 1), three, {}); }) ==
        "letters.tsv has 2 choices a question, and three.tsv has 3");
}
