// Reading questions of SQuAD's shape: what is kept, and what is refused in which words.
#include "bert/tasks/questions.hpp"

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "bert/toy_world/tasks.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using namespace gradus::bert;

namespace {

/// A file with one context and these questions.
std::string file_of(const std::string& context, const std::string& questions) {
  return R"({"data": [{"title": "t", "paragraphs": [{"context": ")" + context + R"(", "qas": [)" + "\n" +
         questions + "]}]}]}";
}

/// A question with these other keys.
std::string asked(const std::string& more) { return R"({"id": "q1", "question": "Who?", )" + more + "}"; }

const std::string ada = R"("answers": [{"text": "Ada", "answer_start": 0}])";

struct Folder {
  Questions read(const std::string& content, bool with_answers = true) const {
    write_file_atomically(file(), content);
    return read_questions(file(), with_answers);
  }
  std::filesystem::path file() const { return folder / "q.json"; }

  TemporaryFolder folder;
};

}  // namespace

TEST_CASE("questions: contexts, questions and answers are kept, other keys passed over") {
  const Folder folder;
  const Questions all = folder.read(R"({"version": "v2.0", "data": [
    {"title": "one", "paragraphs": [{"context": "Ada met Bob.", "qas": [
      {"id": "a", "question": "Who met Bob?", "is_impossible": false, "kind": 3,
       "answers": [{"text": "Ada", "answer_start": 0}, {"text": "Ada met", "answer_start": 0}]},
      {"id": "b", "question": "Who met Ann?", "is_impossible": true, "answers": [],
       "plausible_answers": [{"text": "Ada", "answer_start": 0}]}]},
      {"context": "nobody asks", "qas": []}]},
    {"paragraphs": [{"context": "Bob left.", "qas": [
      {"id": "c", "question": "Who left?", "answers": [{"text": "Bob", "answer_start": 0}]},
      {"id": "d", "question": "Who stayed?", "answers": []}]}]}]})");
  CHECK(all.has_answers);
  CHECK(all.contexts == std::vector<std::string>{"Ada met Bob.", "nobody asks", "Bob left."});
  REQUIRE(all.questions.size() == 4);
  CHECK(all.questions[0].id == "a");
  CHECK(all.questions[0].text == "Who met Bob?");
  REQUIRE(all.questions[0].answers.size() == 2);
  CHECK(all.questions[0].answers[1].text == "Ada met");
  CHECK(all.questions[1].answers.empty());
  CHECK(all.questions[2].context == 2);
  CHECK(all.questions[2].answers[0].begin == 0);
  CHECK(all.questions[3].answers.empty());
}

TEST_CASE("questions: other keys of a question are columns where each of them has one value") {
  const Folder folder;
  const Questions all = folder.read(file_of("Ada met Bob.", R"(
    {"id": "a", "question": "Who?", "kind": "far", "hops": 2, "is_impossible": false, "tags": ["x"], )" +
                                                                ada + R"(},
    {"id": "b", "question": "Whom?", "kind": "near", "is_impossible": true, "answers": []})"));
  using Values = std::vector<std::string>;
  CHECK(all.column("kind") == Values{"far", "near"});
  CHECK(all.column("is_impossible") == Values{"false", "true"});
  CHECK_THROWS_WITH(all.column("hops"),
                    folder.file().string() +
                        ", question 'b': there is no key 'hops' with one value; there are "
                        "is_impossible, kind");
  CHECK_THROWS_WITH(all.column("tags"),
                    folder.file().string() +
                        ", question 'a': there is no key 'tags' with one value; there are "
                        "hops, is_impossible, kind");
  const Questions bare = folder.read(file_of("Ada met Bob.", asked(ada)));
  CHECK_THROWS_WITH(bare.column("kind"), folder.file().string() +
                                             ", question 'q1': there is no key 'kind' with one value; the "
                                             "question has none beside what the task needs");
}

TEST_CASE("questions: an answer's place is counted in characters, whatever stands before it") {
  const Folder folder;
  const auto begin_of = [&](const std::string& context, const std::string& answer, int begin) {
    const Questions all = folder.read(file_of(
        context, asked(fmt::format(R"("answers": [{{"text": "{}", "answer_start": {}}}])", answer, begin))));
    return all.questions[0].answers[0].begin;
  };
  CHECK(begin_of("ein Café hier", "hier", 9) == 9);
  CHECK(begin_of("他去了北京。", "北京", 3) == 3);
  CHECK(begin_of("\U0001F600\U0001F600 at home", "home", 6) == 6);
  CHECK(begin_of("e\u0301e\u0301 x", "x", 5) == 5);  // two letters with an accent of their own each
}

TEST_CASE("questions: a file that is only to be predicted needs no answers, and they are not looked at") {
  const Folder folder;
  const Questions all = folder.read(
      file_of("Ada met Bob.", R"({"id": "a", "question": "Who?"}, {"id": "b", "question": "Who else?",
              "is_impossible": 7, "answers": [{"text": "Eve", "answer_start": 99}]})"),
      false);
  CHECK_FALSE(all.has_answers);
  REQUIRE(all.questions.size() == 2);
  CHECK(all.questions[1].answers.empty());
}

TEST_CASE("questions: a wrong question or answer is named by its line and its id") {
  const Folder folder;
  const auto refused = [&](const std::string& context, const std::string& questions,
                           const std::string& message) {
    const std::string content = file_of(context, questions);
    const size_t place = content.rfind("\"q1\"");
    const auto line = 1 + std::count(content.begin(), content.begin() + static_cast<long>(place), '\n');
    CHECK_THROWS_WITH(folder.read(content),
                      fmt::format("{}:{}, question 'q1': {}", folder.file().string(), line, message));
  };
  const auto at = [](const std::string& text, const std::string& begin) {
    return asked(R"("answers": [{"text": ")" + text + R"(", "answer_start": )" + begin + "}]");
  };
  refused("Ada met Bob.", at("Bob", "7"),
          "at character 7 of the context stands ' Bo', not the answer 'Bob', which is at character 8");
  refused("Ada met Bob.", at("Eve", "8"),
          "at character 8 of the context stands 'Bob', not the answer 'Eve', which is nowhere in it");
  refused("Ada met Bob.", at("Bob. Then", "8"),
          "at character 8 of the context stands 'Bob.', not the answer 'Bob. Then', which is nowhere in it");
  refused("Ada met Bob.", at(std::string(70, 'x'), "0"),
          "at character 0 of the context stands 'Ada met Bob.', not the answer '" + std::string(60, 'x') +
              "...', which is nowhere in it");
  refused("Ada met Bob.", at("Bob", "12"),
          "the answer 'Bob' begins at character 12, and the context has the characters 0 to 11");
  refused("Ada met Bob.", at("Bob", "-1"),
          "the answer 'Bob' begins at character -1, and the context has the characters 0 to 11");
  refused("Ada met Bob.", at(" ", "3"), "an answer is empty");
  refused("Ada", asked(R"("is_impossible": true, )" + ada), "is_impossible is true, but there is an answer");
  refused("Ada", asked(R"("is_impossible": true, "answers": [{"text": "Ada", "answer_start": 0},
                          {"text": "A", "answer_start": 0}])"),
          "is_impossible is true, but there are 2 answers");
  refused("Ada", asked(R"("is_impossible": false, "answers": [])"),
          "is_impossible is false, but there is no answer");
  refused("Ada", asked(ada) + ",\n" + asked(ada), "another question has the same id");
  refused(" ", asked(R"("answers": [])"), "its context is empty");
  refused("Ada", R"({"id": "q1", "question": "\t", "answers": []})", "the question is empty");
}

TEST_CASE("questions: a value that is missing or of another kind is named by its key") {
  const Folder folder;
  const auto refused = [&](const std::string& content, const std::string& message) {
    CHECK_THROWS_WITH(folder.read(content), folder.file().string() + ": " + message);
  };
  const std::string qa = "data[0].paragraphs[0].qas[0]";
  refused("{}", "the key \"data\" is missing");
  refused(R"({"data": {}})", "the key \"data\" is an object, but must be a list");
  refused(R"({"data": [{"title": "t"}]})", "the key \"data[0].paragraphs\" is missing");
  refused(R"({"data": [{"paragraphs": [{"context": 3, "qas": []}]}]})",
          "the key \"data[0].paragraphs[0].context\" is 3, but must be a string");
  refused(file_of("Ada", R"({"id": 4, "question": "Who?"})"),
          "the key \"" + qa + ".id\" is 4, but must be a string");
  refused(file_of("Ada", R"({"id": "q1"})"), "the key \"" + qa + ".question\" is missing");
  refused(file_of("Ada", asked(R"("is_impossible": true)")), "the key \"" + qa + ".answers\" is missing");
  refused(file_of("Ada", asked(R"("is_impossible": "no", )" + ada)),
          "the key \"" + qa + ".is_impossible\" is \"no\", but must be true or false");
  refused(file_of("Ada", asked(R"("answers": [{"text": "Ada"}])")),
          "the key \"" + qa + ".answers[0].answer_start\" is missing");
  refused(file_of("Ada", asked(R"("answers": [{"text": "Ada", "answer_start": 0.5}])")),
          "the key \"" + qa + ".answers[0].answer_start\" is 0.5, but must be a whole number below 2^63");
  refused(R"({"data": [{"paragraphs": [{"context": "Ada", "qas": []}]}]})", "holds no question");
  refused(R"({"data": [)", "not valid JSON at line 1, byte 11");
}

TEST_CASE("questions: those of the toy world are read as they were made") {
  const Folder folder;
  const auto set = toy_questions_task({.examples = 60});
  const std::vector<ToyTaskFile> files = to_files(set);
  const Questions all = folder.read(files[0].bytes);
  REQUIRE(all.questions.size() == set.train.size());
  for (size_t i = 0; i < set.train.size(); ++i) {
    const ToyQuestion& made = set.train[i];
    const Question& question = all.questions[i];
    CHECK(question.id == made.id);
    CHECK(question.text == made.question);
    CHECK(all.contexts[question.context] == made.context);
    REQUIRE(question.answers.empty() == (made.answer_start < 0));
    if (made.answer_start < 0) continue;
    CHECK(question.answers[0].text == made.answer);
    CHECK(question.answers[0].begin == made.answer_start);
  }
}
