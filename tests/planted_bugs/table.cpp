#include "planted_bugs/table.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "autograd/error.hpp"

namespace gradus {
namespace {

struct Total {
  int64_t bugs = 0;
  std::array<int64_t, all_rules.size()> caught = {};

  void add(const Finding& finding) {
    ++bugs;
    for (size_t i = 0; i < caught.size(); ++i) caught[i] += finding.is_caught[i] ? 1 : 0;
  }
};

std::vector<Finding> of_kind(const std::vector<Finding>& findings, const std::string& kind) {
  std::vector<Finding> chosen;
  std::copy_if(findings.begin(), findings.end(), std::back_inserter(chosen),
               [&](const Finding& finding) { return finding.bug.kind == kind; });
  return chosen;
}

Total total_of(const std::vector<Finding>& findings) {
  Total total;
  for (const Finding& finding : findings) {
    if (finding.bug.changes_gradient()) total.add(finding);
  }
  return total;
}

template <class Cell>
std::string cells(std::string_view before, std::string_view after, Cell cell) {
  std::string row;
  for (size_t i = 0; i < all_rules.size(); ++i) row += fmt::format("{}{}{}", before, cell(i), after);
  return row;
}

std::string totals_in_markdown(const std::vector<Finding>& findings) {
  std::string table =
      "| kind | bugs | ours | torch | torch fast | JAX |\n| --- | --- | --- | --- | --- | --- |\n";
  const auto row = [&](const std::string& label, const Total& total) {
    table += fmt::format("| {} | {} |{}\n", label, total.bugs,
                         cells(" ", " |", [&](size_t i) { return total.caught[i]; }));
  };
  for (const std::string& kind : bug_kinds()) {
    if (kind != "equivalent") row(kind, total_of(of_kind(findings, kind)));
  }
  row("all", total_of(findings));
  return table;
}

std::string bugs_in_markdown(const std::vector<Finding>& findings) {
  std::string text;
  for (const std::string& kind : bug_kinds()) {
    if (kind == "equivalent") continue;
    text += fmt::format("{}### {}{}\n\n| bug | where | ours | torch | torch fast | JAX |\n",
                        text.empty() ? "" : "\n", static_cast<char>(std::toupper(kind[0])), kind.substr(1));
    text += "| --- | --- | --- | --- | --- | --- |\n";
    for (const Finding& finding : of_kind(findings, kind)) {
      text += fmt::format("| {} | `{}` |{}\n", finding.bug.name, finding.bug.file,
                          cells(" ", " |", [&](size_t i) { return finding.is_caught[i] ? "yes" : "–"; }));
    }
  }
  return text;
}

std::string equivalent_in_markdown(const std::vector<Finding>& findings) {
  std::string table = "| change | where | why the gradient stays the same |\n| --- | --- | --- |\n";
  for (const Finding& finding : of_kind(findings, "equivalent")) {
    table += fmt::format("| {} | `{}` | {} |\n", finding.bug.name, finding.bug.file, finding.bug.because);
  }
  return table;
}

}  // namespace

std::string to_text(const std::vector<Finding>& findings) {
  size_t width = 0, files = 0, kinds = 0;
  for (const Finding& finding : findings) {
    width = std::max(width, finding.bug.name.size());
    files = std::max(files, finding.bug.file.size());
    kinds = std::max(kinds, finding.bug.kind.size());
  }
  const auto line = [&](std::string_view bug, std::string_view kind, std::string_view file,
                        const auto& cell) {
    return fmt::format("{:<{}}  {:<{}}  {:<{}}{}\n", bug, width, kind, kinds, file, files,
                       cells("  ", "", [&](size_t i) { return fmt::format("{:<10}", cell(i)); }));
  };
  std::string text = line("bug", "kind", "where", [](size_t i) { return name(all_rules[i]); });
  for (const Finding& finding : findings) {
    text += line(finding.bug.name, finding.bug.kind, finding.bug.file,
                 [&](size_t i) { return finding.is_caught[i] ? "caught" : "-"; });
  }
  const auto sum = [&](const std::string& label, const Total& total) {
    text += line(label, "", fmt::format("{} bugs", total.bugs), [&](size_t i) { return total.caught[i]; });
  };
  text += "\n";
  for (const std::string& kind : bug_kinds()) {
    const Total total = total_of(of_kind(findings, kind));
    if (total.bugs > 0) sum(kind, total);
  }
  sum("all", total_of(findings));
  return text;
}

std::string to_json(const std::vector<Finding>& findings) {
  using Json = nlohmann::ordered_json;
  Json bugs = Json::array(), totals = Json::object();
  for (const Finding& finding : findings) {
    const Bug& bug = finding.bug;
    Json caught = Json::object();
    for (size_t i = 0; i < all_rules.size(); ++i)
      caught[std::string(name(all_rules[i]))] = finding.is_caught[i];
    Json entry = {{"name", bug.name},
                  {"kind", bug.kind},
                  {"file", bug.file},
                  {"subjects", bug.subjects},
                  {"caught", caught}};
    if (!bug.changes_gradient()) entry["because"] = bug.because;
    bugs.push_back(entry);
  }
  const auto sum = [&](const std::string& label, const Total& total) {
    if (total.bugs == 0) return;
    totals[label] = {{"bugs", total.bugs}};
    for (size_t i = 0; i < all_rules.size(); ++i)
      totals[label][std::string(name(all_rules[i]))] = total.caught[i];
  };
  for (const std::string& kind : bug_kinds()) sum(kind, total_of(of_kind(findings, kind)));
  sum("all", total_of(findings));
  return Json{{"schema", 1}, {"bugs", bugs}, {"totals", totals}}.dump() + "\n";
}

std::string to_page(const std::vector<Finding>& findings, const std::vector<MutantResult>& mutants,
                    const std::string& page) {
  std::string text = page;
  const auto put = [&](std::string_view mark, const std::string& what) {
    const size_t at = text.find(mark);
    if (at == std::string::npos) fail<FormatError>("page.md: the mark {} is missing", mark);
    text.replace(at, mark.size(), what);
  };
  const Total total = total_of(findings);
  put("@COUNT@", fmt::format("{}", total.bugs));
  for (size_t i = 1; i < all_rules.size(); ++i) {
    put(fmt::format("@MISSED {}@", name(all_rules[i])), fmt::format("{}", total.bugs - total.caught[i]));
  }
  put("@ONLY OURS@", fmt::format("{}", std::count_if(findings.begin(), findings.end(), [](const Finding& f) {
                                   return f.is_caught == std::array<bool, 4>{true, false, false, false};
                                 })));
  put("@TOTALS@\n", totals_in_markdown(findings));
  put("@BUGS@\n", bugs_in_markdown(findings));
  put("@EQUIVALENT@\n", equivalent_in_markdown(findings));
  put("@MUTANT COUNT@", fmt::format("{}", mutants.size()));
  put("@MUTANTS CAUGHT@", fmt::format("{}, {}", count_caught(mutants), share_caught(mutants)));
  put("@MUTANT ROOMS@\n", rooms_in_markdown(mutants));
  put("@MUTANTS@\n", mutants_in_markdown(mutants));
  return text;
}

}  // namespace gradus
