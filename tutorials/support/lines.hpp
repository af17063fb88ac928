/// @file
/// A text as its lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gradus::tutorials {

/// The lines of `text`, which must outlive them, without their ends. A last line may lack its end; an end
/// begins no further line.
inline std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}
std::vector<std::string_view> lines_of(std::string&&) = delete;  // views of a text that is gone

}  // namespace gradus::tutorials
