// The programs of the clinic: they list and show the patients, prove our diagnoses, and prove nothing of a
// reader who has not begun.
#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/run_program.hpp"
#include "support/temporary_folder.hpp"
#include "tutorials/clinic/ward.hpp"

using namespace gradus;
using namespace gradus::tutorials::clinic;

namespace {

const std::string programs = GRADUS_CHAPTER_PROGRAMS;

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("clinic: every diagnosis of the solution is proven") {
  const ProgramResult result = run_program({programs + "/clinic_solution"}, "GRADUS_EXERCISE=1");
  INFO(result.out << result.errors);
  CHECK(result.exit_code == 0);
  CHECK(has(result.out, "The clinic: all 12 diagnoses are proven.\n"));
}

TEST_CASE("clinic: the reader's file as it comes proves nothing, and says where to begin") {
  const ProgramResult result = run_program({programs + "/clinic_check"});
  CHECK(result.exit_code == 1);
  for (int bed = 1; bed <= beds; ++bed) {
    const std::string number = std::to_string(bed);
    CHECK(
        has(result.out, "open   patient " + number + ": ./learn clinic " + number + " shows its symptoms\n"));
  }
  CHECK(has(
      result.out,
      "The clinic: 0 of 12 diagnoses are proven. Edit tutorials/clinic/diagnoses.cpp and check again.\n"));
  CHECK(has(run_program({programs + "/clinic_check", "7"}).out, "The clinic: 0 of 1 diagnoses are proven."));
}

TEST_CASE("clinic: the program lists the patients, shows a chart with its page, and refuses a wrong call") {
  const std::string program = programs + "/clinic";
  const ProgramResult list = run_program({program});
  CHECK(list.exit_code == 0);
  for (const FaultName& fault : fault_names) CHECK(has(list.out, "  " + std::string(fault.name) + " "));
  for (int bed = 1; bed <= beds; ++bed) CHECK(has(list.out, fmt::format("\n{:2}  \"", bed)));

  const TemporaryFolder folder;
  const ProgramResult chart = run_program({program, "2", "--figures", folder / "p/2"});
  CHECK(chart.exit_code == 0);
  for (const std::string part :
       {"Patient 2. \"", "Its own log", "The clinic's test", "Gaps, filled", "Mean |weight|"})
    CHECK(has(chart.out, part));
  const std::string page = read_file(folder / "p/2/report.html");
  CHECK(has(page, "<title>Patient 2</title>"));
  CHECK(has(page, "layer 2, head 2"));
  CHECK(has(read_file(folder / "p/2/curves.svg"), "loss in training"));

  for (const std::string wrong : {"13", "-1", "two", "02"}) {
    const ProgramResult result = run_program({program, wrong});
    CHECK(result.exit_code == 2);
    CHECK(has(result.errors, "there is no patient '" + wrong + "'; they are 1 to 12, and 0 is healthy.\n"));
  }
  CHECK(run_program({program, "1", "2"}).exit_code == 2);
}
