#include "mutants/last_run.hpp"

#include <algorithm>
#include <fstream>

#include "autograd/error.hpp"

namespace gradus {
namespace {

/// "bert" of "bert/training/trainer.cpp".
std::string room_of(const Bug& mutant) { return mutant.file.substr(0, mutant.file.find('/')); }

std::vector<MutantResult> in_room(const std::vector<MutantResult>& results, const std::string& room) {
  std::vector<MutantResult> chosen;
  std::copy_if(results.begin(), results.end(), std::back_inserter(chosen),
               [&](const MutantResult& result) { return room_of(result.mutant) == room; });
  return chosen;
}

std::vector<std::string> rooms_of(const std::vector<MutantResult>& results) {
  std::vector<std::string> rooms;
  for (const MutantResult& result : results) {
    const std::string room = room_of(result.mutant);
    if (std::find(rooms.begin(), rooms.end(), room) == rooms.end()) rooms.push_back(room);
  }
  return rooms;
}

}  // namespace

int64_t count_caught(const std::vector<MutantResult>& results) {
  return std::count_if(results.begin(), results.end(),
                       [](const MutantResult& result) { return result.is_caught; });
}

std::string share_caught(const std::vector<MutantResult>& results) {
  const double share = static_cast<double>(count_caught(results)) / static_cast<double>(results.size());
  return fmt::format("{:.1f} %", 100 * share);
}

std::string to_lines(const std::vector<MutantResult>& results) {
  std::string text;
  for (const MutantResult& result : results) {
    text += fmt::format("{} {}\n", result.is_caught ? "caught" : "survived", result.mutant.name);
  }
  return text;
}

std::vector<MutantResult> read_last_run(const std::filesystem::path& folder) {
  std::vector<MutantResult> results;
  for (Bug& mutant : read_bugs(folder / "faults")) results.push_back({std::move(mutant), false});
  std::ifstream in(folder / "last_run.txt");
  size_t i = 0;
  for (std::string line; std::getline(in, line); ++i) {
    const size_t space = std::min(line.find(' '), line.size());
    const std::string what = line.substr(0, space), name = line.substr(std::min(space + 1, line.size()));
    if (i >= results.size() || name != results[i].mutant.name || (what != "caught" && what != "survived")) {
      fail<FormatError>(
          "last_run.txt:{}: \"{}\" is not what became of entry {} of the list; run scripts/mutants", i + 1,
          line, i + 1);
    }
    results[i].is_caught = what == "caught";
  }
  if (i != results.size()) {
    fail<FormatError>("last_run.txt: has {} lines for {} entries of the list; run scripts/mutants", i,
                      results.size());
  }
  return results;
}

std::string rooms_in_markdown(const std::vector<MutantResult>& results) {
  std::string table = "| folder | faults | caught |\n| --- | --- | --- |\n";
  const auto row = [&](const std::string& label, const std::vector<MutantResult>& some) {
    table += fmt::format("| {} | {} | {} |\n", label, some.size(), count_caught(some));
  };
  for (const std::string& room : rooms_of(results)) row(fmt::format("`{}/`", room), in_room(results, room));
  row("all", results);
  return table;
}

std::string mutants_in_markdown(const std::vector<MutantResult>& results) {
  std::string table = "| fault | where | the test that must fail | caught |\n| --- | --- | --- | --- |\n";
  for (const MutantResult& result : results) {
    table += fmt::format("| {} | `{}` | {} | {} |\n", result.mutant.name, result.mutant.file,
                         result.mutant.test, result.is_caught ? "yes" : "–");
  }
  return table;
}

}  // namespace gradus
