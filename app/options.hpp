/// @file
/// How a command is declared: its options, how their values are checked, and how --help shows them.
///
/// A command is one file, `command_NAME.cpp`, with one function `add_NAME(program)` that commands.hpp
/// declares. Its callback does the work; it throws gradus::Error when the work fails and WrongCall when it
/// was called wrongly, and main() makes the sentence and the exit code of it.
///
/// Only what declares or reads options includes this, since every source that reads CLI11 compiles most of
/// it.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

namespace gradus::app {

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

/// How --help shows an option: what it takes, what it is when it is left out, and whether it may be.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override;
};

}  // namespace gradus::app
