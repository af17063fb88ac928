#include "app/options/call_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace gradus::app {
namespace {

/// How many letters must be changed, added, dropped or swapped with their neighbour to make `b` of `a`
/// (optimal string alignment).
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before, last, row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(last, row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row.back();
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  const std::string near = nearest(word, known);
  return near.empty() ? "" : fmt::format("; did you mean '{}'?", near);
}

std::vector<std::string> command_names(const CLI::App& program) {
  std::vector<std::string> names;
  for (const CLI::App* command : program.get_subcommands(nullptr)) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// The arguments that no option took.
std::vector<std::string> left_over(const CLI::App& app) {
  std::vector<std::string> words = app.remaining();
  std::erase(words, "--");
  return words;
}

std::string explain_left_over(const CLI::App& command, const std::string& word) {
  const std::string help = fmt::format("gradus {} --help", command.get_name());
  if (!word.starts_with('-')) return fmt::format("'{}' is one argument too many; see {}", word, help);
  const std::string name = word.substr(0, word.find('='));
  const std::string hint = suggestion(name, option_names(command));
  return fmt::format("unknown option '{}'{}", name, hint.empty() ? "; see " + help : hint);
}

std::string explain_no_command(const CLI::App& program) {
  std::string names;
  for (const std::string& name : command_names(program)) names += (names.empty() ? "" : ", ") + name;
  const std::vector<std::string> words = left_over(program);
  if (words.empty()) return fmt::format("name a command: {}", names);
  if (words.front().starts_with('-')) {
    return fmt::format("unknown option '{}'; see gradus --help", words.front());
  }
  const std::string hint = suggestion(words.front(), command_names(program));
  return fmt::format("unknown command '{}'{}", words.front(), hint.empty() ? "; there are: " + names : hint);
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  size_t fewest = std::max<size_t>(1, (word.size() + 1) / 3) + 1;
  for (const std::string& name : known) {
    const size_t changes = distance(word, name);
    if (changes < fewest) fewest = changes, best = name;
  }
  return best;
}

std::string explain(const CLI::App& program, const CLI::ParseError& error) {
  const std::vector<CLI::App*> parsed = program.get_subcommands();
  if (parsed.empty()) return explain_no_command(program);
  const CLI::App& command = *parsed.front();
  // A mistyped option often leaves its value where another argument should be: name the mistype first.
  if (const auto words = left_over(command); !words.empty()) return explain_left_over(command, words.front());

  // CLI11's texts begin with the name of the option: "--size: ...", "FILE is required", "--a excludes --b".
  const std::string text = error.what();
  std::string name = text.substr(0, text.find_first_of(": "));
  const CLI::Option* option = command.get_option_no_throw(name);
  if (option == nullptr) {  // some texts leave the dashes out
    name = "--" + name;
    option = command.get_option_no_throw(name);
  }
  const auto is = [&error](const char* kind) { return error.get_name() == kind; };
  if (option == nullptr || is("ValidationError")) return text;
  if (is("RequiredError")) {
    return fmt::format("{} is missing; see gradus {} --help", name, command.get_name());
  }
  if (is("ExcludesError")) {
    return fmt::format("{} and {} do not go together", name, text.substr(text.rfind(' ') + 1));
  }
  if (is("RequiresError")) return fmt::format("{} needs {} too", name, text.substr(text.rfind(' ') + 1));
  if (is("ArgumentMismatch")) {
    if (option->get_expected_max() == 0) return fmt::format("{} is a switch and takes no value", name);
    if (option->results().empty()) return fmt::format("{} needs a value", name);
    return fmt::format("{} is given {} times; once is enough", name, option->results().size());
  }
  return fmt::format("{} does not take '{}'", name, CLI::detail::join(option->results(), " "));
}

}  // namespace gradus::app
