// What the environment asks of the program: BLIS's kernels, and threads that sleep while they wait.
#include <nlohmann/json.hpp>

#include "app/program.hpp"
#include "autograd/kernels/products/blis_choice.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

ProgramResult with(const std::string& settings, const std::vector<std::string>& arguments) {
  std::vector<std::string> call{GRADUS_PROGRAM};
  call.insert(call.end(), arguments.begin(), arguments.end());
  return run_program(call, "env -u OMP_WAIT_POLICY -u GOMP_SPINCOUNT " + settings);
}

}  // namespace

TEST_CASE("a BLIS_ARCH_TYPE that would end BLIS is refused in one sentence, before the command begins") {
  const auto names = kernels::usable_blis_sets(kernels::this_blis_host());
  if (names.empty()) return;  // a kind of processor whose sets are not known here
  std::string sets;
  for (const std::string& name : names) sets += (sets.empty() ? "" : ", ") + name;
  for (const std::string command : {"tokenize", "bench"}) {
    const ProgramResult wrong = with("BLIS_ARCH_TYPE=999", {command});
    CHECK(wrong.exit_code == 2);
    CHECK(wrong.out == "");
    CHECK(wrong.errors.starts_with("gradus " + command +
                                   ": BLIS_ARCH_TYPE is '999', which is no kernel set that BLIS "));
    CHECK(wrong.errors.ends_with("has compiled in; unset it, or take one of " + sets + "\n"));
  }
  CHECK(with("BLIS_ARCH_TYPE=999", {"--help"}).exit_code == 0);
  CHECK(with("BLIS_ARCH_TYPE=999", {"bench", "--help"}).exit_code == 0);
}

TEST_CASE("bench lists the kernel sets that run here, and each of them runs") {
  const ProgramResult list = with("", {"bench", "--kernels"});
  CHECK(list.exit_code == 0);
  std::string expected;
  for (const std::string& name : kernels::usable_blis_sets(kernels::this_blis_host())) {
    expected += name + "\n";
    INFO(name);
    const ProgramResult result = with(
        "BLIS_ARCH_TYPE=" + name,
        {"bench", "tiny", "--what", "inference", "--length", "8", "--vocab-size", "20", "--threads", "1"});
    CHECK(result.exit_code == 0);
    CHECK(result.out.find("BLIS kernels " + name + " (BLIS_ARCH_TYPE asks for it): ") != std::string::npos);
  }
  CHECK(list.out == expected);
}

TEST_CASE("bench says what was taken and why, and sets everything beside the measured peak") {
  const ProgramResult result = with("", {"bench", "tiny", "--what", "step", "--steps", "1", "--batch", "2",
                                         "--length", "16", "--vocab-size", "50", "--threads", "1", "--json"});
  REQUIRE(result.exit_code == 0);
  const auto json = nlohmann::json::parse(result.out);
  CHECK(json.at("blis_kernels_why") == kernels::blis_choice().reason);
  CHECK(json.at("blis_share_of_peak").get<double>() > 0.02);
  CHECK(json.at("blis_share_of_peak").get<double>() < 1.1);
  const auto& tiny = json.at("sizes").at(0);
  // 6 B S L (12 H^2 + 2 S H) + 6 n (H V + H^2), with n = 4 of 32 positions masked.
  const double nominal =
      6.0 * 2 * 16 * 2 * (12 * 128 * 128 + 2 * 16 * 128) + 6.0 * 4 * (128 * 50 + 128 * 128);
  CHECK(tiny.at("nominal_operations").get<double>() == nominal);
  const double reached = nominal / (tiny.at("step_milliseconds").get<double>() / 1e3);
  CHECK(tiny.at("share_of_peak").get<double>() ==
        Approx(reached / (json.at("peak_gigaflops").get<double>() * 1e9)).epsilon(1e-6));
}

// GCC's OpenMP can show what it read.
#ifdef __GNUC__
TEST_CASE("threads that wait sleep soon, unless the user's own setting says otherwise") {
  const auto read = [](const std::string& name, const std::string& settings) {
    const std::string shown = with("OMP_DISPLAY_ENV=verbose " + settings, {"--version"}).errors;
    const auto at = shown.rfind(name + " = '");  // the last is that of the program that went on
    REQUIRE(at != std::string::npos);
    const auto begin = at + name.size() + 4;
    return shown.substr(begin, shown.find('\'', begin) - begin);
  };
  CHECK(read("OMP_WAIT_POLICY", "") == "PASSIVE");
  const int64_t spins = std::stoll(read("GOMP_SPINCOUNT", ""));
  CHECK(spins > 0);
  CHECK(spins < 1000);
  CHECK(read("OMP_WAIT_POLICY", "OMP_WAIT_POLICY=ACTIVE") == "ACTIVE");
  CHECK(std::stoll(read("GOMP_SPINCOUNT", "OMP_WAIT_POLICY=ACTIVE")) > 1'000'000);
  CHECK(read("GOMP_SPINCOUNT", "GOMP_SPINCOUNT=5") == "5");
}
#endif
