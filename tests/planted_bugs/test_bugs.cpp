// Every bug of the list, in the library that has them all.
#include <set>

#include "autograd/file.hpp"
#include "gradlab/subject.hpp"
#include "planted_bugs/planted.hpp"
#include "planted_bugs/table.hpp"
#include "support/catch.hpp"

using namespace gradus;

namespace {

const std::filesystem::path root = GRADUS_SOURCE;

/// All bugs by all rules, once for all tests.
const std::vector<Finding>& findings() {
  static const std::vector<Finding> all = [] {
    std::vector<Finding> found;
    for (const Bug& bug : read_bugs(root / "tests" / "planted_bugs" / "bugs")) found.push_back(find(bug));
    return found;
  }();
  return all;
}

}  // namespace

TEST_CASE("bugs: every one that changes a gradient is caught, no other is, and the page says so", "[bugs]") {
  for (const Finding& finding : findings()) {
    INFO(finding.bug.entry << ": " << finding.bug.name);
    CHECK(finding.is_caught[0] == finding.bug.changes_gradient());
    if (!finding.bug.changes_gradient()) CHECK(finding.is_caught == std::array<bool, 4>{});
  }
  INFO("docs/planted_bugs.md is what scripts/planted_bugs --markdown prints");
  const std::filesystem::path tests = root / "tests";
  CHECK(
      to_page(findings(), read_last_run(tests / "mutants"), read_file(tests / "planted_bugs" / "page.md")) ==
      read_file(root / "docs" / "planted_bugs.md"));
}

TEST_CASE("bugs: with none on, every subject that shows one passes by all rules", "[bugs]") {
  CHECK(planted_bug == 0);
  std::set<std::string> subjects;
  for (const Bug& bug : read_bugs(root / "tests" / "planted_bugs" / "bugs")) {
    subjects.insert(bug.subjects.begin(), bug.subjects.end());
  }
  for (const std::string& subject : subjects) {
    for (const GradcheckRules rules : all_rules) {
      const GradcheckReport report = lab::check(lab::find_subject(subject)->sample(1), {.rules = rules});
      INFO(subject << ", " << name(rules) << "\n" << to_string(report));
      CHECK(report.passed);
    }
  }
}

TEST_CASE("bugs: right formulas raise no alarm, 500 random checks", "[bugs]") {
  const RightChecks right = check_right_ones(500, 2);
  INFO(fmt::format("{}", fmt::join(right.alarms, "\n")));
  CHECK(right.alarms.empty());
  CHECK(right.count == 500);
  CHECK(right.verdicts[0] + right.verdicts[1] == 500);
}
