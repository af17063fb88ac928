/// @file
/// Standard error, which may be closed or on a full disk: that must never stop the work.
#pragma once

#include <string_view>

namespace gradus::app {

/// Writes to standard error as well as that can be done, with control characters shown as visible() does.
/// Where it cannot be done, the text is lost and the work goes on.
void print_error(std::string_view text);

/// The same for a text of our own that moves the cursor: nothing in it is replaced.
void steer_terminal(std::string_view text);

/// A silent thread prints nothing on either stream: of several ranks, which may be threads, one speaks.
void set_silent(bool is_silent);
bool is_silent();

/// Gives each of the three standard streams that the caller has closed a place that takes and gives nothing.
/// A file opened later would get its number, and what is meant for the caller would go into that file.
void fill_closed_streams();

}  // namespace gradus::app
