#include "bert/lines.hpp"

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <system_error>

#include "autograd/error.hpp"

namespace gradus::bert {
namespace {

constexpr std::size_t block_bytes = std::size_t{1} << 20;

std::string_view trim(std::string_view line) {
  constexpr std::string_view space = " \t\r\v\f";
  const auto first = line.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(space) - first + 1);
}

/// Checks lines, counts them and hands them on.
class CheckedLines {
 public:
  CheckedLines(std::string name, const LineSink& sink) : name_(std::move(name)), sink_(sink) {}

  void operator()(std::string_view line) {
    ++number_;
    if (number_ == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    if (line.find('\0') != std::string_view::npos)
      fail<FormatError>("{}, line {}: a NUL byte: this is not a text file", name_, number_);
    if (const auto bad = find_invalid_utf8(line); bad != std::string_view::npos)
      fail<FormatError>("{}, line {}: byte {} (0x{:02X}) is not UTF-8: save the file as UTF-8", name_,
                        number_, bad + 1, static_cast<unsigned>(static_cast<unsigned char>(line[bad])));
    sink_(trim(line));
  }

 private:
  std::string name_;
  const LineSink& sink_;
  int64_t number_ = 0;
};

/// Hands on the whole lines at the front of `text` and returns how many bytes they were.
std::size_t consume_lines(std::string_view text, CheckedLines& lines) {
  std::size_t begin = 0;
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', begin)) {
    lines(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return begin;
}

}  // namespace

void for_each_line(const std::filesystem::path& file, const LineSink& sink) {
  std::error_code unused;
  if (!std::filesystem::exists(file, unused))
    fail<IoError>("cannot read {}: there is no such file", file.string());
  if (std::filesystem::is_directory(file, unused))
    fail<IoError>("cannot read {}: it is a directory, not a file", file.string());
  std::ifstream in(file, std::ios::binary);
  if (!in) fail<IoError>("cannot read {}: {}", file.string(), std::generic_category().message(errno));

  CheckedLines lines(file.string(), sink);
  std::string pending;  // the block just read, after the incomplete line that the last one left
  for (;;) {
    const std::size_t kept = pending.size();
    pending.resize(kept + block_bytes);
    in.read(pending.data() + kept, static_cast<std::streamsize>(block_bytes));
    pending.resize(kept + static_cast<std::size_t>(in.gcount()));
    if (in.bad()) fail<IoError>("cannot read {}: {}", file.string(), std::generic_category().message(errno));
    if (in.gcount() == 0) break;
    pending.erase(0, consume_lines(pending, lines));
  }
  if (!pending.empty()) lines(pending);
}

void for_each_line(std::string_view text, const std::string& name, const LineSink& sink) {
  CheckedLines lines(name, sink);
  text.remove_prefix(consume_lines(text, lines));
  if (!text.empty()) lines(text);
}

}  // namespace gradus::bert
