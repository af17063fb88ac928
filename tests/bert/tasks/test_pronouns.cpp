// Whom a pronoun means: finding it in the text, naming it, learning it.
#include "bert/tasks/pronouns.hpp"

#include <cmath>

#include "autograd/ops.hpp"
#include "bert/checkpoint/checkpoint.hpp"
#include "nn/gradcheck.hpp"
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
  return Tokenizer(Vocab({"[PAD]",
                          "[UNK]",
                          "[CLS]",
                          "[SEP]",
                          "[MASK]",
                          "the",
                          "dog",
                          "egg",
                          "it",
                          "was",
                          "##s",
                          "ate",
                          ".",
                          "good",
                          "bad",
                          "old",
                          "cat",
                          "fig",
                          "\xC3\xA9t\xC3\xA9",
                          "saw"}));
}

BertForPreTraining small_model() {
  Config config = test::small_config();
  config.max_position_embeddings = 16;
  config.initializer_range = 0.2;
  Rng rng(3);
  return {config, rng};
}

/// "good" means what ate, "bad" what was eaten.
std::vector<PronounCase> meals(int64_t count, uint64_t seed) {
  Rng rng(seed);
  std::vector<PronounCase> cases;
  for (int64_t i = 0; i < count; ++i) {
    const std::string who = rng.below(2) == 0 ? "dog" : "cat", what = rng.below(2) == 0 ? "egg" : "fig";
    const bool first = rng.below(2) == 0;
    cases.push_back({fmt::format("The {} ate the {} . it was {}", who, what, first ? "good" : "bad"),
                     "the " + who, "the " + what, first, "t.tsv, line " + std::to_string(i + 2)});
  }
  return cases;
}

}  // namespace

TEST_CASE("pronouns: places are found as whole words, whatever stands before them") {
  const std::string text = "The dogs saw the dog . \xC3\xA9t\xC3\xA9 it ate , it was old";
  const Encoding encoding = words().encode(text);
  const PronounCase one{text, "", "", true, "t.tsv, line 3"};
  CHECK(pieces_of(encoding, one, "the dog", false) ==
        std::vector<size_t>{5, 6});  // [CLS] the dog ##s saw the dog
  CHECK(pieces_of(encoding, one, "dogs", false) == std::vector<size_t>{2, 3});
  CHECK(pieces_of(encoding, one, "it", false) == std::vector<size_t>{9});
  CHECK(encoding.pieces[pieces_of(encoding, one, "it", true).front() + 1] == "was");
  CHECK(error_text([&] { pieces_of(encoding, one, "egg", false); }) ==
        "t.tsv, line 3: there is no 'egg' in '" + text + "'");
}

TEST_CASE("pronouns: rows know the pronoun's place and the nouns' pieces, or say what is wrong") {
  const std::vector<PronounRow> rows = pronoun_rows(
      words(), {{"The old dog ate the eggs . it was bad", "the old dog", "the eggs", true, "t.tsv, line 7"}},
      "it", 16);
  CHECK(rows[0].place == 9);
  CHECK(rows[0].first == 6);
  CHECK(rows[0].second == 7);
  CHECK(rows[0].right(false) == 7);
  const auto refusal = [](const PronounCase& one, int64_t positions = 16) {
    return error_text([&] { pronoun_rows(words(), {one}, "it", positions); });
  };
  CHECK(refusal({"the dog ate the egg .", "the dog", "the egg", true, "t.tsv, line 7"}) ==
        "t.tsv, line 7: there is no 'it' in 'the dog ate the egg .'");
  CHECK(refusal({"the egg . the eggs . it was old", "the egg", "the eggs", true, "t.tsv, line 7"}) ==
        "t.tsv, line 7: 'the egg' and 'the eggs' begin with the same piece, so the model cannot name one of "
        "them");
  CHECK(refusal({"the dog ate the egg . it was old", "the dog", "the egg", true, "t.tsv, line 7"}, 9) ==
        "t.tsv, line 7: the text has 11 pieces with [CLS] and [SEP], and the model takes 9 at most");
}

TEST_CASE("pronouns: a table names the nouns in columns") {
  LabelledTexts texts;
  texts.file = "t.tsv";
  texts.other_columns = {"first_noun", "second_noun"};
  texts.rows = {{"the dog ate the egg . it was bad", "", "second", 0, 2, {"the dog", "the egg"}}};
  CHECK(!pronoun_cases(texts)[0].first_is_right);
  CHECK(pronoun_cases(texts)[0].second == "the egg");
  texts.rows[0].label = "both";
  CHECK(error_text([&] { pronoun_cases(texts); }) ==
        "t.tsv, line 2: the label 'both' is neither first nor second");
  CHECK(pronoun_cases(texts, false).size() == 1);
  texts.other_columns = {"first_noun", "kind"};
  CHECK(error_text([&] { pronoun_cases(texts); }) ==
        "t.tsv: has no column 'second_noun' beside text and label; there are first_noun, kind");
}

TEST_CASE("pronouns: the two logits are those of the MLM head at the pronoun, whatever is beside a text") {
  const BertForPreTraining model = small_model();
  const std::vector<PronounCase> cases = {
      {"the dog ate the egg . it was bad", "the dog", "the egg", true, ""},
      {"it saw the cat , the fig", "the cat", "the fig", false, ""}};
  const std::vector<PronounRow> rows = pronoun_rows(words(), cases, "it", 16);
  const Tensor said = name_pronouns(model, rows, 0);
  const nn::EvalMode eval(model);
  for (size_t i = 0; i < rows.size(); ++i) {
    const TextRow* const row = &rows[i].row;
    const TaskInput input = to_input(std::span(&row, 1), 0);
    const Tensor logits =
        model(input.ids, input.token_type_ids, input.attention_mask, tensor<int64_t>({rows[i].place}))
            .mlm_logits;
    CHECK(said.select(0, static_cast<int64_t>(i)).select(0, 0).item() ==
          Approx(logits.select(0, 0).select(0, rows[i].first).item()).epsilon(1e-5));
    CHECK(said.select(0, static_cast<int64_t>(i)).select(0, 1).item() ==
          Approx(logits.select(0, 0).select(0, rows[i].second).item()).epsilon(1e-5));
  }
  const Findings found = judge_pronouns(cases, tensor<double>({2, 0, 1, 0}, Shape{2, 2}), Detail::all);
  CHECK(found.value() == 0.5);
  CHECK(found.figures[1].value == Approx((std::log1p(std::exp(-2.0)) + 1 + std::log1p(std::exp(-1.0))) / 2));
  REQUIRE(found.worst.size() == 1);
  CHECK(found.worst[0].truth == "the fig");
  CHECK(found.worst[0].said == "the cat");
}

TEST_CASE("pronouns: who did it is learnt, beside the guesses, and the folder is a pretraining model's") {
  Pronouns task(small_model(), words(), meals(120, 1), meals(40, 2), "it");
  FinetuneLearner learner(task, {.batch_rows = 16});
  const TemporaryFolder folder;
  LoopOptions how;
  how.steps = 200;
  how.warmup = 0;
  how.learning_rate = 5e-3;
  how.settings = "test";
  TrainingLoop(learner, how, folder.path() / "run").run();
  CHECK(learner.findings().value() == 1);
  CHECK(task.baselines()[0].first == "always the first noun");
  CHECK(task.baselines()[1].second < 0.8);
  const BertForPreTraining saved = load_for_pretraining(folder.path() / "run").model;
  const std::vector<PronounRow> rows = pronoun_rows(words(), meals(4, 3), "it", 16);
  CHECK(largest_difference(name_pronouns(saved, rows, 0), name_pronouns(task.model(), rows, 0)) < 1e-5);
}
