// The list of bugs and the tool that plants them: what they write, and what they refuse.
#include <map>
#include <set>

#include "autograd/error.hpp"
#include "planted_bugs/plant.hpp"
#include "planted_bugs/planted.hpp"
#include "support/catch.hpp"

using namespace gradus;

namespace {

const std::string list = R"(# A remark.
file: square.cpp

bug: square: the 2
kind: factor dropped or wrong
in: double slope(
text: 2 * x
becomes: x
shown by: square, cube

bug: square: nothing
kind: equivalent
text: return 2 * x;
becomes: return x
  * 2;
shown by: square
because: the order of factors does not matter
)";

const std::string source = R"(double square(double x) { return x * x; }

double slope(double x) {
  return 2 *
         x;
}
)";

Bug bug(const std::string& name, const std::string& in, const std::string& text, const std::string& becomes) {
  return {.name = name,
          .kind = "sign",
          .file = "f.cpp",
          .in = in,
          .text = text,
          .becomes = becomes,
          .subjects = {"exp"},
          .because = {},
          .entry = "list.txt:7"};
}

}  // namespace

TEST_CASE("an entry of the list has its fields", "[list]") {
  const std::vector<Bug> bugs = parse_bugs(list, "list.txt");
  REQUIRE(bugs.size() == 2);
  CHECK(bugs[0].name == "square: the 2");
  CHECK(bugs[0].file == "square.cpp");
  CHECK(bugs[0].in == "double slope(");
  CHECK(bugs[0].subjects == std::vector<std::string>{"square", "cube"});
  CHECK(bugs[0].changes_gradient());
  CHECK(bugs[0].entry == "list.txt:4");
  CHECK(bugs[1].becomes == "return x * 2;");
  CHECK_FALSE(bugs[1].changes_gradient());
}

TEST_CASE("an entry that lacks something is refused", "[list]") {
  const auto entry = [](const std::string& lines) {
    return parse_bugs("file: f.cpp\nbug: b\n" + lines, "l.txt");
  };
  CHECK_THROWS_WITH(entry("kind: sign\nbecomes: y\nshown by: exp\n"),
                    "l.txt:2: the bug \"b\" needs a text: line, the code to replace");
  CHECK_THROWS_WITH(entry("kind: sign\ntext: x\nbecomes: x\nshown by: exp\n"),
                    "l.txt:2: the bug \"b\" changes nothing: its text and what it becomes are the same");
  CHECK_THROWS_WITH(
      entry("kind: equivalent\ntext: x\nbecomes: y\nshown by: exp\n"),
      "l.txt:2: the bug \"b\" must have a because: line if it is equivalent, and none otherwise");
  CHECK_THROWS_WITH(entry("sort: sign\n"),
                    "l.txt:3: \"sort: sign\" is no line of an entry; README.txt beside it says what is");
  CHECK_THROWS_WITH(parse_bugs("  more\n", "l.txt"),
                    "l.txt:1: an indented line with nothing before it to go on with");
}

TEST_CASE("bugs stand in conditionals, inner ones inside outer ones", "[plant]") {
  CHECK(plant(source, parse_bugs(list, "list.txt")) == R"(#include "planted_bugs/planted.hpp"
double square(double x) { return x * x; }

double slope(double x) {
  { if (::gradus::planted<"square: nothing">()) { return x * 2; } else { return (::gradus::planted<"square: the 2">() ? (x) : (2 *
         x)); } }
}
)");
  const std::vector<Bug> two = {bug("a", "", "x * x", "x"), bug("b", "", "x*x", "2 * x")};
  CHECK(plant("y = x * x;", two) ==
        "#include \"planted_bugs/planted.hpp\"\n"
        "y = (::gradus::planted<\"a\">() ? (x) : ::gradus::planted<\"b\">() ? (2 * x) : (x * x));");
}

TEST_CASE("a text that does not stand in its place exactly once is refused", "[plant]") {
  CHECK_THROWS_WITH(
      plant(source, {bug("gone", "double slope(", "3 * x", "x")}),
      "list.txt:7: the bug \"gone\" does not fit f.cpp: \"3 * x\" stands 0 times from \"double slope(\" on "
      "and must stand there once; rewrite the entry for the code as it is now");
  CHECK_THROWS_WITH(
      plant(source, {bug("often", "", "double x", "int x")}),
      "list.txt:7: the bug \"often\" does not fit f.cpp: \"double x\" stands 2 times in it and must stand "
      "there once; rewrite the entry for the code as it is now");
  CHECK_THROWS_WITH(
      plant(source, {bug("nowhere", "double cube(", "2 * x", "x")}),
      "list.txt:7: the bug \"nowhere\" does not fit f.cpp: \"double cube(\" stands 0 times in it and must "
      "stand there once; rewrite the entry for the code as it is now");
  CHECK_THROWS_WITH(
      plant(source, {bug("one", "", "square(double x)", "a"), bug("two", "", "x) { return x", "b")}),
      "list.txt:7: the text of the bug \"two\" lies partly across that of \"one\"");
  // A place ends with its function; a part of a longer name is not the name.
  CHECK_THROWS_AS(plant("f() {\n}\ng() { x; }\n", {bug("late", "f(", "x;", ";")}), FormatError);
  CHECK_THROWS_AS(plant("dx + xs", {bug("part", "", "x", "y")}), FormatError);
}

TEST_CASE("the list is what was asked for: at least 150 bugs, several of every kind", "[list]") {
  const std::vector<Bug> bugs = read_bugs(std::string(GRADUS_SOURCE) + "/tests/planted_bugs/bugs");
  std::set<uint64_t> numbers;
  std::map<std::string, int> kinds;
  int wrong = 0;
  for (const Bug& each : bugs) {
    CHECK(numbers.insert(BugName(each.name).number).second);
    ++kinds[each.kind];
    wrong += each.changes_gradient() ? 1 : 0;
  }
  CHECK(wrong >= 150);
  for (const std::string& kind : bug_kinds()) {
    INFO(kind);
    CHECK(kinds[kind] >= 3);
  }
}
