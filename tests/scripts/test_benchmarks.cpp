// The scripts in benchmarks/ that judge: what they refuse, and what they say of given figures.
#include <filesystem>

#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/run_program.hpp"
#include "support/temporary_folder.hpp"

namespace {

ProgramResult benchmark(const std::string& name, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), std::string(GRADUS_SOURCE) + "/benchmarks/" + name);
  return run_program(arguments);
}

void check_refused(const ProgramResult& result, const std::string& sentence) {
  CHECK(result.exit_code == 2);
  CHECK(result.out.empty());
  CHECK(result.errors == sentence + "\n");
}

/// Two files of counts as benchmarks/check leaves them, to be compared.
struct Counts {
  TemporaryFolder folder;
  const std::string before = folder / "before.json", now = folder / "now.json";

  Counts(const std::string& first, const std::string& then) {
    gradus::write_file_atomically(before, R"({"of": "v1, 3960d00", "instructions": )" + first + "}");
    gradus::write_file_atomically(now, R"({"of": "this tree", "instructions": )" + then + "}");
  }
  ProgramResult compare(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"--compare", before, now});
    return benchmark("check", more);
  }
};

}  // namespace

TEST_CASE("benchmarks/check: counts that hardly differ pass, and fewer always do") {
  const Counts counts(R"({"step": 46900000.0, "tokenizer": 2000000, "tensors": 1000000})",
                      R"({"step": 48300000.0, "tokenizer": 1000000, "tensors": 1000000})");
  const ProgramResult result = counts.compare();
  CHECK(result.exit_code == 0);
  CHECK(result.errors.empty());
  CHECK(result.out ==
        "of one call     before, millions       now    change\n"
        "step                      46.900    48.300   +2.99 %\n"
        "tokenizer                  2.000     1.000  -50.00 %\n"
        "tensors                    1.000     1.000   +0.00 %\n");
}

TEST_CASE("benchmarks/check: what has grown by more than 3 % is named, with its percentage") {
  const Counts counts(R"({"step": 46900000, "tokenizer": 2000000, "tensors": 1000000})",
                      R"({"step": 48400000, "tokenizer": 2250000, "tensors": 1029000})");
  const ProgramResult result = counts.compare();
  CHECK(result.exit_code == 1);
  CHECK(result.errors ==
        "check: a training step takes 3.2 % more instructions than in v1, 3960d00; at most 3 % more are let "
        "pass\n"
        "check: tokenising, ids only, takes 12.5 % more instructions than in v1, 3960d00; at most 3 % more "
        "are "
        "let pass\n");
  const ProgramResult patient = counts.compare({"--most", "5"});
  CHECK(patient.exit_code == 1);
  CHECK(patient.errors.starts_with("check: tokenising, ids only, takes 12.5 % more"));
  CHECK(counts.compare({"--most", "13"}).exit_code == 0);
}

TEST_CASE("benchmarks/check refuses a wrong call with one sentence") {
  const std::string help = "; benchmarks/check --help shows the calls";
  check_refused(benchmark("check", {"--fast"}), "check: unrecognized arguments: --fast" + help);
  check_refused(benchmark("check", {"--most", "few"}),
                "check: argument --most: invalid float value: 'few'" + help);
  check_refused(benchmark("check", {"--against", "no-such-commit"}),
                "check: --against: git knows no commit 'no-such-commit'");
  const Counts counts(R"({"step": 2})", R"({"step": 2})");
  check_refused(counts.compare({"--against", "HEAD"}),
                "check: --compare reads counts, and --against makes them; leave one of them out");
  const std::string none = counts.folder / "none.json";
  check_refused(benchmark("check", {"--compare", counts.before, none}),
                "check: --compare: cannot read " + none + ": No such file or directory");
  const Counts other(R"({"step": 2})", R"({"tensors": 2})"), zero(R"({"step": 0})", R"({"step": 2})"),
      broken("2", R"({"step": 2})");
  for (const Counts* pair : {&other, &zero})
    check_refused(pair->compare(), "check: --compare: " + pair->before + " and " + pair->now +
                                       " are not counts of the same works");
  check_refused(broken.compare(),
                "check: --compare: " + broken.before + " is not a file of counts as this script writes them");
}

namespace {

/// The table that benchmarks/goals makes of figures measured before, and no others.
ProgramResult goals(const TemporaryFolder& folder) {
  return benchmark("goals", {"--only", "--out", folder.path()});
}

/// What benchmarks/peers/peers leaves: medians of rounds, and PyTorch's time over ours.
std::string peers_json(const std::string& products) {
  return R"({"processor": "Some Maker CPU", "vector_bits": 512, "rounds": 3,
 "pytorch": {"torch": "2.13.0", "transformers": "5", "vectors": "AVX512", "products": ")" +
         products + R"("},
 "steps": [{"size": "tiny", "threads": 1, "step_milliseconds": 80, "ratio": 1.2, "share_of_peak": 0.7},
           {"size": "tiny", "threads": 1, "step_milliseconds": 90, "ratio": 1.1, "share_of_peak": 0.76},
           {"size": "tiny", "threads": 1, "step_milliseconds": 100, "ratio": 1.0, "share_of_peak": 0.8},
           {"size": "tiny", "threads": 2, "step_milliseconds": 50, "ratio": 1.0, "share_of_peak": 0.8}],
 "inference": [{"size": "tiny", "batch": 1, "threads": 1, "share_of_peak": 0.5},
               {"size": "tiny", "batch": 32, "threads": 1, "share_of_peak": 0.6}],
 "rows": [{"work": "step, tiny, 1 thread, PyTorch", "ratio": 2.4},
          {"work": "inference, tiny, batch 1, 1 thread", "ratio": 1.6},
          {"work": "inference, tiny, batch 32, 1 thread", "ratio": 2.5},
          {"work": "matmul 8, recorded", "ratio": 4.0},
          {"work": "most memory, tiny, 1 thread, PyTorch", "ratio": 2.0},
          {"work": "tokenising, ids only", "ratio": 22.04}]})";
}

}  // namespace

TEST_CASE("benchmarks/goals: beside each goal its figure, and by how much it is missed") {
  const TemporaryFolder folder;
  gradus::write_file_atomically(folder / "peers.json", peers_json("AVX2"));
  gradus::write_file_atomically(folder / "process.json", R"({"faults": 3.4, "maps": 2, "fill_mask": 41.25})");
  const ProgramResult result = goals(folder);
  CHECK(result.exit_code == 1);  // some are missed
  INFO(result.out);
  CHECK(result.out.starts_with(
      "Some Maker CPU, vectors of 512 bits (the shares of the peak are set for 512); PyTorch 2.13.0, whose "
      "products run on AVX2; rounds: 3\n\n| what | goal | measured |  |\n| --- | --- | --- | --- |\n"));
  for (const std::string line : {
           "share of the peak, tiny, one thread | >= 0.75 | 0.76 | reached",
           "step / GEMM floor, tiny, one thread | <= 1.10 | 1.10 | reached",
           "step / GEMM floor, mini, one thread | <= 1.06 | not measured | ",
           "two threads against one, tiny | >= 1.85 | 1.80 | short by 0.05 (3 %)",
           "PyTorch / ours, tiny, one thread | >= 3.00 | 2.40 | short by 0.60 (20 %); it asks for 0.95 of "
           "the peak",
           "torch.compile / ours, tiny, one thread | >= 3.00 | not measured | ",
           "most memory of a training process / PyTorch's, tiny | <= 0.40 | 0.50 | short by 0.10 (25 %)",
           "matmul 8 x 8, recorded / PyTorch's | <= 1.00 | 0.25 | reached",
           "PyTorch / ours, inference, tiny, 1 row, one thread | >= 2.00 | 1.60 | short by 0.40 (20 %); it "
           "asks "
           "for 0.62 of the peak",
           "PyTorch / ours, inference, tiny, 32 rows, one thread | >= 2.00 | 2.50 | reached",
           "tokenizers / ours, tokenising, ids only | >= 20.0 | 22.0 | reached",
           "maps and unmaps of four steps after the third | <= 0 | 2 | short by 2",
           "minor page faults a step after the third | <= 99 | 3 | reached",
           "gradus fill-mask with a tiny model, whole process | <= 50.0 ms | 41.2 ms | reached",
       }) {
    INFO(line);
    CHECK(result.out.find("| " + line + " |\n") != std::string::npos);
  }
}

TEST_CASE("benchmarks/goals: what PyTorch is asked to take depends on the vectors of its products") {
  const TemporaryFolder folder;
  gradus::write_file_atomically(folder / "peers.json", peers_json("AVX-512"));
  const ProgramResult result = goals(folder);
  INFO(result.out);
  CHECK(result.out.find("| PyTorch / ours, tiny, one thread | >= 2.00 | 2.40 | reached |\n") !=
        std::string::npos);
}

TEST_CASE("benchmarks/goals: without figures every goal stands there as not measured") {
  const TemporaryFolder folder;
  const ProgramResult result = goals(folder);
  CHECK(result.exit_code == 0);
  CHECK(result.errors.empty());
  CHECK(result.out.find("reached") == std::string::npos);
  CHECK(result.out.find("short by") == std::string::npos);
  for (const std::string what :
       {"share of the peak, small, two threads", "torch.compile / ours, mini, two threads",
        "Hugging Face / ours, small, one thread", "matmul 32 x 32 / PyTorch's",
        "PyTorch / ours, inference, tiny, 32 rows, one thread",
        "tokenizers / ours, learning a vocabulary of 8,000", "all tests"}) {
    INFO(what);
    CHECK(result.out.find("| " + what + " | ") != std::string::npos);
  }
}

TEST_CASE("benchmarks/goals, growth and peers: what cannot be is refused in a sentence") {
  const TemporaryFolder folder;
  const std::string file = folder / "peers.json";
  gradus::write_file_atomically(file, "{");
  const ProgramResult broken = goals(folder);
  CHECK(broken.exit_code == 2);
  CHECK(broken.errors.starts_with("goals: "));
  CHECK(broken.errors.ends_with("measure this part again\n"));
  const auto last_line = [](const std::string& script, const std::vector<std::string>& arguments) {
    const ProgramResult result = benchmark(script, arguments);
    CHECK(result.exit_code == 2);
    return result.errors.substr(result.errors.rfind('\n', result.errors.size() - 2) + 1);
  };
  const std::string out = folder / "out";
  CHECK(last_line("growth", {"--out", out, "--rounds", "0"}) ==
        "growth: error: --rounds and --steps must be at least 1\n");
  CHECK(last_line("growth", {"--out", file}).starts_with("growth: error: --out: "));
  CHECK(last_line("peers/peers", {"--out", out, "--threads", "0"}) ==
        "peers: error: --rounds, --steps and --threads must be at least 1\n");
  CHECK(last_line("peers/peers", {"--out", out, "--python", "/no/such/python"}) ==
        "peers: error: --python: there is no program /no/such/python\n");
}

// Most of them need an hour or PyTorch, so no test runs them; a slip of the hand shows all the same.
TEST_CASE("every script in Python is one that Python reads") {
  const ProgramResult result = run_program({"python3", "-c", R"(
import os, sys
read = 0
for place in ("benchmarks", "scripts", "tests", "tutorials"):
    for folder, _, names in os.walk(os.path.join(sys.argv[1], place)):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                if not (name.endswith(".py") or file.read(64).startswith(b"#!/usr/bin/env python3")):
                    continue
                file.seek(0)
                try:
                    compile(file.read(), path, "exec")
                except SyntaxError as error:
                    print(f"{path}:{error.lineno}: {error.msg}")
                read += 1
print("some" if read > 30 else f"only {read}")
)",
                                            GRADUS_SOURCE});
  CHECK(result.out == "some\n");
  CHECK(result.errors.empty());
}
