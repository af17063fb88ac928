#include "bert/metrics/answers.hpp"

#include "autograd/error.hpp"
#include "bert/metrics/metric_fixtures.hpp"
#include "support/catch.hpp"

using namespace gradus;
using bert::AnsweredQuestion;
using bert::AnswerScore;
using bert::AnswerScores;

namespace {

std::vector<AnsweredQuestion> questions_of(const nlohmann::json& values) {
  std::vector<AnsweredQuestion> questions;
  for (const auto& value : values) {
    questions.push_back({value["answer"].get<std::string>(), value["gold"].get<std::vector<std::string>>(),
                         value["null"].get<double>()});
  }
  return questions;
}

/// The script has percent, and no entry where there is no question.
void check_score(const AnswerScore& score, const nlohmann::json& expected, const std::string& prefix) {
  INFO(prefix);
  if (!expected.contains(prefix + "total")) {
    CHECK(score.questions == 0);
    CHECK(std::isnan(score.exact));
    CHECK(std::isnan(score.f1));
    return;
  }
  CHECK(score.questions == expected[prefix + "total"]);
  CHECK(same_figure(100 * score.exact, expected[prefix + "exact"]));
  CHECK(same_figure(100 * score.f1, expected[prefix + "f1"]));
}

void check_scores(const AnswerScores& scores, const nlohmann::json& expected) {
  check_score(scores.all, expected, "");
  check_score(scores.has_answer, expected, "HasAns_");
  check_score(scores.no_answer, expected, "NoAns_");
}

}  // namespace

TEST_CASE("metrics: answers are normalised as SQuAD's script does") {
  const auto cases = metric_cases("answers.json");
  int texts = 0;
  for (const auto& pair : cases[0]["normalised"]) {
    INFO(pair.dump());
    ++texts;
    CHECK(bert::normalise_answer(pair[0].get<std::string>()) == pair[1].get<std::string>());
  }
  CHECK(texts > 40);
}

TEST_CASE("metrics: two answers are compared as SQuAD's script does") {
  const auto cases = metric_cases("answers.json");
  int pairs = 0, alike = 0;
  for (const auto& pair : cases[1]["pairs"]) {
    INFO(pair.dump());
    const auto answer = pair[0].get<std::string>(), gold = pair[1].get<std::string>();
    ++pairs;
    alike += pair[2].get<int>();
    CHECK(bert::exact_match(answer, gold) == (pair[2] == 1));
    CHECK(same_figure(bert::answer_f1(answer, gold), pair[3]));
  }
  CHECK(pairs > 250);
  CHECK(alike > 10);
}

TEST_CASE("metrics: questions and the best threshold are scored as SQuAD's script does") {
  const auto cases = metric_cases("answers.json");
  CHECK(cases.size() == 11);
  for (size_t i = 2; i < cases.size(); ++i) {
    INFO("case " << i);
    const auto questions = questions_of(cases[i]["questions"]);
    check_scores(score_answers(questions), cases[i]["scores"]["none"]);
    check_scores(score_answers(questions, 0.0), cases[i]["scores"]["0.0"]);
    check_scores(score_answers(questions, 1.5), cases[i]["scores"]["1.5"]);
    const auto best = bert::best_threshold(questions);
    CHECK(same_figure(100 * best.exact, cases[i]["best"][0]));
    CHECK(best.exact_at == cases[i]["best"][1]);
    CHECK(same_figure(100 * best.f1, cases[i]["best"][2]));
    CHECK(best.f1_at == cases[i]["best"][3]);
  }
}

TEST_CASE("metrics: an answer by hand") {
  CHECK(bert::normalise_answer("The  Cat's (an) mat.") == "cats mat");
  CHECK(bert::exact_match("the cat", "A cat!"));
  CHECK_FALSE(bert::exact_match("cat", "cats"));
  // Two words of three are right, two of two are found: 2 * 2/3 * 1 / (2/3 + 1)
  CHECK(same_figure(bert::answer_f1("big black cat", "black cat"), 0.8));
  CHECK(same_figure(bert::answer_f1("cat cat", "cat"), 2.0 / 3));
  CHECK(bert::answer_f1("the", "") == 1);
  CHECK(bert::answer_f1("", "cat") == 0);
}

TEST_CASE("metrics: a question without an answer is right only if none is given") {
  const std::vector<AnsweredQuestion> questions = {
      {"", {}, 3}, {"cat", {}, 1}, {"cat", {"dog", "the cat"}, -2}, {"", {"dog"}, 2}};
  const AnswerScores scores = score_answers(questions);
  CHECK(scores.no_answer.exact == 0.5);
  CHECK(scores.has_answer.exact == 0.5);
  CHECK(scores.all.f1 == 0.5);
  CHECK(score_answers(questions, 0).no_answer.exact == 1);
  const auto best = bert::best_threshold(questions);
  CHECK(best.exact == 0.75);
  CHECK(best.exact_at == -2);
}

TEST_CASE("metrics: questions that cannot be scored are refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<AnsweredQuestion> none, odd = {{"", {}, 0}, {"", {}, nan}}, fine = {{"", {}, 0}};
  CHECK_THROWS_WITH(score_answers(none), "answers: there is no question to score");
  CHECK_THROWS_WITH(bert::best_threshold(none), "answers: there is no question to score");
  const std::string sentence =
      "answers: the null difference of question 1 is NaN, which no threshold can judge";
  CHECK_THROWS_WITH(score_answers(odd), sentence);
  CHECK_THROWS_WITH(bert::best_threshold(odd), sentence);
  CHECK_THROWS_WITH(score_answers(fine, nan), "answers: the threshold is NaN, which judges nothing");
  CHECK_THROWS_AS(bert::normalise_answer("caf\xE9"), FormatError);
}
