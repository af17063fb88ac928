/// @file
/// What was found, as text, as JSON and as the page docs/planted_bugs.md.
#pragma once

#include <string>
#include <vector>

#include "mutants/last_run.hpp"
#include "planted_bugs/run.hpp"

namespace gradus {

/// Lines for a terminal: each bug with who catches it, then the totals.
std::string to_text(const std::vector<Finding>& findings);

/// {"schema": 1, "bugs": [{"name", "kind", "file", "subjects", "caught": {"ours": true, ...}, "because"}],
/// "totals": {KIND: {"bugs": 3, "ours": 3, ...}}}; "because" is there for equivalent ones only.
std::string to_json(const std::vector<Finding>& findings);

/// The page: page.md with the tables put in place of its lines @TOTALS@, @BUGS@ and so on. `mutants` is what
/// scripts/mutants found last.
std::string to_page(const std::vector<Finding>& findings, const std::vector<MutantResult>& mutants,
                    const std::string& page);

}  // namespace gradus
