/// @file
/// Lines of text, checked: every corpus is read through this.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "plot/text.hpp"

namespace gradus::bert {

/// Receives one line without its end and without the white space around it. An empty line is an empty view.
/// The view lives until the call returns.
using LineSink = std::function<void(std::string_view line)>;

/// What becomes of the white space around a line that shows something. A table's cells may end in tabs.
enum class AroundLines { is_removed, is_kept };

/// Calls `sink` for every line of a UTF-8 text file, in order. A line ends with LF, CRLF, CR, U+0085 (next
/// line), U+2028 (line separator) or U+2029 (paragraph separator), the last one also with the file. White
/// space is all that Unicode calls so; a line that shows nothing (of white space and of characters such as
/// U+200B) is handed on as an empty one. A byte-order mark at the start is skipped. The file is read in
/// blocks: memory holds one block and the longest line.
///
/// @throws IoError if `file` is missing, a directory or unreadable, and FormatError naming file and line at a
/// NUL byte or at bytes that are not UTF-8, or naming UTF-16 and what converts it.
void for_each_line(const std::filesystem::path& file, const LineSink& sink,
                   AroundLines around = AroundLines::is_removed);

/// The same for text that is already in memory; `name` stands for the file in messages.
void for_each_line(std::string_view text, const std::string& name, const LineSink& sink);

using plot::find_invalid_utf8;

}  // namespace gradus::bert
