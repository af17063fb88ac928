// Learning where answers are, and how good those are that are found.
#include "bert/tasks/answering.hpp"

#include "autograd/ops.hpp"
#include "nn/safetensors.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using namespace gradus::bert;
using test::largest_difference;

namespace {

const std::string eight = "a b c d e f g h";

/// Each letter is a piece; "a" has the id 5.
const Tokenizer& letters() {
  static const Tokenizer tokenizer = [] {
    std::vector<std::string> pieces = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    for (char c = 'a'; c <= 'z'; ++c) pieces.emplace_back(1, c);
    return Tokenizer(Vocab(pieces));
  }();
  return tokenizer;
}

/// One question about one text.
Questions one(const std::string& context, const std::string& question = "x",
              std::vector<GoldAnswer> answers = {}) {
  return {"q.json", true, {context}, {{"q1", question, 0, std::move(answers)}}};
}

BertForQuestionAnswering small_model(double dropout = 0) {
  Config config = test::small_config();
  config.max_position_embeddings = 16;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = dropout;
  Rng rng(3);
  return {config, {.task = Task::question_answering}, rng};
}

Tokenizer words() {
  return Tokenizer(Vocab(
      {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "what", "is", "a", "b", "c", "d", "e", "f", "g", "h"}));
}

/// "b d is a c": the answer is the word after "is"; in a third of the texts there is none.
Questions after_is(int64_t count, uint64_t seed) {
  Questions all{"is.json", true, {}, {}};
  Rng rng(seed);
  const auto word = [&] { return std::string(1, static_cast<char>('a' + rng.below(8))); };
  for (int64_t i = 0; i < count; ++i) {
    Question question{fmt::format("q{}", i), "what is", all.contexts.size()};
    std::string context = word();
    for (uint64_t n = rng.below(4); n > 0; --n) context += " " + word();
    if (rng.below(3) > 0) {
      context += " is " + word();
      question.answers.push_back({context.substr(context.size() - 1), std::ssize(context) - 1});
    }
    for (uint64_t n = rng.below(3); n > 0; --n) context += " " + word();
    all.contexts.push_back(context);
    all.questions.push_back(question);
  }
  return all;
}

const AnsweringOptions short_rows{.max_length = 16, .overlap = 4, .max_answer = 3};

Answering answering(double dropout = 0, const AnsweringOptions& options = short_rows) {
  return {small_model(dropout), words(), after_is(50, 1), after_is(20, 2), options};
}

}  // namespace

TEST_CASE("answering: the loss is that of transformers, and of a row with padding that of the row alone") {
  const nn::StateDict state =
      nn::read_safetensors(std::filesystem::path(GRADUS_FIXTURES) / "bert/tasks/expected.safetensors");
  const Tensor scores = state.at("questions.logits"), mask = state.at("attention_mask");
  const Tensor starts = state.at("starts"), ends = state.at("ends");
  CHECK(answer_loss(scores, ones(mask.shape(), DType::i64), starts, ends).item() ==
        Approx(state.at("questions.loss").item()).epsilon(1e-12));
  double sum = 0;
  const std::vector<int64_t> lengths = {11, 7, 11, 5};
  for (int64_t row = 0; row < 4; ++row) {
    const int64_t length = lengths[static_cast<size_t>(row)];
    const auto of_row = [&](const Tensor& x) { return x.slice(0, row, row + 1); };
    const Tensor alone = of_row(scores).slice(1, 0, length);
    sum += answer_loss(alone, ones(Shape{1, length}, DType::i64), of_row(starts), of_row(ends)).item();
  }
  CHECK(answer_loss(scores, mask, starts, ends).item() == Approx(sum / 4).epsilon(1e-12));
}

TEST_CASE("answering: a step has the same loss and gradient however its rows are cut") {
  std::vector<std::vector<Tensor>> gradients;
  std::vector<double> losses;
  for (const int64_t at_once : {0, 7, 1}) {
    Answering task = answering();
    task.model().to(DType::f64);
    FinetuneLearner learner(task, {.batch_rows = 20, .rows_at_once = at_once});
    ShardedStep alone;
    TrainingState state;
    losses.push_back(learner.forward_backward(state, false, alone, [] {}));
    gradients.emplace_back();
    for (const Tensor& parameter : task.model().parameters()) gradients.back().push_back(parameter.grad());
  }
  for (const size_t other : {1, 2}) {
    CHECK(losses[other] == Approx(losses[0]).epsilon(1e-12));
    double most = 0;
    for (size_t i = 0; i < gradients[0].size(); ++i)
      most = std::max(most, largest_difference(gradients[0][i], gradients[other][i]));
    CHECK(most < 1e-13);
  }
}

TEST_CASE("answering: an answer does not hang on the other questions, nor on the mode") {
  const BertForQuestionAnswering model = small_model(0.3);
  const Questions many = after_is(12, 5);
  const auto all = answer(model, many, question_rows(words(), many, short_rows), 0, 3);
  CHECK(model.is_training());
  for (size_t i = 0; i < many.questions.size(); ++i) {
    Questions alone = many;
    alone.questions = {many.questions[i]};
    const auto said = answer(model, alone, question_rows(words(), alone, short_rows), 0, 3);
    CHECK(said[0].id == all[i].id);
    CHECK(said[0].score == Approx(all[i].score).margin(1e-4));
    CHECK(said[0].null_difference == Approx(all[i].null_difference).margin(1e-4));
  }
  int64_t asked = 0;
  answer(model, many, question_rows(words(), many, short_rows), 0, 3, [&] { ++asked; });
  CHECK(asked > 0);
}

TEST_CASE("answering: a small model learns the word after is, and where there is none") {
  const TemporaryFolder folder;
  const Questions validation = after_is(60, 2);
  Answering task(small_model(), words(), after_is(300, 1), validation, short_rows);
  FinetuneLearner learner(task, {.batch_rows = 32});
  LoopOptions options;
  options.steps = 40 * learner.steps_of_an_epoch();
  options.warmup = 0;
  options.evaluations = 5;
  options.evaluation_rows = 0;
  options.learning_rate = 5e-3;
  options.ends_with_best = true;
  options.settings = "test";
  CHECK(TrainingLoop(learner, options, folder / "run").run() == TrainingEnd::finished);
  const Findings found = task.score({}, Detail::all);
  REQUIRE(found.figures.size() == 5);
  for (const Figure& figure : found.figures) CHECK(figure.value == 1);
  CHECK(found.worst.empty());
  CHECK(task.best_threshold().exact == 1);
  for (const auto& [name, value] : task.baselines()) CHECK(value < 0.8);
  // Its folder answers the same.
  const auto left = load_task<BertForQuestionAnswering>(folder / "run").model;
  const auto said = answer(left, validation, question_rows(words(), validation, short_rows), 0, 3);
  const auto mine = task.answers();
  for (size_t i = 0; i < said.size(); ++i) {
    CHECK(said[i].answer() == mine[i].answer());
    CHECK(said[i].score == mine[i].score);
  }
}

TEST_CASE("answering: figures of all questions, of those with an answer and of those without") {
  Questions questions = one("Ada met Bob in the old town");
  questions.questions[0].answers = {{"Bob", 8}, {"met Bob", 4}};
  questions.questions.push_back({"q2", "where", 0, {{"the old town", 15}}});
  questions.questions.push_back({"q3", "why", 0});
  questions.questions.push_back({"q4", "when", 0});
  const std::vector<SpanAnswer> said = {{"q1", "met Bob", 4, 11, 3, -3},
                                        {"q2", "old", 19, 22, 3, -2},
                                        {"q3", "Ada", 0, 3, 1, 4},
                                        {"q4", "Bob", 8, 11, 1, -0.5}};
  const Findings found = judge_answers(questions, said, 0, Detail::all);
  CHECK(found.examples == 4);
  REQUIRE(found.figures.size() == 5);
  const auto check = [&](size_t i, const std::string& name, double value) {
    CHECK(found.figures[i].name == name);
    CHECK(found.figures[i].value == Approx(value));
    CHECK(found.figures[i].low <= value);
    CHECK(found.figures[i].high >= value);
  };
  const double half = 2.0 / 3;  // F1 of "old" beside "old town": precision 1, recall 1 / 2
  check(0, "exact match", 0.5);
  check(1, "F1", (1 + half + 1 + 0) / 4);
  check(2, "exact match (answerable)", 0.5);
  check(3, "F1 (answerable)", (1 + half) / 2);
  check(4, "exact match (none)", 0.5);
  // The surer of a wrong answer and the more of it is wrong, the worse.
  REQUIRE(found.worst.size() == 2);
  CHECK(found.worst[0].text == "where | Ada met Bob in the old town");
  CHECK(found.worst[0].truth == "the old town");
  CHECK(found.worst[0].said == "old");
  CHECK(found.worst[0].loss == Approx((1 - half) * 2));
  CHECK(found.worst[1].truth == "(no answer)");
  CHECK(found.worst[1].said == "Bob");
  // With another threshold other questions have no answer.
  const Findings strict = judge_answers(questions, said, -1, Detail::figures_only);
  CHECK(strict.value() == 0.75);
  CHECK(strict.worst.empty());
  CHECK(judge_answers(questions, said, -2.5, Detail::all).worst[0].said == "(no answer)");
}

TEST_CASE("answering: where all questions have an answer, or none has, figures stand once") {
  const Questions questions = one("Ada met Bob", "who", {{"Ada", 0}}), none = one("Ada met Bob", "who");
  CHECK(judge_answers(questions, {{"q1", "Ada", 0, 3, 1, -1}}, 0, Detail::figures_only).figures.size() == 2);
  CHECK(judge_answers(none, {{"q1", "Ada", 0, 3, 1, -1}}, 0, Detail::figures_only).figures.size() == 2);
}

TEST_CASE("answering: a long text is shown around its answer") {
  const std::string before(400, 'x'), after(400, 'y');
  Questions questions = one(before + " é! " + after, "what", {{"é", 401}});
  const auto shown_of = [&](const SpanAnswer& said) {
    return judge_answers(questions, {said}, 0, Detail::all).worst.at(0).text;
  };
  const std::string text = shown_of({"q1", "x", 0, 1, 1, -1});
  CHECK(text == "what | ..." + std::string(149, 'x') + " é! " + std::string(147, 'y') + "...");
  questions.questions[0].answers.clear();
  CHECK(shown_of({"q1", "x", 0, 1, 1, -1}) == "what | " + std::string(300, 'x') + "...");
  CHECK(shown_of({"q1", "y", 803, 804, 1, -1}) == "what | ..." + std::string(300, 'y'));
}

TEST_CASE("answering: what cannot be learnt from or judged is refused") {
  Questions unread = after_is(3, 1);
  unread.has_answers = false;
  CHECK_THROWS_WITH(Answering(small_model(), words(), unread, after_is(3, 1), short_rows),
                    "is.json: was read without its answers, so nothing is learnt from it");
  CHECK_THROWS_WITH(judge_answers(unread, {}, 0, Detail::all),
                    "is.json: was read without its answers, so none can be judged");
  CHECK_THROWS_WITH(judge_answers(after_is(3, 1), {}, 0, Detail::all), "is.json: 0 answers to 3 questions");
  CHECK(Answering(small_model(), words(), after_is(3, 1), {}, short_rows).examples() == 0);
}

TEST_CASE("answering: notes say what was cut and which answers cannot be found") {
  CHECK(answering().notes().empty());
  Questions training = one(eight, "x y z", {{"d e f g", 6}});
  training.questions.push_back({"q2", "x", 0, {{"c d", 4}}});
  training.questions.push_back({"q3", "x", 0});
  Config config = test::small_config();
  config.vocab_size = 31;
  Rng rng(1);
  const Answering task({config, {.task = Task::question_answering}, rng}, letters(), training, one("a"),
                       {.max_length = 8, .overlap = 2, .max_question = 1, .max_answer = 1});
  CHECK(task.notes() ==
        std::vector<std::string>{
            "training: 1 of 3 questions is longer than 1 piece; 2 pieces are left out",
            "training: 1 of 2 answers is in no row of 8 slots as a whole, and so cannot be found",
            "training: 1 of 2 answers is longer than 1 piece, and so cannot be found"});
}

TEST_CASE("answering: guesses know no answer, and the last word that answered such a question") {
  Questions training = one("Ada met Bob", "who met Bob", {{"Ada", 0}});
  training.questions.push_back({"q2", "who was met", 0, {{"Bob", 8}}});
  Questions validation = one("Bob saw Ada", "who was seen", {{"Ada", 8}});
  validation.questions.push_back({"q2", "who saw", 0, {{"Bob", 0}}});
  validation.questions.push_back({"q3", "why", 0});
  validation.questions.push_back({"q4", "when", 0});
  const Answering task(small_model(), words(), training, validation, short_rows);
  CHECK(task.baselines() == Baselines{{"no answer", 0.5}, {"the last place or person", 0.75}});
}
