// The list of scripts/mutants: that every entry fits the code and names a test. What the tests do with the
// faults is found out by hand, before a release.
#include <map>
#include <set>

#include "autograd/file.hpp"
#include "mutants/last_run.hpp"
#include "planted_bugs/plant.hpp"
#include "planted_bugs/planted.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;

namespace {

const std::filesystem::path root = GRADUS_SOURCE;

std::vector<Bug> mutants() { return read_bugs(root / "tests" / "mutants" / "faults"); }

/// The names of all test cases below tests/FOLDER, as "FOLDER:NAME". A long name may stand on several lines,
/// as several literals.
std::set<std::string> tests_in(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "tests" / folder)) {
    if (entry.path().extension() != ".cpp") continue;
    const std::string text = read_file(entry.path()), begin = "\nTEST_CASE(";
    for (size_t at = text.find(begin); at != std::string::npos; at = text.find(begin, at + 1)) {
      std::string name;
      size_t next = text.find_first_not_of(" \n", at + begin.size());
      while (next != std::string::npos && text[next] == '"') {
        const size_t end = text.find('"', next + 1);
        name += text.substr(next + 1, end - next - 1);
        next = text.find_first_not_of(" \n", end + 1);
      }
      names.insert(folder + ":" + name);
    }
  }
  return names;
}

}  // namespace

TEST_CASE("mutants: every fault fits its source, and the test that must fail is there", "[mutants]") {
  std::map<std::string, std::vector<Bug>> by_file;
  std::map<std::string, std::set<std::string>> tests;
  for (const Bug& mutant : mutants()) {
    INFO(mutant.entry << ": " << mutant.name);
    by_file[mutant.file].push_back(mutant);
    const std::string folder = mutant.test.substr(0, mutant.test.find(':'));
    REQUIRE(std::set<std::string>{"autograd", "parallel", "nn", "plot", "bert", "app"}.contains(folder));
    if (!tests.contains(folder)) tests[folder] = tests_in(folder);
    CHECK(tests[folder].contains(mutant.test));
  }
  for (const auto& [file, faults] : by_file) {
    INFO(file);
    CHECK_NOTHROW(plant(read_file(root / file), faults));
  }
}

TEST_CASE("mutants: the list is what was asked for, at least 80 over all of the code", "[mutants]") {
  std::set<uint64_t> numbers;
  std::map<std::string, int> rooms;
  for (const Bug& mutant : mutants()) {
    CHECK(numbers.insert(BugName(mutant.name).number).second);
    ++rooms[mutant.file.substr(0, mutant.file.find('/'))];
  }
  CHECK(numbers.size() >= 80);
  CHECK(rooms.size() == 6);
  for (const auto& [room, count] : rooms) {
    INFO(room);
    CHECK(count >= 5);
  }
}

TEST_CASE("mutants: the last run was of this list, and caught 95 of 100", "[mutants]") {
  const std::vector<MutantResult> results = read_last_run(root / "tests" / "mutants");
  CHECK(100 * count_caught(results) >= 95 * static_cast<int64_t>(results.size()));
}

TEST_CASE("mutants: an entry for the suite has no kind, and names the test's program", "[mutants]") {
  const auto entry = [](const std::string& lines) {
    return parse_bugs("file: nn/f.cpp\nbug: b\ntext: x\nbecomes: y\n" + lines, "l.txt");
  };
  CHECK(entry("must fail: nn:f, of 1\n").front().test == "nn:f, of 1");
  CHECK_THROWS_WITH(
      entry("kind: sign\nmust fail: nn:f\n"),
      "l.txt:2: the bug \"b\" must fail a test, so it has no kind:, shown by: and because: line");
  CHECK_THROWS_WITH(entry("must fail: f\n"),
                    "l.txt:2: the bug \"b\" needs the test's program before a colon, such as nn:");
}

TEST_CASE("mutants: a last run of another list is refused", "[mutants]") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "faults");
  const std::string rest = "text: x\nbecomes: y\nmust fail: nn:f\n";
  write_file_atomically(folder / "faults/a.txt", "file: nn/f.cpp\nbug: a\n" + rest + "bug: b\n" + rest);
  const auto read = [&](const std::string& lines) {
    write_file_atomically(folder / "last_run.txt", lines);
    return read_last_run(folder.path());
  };
  const std::vector<MutantResult> results = read("caught a\nsurvived b\n");
  CHECK(count_caught(results) == 1);
  CHECK(share_caught(results) == "50.0 %");
  CHECK(to_lines(results) == "caught a\nsurvived b\n");
  CHECK(rooms_in_markdown(results) ==
        "| folder | faults | caught |\n| --- | --- | --- |\n| `nn/` | 2 | 1 |\n| all | 2 | 1 |\n");
  CHECK_THROWS_WITH(read("caught a\n"),
                    "last_run.txt: has 1 lines for 2 entries of the list; run scripts/mutants");
  CHECK_THROWS_WITH(
      read("caught b\ncaught a\n"),
      "last_run.txt:1: \"caught b\" is not what became of entry 1 of the list; run scripts/mutants");
  CHECK_THROWS_WITH(
      read("caught a\nmaybe b\n"),
      "last_run.txt:2: \"maybe b\" is not what became of entry 2 of the list; run scripts/mutants");
}
