// What a reader needs for an exercise is there: links to its files, and the names of the functions that it
// takes.
#include <filesystem>
#include <regex>
#include <set>
#include <string>

#include "autograd/file.hpp"
#include "support/catch.hpp"

namespace {

namespace fs = std::filesystem;
using gradus::read_file;

const fs::path source = GRADUS_SOURCE;

/// The chapters' folders, first to last.
std::set<fs::path> chapters() {
  std::set<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(source / "tutorials")) {
    if (fs::exists(entry.path() / "exercise.cpp")) folders.insert(entry.path());
  }
  return folders;
}

std::set<std::string> found(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::set<std::string> names;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) names.insert((*at)[1]);
  return names;
}

bool has_word(const std::string& text, const std::string& word) {
  return std::regex_search(text, std::regex("\\b" + word + "\\b"));
}

/// The functions of Gradus's tensors that `code` calls; std::min and the like are not among them.
std::set<std::string> called(const std::string& code, const std::set<std::string>& known) {
  std::set<std::string> names;
  for (const std::string& name : found(code, "(?:^|[^:a-z_])([a-z_]+)(?:<[a-z0-9_]+>)?\\(")) {
    if (known.contains(name)) names.insert(name);
  }
  return names;
}

}  // namespace

TEST_CASE("exercises: each chapter's README links the file to write and the one that says what") {
  CHECK(chapters().size() >= 15);
  for (const fs::path& folder : chapters()) {
    INFO(folder.filename().string());
    const std::string readme = read_file(folder / "README.md");
    const std::string exercises = readme.substr(readme.find("## Exercises"));
    CHECK(exercises.find("](exercise.cpp)") != std::string::npos);
    CHECK(exercises.find("](exercise.hpp)") != std::string::npos);
    CHECK(exercises.find("./learn " + std::to_string(std::stoi(folder.filename().string())) + " check") !=
          std::string::npos);
  }
}

TEST_CASE("exercises: each has a hint, which does not say the answer") {
  for (const fs::path& folder : chapters()) {
    INFO(folder.filename().string());
    const std::string hints = read_file(folder / "hints.txt");
    const std::set<std::string> exercises =
        found(read_file(folder / "checks.cpp"), "checks\\.exercise\\(\\s*\"([0-9])+:");
    CHECK(exercises.size() >= 2);
    CHECK(found("\n" + hints, "\n([0-9]+)\\. ") == exercises);
    // Nothing that the solution returns or assigns stands in it.
    for (const std::string& answer : found(read_file(folder / "solution.cpp"), "(?:return|=) ([^;]{8,});")) {
      INFO(answer);
      CHECK(hints.find(answer) == std::string::npos);
    }
  }
}

TEST_CASE(
    "exercises: what a solution calls was shown in a chapter up to it, or is named beside the exercise") {
  std::set<std::string> known;
  for (const std::string header : {"ops.hpp", "tensor.hpp", "node.hpp"}) {
    known.merge(found(read_file(source / "autograd" / header), "\\b([a-z_]+)\\("));
  }
  REQUIRE(known.contains("index_select"));
  REQUIRE(known.contains("unsqueeze"));
  std::string shown;
  for (const fs::path& folder : chapters()) {
    shown += read_file(folder / "README.md");
    const std::string named = shown + read_file(folder / "exercise.hpp") + read_file(folder / "exercise.cpp");
    for (const std::string& name : called(read_file(folder / "solution.cpp"), known)) {
      INFO(folder.filename().string() << ": " << name);
      CHECK(has_word(named, name));
    }
  }
}
