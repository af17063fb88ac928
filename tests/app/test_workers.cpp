// --workers: ranks that are threads of one process, as it is called.
#include "app/program.hpp"
#include "bert/training/checkpoint_folder.hpp"
#include "support/catch.hpp"
#include "support/page_checks.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

/// A small text, and calls that train on it.
struct Workers {
  TemporaryFolder folder;

  Workers() { REQUIRE(call("corpus toy --out toy --stories 60").exit_code == 0); }

  ProgramResult call(const std::string& words) const { return shell(folder.path(), "gradus " + words); }
  static std::string pretrain(const std::string& out, const std::string& more) {
    return "pretrain toy/train.txt --held-out toy/held-out.txt --vocab-size 200 --layers 1 --hidden 32 "
           "--heads 2 "
           "--length 16 --slots 128 --dropout 0.1 --evaluation-rows 8 --evaluations 2 --samples 1 --threads "
           "1 --out " +
           out + " " + more;
  }
  /// Starts a run and does `what` to it once it has saved a checkpoint.
  ProgramResult call_and(const std::string& words, const std::string& out, const std::string& what) const {
    return run_program(
        {"bash", "-c",
         "set -m; '" GRADUS_PROGRAM "' " + words + " & run=$!; while kill -0 $run 2> /dev/null && ! ls " +
             out + "/checkpoints/step-* > /dev/null 2>&1; do sleep 0.01; done; " + what + "; wait $run"},
        "cd '" + folder.path().string() + "' &&");
  }
  std::string left(const std::string& out) const {
    return read_file(folder / out / "model.safetensors") +
           read_file(*bert::newest_checkpoint(folder / out) / "optimizer.safetensors");
  }
};

}  // namespace

TEST_CASE("workers: a run has the same bytes with any number of them, also where it was killed or stopped",
          "[workers]") {
  const Workers world;
  const std::string shards = "--shards 4 --steps 400 --save-steps 50 ";
  const ProgramResult one = world.call(Workers::pretrain("one", shards));
  INFO(one.errors);
  REQUIRE(one.exit_code == 0);
  const ProgramResult four = world.call(Workers::pretrain("four", shards + "--workers 4 --share-moments"));
  INFO(four.errors);
  CHECK(four.exit_code == 0);
  CHECK(count_of(four.out, "model: ") == 1);  // one speaks
  CHECK(count_of(four.errors, "4 workers share the 4 shards of each step, 1 thread each") == 1);
  CHECK(world.left("four") == world.left("one"));
  CHECK(!std::filesystem::exists(world.folder / "four/text.tokens"));  // they share the text in memory

  world.call_and(Workers::pretrain("killed", shards + "--workers 2"), "killed", "kill -9 $run");
  CHECK(world.call(Workers::pretrain("killed", shards + "--workers 4 --resume")).exit_code == 0);
  CHECK(world.left("killed") == world.left("one"));

  const ProgramResult stopped =
      world.call_and(Workers::pretrain("stopped", shards + "--workers 2"), "stopped", "kill -INT $run");
  INFO(stopped.errors);
  CHECK(stopped.exit_code == 130);
  CHECK(count_of(stopped.errors, "Ctrl-C again ends at once") == 1);
  CHECK(count_of(stopped.errors, "everything is saved, and --resume goes on from there") == 1);
  CHECK(world.call(Workers::pretrain("stopped", shards + "--resume")).exit_code == 0);
  CHECK(world.left("stopped") == world.left("one"));
}

TEST_CASE("workers: what is wrong is said once, with the exit code of one", "[workers]") {
  const Workers world;
  const auto check = [&](const std::string& words, int code, const std::string& sentence) {
    INFO(words);
    const ProgramResult result = world.call(words);
    INFO(result.errors);
    CHECK(result.exit_code == code);
    CHECK(count_of(result.errors, sentence) == 1);
  };
  check(Workers::pretrain("no", "--steps 2 --workers 3"), 2,
        "gradus pretrain: --workers 3 cannot share the work; take 1, 2, 4, 8 or another power of two\n");
  check(Workers::pretrain("no", "--steps 2 --workers 2 --shards 1"), 2,
        "gradus pretrain: --shards: 2 workers cannot share 1 shard; take a power of two from 2 on\n");
  check("evaluate none toy/held-out.txt --workers 2", 1,
        "gradus evaluate: cannot read a tokenizer from none: there is no such folder\n");
  check(Workers::pretrain("no",
                          "--steps 60 --workers 2 --learning-rate 99 --warmup 0 --optimizer sgd --clip 1e9"),
        1, "gradus pretrain: training broke at step ");
  check(Workers::pretrain("no", "--steps 2 --shards 3"), 2,
        "gradus pretrain: --shards 3 is no power of two; take 1, 2, 4, 8 or so on\n");
  check(Workers::pretrain("no", "--steps 2 --shards 16"), 2,
        "gradus pretrain: a step of 8 rows (--slots 128 in rows of 16) cannot be cut into 16 shards; take "
        "larger batches "
        "or fewer --shards\n");
  check(Workers::pretrain("no", "--steps 2 --workers 16"), 2,
        "gradus pretrain: a step of 8 rows (--slots 128 in rows of 16) cannot be cut into 16 shards; take "
        "larger batches, "
        "or fewer shards and workers\n");
  check(Workers::pretrain("no", "--steps 2 --workers 2 --optimizer muon --share-moments"), 2,
        "gradus pretrain: --share-moments is for optimisers that step over each number by itself, and muon "
        "needs whole "
        "matrices; leave one of them out\n");
  // Of calls that fail before the run has begun nothing stays, also where a text was made into a token file.
  check(Workers::pretrain("gone", "--steps 2 --workers 2 --from toy"), 1, "gradus pretrain: ");
  write_file_atomically(world.folder / "one.txt", "A line.\nAnother line of the one document.\n");
  check(
      "pretrain one.txt --steps 2 --workers 2 --vocab-size 60 --layers 1 --hidden 32 --length 16 --out gone",
      1, "gradus pretrain: ");
  CHECK(!std::filesystem::exists(world.folder / "gone"));
  CHECK(world.call(Workers::pretrain("four", "--steps 2 --shards 4")).exit_code == 0);
  check(Workers::pretrain("four", "--steps 4 --shards 4 --workers 8 --resume"), 2,
        "gradus pretrain: --shards: 8 workers cannot share 4 shards; the run keeps its shards, so take at "
        "most 4 workers\n");
  CHECK(world.call("corpus toy --task sentiment --examples 40 --out s").exit_code == 0);
  check("finetune classification four s/train.tsv --try-rates 1e-3 1e-4 --workers 2 --out no", 2,
        "gradus finetune: a sweep is many runs, and a small one gains nothing from workers; leave --workers "
        "out\n");
}
