// The README shows code that is built and run, and names files and commands that exist.
#include <filesystem>
#include <string>
#include <vector>

#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/run_program.hpp"
#include "support/temporary_folder.hpp"

namespace {

const std::filesystem::path root = GRADUS_SOURCE;

/// What stands in `text` between each `before` and the `after` that follows it.
std::vector<std::string> between(const std::string& text, const std::string& before,
                                 const std::string& after) {
  std::vector<std::string> found;
  for (size_t at = text.find(before); at != std::string::npos; at = text.find(before, at + 1)) {
    const size_t begin = at + before.size();
    found.push_back(text.substr(begin, text.find(after, begin) - begin));
  }
  return found;
}

}  // namespace

TEST_CASE("the program in the README is the one that the install test builds and runs") {
  const std::string readme = gradus::read_file(root / "README.md");
  const std::string program = gradus::read_file(root / "tests" / "consumer" / "main.cpp");
  CHECK(readme.find("```cpp\n" + program + "```") != std::string::npos);
}

TEST_CASE("the Python in the README is the script that ./test --parity runs") {
  const std::string readme = gradus::read_file(root / "README.md");
  CHECK(readme.find("```python\n" + gradus::read_file(root / "docs/open_in_python.py") + "```") !=
        std::string::npos);
  CHECK(gradus::read_file(root / "scripts/reference/parity.py").find("open_in_python.py") !=
        std::string::npos);
}

TEST_CASE("the preset that the README installs from builds neither tests nor chapters") {
  const std::string readme = gradus::read_file(root / "README.md");
  CHECK(readme.find("cmake --preset install && cmake --build --preset install\n"
                    "    cmake --install build/install ") != std::string::npos);
  const TemporaryFolder folder;
  const ProgramResult configured = run_program(
      {"cmake", "--preset", "install", "-S", root, "-B", folder / "build"}, "cd '" + root.string() + "' &&");
  INFO(configured.out << configured.errors);
  REQUIRE(configured.exit_code == 0);
  const std::string compiled = gradus::read_file(folder / "build/compile_commands.json");
  CHECK(compiled.find((root / "bert/model/model.cpp").string()) != std::string::npos);
  CHECK(compiled.find((root / "app/main.cpp").string()) != std::string::npos);
  CHECK(compiled.find((root / "tests").string() + "/") == std::string::npos);
  CHECK(compiled.find((root / "tutorials").string() + "/") == std::string::npos);
}

TEST_CASE("every file that the README links to exists") {
  const std::string readme = gradus::read_file(root / "README.md");
  int links = 0;
  for (const std::string& link : between(readme, "](", ")")) {
    if (link.starts_with("http")) continue;
    INFO(link);
    CHECK(std::filesystem::exists(root / link));
    ++links;
  }
  CHECK(links > 5);
}

#ifdef GRADUS_PROGRAM
TEST_CASE("the README's table of commands is that of the program") {
  const std::string readme = gradus::read_file(root / "README.md");
  const std::string help = run_program({GRADUS_PROGRAM, "--help"}).out;
  const std::vector<std::string> commands = between(readme, "\n| `gradus ", "`");
  CHECK(commands.size() >= 8);
  for (const std::string& command : commands) {
    INFO(command);
    CHECK(help.find("\n  " + command + " ") != std::string::npos);
  }
}
#endif
