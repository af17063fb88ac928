// plant LIST_FOLDER PROJECT_FOLDER FILE OUTPUT: writes OUTPUT, a copy of PROJECT_FOLDER/FILE with the bugs
// that the list has for it. A copy that would come out the same is left alone, so that nothing is compiled
// again.
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <sstream>

#include "planted_bugs/plant.hpp"

namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) {
    fmt::print(stderr, "plant: needs LIST_FOLDER PROJECT_FOLDER FILE OUTPUT\n");
    return 2;
  }
  try {
    const std::filesystem::path list = arguments[1], project = arguments[2], output = arguments[4];
    const std::string file = arguments[3];
    std::vector<gradus::Bug> bugs = gradus::read_bugs(list);
    std::erase_if(bugs, [&](const gradus::Bug& bug) { return bug.file != file; });
    const std::string planted = gradus::plant(content(project / file), bugs);
    if (content(output) == planted) return 0;
    std::filesystem::create_directories(output.parent_path());
    std::ofstream(output, std::ios::binary) << planted;
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "plant: {}\n", error.what());
    return 1;
  }
}
