// The program with less memory than it needs: it says so in a sentence and ends with 1, wherever it notices.
#include "app/program.hpp"
#include "support/catch.hpp"

#ifdef GRADUS_FAULT_SHIM  // the sanitizers take far more room than they use, so a limit says nothing there

namespace {

using namespace gradus;
using namespace gradus::test;

/// Standard shell's `ulimit -v`, in KiB.
std::string limit(int64_t kib) { return fmt::format("ulimit -v {} && ", kib); }

/// The least room, to 64 KiB, in which the program gets as far as printing its version.
int64_t least(const std::filesystem::path& folder) {
  int64_t low = 0, high = int64_t{1} << 21;
  while (high - low > 64) {
    const int64_t middle = (low + high) / 2;
    const ProgramResult result = call_gradus(folder, {"--version"}, limit(middle));
    (result.exit_code == 0 ? high : low) = middle;
  }
  return high;
}

}  // namespace

TEST_CASE("gradus: with too little memory, a sentence and exit 1, never a signal") {
  const TemporaryFolder folder;
  REQUIRE(call_gradus(folder.path(), {"corpus", "toy", "--out", "toy", "--stories", "300"}).exit_code == 0);
  REQUIRE(call_gradus(folder.path(), {"vocab", "toy/train.txt", "--size", "200", "--out", "vocab.txt"})
              .exit_code == 0);
  const int64_t start = least(folder.path());
  int refused = 0, done = 0;
  const auto check = [&](int64_t kib, const std::vector<std::string>& arguments) {
    const ProgramResult result = call_gradus(folder.path(), arguments, limit(kib) + "OMP_NUM_THREADS=1 ");
    INFO(start << " + " << kib - start << " KiB: " << result.exit_code << " " << result.errors);
    if (result.exit_code == 0) return static_cast<void>(++done);
    ++refused;
    if (result.exit_code == 127) return;  // the system could not even start the program, and says so itself
    CHECK(result.exit_code == 1);
    CHECK(result.errors.find("memory") != std::string::npos);
  };
  // Start-up, where the options are set up.
  for (int64_t below = 64; below <= 1024; below += 64) check(start - below, {"--version"});
  // A training, from where it hardly begins to where all of it fits.
  for (int64_t more = 0; more <= 64 << 10; more += 4 << 10) {
    std::filesystem::remove_all(folder / "run");
    check(start + more, {"pretrain",
                         "toy/train.txt",
                         "--held-out",
                         "toy/held-out.txt",
                         "--vocab",
                         "vocab.txt",
                         "--layers",
                         "2",
                         "--hidden",
                         "128",
                         "--heads",
                         "2",
                         "--steps",
                         "2",
                         "--length",
                         "64",
                         "--slots",
                         "512",
                         "--samples",
                         "1",
                         "--evaluation-rows",
                         "8",
                         "--threads",
                         "1",
                         "--out",
                         "run"});
  }
  CAPTURE(refused, done);
  CHECK(refused > 0);
}

#endif
