#include "app/bench/processor.hpp"

#include <sys/utsname.h>

#include <fstream>
#include <sstream>

namespace gradus::app {
namespace {

std::string with_single_spaces(std::string_view text) {
  std::istringstream words{std::string(text)};
  std::string joined;
  for (std::string word; words >> word;) joined += (joined.empty() ? "" : " ") + word;
  return joined;
}

/// What follows "key : " in the first line that has it.
std::string value_of(std::string_view cpuinfo, std::string_view key) {
  while (!cpuinfo.empty()) {
    const size_t end = std::min(cpuinfo.find('\n'), cpuinfo.size());
    const std::string_view line = cpuinfo.substr(0, end);
    const size_t colon = line.find(':');
    if (colon != std::string_view::npos && with_single_spaces(line.substr(0, colon)) == key)
      return with_single_spaces(line.substr(colon + 1));
    cpuinfo.remove_prefix(std::min(end + 1, cpuinfo.size()));
  }
  return "";
}

}  // namespace

std::string processor_name(std::string_view cpuinfo, const std::string& machine) {
  for (const char* key : {"model name", "cpu model", "cpu", "Model", "Hardware"}) {
    const std::string name = value_of(cpuinfo, key);
    if (!name.empty()) return name;
  }
  return machine + " processor";
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");  // none where there is no Linux
  std::ostringstream text;
  text << file.rdbuf();
  utsname system{};
  const bool is_known = uname(&system) == 0;
  return processor_name(text.str(), is_known ? system.machine : "unknown");
}

}  // namespace gradus::app
