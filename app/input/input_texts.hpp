/// @file
/// The texts that a command is to look at: arguments, or the lines of a file or of standard input.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gradus::app {

/// What becomes of lines that show nothing.
enum class EmptyLines { are_skipped, are_texts };

/// `arguments`, or where there is none the lines of `file`; an empty name or "-" is standard input.
/// @throws WrongCall for an argument that is not UTF-8; FormatError for lines without a text; and as
///         bert::for_each_line.
std::vector<std::string> input_texts(const std::vector<std::string>& arguments,
                                     const std::filesystem::path& file, EmptyLines empty_lines);

/// @throws WrongCall that begins with `name` when `text` is not UTF-8.
void check_argument(const std::string& name, const std::string& text);

}  // namespace gradus::app
