// The clinic of broken BERTs: who is in it, and the chart of a patient.
#include <fmt/format.h>
#include <unistd.h>

#include <exception>
#include <string>
#include <vector>

#include "autograd/threads.hpp"
#include "chart.hpp"
#include "ward.hpp"

using namespace gradus::tutorials::clinic;

namespace {

constexpr std::string_view usage =
    "Usage: {0} [PATIENT [--figures DIR]]\n\n"
    "Lists the patients of the clinic, or shows the chart of one of them: 1 to 12; 0 is healthy.\n\n"
    "  --figures DIR  where its page and pictures go (default: none are made)\n\n"
    "Example: {0} 3 --figures patient-3\n";

void list() {
  fmt::print("Twelve trained BERTs, each with one fault. What is said of them:\n");
  for (int bed = 1; bed <= beds; ++bed) fmt::print("\n{:2}  {}\n", bed, complaint(bed));
  fmt::print("\nWhat they may have (tutorials/clinic/faults.hpp):\n");
  for (const FaultName& fault : fault_names) fmt::print("  {:<24}{}\n", fault.name, fault.meaning);
}

void show(int bed, const std::string& figures) {
  if (isatty(STDERR_FILENO) != 0)
    fmt::print(stderr, "patient {} is trained, which takes some seconds\n", bed);
  const Patient patient = admit(bed);
  fmt::print("Patient {}. {}\n\n{}", bed, complaint(bed), chart_of(patient));
  if (!figures.empty())
    draw_chart(patient, fmt::format("Patient {}", bed), std::string(complaint(bed)), figures);
}

}  // namespace

int main(int argc, char** argv) {
  gradus::set_num_threads(1);  // the patients are too small for more
  const std::vector<std::string> words(argv + 1, argv + argc);
  const std::string program = argv[0];
  if (words.empty()) return list(), 0;
  if (words[0] == "--help") return fmt::print(fmt::runtime(usage), program), 0;
  const bool with_figures = words.size() == 3 && words[1] == "--figures";
  if (words.size() != 1 && !with_figures) {
    fmt::print(stderr, "{}: '{}' is not understood; --help shows the call.\n", program, words[1]);
    return 2;
  }
  int bed = -1;
  for (int number = 0; number <= beds; ++number) {
    if (words[0] == std::to_string(number)) bed = number;
  }
  if (bed < 0) {
    fmt::print(stderr, "{}: there is no patient '{}'; they are 1 to {}, and 0 is healthy.\n", program,
               words[0], beds);
    return 2;
  }
  try {
    show(bed, with_figures ? words[2] : "");
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", program, error.what());
    return 1;
  }
}
