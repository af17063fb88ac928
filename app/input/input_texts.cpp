#include "app/input/input_texts.hpp"

#include <unistd.h>

#include <algorithm>

#include "app/command.hpp"
#include "autograd/file.hpp"
#include "bert/text/lines.hpp"

namespace gradus::app {

void check_argument(const std::string& name, const std::string& text) {
  const size_t bad = bert::find_invalid_utf8(text);
  if (bad == std::string::npos) return;
  fail<WrongCall>("{} is not UTF-8: byte {} is 0x{:02X}", name, bad + 1,
                  static_cast<unsigned>(static_cast<unsigned char>(text[bad])));
}

std::vector<std::string> input_texts(const std::vector<std::string>& arguments,
                                     const std::filesystem::path& file, EmptyLines empty_lines) {
  if (!arguments.empty()) {
    for (size_t i = 0; i < arguments.size(); ++i) {
      check_argument(fmt::format("text {}", i + 1), arguments[i]);
    }
    return arguments;
  }
  std::vector<std::string> texts;
  const bert::LineSink keep = [&](std::string_view line) {
    if (!line.empty() || empty_lines == EmptyLines::are_texts) texts.emplace_back(line);
  };
  std::string name = file.string();
  if (name.empty() || name == "-") {
    name = "standard input";
    if (::isatty(STDIN_FILENO) == 1) print_error("Type a text a line; Ctrl-D ends it.\n");
    bert::for_each_line(read_file("/dev/stdin"), name, keep);
  } else {
    bert::for_each_line(file, keep);
  }
  const bool has_text =
      std::any_of(texts.begin(), texts.end(), [](const std::string& text) { return !text.empty(); });
  if (!has_text) fail<FormatError>("{} holds no text", name);
  return texts;
}

}  // namespace gradus::app
