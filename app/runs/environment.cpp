#include "app/runs/environment.hpp"

#include <ctime>
#include <fstream>

#include "autograd/kernels/products/gemm.hpp"
#include "autograd/threads.hpp"

namespace gradus::app {
namespace {

/// The processor's name as the system gives it, or an empty text.
std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return {};
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", std::localtime(&now));
  return text;
}

}  // namespace

bert::KeyValues run_environment() {
  return {{"Processor", processor()},
          {"Threads", std::to_string(num_threads())},
          {"BLIS kernels", kernels::blis_kernels()},
          {"Compiler", __VERSION__},
          {"Gradus", GRADUS_VERSION},
          {"Date", today()}};
}

}  // namespace gradus::app
