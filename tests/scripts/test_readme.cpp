// The README shows code that is built and run, and names files, commands, folders and chapters that exist,
// all of them.
#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
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

/// The folders of the project at its root: those that are built from, or hold programs. What ./run or a
/// reader leaves beside them, such as build/ or diary-run/, is none of them.
std::vector<std::string> folders() {
  using std::filesystem::perms;
  std::vector<std::string> found;
  for (const auto& folder : std::filesystem::directory_iterator(root)) {
    const std::string name = folder.path().filename();
    if (!folder.is_directory() || name.starts_with(".") || name == "build" || name.ends_with("-run"))
      continue;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      const bool runs = (file.status().permissions() & perms::owner_exec) != perms::none;
      if (file.path().filename() == "CMakeLists.txt" || file.path().extension() == ".cmake" ||
          (file.is_regular_file() && runs)) {
        found.push_back(name);
        break;
      }
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// The table of chapters as it must stand in a page: number, title and idea as each chapter's own README has
/// them, with links that begin with `prefix`.
std::string table_of_chapters(const std::string& prefix) {
  std::vector<std::string> chapters;
  for (const auto& folder : std::filesystem::directory_iterator(root / "tutorials")) {
    if (std::filesystem::exists(folder.path() / "main.cpp")) chapters.push_back(folder.path().filename());
  }
  std::sort(chapters.begin(), chapters.end());
  std::string table = "| chapter | | the one idea |\n| --- | --- | --- |\n";
  for (const std::string& chapter : chapters) {
    const std::string readme = gradus::read_file(root / "tutorials" / chapter / "README.md");
    const std::string number = std::to_string(std::stoi(chapter));
    const std::vector<std::string> title = between(readme, "# Chapter " + number + ": ", "\n");
    const std::vector<std::string> idea = between(readme, "\n*The one idea: ", ".*\n");
    INFO(chapter);
    REQUIRE(title.size() == 1);
    REQUIRE(idea.size() == 1);
    table += "| " + number + " | [" + title[0] + "](" + prefix + chapter + ") | " + idea[0] + " |\n";
  }
  return table;
}

/// The links of a page to files of the project, all of which must exist beside it. Returns how many there
/// are.
int check_links(const std::filesystem::path& page) {
  int links = 0;
  for (const std::string& link : between(gradus::read_file(page), "](", ")")) {
    if (link.starts_with("http") || link.starts_with("#")) continue;
    INFO(page << " links to " << link);
    CHECK(std::filesystem::exists(page.parent_path() / link.substr(0, link.find('#'))));
    ++links;
  }
  return links;
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
  CHECK(compiled.find((root / "autograd/tensor.cpp").string()) != std::string::npos);
  for (const char* target : {"gradus_bert.dir", "gradus_app.dir"})  // whose sources are compiled as few
    CHECK(compiled.find(target) != std::string::npos);
  CHECK(compiled.find((root / "tests").string() + "/") == std::string::npos);
  CHECK(compiled.find((root / "tutorials").string() + "/") == std::string::npos);
}

TEST_CASE("every file that the README and the pages of docs and tutorials link to exists") {
  CHECK(check_links(root / "README.md") > 5);
  CHECK(check_links(root / "tutorials/README.md") > 5);
  for (const auto& page : std::filesystem::directory_iterator(root / "docs")) {
    if (page.path().extension() == ".md") check_links(page.path());
  }
}

TEST_CASE("every page of docs is in the README's list and in the site") {
  const std::string readme = gradus::read_file(root / "README.md"),
                    site = gradus::read_file(root / "scripts/site");
  int pages = 0;
  for (const auto& file : std::filesystem::directory_iterator(root / "docs")) {
    if (file.path().extension() != ".md") continue;
    const std::string name = "docs/" + file.path().filename().string();
    INFO(name);
    CHECK(readme.find("(" + name + ")") != std::string::npos);
    CHECK(site.find(" " + name) != std::string::npos);
    ++pages;
  }
  CHECK(pages > 8);
}

TEST_CASE("every file that docs/contributing.md names exists") {
  const std::string page = gradus::read_file(root / "docs/contributing.md");
  int files = 0;
  // What stands between two backticks is every second part of the text.
  bool in_code = false;
  for (size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1, in_code = !in_code) {
    end = page.find('`', begin);
    if (!in_code || end == std::string::npos) continue;
    const std::string name = page.substr(begin, end - begin);
    const bool is_file = name.find('/') != std::string::npos &&
                         name.find_first_of(" *") == std::string::npos &&
                         name.find("NAME") == std::string::npos && name.find("NN") == std::string::npos;
    if (!is_file) continue;
    INFO(name);
    CHECK(std::filesystem::exists(root / name));
    ++files;
  }
  CHECK(files > 30);
}

TEST_CASE("the README's map of folders has a line for each folder of the project, and no other") {
  const std::string readme = gradus::read_file(root / "README.md");
  const std::vector<std::string> sections = between(readme, "\n## The folders\n", "\n## ");
  REQUIRE(sections.size() == 1);
  std::vector<std::string> rows;
  for (const std::string& name : between(sections[0], "\n| [", "](")) {
    INFO(name);
    const std::vector<std::string> line = between(sections[0], "\n| [" + name + "](" + name + ") | ", " |\n");
    REQUIRE(line.size() == 1);
    CHECK(line[0].find('\n') == std::string::npos);
    CHECK(line[0].size() > 10);
    rows.push_back(name);
  }
  std::sort(rows.begin(), rows.end());
  CHECK(rows == folders());
}

TEST_CASE("the README and tutorials/README.md have a line for each chapter: its number, title and one idea") {
  for (const auto& [page, prefix] : {std::pair{"README.md", "tutorials/"}, {"tutorials/README.md", ""}}) {
    const std::string table = table_of_chapters(prefix);
    INFO(page << " must hold\n" << table);
    CHECK(gradus::read_file(root / page).find("\n\n" + table + "\n") != std::string::npos);
  }
}

TEST_CASE("each chapter ends with the way to the next") {
  std::vector<std::string> chapters;
  for (const auto& entry : std::filesystem::directory_iterator(root / "tutorials")) {
    if (std::filesystem::exists(entry.path() / "main.cpp"))
      chapters.push_back(entry.path().filename().string());
  }
  std::sort(chapters.begin(), chapters.end());
  REQUIRE(chapters.size() >= 15);
  for (size_t i = 0; i < chapters.size(); ++i) {
    const std::string page = gradus::read_file(root / "tutorials" / chapters[i] / "README.md");
    const std::string last = page.substr(page.rfind("\n- ") + 1);
    INFO(chapters[i] << " ends with " << last);
    const bool is_last = i + 1 == chapters.size();
    const std::string next =
        is_last ? "the clinic](../clinic"
                : "chapter " + std::to_string(std::stoi(chapters[i + 1])) + "](../" + chapters[i + 1];
    CHECK(last.starts_with("- Next: [" + next + "/README.md), "));
  }
}

TEST_CASE("the README counts the planted bugs and the experiments that there are") {
  const std::string readme = gradus::read_file(root / "README.md");
  // The page of bugs is what the program prints; a test beside it says so.
  const std::string bugs = gradus::read_file(root / "docs/planted_bugs.md");
  const std::string count = between(bugs, "\n## What is planted\n\n", " bugs, ").at(0);
  CHECK(readme.find("](docs/planted_bugs.md): " + count + " bugs in") != std::string::npos);
  const std::string page = gradus::read_file(root / "docs/experiments.md");
  const std::vector<std::string> numbers = {"zero",  "one",   "two",  "three", "four",   "five",  "six",
                                            "seven", "eight", "nine", "ten",   "eleven", "twelve"};
  const size_t sections = between(page, "\n## ", "\n").size();
  REQUIRE(sections < numbers.size());
  CHECK(readme.find("](docs/experiments.md): " + numbers[sections] + " experiments") != std::string::npos);
}

#ifdef GRADUS_PROGRAM
TEST_CASE("the README's table of commands is that of the program") {
  const std::string readme = gradus::read_file(root / "README.md");
  const std::string help = run_program({GRADUS_PROGRAM, "--help"}).out;
  const std::string listed = help.substr(help.find("\nCommands:") + 1);
  std::vector<std::string> in_help;
  for (const std::string& line : between(listed, "\n  ", "\n"))
    in_help.push_back(line.substr(0, line.find(' ')));
  CHECK(in_help.size() >= 8);
  CHECK(between(readme, "\n| `gradus ", "`") == in_help);
}
#endif
