// The program as a whole: help, examples, version, standard output, Ctrl-C.
#include <nlohmann/json.hpp>

#include "app/program.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"

using namespace gradus::test;

namespace {

/// The lines of the example at the end of a command's help.
std::string example_of(const std::string& command) {
  const std::string help = run_program({GRADUS_PROGRAM, command, "--help"}).out;
  const size_t begin = help.find("\nExample:\n");
  if (begin == std::string::npos) return "";
  std::istringstream lines(help.substr(begin + 10));
  std::string example;
  for (std::string line; std::getline(lines, line) && line.rfind("  ", 0) == 0;)
    example += line.substr(2) + "\n";
  return example;
}

}  // namespace

TEST_CASE("the program tells its version and its commands") {
  const ProgramResult version = run_program({GRADUS_PROGRAM, "--version"});
  CHECK(version.exit_code == 0);
  CHECK(version.out == "gradus " GRADUS_VERSION "\n");
  CHECK(version.errors == "");
  const std::vector<std::string> names = command_names();
  for (const std::string name : {"corpus", "vocab", "tokenize", "inspect"}) {
    CHECK(std::find(names.begin(), names.end(), name) != names.end());
  }
}

TEST_CASE("each command explains itself, and its example works as printed") {
  for (const std::string& name : command_names()) {
    INFO(name);
    const ProgramResult help = run_program({GRADUS_PROGRAM, name, "--help"});
    CHECK(help.exit_code == 0);
    CHECK(help.errors == "");
    CHECK(help.out.find("Usage: gradus " + name) != std::string::npos);
    const std::string example = example_of(name);
    CHECK(example.find("gradus " + name) != std::string::npos);
    // Under the sanitizers neither all experiments, as tests/gradlab runs them, nor all that bench times, as
    // test_bench.cpp has it on small sizes, nor one more training for each command: that of pretrain does.
    if (is_sanitized && (name == "experiment" || name == "bench" ||
                         (name != "pretrain" && example.find("pretrain") != std::string::npos)))
      continue;
    const TemporaryFolder folder;
    const ProgramResult run = shell(folder.path(), example);
    INFO(run.errors);
    CHECK(run.exit_code == 0);
    CHECK(run.out != "");
  }
}

TEST_CASE("standard output that takes nothing is an error") {
  const TemporaryFolder folder;
  const std::string full = ": cannot write to standard output: No space left on device\n";
  const ProgramResult help = shell(folder.path(), "gradus --help > /dev/full");
  CHECK(help.exit_code == 1);
  CHECK(help.errors == "gradus" + full);
  const ProgramResult corpus =
      shell(folder.path(), "gradus corpus toy --stories 20 --out toy --json > /dev/full");
  CHECK(corpus.exit_code == 1);
  CHECK(corpus.errors == "gradus corpus" + full);
  // What was asked for is there; only the word about it is lost.
  CHECK(content_of(folder.path()).count("toy/train.txt") == 1);
}

TEST_CASE("gradus: a file that may not grow any more is named, and nothing is left of it") {
  const TemporaryFolder folder;
  const ProgramResult result =
      call_gradus(folder.path(), {"corpus", "toy", "--out", "toy", "--stories", "3000"}, "ulimit -f 8 && ");
  INFO(result.exit_code << " " << result.errors);
  CHECK(result.exit_code == 1);
  CHECK(result.errors == "gradus corpus: cannot write toy/train.txt: File too large\n");
  CHECK(std::filesystem::is_empty(folder / "toy"));
}

TEST_CASE("Ctrl-C ends the learning of a vocabulary with 130 and leaves nothing behind") {
  const TemporaryFolder folder;
  const ProgramResult result =
      shell(folder.path(),
            "yes 'the same words again' | timeout --foreground --preserve-status --signal=INT 0.5 "
            "gradus vocab /dev/stdin --out vocab.txt --merges merges.txt");
  CHECK(result.exit_code == 130);
  CHECK(result.out == "");
  CHECK(result.errors == "");
  CHECK(content_of(folder.path()).empty());
}

TEST_CASE("a full disk leaves what was there, and nothing half written") {
  const TemporaryFolder folder;
  const std::string mount =
      "mkdir disk && mount -t tmpfs -o size=64k,mode=777 none disk && echo old > disk/vocab.txt";
  const auto in_namespace = [&folder](const std::string& lines) {
    return shell(folder.path(), "unshare --user --map-root-user --mount sh -e -c '" + lines + "'");
  };
  if (in_namespace(mount).exit_code != 0) {
    WARN("no small file system may be mounted here, so a full disk is not tested");
    return;
  }
  std::filesystem::remove(folder / "disk");
  const std::string after = "echo \"exit $?\"; ls -A disk; cat disk/*";
  const ProgramResult corpus =
      in_namespace(mount + "; set +e; gradus corpus toy --stories 3000 --out disk; " + after);
  CHECK(corpus.out == "exit 1\nvocab.txt\nold\n");
  CHECK(corpus.errors == "gradus corpus: cannot write disk/train.txt: No space left on device\n");

  // A list of words, each piece of which is worth learning, until the vocabulary outgrows the disk.
  std::filesystem::remove(folder / "disk");
  std::string words;
  for (int i = 0; i < 20000; ++i) words += std::to_string(100000 + 37 * i) + " ";
  write(folder / "words.txt", words + "\n");
  const ProgramResult vocab = in_namespace(
      mount +
      "; set +e; gradus vocab words.txt --min-frequency 1 --size 20000 --out disk/vocab.txt --force; " +
      after);
  CHECK(vocab.out == "exit 1\nvocab.txt\nold\n");
  CHECK(vocab.errors == "gradus vocab: cannot write disk/vocab.txt: No space left on device\n");
}

TEST_CASE("arguments are taken as they are written, with brackets and after --") {
  const TemporaryFolder folder;
  write(folder / "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n,\n[\n]\nb\n");
  const auto pieces = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"tokenize", "--vocab", "vocab.txt", "--bare", "--json"});
    const ProgramResult result = call_gradus(folder.path(), arguments);
    CHECK(result.errors == "");
    std::string texts;
    const auto printed = nlohmann::json::parse(result.out);
    for (const auto& text : printed.at("texts")) {
      texts += text.at("text").get<std::string>() + " = " + text.at("pieces").dump() + "\n";
    }
    return texts;
  };
  CHECK(pieces({"[MASK]"}) == "[MASK] = [\"[MASK]\"]\n");
  CHECK(pieces({"[CLS] a [SEP]"}) == "[CLS] a [SEP] = [\"[CLS]\",\"a\",\"[SEP]\"]\n");
  CHECK(pieces({"[a,b]", "[]"}) == "[a,b] = [\"[\",\"a\",\",\",\"b\",\"]\"]\n[] = [\"[\",\"]\"]\n");
  CHECK(pieces({"a", "--", "b", "--bare", "--"}) ==
        "a = [\"a\"]\nb = [\"b\"]\n--bare = [\"[UNK]\",\"[UNK]\",\"[UNK]\"]\n-- = [\"[UNK]\",\"[UNK]\"]\n");
  CHECK(call_gradus(folder.path(), {"vocab", "[x]", "--out", "v"}).errors ==
        "gradus vocab: cannot read [x]: there is no such file\n");
  CHECK(call_gradus(folder.path(), {"inspect", "a", "b", "[c]"}).errors ==
        "gradus inspect: '[c]' is one argument too many; see gradus inspect --help\n");
}

TEST_CASE("a standard error that takes nothing stops no work and changes no exit code") {
  const TemporaryFolder folder;
  write(folder / "text.txt", "A text of some words, a text.\n");
  for (const std::string errors : {"2> /dev/full", "2>&-"}) {
    INFO(errors);
    CHECK(shell(folder.path(), "gradus vocab text.txt --out v --force " + errors).exit_code == 0);
    CHECK(shell(folder.path(), "gradus vocab none.txt --out w " + errors).exit_code == 1);
    CHECK(shell(folder.path(), "gradus xyzzy " + errors).exit_code == 2);
  }
}
