// Every check of an exercise is tried on wrong answers, and refuses each in words that name the mistake.
#include <filesystem>
#include <functional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/run_program.hpp"
#include "tutorials/support/lines.hpp"

namespace {

namespace fs = std::filesystem;
using gradus::read_file;
using gradus::tutorials::lines_of;

const fs::path tutorials = fs::path(GRADUS_SOURCE) / "tutorials";

/// An answer of tests/tutorials/wrong_answers. An empty refusal: it is right, and written in another way.
struct Answer {
  std::string exercise, name, refusal;
};

/// The answers in what a program prints with GRADUS_ANSWER=list.
std::vector<Answer> answers_in(const std::string& listing) {
  static const std::regex line("answer\t(.*)\t(.*)\t(.*)");
  std::vector<Answer> answers;
  for (const std::string_view text : lines_of(listing)) {
    std::smatch found;
    const std::string one(text);
    if (std::regex_match(one, found, line)) answers.push_back({found[1], found[2], found[3]});
  }
  return answers;
}

/// What a check said about what was wrong: the lines of checks that an answer passed say nothing about it.
std::string complaints(const std::string& out) {
  std::string kept;
  for (const std::string_view line : lines_of(out)) {
    if (!line.starts_with("  right ")) kept += std::string(line) + "\n";
  }
  return kept;
}

/// Everything that is not as it should be: an answer with the wrong verdict, a refusal that does not name the
/// mistake, and an exercise whose check was tried on fewer than three wrong answers and one right one.
std::vector<std::string> problems_of(const std::set<std::string>& exercises,
                                     const std::vector<Answer>& answers,
                                     const std::function<ProgramResult(size_t)>& check) {
  std::vector<std::string> problems;
  std::multiset<std::string> wrong, right;
  for (size_t i = 0; i < answers.size(); ++i) {
    const auto& [exercise, name, refusal] = answers[i];
    const ProgramResult result = check(i);
    const std::string who = "exercise " + exercise + ", " + name + ": ";
    if (refusal.empty()) {
      right.insert(exercise);
      if (result.exit_code != 0) problems.push_back(who + "refused, and right\n" + complaints(result.out));
      continue;
    }
    wrong.insert(exercise);
    if (result.exit_code == 0) {
      problems.push_back(who + "accepted, and wrong");
    } else if (result.exit_code != 1) {
      problems.push_back(who + "ended with exit code " + std::to_string(result.exit_code) + "\n" +
                         result.errors);
    } else if (complaints(result.out).find(refusal) == std::string::npos) {
      problems.push_back(who + "refused, but not with '" + refusal + "'\n" + complaints(result.out));
    }
  }
  for (const std::string& exercise : exercises) {
    if (wrong.count(exercise) < 3)
      problems.push_back("exercise " + exercise + ": fewer than 3 wrong answers");
    if (right.count(exercise) < 1) problems.push_back("exercise " + exercise + ": no other right answer");
  }
  return problems;
}

/// The numbers of the exercises that a chapter's checks.cpp holds the reader to.
std::set<std::string> exercises_of(const fs::path& folder) {
  const std::string source = read_file(folder / "checks.cpp");
  static const std::regex start("checks\\.exercise\\(\\s*\"([0-9]+):");
  std::set<std::string> numbers;
  for (std::sregex_iterator found(source.begin(), source.end(), start), end; found != end; ++found) {
    numbers.insert((*found)[1]);
  }
  return numbers;
}

fs::path folder_of(const std::string& number) {
  for (const auto& entry : fs::directory_iterator(tutorials)) {
    if (entry.path().filename().string().starts_with(number + "_")) return entry.path();
  }
  FAIL("no chapter " << number);
  return {};
}

void try_answers(const std::string& number) {
  const std::string program = std::string(GRADUS_CHAPTER_PROGRAMS) + "/tutorial_" + number + "_answers";
  const std::vector<Answer> answers =
      answers_in(run_program({program}, "GRADUS_ANSWER=list GRADUS_EXERCISE=none").out);
  const std::set<std::string> exercises = exercises_of(folder_of(number));
  CHECK(exercises.size() >= 2);
  const auto check = [&](size_t i) {
    return run_program({program},
                       "GRADUS_ANSWER=" + std::to_string(i + 1) + " GRADUS_EXERCISE=" + answers[i].exercise);
  };
  for (const std::string& problem : problems_of(exercises, answers, check)) FAIL_CHECK(problem);
}

}  // namespace

// A case for each, so that they run side by side.
TEST_CASE("01 wrong answers are refused by name") { try_answers("01"); }
TEST_CASE("02 wrong answers are refused by name") { try_answers("02"); }
TEST_CASE("03 wrong answers are refused by name") { try_answers("03"); }
TEST_CASE("04 wrong answers are refused by name") { try_answers("04"); }
TEST_CASE("05 wrong answers are refused by name") { try_answers("05"); }
TEST_CASE("06 wrong answers are refused by name") { try_answers("06"); }
TEST_CASE("07 wrong answers are refused by name") { try_answers("07"); }
TEST_CASE("08 wrong answers are refused by name") { try_answers("08"); }
TEST_CASE("09 wrong answers are refused by name") { try_answers("09"); }
TEST_CASE("10 wrong answers are refused by name") { try_answers("10"); }
TEST_CASE("11 wrong answers are refused by name") { try_answers("11"); }
TEST_CASE("12 wrong answers are refused by name") { try_answers("12"); }
TEST_CASE("13 wrong answers are refused by name") { try_answers("13"); }
TEST_CASE("14 wrong answers are refused by name") { try_answers("14"); }
TEST_CASE("15 wrong answers are refused by name") { try_answers("15"); }
TEST_CASE("16 wrong answers are refused by name") { try_answers("16"); }
TEST_CASE("17 wrong answers are refused by name") { try_answers("17"); }
TEST_CASE("18 wrong answers are refused by name") { try_answers("18"); }
TEST_CASE("19 wrong answers are refused by name") { try_answers("19"); }
TEST_CASE("20 wrong answers are refused by name") { try_answers("20"); }
TEST_CASE("21 wrong answers are refused by name") { try_answers("21"); }

TEST_CASE("wrong answers: each chapter has some, and a case above") {
  const std::string here = read_file(fs::path(GRADUS_SOURCE) / "tests/tutorials/test_wrong_answers.cpp");
  int chapters = 0;
  for (const auto& entry : fs::directory_iterator(tutorials)) {
    if (!fs::exists(entry.path() / "main.cpp")) continue;
    const std::string folder = entry.path().filename().string();
    INFO(folder);
    CHECK(here.find("try_answers(\"" + folder.substr(0, 2) + "\")") != std::string::npos);
    CHECK(fs::exists(fs::path(GRADUS_SOURCE) / "tests/tutorials/wrong_answers" / (folder + ".cpp")));
    ++chapters;
  }
  CHECK(chapters >= 15);
}

TEST_CASE("wrong answers: a check that accepts one, or refuses it for another reason, is found") {
  const auto says = [](int code, const std::string& out) {
    return [=](size_t) { return ProgramResult{code, out, "what it said"}; };
  };
  const std::vector<Answer> wrong = answers_in(
      "answer\t1\ta\tthe axis\nanswer\t1\tb\tthe axis\n"
      "answer\t1\tc\tthe axis\n== no answer ==\n");
  REQUIRE(wrong.size() == 3);
  using Sentences = std::vector<std::string>;
  const std::string none = "exercise 1: no other right answer",
                    few = "exercise 1: fewer than 3 wrong answers";
  CHECK(problems_of({"1"}, wrong, says(1, "  WRONG  x\n  hint the axis\n")) == Sentences{none});
  CHECK(problems_of({"1"}, wrong, says(0, "")) == Sentences{"exercise 1, a: accepted, and wrong",
                                                            "exercise 1, b: accepted, and wrong",
                                                            "exercise 1, c: accepted, and wrong", none});
  CHECK(problems_of({}, {wrong[0]}, says(1, "  right  the axis\n  WRONG  x\n")) ==
        Sentences{"exercise 1, a: refused, but not with 'the axis'\n  WRONG  x\n"});
  CHECK(problems_of({}, {wrong[0]}, says(139, "the axis")) ==
        Sentences{"exercise 1, a: ended with exit code 139\nwhat it said"});
  CHECK(problems_of({"1"}, {wrong[0], wrong[1]}, says(1, "the axis\n")) == Sentences{few, none});
  CHECK(problems_of({"1"}, {{"1", "d", ""}}, says(0, "")) == Sentences{few});
  CHECK(problems_of({}, {{"1", "d", ""}}, says(1, "  WRONG  x\n")) ==
        Sentences{"exercise 1, d: refused, and right\n  WRONG  x\n"});
}
