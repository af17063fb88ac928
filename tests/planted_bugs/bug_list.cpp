#include "planted_bugs/bug_list.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "autograd/error.hpp"

namespace gradus {
namespace {

/// Where a field of an entry goes.
std::string* field_of(Bug& bug, std::string_view key) {
  if (key == "kind") return &bug.kind;
  if (key == "in") return &bug.in;
  if (key == "text") return &bug.text;
  if (key == "becomes") return &bug.becomes;
  if (key == "because") return &bug.because;
  if (key == "must fail") return &bug.test;
  return nullptr;
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    part.erase(0, part.find_first_not_of(' '));
    parts.push_back(part);
  }
  return parts;
}

void check_entry(const Bug& bug) {
  const auto demand = [&](bool is_right, std::string_view what) {
    if (!is_right) fail<FormatError>("{}: the bug \"{}\" {}", bug.entry, bug.name, what);
  };
  demand(!bug.file.empty(), "needs a file: line before it");
  demand(!bug.text.empty(), "needs a text: line, the code to replace");
  demand(!bug.becomes.empty(), "needs a becomes: line, the code to put there (a single ; for none)");
  demand(bug.text != bug.becomes, "changes nothing: its text and what it becomes are the same");
  if (!bug.test.empty()) {
    demand(bug.kind.empty() && bug.subjects.empty() && bug.because.empty(),
           "must fail a test, so it has no kind:, shown by: and because: line");
    demand(bug.test.find(':') != std::string::npos, "needs the test's program before a colon, such as nn:");
    return;
  }
  demand(!bug.subjects.empty(), "needs a shown by: line, with subjects of gradlab");
  const auto& kinds = bug_kinds();
  if (std::find(kinds.begin(), kinds.end(), bug.kind) == kinds.end()) {
    fail<FormatError>("{}: the bug \"{}\" has the kind \"{}\"; there are: {}", bug.entry, bug.name, bug.kind,
                      fmt::join(kinds, ", "));
  }
  demand((bug.kind == "equivalent") == !bug.because.empty(),
         "must have a because: line if it is equivalent, and none otherwise");
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) fail<IoError>("cannot read {}", path.string());
  return text.str();
}

}  // namespace

const std::vector<std::string>& bug_kinds() {
  static const std::vector<std::string> kinds = {"sign",
                                                 "factor dropped or wrong",
                                                 "term missing",
                                                 "transpose",
                                                 "wrong axis",
                                                 "un-broadcast missing",
                                                 "assigned, not accumulated",
                                                 "cotangent ignored",
                                                 "repeated index lost",
                                                 "used twice, counted once",
                                                 "mask or 1/(1-p) missing",
                                                 "erf and tanh mixed",
                                                 "loop tail",
                                                 "stale saved tensor",
                                                 "branch cut off",
                                                 "wrong element",
                                                 "digits lost",
                                                 "equivalent"};
  return kinds;
}

std::vector<Bug> parse_bugs(std::string_view text, const std::string& label) {
  std::vector<Bug> bugs;
  std::string file, subjects;
  std::string* field = nullptr;  // what an indented line goes on with
  const auto finish = [&] {
    if (bugs.empty()) return;
    bugs.back().subjects = split_at_commas(subjects);
    check_entry(bugs.back());
  };
  std::istringstream in{std::string(text)};
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    const std::string here = fmt::format("{}:{}", label, ++number);
    if (line.empty() || line[0] == '#') continue;
    if (line.starts_with("  ")) {
      if (field == nullptr)
        fail<FormatError>("{}: an indented line with nothing before it to go on with", here);
      *field += line.substr(1);
      continue;
    }
    const size_t colon = line.find(": ");
    const std::string key = line.substr(0, colon);
    const std::string value = colon == std::string::npos ? "" : line.substr(colon + 2);
    if (key == "bug") {
      finish();
      bugs.push_back({.name = value,
                      .kind = {},
                      .file = file,
                      .in = {},
                      .text = {},
                      .becomes = {},
                      .subjects = {},
                      .because = {},
                      .entry = here});
      subjects.clear();
      field = nullptr;
      continue;
    }
    field = key == "file"       ? &file
            : key == "shown by" ? &subjects
            : bugs.empty()      ? nullptr
                                : field_of(bugs.back(), key);
    if (field == nullptr || value.empty()) {
      fail<FormatError>("{}: \"{}\" is no line of an entry; README.txt beside it says what is", here, line);
    }
    *field = value;
  }
  finish();
  return bugs;
}

std::vector<Bug> read_bugs(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto& path = entry.path();
    if (path.extension() == ".txt" && path.filename() != "README.txt") files.push_back(path);
  }
  std::sort(files.begin(), files.end());
  std::vector<Bug> all;
  std::map<std::string, std::string> entries;
  for (const auto& path : files) {
    for (Bug& bug : parse_bugs(read(path), path.filename().string())) {
      const auto [known, is_new] = entries.emplace(bug.name, bug.entry);
      if (!is_new) {
        fail<FormatError>("{}: the name \"{}\" is taken by {}", bug.entry, bug.name, known->second);
      }
      all.push_back(std::move(bug));
    }
  }
  return all;
}

}  // namespace gradus
