/// @file
/// What every command of the program shares: how it is declared, how its options are checked, where its
/// result goes, and how it ends.
///
/// A command is one file, `command_NAME.cpp`, with one function `add_NAME(program)` that commands.hpp
/// declares. Its callback does the work; it throws gradus::Error when the work fails and WrongCall when it
/// was called wrongly, and main() makes the sentence and the exit code of it.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "app/standard_error.hpp"
#include "autograd/error.hpp"

namespace gradus::app {

/// The exit codes of the program.
enum ExitCode : int { kDone = 0, kFailed = 1, kWrongCall = 2, kInterrupted = 130 };

/// The call asks for something that does not exist or does not go together: exit code 2. The text is one
/// sentence that names the option, its value and what would do.
struct WrongCall : Error {
  using Error::Error;
};

/// Ends the program with `code` and no message, as after Ctrl-C: `throw Exit{kInterrupted}`.
struct Exit {
  int code;
};

/// Adds the command `name`. `example` is shown at the end of its --help: one call a line, and the lines work
/// one after the other in an empty folder.
CLI::App* add_command(CLI::App& program, const std::string& name, const std::string& description,
                      const std::string& example);

/// Adds `names` ("--size", or "NAME" for a positional one) for a whole number from `lowest` to `highest`. The
/// default is what `value` holds.
CLI::Option* add_whole(CLI::App& command, const std::string& names, std::int64_t& value,
                       const std::string& description, std::int64_t lowest = 1,
                       std::int64_t highest = std::numeric_limits<std::int64_t>::max());

/// The ends of a range of numbers, and whether they belong to it.
struct Range {
  double low = 0, high = std::numeric_limits<double>::infinity();
  bool with_low = true, with_high = true;
};

/// Adds an option for a number in `range`. The default is what `value` holds; NaN stands for none.
CLI::Option* add_number(CLI::App& command, const std::string& names, double& value,
                        const std::string& description, Range range = {});

/// Adds an option for one of `choices`. The default is what `value` holds.
CLI::Option* add_choice(CLI::App& command, const std::string& names, std::string& value,
                        const std::vector<std::string>& choices, const std::string& description);

/// Adds an option for the name of a file or folder, which must not be empty; `kind` stands for it in --help.
CLI::Option* add_path(CLI::App& command, const std::string& names, std::filesystem::path& value,
                      const std::string& kind, const std::string& description);
CLI::Option* add_paths(CLI::App& command, const std::string& names,
                       std::vector<std::filesystem::path>& values, const std::string& kind,
                       const std::string& description);

/// Adds a switch, which is off unless it is given.
CLI::Option* add_switch(CLI::App& command, const std::string& name, bool& value,
                        const std::string& description);

/// Adds --threads, from 1 to 1024. The default is what `threads` holds.
CLI::Option* add_threads(CLI::App& command, std::int64_t& threads,
                         const std::string& description = "Threads; the default is OpenMP's");

/// Adds --json, which every command has that prints a result.
CLI::Option* add_json(CLI::App& command, bool& json);

/// Prints to standard output, with control characters as visible() shows them. @throws IoError when it cannot
/// take the text, as a full disk.
void print(const std::string& text);
/// Prints one JSON object on one line.
void print(const nlohmann::ordered_json& object);

/// @throws WrongCall when something stands at `path` and `force` is not set.
void refuse_to_overwrite(const std::filesystem::path& path, bool force);

/// Makes a folder, and those above it, where it is not there. @throws IoError.
void make_folder(const std::filesystem::path& folder);

/// How --help shows an option: what it takes, what it is when it is left out, and whether it may be.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override;
};

/// `42`, `1,234`, `12,345,678`: how whole numbers are shown to people.
std::string with_commas(std::int64_t number);

}  // namespace gradus::app
