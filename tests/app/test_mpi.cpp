// Commands whose ranks are processes, started by mpirun. Without MPI there is nothing to test but the advice.
#include <sched.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "app/program.hpp"
#include "bert/training/checkpoint_folder.hpp"
#include "support/catch.hpp"
#include "support/page_checks.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

/// As root in a container, and with more ranks than cores, Open MPI asks to be told that this is meant.
/// Others do not know these variables.
[[maybe_unused]] const std::string allowed =
    "export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 "
    "OMPI_MCA_hwloc_base_binding_policy=none; ";

#ifdef GRADUS_MPIRUN

/// MPICH's mpirun has exit codes of its own for ranks that were signalled: 9 or 0.
bool is_hydra() {
  static const bool is = run_program({GRADUS_MPIRUN, "--version"}).out.find("HYDRA") != std::string::npos;
  return is;
}

/// Lines of what gradus complained of, without what mpirun says of processes that failed.
std::vector<std::string> complaints(const ProgramResult& result) {
  std::istringstream lines(result.errors);
  std::vector<std::string> own;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("gradus ")) own.push_back(line);
  return own;
}

/// A small text, calls that train on it, and what they leave.
class Ranks {
 public:
  Ranks() { alone("corpus toy --out toy --stories 60"); }

  const std::filesystem::path& folder() const { return folder_.path(); }

  static std::string pretrain(const std::string& out, const std::string& more = "") {
    return "pretrain toy/train.txt --held-out toy/held-out.txt --vocab-size 200 --layers 1 --hidden 32 "
           "--heads 2 "
           "--length 16 --slots 128 --evaluation-rows 8 --evaluations 2 --samples 1 --out " +
           out + (more.find("--shards") == std::string::npos ? " --shards 4 " : " ") +
           (more.find("--steps") == std::string::npos ? "--steps 12 " : "") + more;
  }

  static std::string mpirun(int64_t ranks, const std::string& words, const std::string& before = "") {
    // Each rank leaves the number of its process, which stays the same when it becomes gradus.
    return fmt::format(
        "'{}' -n {} sh -c '{}echo $$ > pid.${{OMPI_COMM_WORLD_RANK:-$PMI_RANK}}; exec \"$@\"' "
        "sh '{}' {}",
        GRADUS_MPIRUN, ranks, before, GRADUS_PROGRAM, words);
  }
  ProgramResult run(int64_t ranks, const std::string& words, const std::string& before = "") const {
    // More than a minute means that ranks wait for each other for ever.
    return shell(folder(), allowed + "timeout 60 " + mpirun(ranks, words, before));
  }
  /// Starts a run, does `what` to it once it has saved a checkpoint in `out`, and waits. Job control is on,
  /// for a background job without it ignores SIGINT.
  ProgramResult run_and(int64_t ranks, const std::string& words, const std::string& out,
                        const std::string& what) const {
    return run_program(
        {"bash", "-c",
         "set -m; " + allowed + mpirun(ranks, words) + " & run=$!; while kill -0 $run 2> /dev/null && ! ls " +
             out + "/checkpoints/step-* > /dev/null 2>&1; do sleep 0.01; done; " + what + "; wait $run"},
        "cd '" + folder().string() + "' &&");
  }
  ProgramResult alone(const std::string& words) const {
    const ProgramResult result = shell(folder(), "gradus " + words);
    INFO(words << "\n" << result.errors);
    REQUIRE(result.exit_code == 0);
    return result;
  }

  std::string weights(const std::string& out) const {
    return read_file(folder() / out / "model.safetensors");
  }
  std::string moments(const std::string& out) const {
    return read_file(*bert::newest_checkpoint(folder() / out) / "optimizer.safetensors");
  }

 private:
  TemporaryFolder folder_;
};

#endif

}  // namespace

#ifdef GRADUS_MPIRUN

TEST_CASE("mpi: pretrain leaves the same bytes from one process and from 2 and 4, on any threads", "[mpi]") {
  const Ranks ranks;
  const ProgramResult one = ranks.alone(Ranks::pretrain("one", "--threads 1"));
  for (const auto& [count, more] :
       std::map<int64_t, std::string>{{2, "--threads 2"}, {4, "--share-moments"}}) {
    INFO(count << " ranks " << more);
    const std::string out = fmt::format("n{}", count);
    const ProgramResult many = ranks.run(count, Ranks::pretrain(out, more));
    INFO(many.errors);
    CHECK(many.exit_code == 0);
    CHECK(ranks.weights(out) == ranks.weights("one"));
    CHECK(ranks.moments(out) == ranks.moments("one"));
    // One rank speaks, and says what the one process says, but for the folder and the time.
    CHECK(count_of(many.out, "model: ") == 1);
    CHECK(many.out.substr(0, many.out.find("12 steps")) == one.out.substr(0, one.out.find("12 steps")));
  }
}

TEST_CASE(
    "mpi: when a rank is killed all end, it was said how to go on, and the run ends with the same bytes",
    "[mpi]") {
  const Ranks ranks;
  ranks.alone(Ranks::pretrain("whole", "--steps 3000 --save-steps 100"));
  for (const int64_t lost : {0, 1}) {
    INFO("rank " << lost);
    const std::string out = fmt::format("lost{}", lost);
    const std::string words = Ranks::pretrain(out, "--steps 3000 --save-steps 100");
    const ProgramResult cut = ranks.run_and(2, words, out, fmt::format("kill -9 $(cat pid.{})", lost));
    INFO(cut.errors);
    CHECK(cut.exit_code != 0);
    const std::vector<std::string> said = complaints(cut);
    // Open MPI's mpirun leaves the others a second; MPICH's may kill them before they find out.
    REQUIRE(said.size() <= 1);
    CHECK(count_of(cut.errors, "if one is lost, --resume goes on from the newest checkpoint") == 1);
    if (said.size() == 1) {
      CHECK(said[0].starts_with(fmt::format("gradus pretrain: rank {} (process ", lost)));
      CHECK(said[0].find(") is gone; the run can go on from the checkpoint of step ") != std::string::npos);
    }
    ranks.alone(words + " --resume");
    CHECK(ranks.weights(out) == ranks.weights("whole"));
  }
}

TEST_CASE("mpi: a rank that hangs is named, and the others end", "[mpi]") {
  const Ranks ranks;
  const std::string words = Ranks::pretrain("run", "--steps 100000 --save-steps 20 --stall-minutes 0.05");
  const ProgramResult cut = ranks.run_and(4, words, "run", "kill -STOP $(cat pid.2)");
  INFO(cut.errors);
  CHECK((cut.exit_code == 1 || (is_hydra() && cut.exit_code != 0)));
  const std::vector<std::string> said = complaints(cut);
  REQUIRE(said.size() == 1);
  CHECK(said[0].starts_with("gradus pretrain: rank 2 (process "));
  CHECK(said[0].find(") has not answered for 3 seconds; the run can go on from the checkpoint of step ") !=
        std::string::npos);
}

TEST_CASE("mpi: Ctrl-C stops all ranks at one step, which is saved", "[mpi]") {
  const Ranks ranks;
  ranks.alone(Ranks::pretrain("whole", "--steps 3000"));
  // The signal goes to mpirun, as from a terminal, which tells the ranks; or to one of them.
  for (const std::string& what : {std::string("kill -INT $run"), std::string("kill -TERM $(cat pid.1)")}) {
    INFO(what);
    const std::string out = what.find("INT") != std::string::npos ? "typed" : "sent";
    const std::string words = Ranks::pretrain(out, "--steps 3000 --save-steps 100");
    const ProgramResult cut = ranks.run_and(2, words, out, what);
    INFO(cut.errors);
    CHECK((cut.exit_code != 0 || is_hydra()));
    CHECK(count_of(cut.errors, "everything is saved, and --resume goes on from there") == 1);
    CHECK(complaints(cut).empty());
    ranks.alone(words + " --resume");
    CHECK(ranks.weights(out) == ranks.weights("whole"));
  }
}

TEST_CASE("mpi: what is wrong is said once, with the exit code of one process", "[mpi]") {
  const Ranks ranks;
  const auto check = [&](int64_t count, const std::string& words, int code, const std::string& sentence,
                         const std::string& before = "") {
    INFO(words);
    const ProgramResult result = ranks.run(count, words, before);
    INFO(result.errors);
    CHECK(result.exit_code == code);
    const std::vector<std::string> said = complaints(result);
    REQUIRE(said.size() == 1);
    CHECK(said[0].starts_with(sentence));
  };
  check(2, "pretrain toy/train.txt --out run --steps 2 --sorts 3", 2,
        "gradus pretrain: unknown option '--sorts'");
  check(2, "pretrain none.txt --out run --steps 2", 1, "gradus pretrain: cannot read none.txt: ");
  check(2, "vocab toy/train.txt --out v.txt", 2,
        "gradus vocab: this is work for one process; mpirun is for pretrain, finetune and evaluate");
  check(3, Ranks::pretrain("run"), 2, "gradus pretrain: 3 ranks cannot share the work; take 1, 2, 4, 8 or ");
  check(4, Ranks::pretrain("run", "--shards 2"), 2,
        "gradus pretrain: --shards: 4 ranks cannot share 2 shards; take a power of two from 4 on");
  check(2, Ranks::pretrain("run", "--learning-rate 99 --warmup 0 --optimizer sgd --clip 1e9 --steps 60"), 1,
        "gradus pretrain: training broke at step ");
  // What is wrong for one rank alone, before it has joined the others.
  check(2, Ranks::pretrain("run"), 2, "gradus pretrain: BLIS_ARCH_TYPE",
        "if [ \"${OMPI_COMM_WORLD_RANK:-$PMI_RANK}\" = 1 ]; then export BLIS_ARCH_TYPE=nowhere; fi; ");
#ifdef GRADUS_FAULT_SHIM
  // A disk that is full, which only the rank that writes sees.
  check(2, Ranks::pretrain("full", "--steps 40 --save-steps 5"), 1, "gradus pretrain: ",
        "export FAULT_CALL=rename FAULT_KIND=28 FAULT_NUMBER=9 LD_PRELOAD=" GRADUS_FAULT_SHIM "; ");
#endif
  // A damaged file for one of them.
  ranks.alone(Ranks::pretrain("model"));
  check(2, "evaluate model toy --length 16", 1, "gradus evaluate: ");
}

TEST_CASE("mpi: ranks share the cores that they may run on", "[mpi]") {
  const Ranks ranks;
  const auto threads_of = [&](int64_t count, const std::string& out, const std::string& more = "") {
    const ProgramResult result = ranks.run(count, Ranks::pretrain(out, "--steps 2 " + more));
    INFO(result.errors);
    REQUIRE(result.exit_code == 0);
    const size_t at = result.errors.find("of each step, ");
    REQUIRE(at != std::string::npos);
    return std::stoi(result.errors.substr(at + 14));
  };
  cpu_set_t cores;
  REQUIRE(sched_getaffinity(0, sizeof cores, &cores) == 0);
  CHECK(threads_of(2, "two") == std::max(1, CPU_COUNT(&cores) / 2));
  CHECK(threads_of(4, "four") == std::max(1, CPU_COUNT(&cores) / 4));
  CHECK(threads_of(2, "said", "--threads 3") == 3);
}

TEST_CASE("mpi: evaluate prints the figures of one process", "[mpi]") {
  const Ranks ranks;
  ranks.alone(Ranks::pretrain("model"));
  const std::string words = "evaluate model toy/held-out.txt --train toy/train.txt --length 16 --json";
  const ProgramResult one = ranks.alone(words);
  for (const int64_t count : {2, 4}) CHECK(ranks.run(count, words).out == one.out);
}

TEST_CASE("mpi: finetune learns each task to the same bytes, and prints the same figures", "[mpi]") {
  const Ranks ranks;
  ranks.alone(Ranks::pretrain("model"));
  const auto figures = [](const ProgramResult& result) {
    nlohmann::json json = nlohmann::json::parse(result.out);
    json.erase("seconds");
    json.erase("folder");
    json.erase("step_memory_bytes");
    return json;
  };
  for (const auto& [set, task, more] :
       std::vector<std::array<std::string, 3>>{{"sentiment", "classification", ""},
                                               {"entities", "entities", ""},
                                               {"questions", "questions", ""},
                                               {"similarity", "similarity", ""},
                                               {"coreference", "pronouns", "--rows-at-once 1"}}) {
    INFO(task);
    ranks.alone("corpus toy --task " + set + " --examples 40 --out " + set);
    const std::string file = set + (task == "entities"    ? "/train.conll"
                                    : task == "questions" ? "/train.json"
                                                          : "/train.tsv");
    const std::string words = fmt::format(
        "finetune {} model {} --epochs 1 --batch 8 --shards 2 --dropout 0.1 "
        "--json {} --out ",
        task, file, more);
    const ProgramResult one = ranks.alone(words + set + "-1"), two = ranks.run(2, words + set + "-2");
    INFO(two.errors);
    REQUIRE(two.exit_code == 0);
    CHECK(figures(two) == figures(one));
    CHECK(ranks.weights(set + "-2") == ranks.weights(set + "-1"));
  }
  const ProgramResult refused =
      ranks.run(2, "finetune similarity model similarity/train.tsv --loss contrastive --out no");
  CHECK(refused.exit_code == 2);
  CHECK(complaints(refused) ==
        std::vector<std::string>{
            "gradus finetune: --loss contrastive compares all rows of a batch with each other, "
            "so a step is one shard: leave --shards out, and start it without mpirun"});
}

#else

TEST_CASE("mpi: a program without it that mpirun starts says what to install", "[mpi]") {
  const TemporaryFolder folder;
  const ProgramResult result =
      run_program({GRADUS_PROGRAM, "corpus", "toy", "--out", (folder / "x").string()},
                  "OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_RANK=0");
  CHECK(result.exit_code == 2);
  CHECK(result.errors ==
        "gradus corpus: 4 of this program were started together, but it is built without MPI, so each would "
        "do the "
        "whole work; run scripts/setup mpi and build again, or start one\n");
}

#endif
