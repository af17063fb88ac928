// The two commands and the scripts behind them: what they say when they are asked, or asked wrongly.
#include <cstdlib>
#include <filesystem>

#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/run_program.hpp"
#include "support/temporary_folder.hpp"

namespace {

const std::string root = GRADUS_SOURCE;

ProgramResult script(const std::string& name, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), root + "/" + name);
  return run_program(arguments);
}

void check_refused(const ProgramResult& result, const std::string& sentence) {
  CHECK(result.exit_code == 2);
  CHECK(result.out.empty());
  CHECK(result.errors == sentence + "\n");
}

}  // namespace

TEST_CASE("help says how to call, and does nothing else") {
  for (const std::string name : {"run", "test"}) {
    const ProgramResult result = script(name, {"--help"});
    CHECK(result.exit_code == 0);
    CHECK(result.out.rfind("Usage: ./" + name, 0) == 0);
    CHECK(result.out.find("Example: ./" + name) != std::string::npos);
    CHECK(result.errors.empty());
  }
}

TEST_CASE("test refuses a wrong call with one sentence") {
  check_refused(script("test", {"--fast"}),
                "test: unknown option '--fast'; ./test --help lists the options.");
  check_refused(script("test", {"x y"}), "test: unknown option 'x y'; ./test --help lists the options.");
  check_refused(script("test", {"--filter"}),
                "test: --filter needs a regular expression; ./test --help lists the options.");
}

TEST_CASE("run refuses a wrong call with one sentence") {
  check_refused(script("run", {"--fast"}), "run: unknown option '--fast'; ./run --help lists the options.");
  check_refused(script("run", {"--out"}), "run: --out needs a value; ./run --help shows an example.");
  for (const std::string minutes : {"0", "-1", "soon", ""}) {
    check_refused(script("run", {"--minutes", minutes}),
                  "run: --minutes needs a number above 0, such as 2 or 0.5, not '" + minutes + "'.");
  }
}

TEST_CASE("run refuses a file it cannot train on") {
  const TemporaryFolder folder;
  const std::string missing = folder / "missing.txt", single = folder / "single.txt";
  check_refused(script("run", {missing}), "run: '" + missing + "' is not a file that can be read.");
  check_refused(script("run", {folder.path()}),
                "run: '" + folder.path().string() + "' is not a file that can be read.");
  gradus::write_file_atomically(single, "One sentence.\nAnother one.\n");
  check_refused(script("run", {single}),
                "run: '" + single + "' needs at least two documents with an empty line between them.");
  check_refused(script("run", {single, missing}), "run: one file at a time, not '" + missing + "' too.");
}

TEST_CASE("run leaves a folder alone that holds something else") {
  const TemporaryFolder folder;
  gradus::write_file_atomically(folder / "diary.txt", "mine");
  check_refused(script("run", {"--out", folder.path()}),
                "run: '" + folder.path().string() +
                    "' holds something else than this run; name another folder with --out, or remove it.");
  CHECK(gradus::read_file(folder / "diary.txt") == "mine");
}

TEST_CASE("setup does nothing when nothing is missing, and elsewhere names what is wanted") {
  CHECK(script("scripts/setup", {"build"}).exit_code == 0);

  // A system without dpkg: only the commands that the script itself needs.
  const TemporaryFolder folder;
  const std::string bin = folder / "bin";
  std::filesystem::create_directory(bin);
  for (const std::string tool : {"bash", "dirname", "awk", "env"}) {
    const std::string path = run_program({"sh", "-c", "command -v " + tool}).out;
    std::filesystem::create_symlink(path.substr(0, path.size() - 1), bin + "/" + tool);
  }
  const ProgramResult result =
      run_program({root + "/scripts/setup", "docs"}, "unset GRADUS_SKIP_SETUP; PATH='" + bin + "'");
  CHECK(result.exit_code == 0);
  CHECK(result.errors ==
        "setup: this is no Debian or Ubuntu, so please provide what these packages hold: doxygen "
        "libjs-katex.\n");
}

TEST_CASE("the other scripts refuse what they do not know") {
  check_refused(script("scripts/setup", {"kitchen"}), "setup: no group 'kitchen' in scripts/packages.txt.");
  check_refused(script("scripts/format", {"--all"}),
                "format: unknown option '--all'; scripts/format [--check].");
  check_refused(script("scripts/coverage", {"--require", "most"}),
                "coverage: expected --require PERCENT, not '--require most'.");
}
