/// @file
/// What every command of the program shares: how it ends, and where its result goes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "app/terminal/standard_error.hpp"
#include "autograd/error.hpp"

namespace gradus::app {

/// The exit codes of the program.
enum ExitCode : int { exit_done = 0, exit_failed = 1, exit_wrong_call = 2, exit_interrupted = 130 };

/// The call asks for something that does not exist or does not go together: exit code 2. The text is one
/// sentence that names the option, its value and what would do.
struct WrongCall : Error {
  using Error::Error;
};

/// Ends the program with `code` and no message, as after Ctrl-C: `throw Exit{exit_interrupted}`.
struct Exit {
  int code;
};

/// Prints to standard output, with control characters as visible() shows them. @throws IoError when it cannot
/// take the text, as a full disk.
void print(const std::string& text);
/// Prints one JSON object on one line.
void print(const nlohmann::ordered_json& object);

/// @throws WrongCall when something stands at `path` and `force` is not set.
void refuse_to_overwrite(const std::filesystem::path& path, bool force, std::string_view option = "--out");

/// Makes a folder, and those above it, where it is not there. @throws IoError.
void make_folder(const std::filesystem::path& folder);

/// `42`, `1,234`, `12,345,678`: how whole numbers are shown to people.
std::string with_commas(int64_t number);

/// `1 word`, `2,000 words`; `many` where that is not `one` with an s.
std::string counted(int64_t number, std::string_view one, std::string_view many = {});

}  // namespace gradus::app
