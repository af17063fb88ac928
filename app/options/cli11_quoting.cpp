#include "app/options/cli11_quoting.hpp"

namespace gradus::app {
namespace {

constexpr char mark = '\x01';

bool needs_mark(const std::string& value) {
  if (value.empty()) return false;
  return value.front() == mark || (value.front() == '[' && value.back() == ']');
}

}  // namespace

std::vector<std::string> marked_arguments(int argc, const char* const* argv) {
  std::vector<std::string> arguments;
  bool only_values = false;  // after "--" nothing is an option
  for (int i = 1; i < argc; ++i) {
    std::string text = argv[i];
    const size_t value = text.starts_with("--") ? text.find('=') + 1 : 0;  // of --name=value
    if (only_values) {
      text.insert(0, 1, mark);
    } else if (i > 1 && text == "--") {  // the first argument is the command
      only_values = true;
      continue;
    } else if (needs_mark(text.substr(value))) {
      text.insert(value, 1, mark);
    }
    arguments.push_back(std::move(text));
  }
  return arguments;
}

void unmark_values(CLI::App& program) {
  for (CLI::App* command : program.get_subcommands([](CLI::App*) { return true; })) {
    for (CLI::Option* option : command->get_options()) {
      if (option->get_items_expected_max() == 0) continue;  // a switch
      option->transform(
          [](const std::string& value) {
            return !value.empty() && value.front() == mark ? value.substr(1) : value;
          },
          "");
    }
  }
}

std::string unmarked(std::string text) {
  std::erase(text, mark);
  return text;
}

}  // namespace gradus::app
