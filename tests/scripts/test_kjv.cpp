// scripts/kjv: refusals anywhere, the text where the package is installed.
#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "support/catch.hpp"
#include "support/run_program.hpp"

namespace {

ProgramResult kjv(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), std::string(GRADUS_SOURCE) + "/scripts/kjv");
  return run_program(arguments);
}

bool installed() { return std::system("command -v bible > /dev/null") == 0; }

struct Count {
  int verses = 0, chapters = 0, digits = 0;
};

Count count(const std::string& text) {
  Count n;
  std::istringstream lines(text);
  bool in_chapter = false;
  for (std::string line; std::getline(lines, line);) {
    n.verses += !line.empty();
    n.chapters += !line.empty() && !in_chapter;
    in_chapter = !line.empty();
    n.digits += std::any_of(line.begin(), line.end(), [](unsigned char c) { return std::isdigit(c); });
  }
  return n;
}

}  // namespace

TEST_CASE("kjv explains itself and lists the books") {
  const auto help = kjv({"--help"});
  CHECK(help.exit_code == 0);
  CHECK(help.out.rfind("usage: scripts/kjv", 0) == 0);
  const auto list = kjv({"--list"});
  CHECK(std::count(list.out.begin(), list.out.end(), '\n') == 66);
}

TEST_CASE("kjv refuses a wrong call with one sentence") {
  const auto check = [](std::vector<std::string> arguments, const std::string& sentence) {
    const auto result = kjv(std::move(arguments));
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK(result.errors == sentence + "\n");
  };
  check({"--books", "Ruth Gradus"}, "kjv: there is no book Gradus; --list prints their names");
  check({"--without"}, "kjv: --without needs the names of books, for example --without \"Ruth Esther\"");
  check({"--books", ""}, "kjv: --books names no book");
  check({"--verse"}, "kjv: --verse is no option; --help lists them");
}

TEST_CASE("kjv prints every verse once, without a reference") {
  if (!installed()) return;  // the package is no dependency of the suite
  const std::string held = "Ruth Esther Ecclesiastes Daniel John Ephesians James";
  const auto all = kjv({}), some = kjv({"--books", held}), others = kjv({"--without", held});
  REQUIRE(all.exit_code == 0);
  CHECK(all.out.rfind("In the beginning God created the heaven and the earth.\n", 0) == 0);
  const Count whole = count(all.out), one = count(some.out), rest = count(others.out);
  CHECK(whole.verses == 31102);
  CHECK(whole.chapters == 1189);
  CHECK(whole.digits == 0);  // references have digits, the text has none
  CHECK(one.verses == 1973);
  CHECK(one.chapters == 70);
  CHECK(one.verses + rest.verses == whole.verses);
  CHECK(one.chapters + rest.chapters == whole.chapters);
}

TEST_CASE("kjv --references puts book, chapter and verse before each text") {
  if (!installed()) return;  // the package is no dependency of the suite
  const auto named = kjv({"--references", "--books", "Jude 2John"});
  REQUIRE(named.exit_code == 0);
  CHECK(named.out.rfind("2John\t1\t1\tThe elder unto the elect lady and her children,", 0) == 0);
  CHECK(count(named.out).verses == 13 + 25);
  CHECK(count(named.out).chapters == 1);  // no empty line
  std::string texts;
  std::istringstream lines(named.out);
  for (std::string line; std::getline(lines, line);) texts += line.substr(line.rfind('\t') + 1) + '\n';
  std::string plain = kjv({"--books", "Jude 2John"}).out;
  plain.erase(plain.find("\n\n"), 1);  // between the two
  CHECK(texts == plain);
}
