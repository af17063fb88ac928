#include "app/command.hpp"

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "app/terminal/visible_text.hpp"
#include "autograd/plural.hpp"
#include "autograd/system_reason.hpp"

namespace gradus::app {

void print(const std::string& result) {
  if (is_silent()) return;
  const std::string text = visible(result);
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0) {
    fail<IoError>("cannot write to standard output: {}", system_reason(errno));
  }
}

void print(const nlohmann::ordered_json& object) {
  // A file's name need not be UTF-8, but JSON must.
  print(object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) fail<IoError>("cannot make the folder {}: {}", folder.string(), system_reason(error.value()));
}

void refuse_to_overwrite(const std::filesystem::path& path, bool force, std::string_view option) {
  std::error_code ignored;
  if (force || !std::filesystem::is_regular_file(path, ignored)) return;
  fail<WrongCall>("{} is already there; name another with {}, or replace it with --force", path.string(),
                  option);
}

std::string with_commas(int64_t number) {
  std::string text = std::to_string(number);
  for (auto place = static_cast<std::ptrdiff_t>(text.size()) - 3; place > (number < 0 ? 1 : 0); place -= 3) {
    text.insert(static_cast<size_t>(place), ",");
  }
  return text;
}

std::string counted(int64_t number, std::string_view one, std::string_view many) {
  return with_commas(number) + " " + plural(number, one, many);
}

}  // namespace gradus::app
