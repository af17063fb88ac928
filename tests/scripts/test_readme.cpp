// The README shows code that is built and run, and names files and commands that exist.
#include <filesystem>
#include <regex>

#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/run_program.hpp"

namespace {

const std::filesystem::path root = GRADUS_SOURCE;

}  // namespace

TEST_CASE("the program in the README is the one that the install test builds and runs") {
  const std::string readme = gradus::read_file(root / "README.md");
  const std::string program = gradus::read_file(root / "tests" / "consumer" / "main.cpp");
  CHECK(readme.find("```cpp\n" + program + "```") != std::string::npos);
}

TEST_CASE("every file that the README links to exists") {
  const std::string readme = gradus::read_file(root / "README.md");
  const std::regex link(R"(\]\(([^)#:]+)\))");
  int links = 0;
  for (std::sregex_iterator at(readme.begin(), readme.end(), link), end; at != end; ++at, ++links) {
    INFO((*at)[1]);
    CHECK(std::filesystem::exists(root / (*at)[1].str()));
  }
  CHECK(links > 5);
}

#ifdef GRADUS_PROGRAM
TEST_CASE("the README's table of commands is that of the program") {
  const std::string readme = gradus::read_file(root / "README.md");
  const std::string help = run_program({GRADUS_PROGRAM, "--help"}).out;
  const std::regex row(R"(\n\| `gradus ([a-z-]+))");
  int commands = 0;
  for (std::sregex_iterator at(readme.begin(), readme.end(), row), end; at != end; ++at, ++commands) {
    INFO((*at)[1]);
    CHECK(help.find("\n  " + (*at)[1].str() + " ") != std::string::npos);
  }
  CHECK(commands >= 8);
}
#endif
