// planted_bugs: switches each planted bug on, asks by several rules whether it is seen, and prints the table.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "autograd/threads.hpp"
#include "planted_bugs/table.hpp"

namespace {

using namespace gradus;

const std::filesystem::path folder = std::filesystem::path(GRADUS_SOURCE) / "tests" / "planted_bugs";

/// A bug at full length: the code, and what each check says.
void explain(const Bug& bug) {
  fmt::print("{}\n  {}, {}, {}\n  right: {}\n  wrong: {}\n", bug.name, bug.kind, bug.file, bug.entry,
             bug.text, bug.becomes);
  if (!bug.changes_gradient()) fmt::print("  {}\n", bug.because);
  for (const std::string& subject : bug.subjects) {
    for (const GradcheckRules rules : all_rules) {
      const Opinion opinion = ask(bug, subject, rules);
      fmt::print("\n{}, {}: {}\n{}", subject, name(rules), opinion.is_caught ? "caught" : "not caught",
                 opinion.text);
    }
  }
  fmt::print("\n");
}

int run_bugs(const std::vector<Bug>& bugs, bool as_json, bool as_page) {
  std::vector<Finding> findings;
  int wrong = 0;
  for (const Bug& bug : bugs) {
    findings.push_back(find(bug));
    if (findings.back().is_caught[0] == bug.changes_gradient()) continue;
    fmt::print(stderr, "planted_bugs: \"{}\" is {} by our rules\n", bug.name,
               bug.changes_gradient() ? "not caught" : "called a bug");
    ++wrong;
  }
  if (as_json) {
    fmt::print("{}", to_json(findings));
  } else if (as_page) {
    fmt::print("{}", to_page(findings, read_last_run(folder.parent_path() / "mutants"),
                             read_file(folder / "page.md")));
  } else {
    fmt::print("{}", to_text(findings));
  }
  return wrong == 0 ? 0 : 1;
}

int run_right_checks(int64_t count, uint64_t seed) {
  const auto begin = std::chrono::steady_clock::now();
  const RightChecks right = check_right_ones(count, seed, [&](int64_t done) {
    if (done > 0 && done % 1000 == 0) fmt::print(stderr, "{} of {}\n", done, count);
  });
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  for (const std::string& alarm : right.alarms) fmt::print("{}\n", alarm);
  fmt::print(
      "{} random checks of right gradients in {:.1f} s: {} pass, {} kink, {} inconclusive, {} false alarms\n",
      right.count, seconds.count(), right.verdicts[0], right.verdicts[1], right.verdicts[2],
      right.verdicts[3]);
  return right.alarms.empty() ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  CLI::App app("Who would catch which bug in a backward? Runs every bug of tests/planted_bugs/bugs/.\n");
  std::string only;
  int64_t right = 0;
  uint64_t seed = 1;
  bool as_json = false, as_page = false;
  app.add_option("--only", only, "explain only the bugs whose name holds this text")->type_name("TEXT");
  app.add_option("--right", right, "instead, make this many random checks of right gradients")
      ->type_name("COUNT");
  app.add_option("--seed", seed, "of the random checks")->type_name("NUMBER");
  app.add_flag("--json", as_json, "print JSON");
  app.add_flag("--markdown", as_page, "print the page docs/planted_bugs.md");
  app.footer("\nExample: planted_bugs --only \"softmax: the sum\"");
  CLI11_PARSE(app, count, arguments);
  set_num_threads(1);  // the tensors are tiny
  try {
    if (right > 0) return run_right_checks(right, seed);
    std::vector<Bug> bugs = read_bugs(folder / "bugs");
    if (only.empty()) return run_bugs(bugs, as_json, as_page);
    std::erase_if(bugs, [&](const Bug& bug) { return bug.name.find(only) == std::string::npos; });
    if (bugs.empty()) fail<IndexError>("no bug's name holds \"{}\"", only);
    for (const Bug& bug : bugs) explain(bug);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "planted_bugs: {}\n", error.what());
    return 1;
  }
}
