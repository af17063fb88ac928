// The two commands and the scripts behind them: what they say when they are asked, or asked wrongly.
#include <algorithm>
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
  for (const std::string name : {"run", "test", "learn"}) {
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
  check_refused(script("test", {"--filter", "a(b"}),
                "test: --filter: 'a(b' is not a regular expression; ./test --help lists the options.");
  check_refused(script("test", {"--parity", "--filter", "x"}),
                "test: --parity runs all there is; leave --filter out; ./test --help lists the options.");
  check_refused(script("test", {"--asan", "--coverage"}),
                "test: --coverage runs all there is; leave --asan out; ./test --help lists the options.");
}

TEST_CASE("every_kernel refuses a wrong call with one sentence") {
  const std::string options = "; scripts/every_kernel --help lists the options.";
  check_refused(script("scripts/every_kernel", {"--fast"}),
                "every_kernel: unknown option '--fast'" + options);
  check_refused(script("scripts/every_kernel", {"--kernels"}),
                "every_kernel: --kernels needs a value" + options);
}

TEST_CASE("every script says what it is before it does anything") {
  for (const std::string name :
       {"build", "coverage", "format", "lint", "memcheck", "mutants", "parity", "planted_bugs",
        "refresh_experiments", "refresh_tutorials", "setup", "site"}) {
    INFO(name);
    const ProgramResult help = script("scripts/" + name, {"--help"});
    CHECK(help.exit_code == 0);
    CHECK(help.errors.empty());
    CHECK(help.out.starts_with("scripts/" + name));
    CHECK(help.out.find('#') == std::string::npos);
    CHECK(help.out.find("set -e") == std::string::npos);
  }
}

TEST_CASE("learn refuses a wrong call with one sentence") {
  const std::string calls = "; ./learn --help shows the calls.";
  check_refused(
      script("learn", {"--fast"}),
      "learn: '--fast' is neither a chapter's number nor hint, clinic, next, watch or site" + calls);
  check_refused(script("learn", {"one"}),
                "learn: 'one' is neither a chapter's number nor hint, clinic, next, watch or site" + calls);
  check_refused(script("learn", {"99"}), "learn: there is no chapter 99; ./learn lists the chapters.");
  check_refused(script("learn", {"1", "answers"}),
                "learn: 'answers' is neither check, watch nor solution" + calls);
  check_refused(script("learn", {"1", "check", "2"}), "learn: '2' is one word too many" + calls);
  check_refused(script("learn", {"site", "now"}), "learn: site takes nothing more" + calls);
  check_refused(script("learn", {"next", "1"}), "learn: next takes nothing more" + calls);
  check_refused(script("learn", {"watch", "1"}), "learn: watch takes nothing more" + calls);
  check_refused(script("learn", {"hint", "1"}), "learn: hint takes a chapter and an exercise" + calls);
  check_refused(script("learn", {"hint", "one", "1"}), "learn: 'one' is not a chapter's number" + calls);
  const std::string which = " is neither a patient, 0 to 12, nor check, hint or solution" + calls;
  check_refused(script("learn", {"clinic", "13"}), "learn: '13'" + which);
  check_refused(script("learn", {"clinic", "3", "heal"}), "learn: 'heal'" + which);
  check_refused(script("learn", {"clinic", "3", "check", "4"}), "learn: '4' is one word too many" + calls);
  check_refused(script("learn", {"clinic", "hint"}),
                "learn: clinic hint takes a patient, as in ./learn clinic 3 hint.");
  check_refused(script("learn", {"clinic", "0", "check"}),
                "learn: patient 0 is healthy: there is nothing to check.");
  check_refused(script("learn", {"hint", "99", "1"}),
                "learn: there is no chapter 99; ./learn lists the chapters.");
  for (const std::string exercise : {"0", "9", "x", "11"}) {
    check_refused(script("learn", {"hint", "1", exercise}),
                  "learn: chapter 1 has no exercise '" + exercise +
                      "'; tutorials/01_tensors/exercise.hpp says which it has.");
  }
  check_refused(script("scripts/refresh_tutorials", {"99"}),
                "refresh_tutorials: there is no chapter '99'; scripts/refresh_tutorials [NN...].");
  check_refused(script("scripts/refresh_experiments", {"depth"}),
                "refresh_experiments: 'depth' is one word too many; scripts/refresh_experiments takes none.");
}

TEST_CASE("learn lists every chapter with its one idea") {
  const ProgramResult result = script("learn", {});
  CHECK(result.exit_code == 0);
  CHECK(result.errors.empty());
  CHECK(result.out.find(" 1  Tensors, strides and BLIS              a tensor is memory plus strides\n") !=
        std::string::npos);
  int chapters = 0;
  for (const auto& entry : std::filesystem::directory_iterator(root + "/tutorials")) {
    chapters += std::filesystem::exists(entry.path() / "main.cpp");
  }
  CHECK(std::count(result.out.begin(), result.out.end(), '\n') == chapters + 4);
}

TEST_CASE("learn has a hint and a solution for every patient of the clinic") {
  for (int patient = 1; patient <= 12; ++patient) {
    const std::string number = std::to_string(patient);
    const ProgramResult hint = script("learn", {"clinic", number, "hint"});
    CHECK(hint.exit_code == 0);
    CHECK(hint.out.size() > 40);
    CHECK(std::count(hint.out.begin(), hint.out.end(), '\n') <= 4);
    const ProgramResult solution = script("learn", {"clinic", number, "solution"});
    CHECK(solution.exit_code == 0);
    CHECK(solution.out.find("Diagnosis patient_" + number + "() {\n  return {.fault = Fault::") !=
          std::string::npos);
    CHECK(solution.out.ends_with("\n}\n"));
  }
}

TEST_CASE("learn runs a chapter, remembers what is solved, and shows the solution") {
  // A project of one chapter whose programs are built already, so that nothing is compiled here.
  const TemporaryFolder folder;
  const std::string chapter = folder / "tutorials/07_waves", programs = folder / "build/release/tutorials";
  std::filesystem::create_directories(chapter);
  std::filesystem::create_directories(programs);
  std::filesystem::create_directories(folder / "scripts");
  std::filesystem::copy_file(root + "/learn", folder / "learn");
  gradus::write_file_atomically(chapter + "/README.md", "# Chapter 7: Waves\n\n*The one idea: they wave.*\n");
  gradus::write_file_atomically(chapter + "/main.cpp", "");
  gradus::write_file_atomically(chapter + "/solution.cpp", "int answer() { return 42; }\n");
  const auto program = [&](const std::string& path, const std::string& text) {
    gradus::write_file_atomically(path, "#!/bin/sh\n" + text + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  };
  program(folder / "scripts/build", "test $1 = release && echo built $2");
  program(programs + "/tutorial_07",
          "mkdir -p $2 && touch $2/a.svg && echo 'figure: a.svg' >&2 && echo waves");
  program(programs + "/tutorial_07_exercise", "echo not yet; exit 1");
  program(programs + "/tutorial_07_solution", "echo all right");
  const auto learn = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), folder / "learn");
    return run_program(arguments);
  };
  const auto row = [&] { return learn({}).out.substr(learn({}).out.find("\n\n run") + 15); };

  CHECK(row() == "  .     .    7  Waves                                  they wave\n");
  const ProgramResult run = learn({"7"});
  CHECK(run.exit_code == 0);
  CHECK(run.out ==
        "waves\n\nThe text:      tutorials/07_waves/README.md\n"
        "The figures:   build/learn/07_waves/ (open them in a browser)\n"
        "The exercises: tutorials/07_waves/exercise.cpp, then ./learn 7 check\n");
  CHECK(run.errors == "Building ...\nbuilt tutorial_07\n");
  CHECK(std::filesystem::exists(folder / "build/learn/07_waves/a.svg"));
  CHECK(row() == "  x     .    7  Waves                                  they wave\n");

  const ProgramResult unsolved = learn({"07", "check"});
  CHECK(unsolved.exit_code == 1);
  CHECK(unsolved.out == "not yet\n");
  CHECK(row() == "  x     .    7  Waves                                  they wave\n");
  program(programs + "/tutorial_07_exercise", "echo right");
  const ProgramResult solved = learn({"7", "check"});
  CHECK(solved.exit_code == 0);
  CHECK(solved.out == "right\n");
  CHECK(row() == "  x     x    7  Waves                                  they wave\n");

  program(programs + "/tutorial_07_exercise", "kill -SEGV $$");
  const ProgramResult crashed = learn({"7", "check"});
  CHECK(crashed.exit_code == 139);
  CHECK(crashed.errors.ends_with(
      "learn: the program crashed (signal 11): an index beyond the end, or a call without an end, in "
      "tutorials/07_waves/exercise.cpp?\n"));
  program(programs + "/tutorial_07_exercise", "while :; do :; done");
  ::setenv("GRADUS_LEARN_SECONDS", "1", 1);
  const ProgramResult endless = learn({"7", "check"});
  ::unsetenv("GRADUS_LEARN_SECONDS");
  CHECK(endless.exit_code == 152);
  CHECK(endless.errors.ends_with(
      "learn: the checks were ended after 1 second of the processor: is there a loop without an end in "
      "tutorials/07_waves/exercise.cpp? (GRADUS_LEARN_SECONDS=600 before ./learn gives more.)\n"));

  const ProgramResult solution = learn({"7", "solution"});
  CHECK(solution.exit_code == 0);
  CHECK(solution.out == "tutorials/07_waves/solution.cpp:\n\nint answer() { return 42; }\n\nall right\n");

  // What does not build is said, and nothing runs.
  program(folder / "scripts/build", "echo 'error: x' >&2; exit 1");
  const ProgramResult broken = learn({"7"});
  CHECK(broken.exit_code == 1);
  CHECK(broken.out.empty());
  CHECK(
      broken.errors ==
      "Building ...\nerror: x\nlearn: the program of this chapter could not be built; the messages above say "
      "why.\n");

  // Once there is a build, it speaks only when it has something to do.
  gradus::write_file_atomically(folder / "build/release/build.ninja", "");
  program(folder / "scripts/build",
          "echo '[0/1] Re-checking globbed directories...'; echo 'ninja: no work to do.'");
  const ProgramResult quiet = learn({"7"});
  CHECK(quiet.exit_code == 0);
  CHECK(quiet.errors.empty());
  program(folder / "scripts/build",
          "echo '[0/1] Re-checking globbed directories...'; echo '[1/2] Building x'; echo '[2/2] Linking x'");
  CHECK(learn({"7"}).errors == "Building ...\n[1/2] Building x\n[2/2] Linking x\n");
  program(folder / "scripts/build",
          "echo '[0/1] Re-checking globbed directories...'; echo 'error: x' >&2; exit 1");
  const ProgramResult broken_later = learn({"7"});
  CHECK(broken_later.exit_code == 1);
  CHECK(broken_later.out.empty());
  CHECK(broken_later.errors == broken.errors);
}

TEST_CASE("learn says what comes next, gives hints, and watches an exercise until it is right") {
  const TemporaryFolder folder;
  const std::string programs = folder / "build/release/tutorials";
  std::filesystem::create_directories(programs);
  std::filesystem::create_directories(folder / "scripts");
  std::filesystem::copy_file(root + "/learn", folder / "learn");
  const auto program = [&](const std::string& path, const std::string& text) {
    gradus::write_file_atomically(path, "#!/bin/sh\n" + text + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  };
  program(folder / "scripts/build", "true");
  for (const std::string number : {"01", "02"}) {
    const std::string chapter = folder / ("tutorials/" + number + "_waves");
    std::filesystem::create_directories(chapter);
    gradus::write_file_atomically(chapter + "/README.md",
                                  "# Chapter 1: Waves\n\n*The one idea: they wave.*\n");
    gradus::write_file_atomically(chapter + "/main.cpp", "");
    gradus::write_file_atomically(chapter + "/exercise.cpp", "unsolved\n");
    gradus::write_file_atomically(chapter + "/hints.txt", "1. Count\n   them.\n2. Once more.\n");
    program(programs + "/tutorial_" + number, "echo waves");
    program(programs + "/tutorial_" + number + "_exercise",
            "grep solved-well tutorials/" + number + "_waves/exercise.cpp");
  }
  const auto learn = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), folder / "learn");
    return run_program(arguments);
  };
  const auto write = [&](const std::string& number, const std::string& text) {
    gradus::write_file_atomically(folder / ("tutorials/" + number + "_waves/exercise.cpp"), text);
  };
  CHECK(learn({"hint", "1", "1"}).out == "Count\nthem.\n");
  CHECK(learn({"hint", "01", "2"}).out == "Once more.\n");
  CHECK(learn({"hint", "1", "3"}).exit_code == 2);

  // Chapter 1 is run, then checked until it is solved; then it is chapter 2's turn.
  CHECK(learn({"next"}).out.rfind("./learn 1\n\nwaves\n", 0) == 0);
  CHECK(learn({"next"}).exit_code == 1);
  write("01", "solved-well\n");
  CHECK(learn({"next"}).out == "./learn 1 check\n\nsolved-well\nNext: ./learn 2\n");
  CHECK(learn({"next"}).out.rfind("./learn 2\n\nwaves\n", 0) == 0);

  // Saved while it is watched: wrong again, then right.
  program(programs + "/tutorial_02_exercise",
          "cd tutorials/02_waves; cat exercise.cpp; grep -q right exercise.cpp && exit 0\n"
          "grep -q bad exercise.cpp && text=right || text=bad\n"
          "(sleep 0.3; echo $text > exercise.cpp) > /dev/null 2>&1 &\nexit 1");
  const ProgramResult watched = learn({"watch"});
  CHECK(watched.exit_code == 0);
  const std::string wait =
      "\nWatching tutorials/02_waves/exercise.cpp: save it to check again, Ctrl-C ends.\n\n";
  CHECK(watched.out == "./learn 2 watch\n\nunsolved\n" + wait + "bad\n" + wait + "right\n");
  CHECK(learn({"next"}).out == "All chapters are solved; ./learn lists them.\n");

  // What cannot be built is said, and watched on.
  write("01", "once\n");
  program(folder / "scripts/build",
          "test -f failed && exit 0\ntouch failed\necho more >> tutorials/01_waves/exercise.cpp\n"
          "echo 'error: x' >&2\nexit 1");
  program(programs + "/tutorial_01_exercise", "echo right");
  const ProgramResult mended = learn({"1", "watch"});
  CHECK(mended.exit_code == 0);
  CHECK(mended.errors.find("error: x\nlearn: the program of this chapter could not be built") !=
        std::string::npos);
  CHECK(mended.out.ends_with("\n\nright\nNext: ./learn 2\n"));
}

TEST_CASE("run refuses a wrong call with one sentence") {
  check_refused(script("run", {"--fast"}), "run: unknown option '--fast'; ./run --help lists the options.");
  check_refused(script("run", {"--out"}), "run: --out needs a value; ./run --help shows an example.");
  for (const std::string minutes : {"0", "-1", "soon", ""}) {
    check_refused(script("run", {"--minutes", minutes}),
                  "run: --minutes needs a number above 0, written as 2 or 0.5, not '" + minutes + "'.");
  }
}

TEST_CASE("run refuses a file it cannot train on") {
  const TemporaryFolder folder;
  const std::string missing = folder / "missing.txt", single = folder / "single.txt";
  check_refused(script("run", {missing}), "run: '" + missing + "' is not a file that can be read.");
  check_refused(script("run", {folder.path()}),
                "run: '" + folder.path().string() + "' is not a file that can be read.");
  gradus::write_file_atomically(single, "One sentence.\nAnother one.\n");
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

TEST_CASE("lint takes several patterns, and says which one matches nothing") {
  check_refused(script("scripts/lint", {"plot/text", "bert/nowhere"}),
                "lint: no source matches 'bert/nowhere'; the sources are the .cpp files of autograd, "
                "parallel, nn, plot, "
                "bert, gradlab and app.");
  check_refused(script("scripts/lint", {"plot", "a["}),
                "lint: 'a[' is not a regular expression that grep -E knows.");

  // In place of CMake and clang-tidy, two programs that do next to nothing: which sources are looked at?
  const TemporaryFolder folder;
  const auto program = [&](const std::string& name, const std::string& text) {
    gradus::write_file_atomically(folder / name, "#!/bin/sh\n" + text + "\n");
    std::filesystem::permissions(folder / name, std::filesystem::perms::owner_all);
  };
  program("cmake", "exit 0");
  program("clang-tidy-14", "for last; do :; done; echo \"$last\"");
  const auto looked_at = [&](const std::vector<std::string>& patterns) {
    std::vector<std::string> command = {root + "/scripts/lint"};
    command.insert(command.end(), patterns.begin(), patterns.end());
    const ProgramResult result =
        run_program(command, "export GRADUS_SKIP_SETUP=1 PATH='" + folder.path().string() + "':\"$PATH\"; ");
    CHECK(result.exit_code == 0);
    std::vector<std::string> sources;
    for (size_t at = 0, end; (end = result.out.find('\n', at)) != std::string::npos; at = end + 1) {
      sources.push_back(result.out.substr(at, end - at));
    }
    std::sort(sources.begin(), sources.end());
    return sources;
  };
  const std::vector<std::string> both = {"app/main.cpp", "plot/text.cpp"};
  CHECK(looked_at({"^plot/text", "main\\.cpp$"}) == both);
  CHECK(looked_at({"plot/text", "^plot/text"}) == std::vector<std::string>{"plot/text.cpp"});
  CHECK(looked_at({}).size() > 100);
}

TEST_CASE("the other scripts refuse what they do not know") {
  check_refused(script("scripts/setup", {"kitchen"}), "setup: no group 'kitchen' in scripts/packages.txt.");
  check_refused(
      script("scripts/build", {}),
      "build: name a preset of CMakePresets.json, such as release; scripts/build PRESET [TARGET...].");
  check_refused(script("scripts/site", {}),
                "site: name the folder that the site goes into; scripts/site FOLDER.");
  check_refused(script("scripts/format", {"--all"}),
                "format: unknown option '--all'; scripts/format [--check].");
  check_refused(script("scripts/coverage", {"--require", "most"}),
                "coverage: expected --require PERCENT, not '--require most'.");
}
