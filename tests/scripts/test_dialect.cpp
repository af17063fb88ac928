// One spelling of each thing, in every source file: what a reader has learnt in one folder holds in the next.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "autograd/file.hpp"
#include "support/catch.hpp"

namespace fs = std::filesystem;

namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// The words of `line` that come right after `before`, which itself begins a word.
std::vector<std::string> words_after(const std::string& line, const std::string& before) {
  std::vector<std::string> words;
  for (size_t at = line.find(before); at != std::string::npos; at = line.find(before, at + 1)) {
    if (at > 0 && is_word(line[at - 1])) continue;
    size_t end = at + before.size();
    while (end < line.size() && is_word(line[end])) ++end;
    words.push_back(line.substr(at + before.size(), end - at - before.size()));
  }
  return words;
}

bool any(const std::vector<std::string>& words, const std::function<bool(const std::string&)>& is_wrong) {
  return std::any_of(words.begin(), words.end(), is_wrong);
}

bool is_error(const std::string& word) { return word.ends_with("Error") || word == "WrongCall"; }

/// Whether the word that holds line[at] comes right after a full stop.
bool begins_sentence(const std::string& line, size_t at) {
  while (at > 0 && is_word(line[at - 1])) --at;
  return at >= 2 && line[at - 1] == ' ' && line[at - 2] == '.';
}

struct Rule {
  std::string spelling;  // what to write instead
  std::function<bool(const std::string& line)> is_broken;
};

const std::vector<Rule> rules = {
    {"size_t",
     [](const std::string& line) {
       return any(words_after(line, "std::"), [](const std::string& word) { return word == "size_t"; });
     }},
    {"int64_t and its kin without std::",
     [](const std::string& line) {
       return any(words_after(line, "std::"), [](const std::string& word) {
         const size_t width = word.starts_with("int") ? 3 : word.starts_with("uint") ? 4 : word.size();
         return word.ends_with("_t") &&
                std::isdigit(static_cast<unsigned char>(word[std::min(width, word.size() - 1)])) != 0;
       });
     }},
    {"a constant in snake_case, without a k",
     [](const std::string& line) {
       return line.find("benchmark::Counter::") == std::string::npos &&  // another library's
              any(words_after(line, "k"), [](const std::string& word) {
                return !word.empty() && std::isupper(static_cast<unsigned char>(word[0])) != 0;
              });
     }},
    {"@throws",
     [](const std::string& line) {
       // An error is said by @throws: neither by "Throws X" nor by "X names what is wrong" or "X otherwise".
       const size_t comment = line.find("///");
       if (comment == std::string::npos || line.find("@throws") != std::string::npos) return false;
       if (any(words_after(line, "Throws "), is_error)) return true;
       for (const char* said : {"Error names", "Error otherwise", "Error if", "Error for"})
         if (const size_t at = line.find(said); at != std::string::npos && begins_sentence(line, at))
           return true;
       return false;
     }},
    {"it in lines of at most 110 characters",
     [](const std::string& line) {
       const size_t begin = line.find_first_not_of(' ');
       const auto characters = std::count_if(
           line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
       return characters > 110 && begin != std::string::npos && line.compare(begin, 2, "//") == 0 &&
              line.find("http") == std::string::npos;
     }},
    // Tests may throw an Error by hand, as a user's function would.
    {"fail<...>(...)", [](const std::string& line) {
       return line.find("//") == std::string::npos &&
              any(words_after(line, "throw "),
                  [](const std::string& word) { return word != "Error" && is_error(word); });
     }}};

/// The sources of the project, not those that a build has made.
std::vector<fs::path> sources() {
  const fs::path root = GRADUS_SOURCE;
  std::vector<fs::path> files;
  for (const char* folder :
       {"app", "autograd", "benchmarks", "bert", "gradlab", "nn", "parallel", "plot", "tests", "tutorials"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const fs::path ending = entry.path().extension();
      if (ending == ".hpp" || ending == ".cpp") files.push_back(entry.path());
    }
  }
  return files;
}

/// The first rule that `line` breaks; null if it breaks none.
const Rule* broken_by(const std::string& line) {
  const auto rule =
      std::find_if(rules.begin(), rules.end(), [&](const Rule& each) { return each.is_broken(line); });
  return rule == rules.end() ? nullptr : &*rule;
}

}  // namespace

TEST_CASE("dialect: the rules find what they are for, and nothing else") {
  for (const std::string& wrong :
       {std::string("std::") + "size_t i = 0;", std::string("std::") + "uint8_t byte = 0;",
        std::string("/// The rows. Index") + "Error names an id outside.",
        std::string("constexpr int k") + "Rows = 3;",
        std::string("  /// Sums. Thr") + "ows ShapeError if they differ.",
        std::string("thr") + "ow WrongCall(\"no\");", std::string("thr") + "ow ShapeError(text);"}) {
    CHECK(broken_by(wrong) != nullptr);
  }
  for (const std::string right :
       {"size_t i = 0;", "constexpr int rows = 3;", "/// @throws ShapeError if they differ.",
        "/// @throws ShapeError if they differ, IndexError if there is none.", "fail<WrongCall>(\"no\");",
        "throw Exit{failed};", "int keep = key;"}) {
    CHECK(broken_by(right) == nullptr);
  }
}

TEST_CASE("dialect: every source file has the one spelling of each thing") {
  const std::vector<fs::path> files = sources();
  CHECK(files.size() > 400);
  for (const fs::path& file : files) {
    size_t number = 0, begin = 0;
    const std::string text = gradus::read_file(file);
    while (begin < text.size()) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      const std::string line = text.substr(begin, end - begin);
      ++number;
      begin = end + 1;
      if (const Rule* rule = broken_by(line)) {
        FAIL_CHECK(file.string() << ":" << number << ": " << line << "  (write " << rule->spelling << ")");
      }
    }
  }
}
