/// @file
/// How a command is declared: its options, how their values are checked, and how --help shows them.
///
/// A command is one file, `app/commands/NAME.cpp`, with one function `add_NAME(program)` that commands.hpp
/// declares. Its callback does the work; it throws gradus::Error when the work fails and WrongCall when it
/// was called wrongly, and main() makes the sentence and the exit code of it.
///
/// CLI11 reads the arguments, and is known to few sources: whatever includes it compiles most of it, 15
/// seconds under the sanitizers. So an option is declared with a function from here and held by a handle.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace gradus::app {

/// An option that was declared; a handle, for CLI11 keeps the option itself.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(&option) {}

  const Option& required() const;                     ///< a call without it is wrong
  const Option& excludes(const Option& other) const;  ///< a call with both is wrong
  const Option& needs(const Option& other) const;     ///< a call without the other is wrong
  const Option& hide() const;                         ///< --help does not show it
  bool is_given() const;
  std::string name() const;  ///< "--steps"

 private:
  CLI::Option* option_;
};

/// Adds the command `name`. `example` is shown at the end of its --help: one call a line, and the lines work
/// one after the other in an empty folder.
CLI::App* add_command(CLI::App& program, const std::string& name, const std::string& description,
                      const std::string& example);

/// What the command does when it is called.
void on_call(CLI::App& command, std::function<void()> work);

/// Shows `text` in --help, above the example.
void explain_above_example(CLI::App& command, const std::string& text);

/// The options of the call that was read, as "--steps".
std::set<std::string> given_options(const CLI::App& command);

/// Adds `names` ("--size", or "NAME" for a positional one) for a whole number from `lowest` to `highest`. The
/// default is what `value` holds.
Option add_whole(CLI::App& command, const std::string& names, int64_t& value, const std::string& description,
                 int64_t lowest = 1, int64_t highest = std::numeric_limits<int64_t>::max());

/// Adds an option for several of them.
Option add_wholes(CLI::App& command, const std::string& names, std::vector<int64_t>& values,
                  const std::string& description, int64_t lowest = 1,
                  int64_t highest = std::numeric_limits<int64_t>::max());

/// The ends of a range of numbers, and whether they belong to it.
struct Range {
  double low = 0, high = std::numeric_limits<double>::infinity();
  bool with_low = true, with_high = true;
};

/// Adds an option for a number in `range`. The default is what `value` holds; NaN stands for none.
Option add_number(CLI::App& command, const std::string& names, double& value, const std::string& description,
                  Range range = {});

/// Adds an option for several of them.
Option add_numbers(CLI::App& command, const std::string& names, std::vector<double>& values,
                   const std::string& description, Range range = {});

/// Adds an option for one of `choices`. The default is what `value` holds.
Option add_choice(CLI::App& command, const std::string& names, std::string& value,
                  const std::vector<std::string>& choices, const std::string& description);

/// Adds an option for some of `choices`. The default is what `values` holds.
Option add_choices(CLI::App& command, const std::string& names, std::vector<std::string>& values,
                   const std::vector<std::string>& choices, const std::string& description);

/// Adds an option for any text; `kind` stands for it in --help. The default is what `value` holds.
Option add_text(CLI::App& command, const std::string& names, std::string& value, const std::string& kind,
                const std::string& description);
Option add_texts(CLI::App& command, const std::string& names, std::vector<std::string>& values,
                 const std::string& kind, const std::string& description);

/// Adds an option for the name of a file or folder, which must not be empty; `kind` stands for it in --help.
Option add_path(CLI::App& command, const std::string& names, std::filesystem::path& value,
                const std::string& kind, const std::string& description);
Option add_paths(CLI::App& command, const std::string& names, std::vector<std::filesystem::path>& values,
                 const std::string& kind, const std::string& description);

/// Adds a switch, which is off unless it is given.
Option add_switch(CLI::App& command, const std::string& name, bool& value, const std::string& description);

/// Adds a switch for what is done unless it is given, as --no-nsp: it makes `value` false.
Option add_off_switch(CLI::App& command, const std::string& name, bool& value,
                      const std::string& description);

/// Adds --threads, from 1 to 1024. The default is what `threads` holds.
Option add_threads(CLI::App& command, int64_t& threads,
                   const std::string& description = "Threads; the default is OpenMP's");

/// Adds --json, which every command has that prints a result.
Option add_json(CLI::App& command, bool& json);

}  // namespace gradus::app
