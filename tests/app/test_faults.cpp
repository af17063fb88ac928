// A short run whose every write, flush, rename, open, unlink and mkdir fails, or kills it, once: the run
// always goes on, and ends with the weights and the rows of one that nothing disturbed.
//
// All points take half an hour, so a few of each kind are taken; GRADUS_ALL_FAULTS=1 in the environment takes
// every one.
#include <cerrno>
#include <cstdlib>

#include "app/program.hpp"
#include "autograd/random.hpp"
#include "bert/text/lines.hpp"
#include "support/catch.hpp"

#ifdef GRADUS_FAULT_SHIM

namespace {

namespace fs = std::filesystem;
using namespace gradus;
using namespace gradus::test;

struct Fault {
  std::string call;  ///< write, fsync, rename, open, unlink, mkdir
  std::string kind;  ///< kill, or an error's number
  int64_t number = 0;
};

/// A folder with a small text and its vocabulary, in which runs are made.
class Runs {
 public:
  Runs() {
    REQUIRE(call_gradus(folder.path(), {"corpus", "toy", "--out", "toy", "--stories", "120"}).exit_code == 0);
    REQUIRE(call_gradus(folder.path(), {"vocab", "toy/train.txt", "--size", "200", "--out", "vocab.txt"})
                .exit_code == 0);
  }

  ProgramResult pretrain(const std::string& out, const std::vector<std::string>& more = {},
                         const std::string& environment = "") const {
    std::vector<std::string> words = {"pretrain",
                                      "toy/train.txt",
                                      "--held-out",
                                      "toy/held-out.txt",
                                      "--vocab",
                                      "vocab.txt",
                                      "--layers",
                                      "1",
                                      "--hidden",
                                      "16",
                                      "--heads",
                                      "2",
                                      "--length",
                                      "32",
                                      "--slots",
                                      "128",
                                      "--steps",
                                      "6",
                                      "--save-steps",
                                      "2",
                                      "--keep",
                                      "1",
                                      "--evaluations",
                                      "3",
                                      "--threads",
                                      "1",
                                      "--evaluation-rows",
                                      "8",
                                      "--samples",
                                      "1",
                                      "--warmup",
                                      "2",
                                      "--out",
                                      out};
    words.insert(words.end(), more.begin(), more.end());
    return call_gradus(folder.path(), words, environment);
  }

  static std::string environment(const Fault& fault, const std::string& count = "") {
    return fmt::format("LD_PRELOAD='{}' FAULT_CALL={} FAULT_KIND={} FAULT_NUMBER={} FAULT_COUNT={} ",
                       GRADUS_FAULT_SHIM, fault.call, fault.kind, fault.number, count);
  }

  int64_t count(const std::string& call) const {
    fs::remove_all(folder / "counted");
    REQUIRE(pretrain("counted", {}, environment({call, "0", 0}, "count")).exit_code == 0);
    return std::stoll(read_file(folder / "count"));
  }

  /// The weights, and the rows of metrics.csv without the columns of seconds and speed.
  std::string result_of(const std::string& out) const {
    std::string result = read_file(folder / out / "model.safetensors");
    bert::for_each_line(folder / out / "metrics.csv", [&](std::string_view line) {
      size_t column = 0;
      for (size_t begin = 0; begin <= line.size(); ++column) {
        const size_t end = std::min(line.find(',', begin), line.size());
        if (column != 3 && column != 16) result += std::string(line.substr(begin, end - begin)) + ",";
        begin = end + 1;
      }
      result += "\n";
    });
    return result;
  }

  TemporaryFolder folder;
};

std::vector<int64_t> points(int64_t count, uint64_t seed) {
  std::vector<int64_t> all;
  for (int64_t i = 1; i <= count; ++i) all.push_back(i);
  if (std::getenv("GRADUS_ALL_FAULTS") != nullptr) return all;
  Rng(seed).shuffle(all);
  all.resize(std::min<size_t>(all.size(), 2));
  return all;
}

}  // namespace

TEST_CASE("pretrain: whichever call fails or kills it, the run goes on and ends as if nothing had been") {
  const Runs runs;
  REQUIRE(runs.pretrain("whole").exit_code == 0);
  const std::string expected = runs.result_of("whole");
  int64_t tried = 0;
  for (const std::string call : {"write", "fsync", "rename", "open", "unlink", "mkdir"}) {
    const int64_t count = runs.count(call);
    REQUIRE(count > 0);  // the shim sees them
    for (const std::string& kind : {std::string("kill"), std::to_string(EIO), std::to_string(ENOSPC)}) {
      for (const int64_t number : points(count, static_cast<uint64_t>(tried))) {
        const Fault fault{call, kind, number};
        ++tried;
        INFO(call << " " << number << " of " << count << ", " << kind);
        fs::remove_all(runs.folder / "run");
        const ProgramResult first = runs.pretrain("run", {}, Runs::environment(fault));
        INFO("first: " << first.errors);
        CHECK(first.exit_code == (kind == "kill" ? 137 : first.exit_code == 0 ? 0 : 1));
        ProgramResult second = runs.pretrain("run", {"--resume"});
        if (second.errors.find("there is no run in") != std::string::npos) second = runs.pretrain("run");
        INFO("second: " << second.errors);
        REQUIRE(second.exit_code == 0);
        CHECK(runs.result_of("run") == expected);
        for (const auto& entry : fs::directory_iterator(runs.folder / "run" / "checkpoints"))
          CHECK(entry.path().filename().string().starts_with("step-"));
        for (const auto& entry : fs::recursive_directory_iterator(runs.folder / "run")) {
          INFO(entry.path());
          CHECK(entry.path().extension() != ".tmp");
        }
      }
    }
  }
  CAPTURE(tried);
  CHECK(tried >= 6 * 3 * 2);
}

#endif
