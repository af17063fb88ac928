/// @file
/// Runs gradient checks with a bug on, by several rules, and random ones with none.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "autograd/gradcheck.hpp"
#include "planted_bugs/bug_list.hpp"

namespace gradus {

/// By whose rules, in the order of the table's columns.
inline constexpr std::array<GradcheckRules, 4> all_rules = {GradcheckRules::gradus, GradcheckRules::torch,
                                                            GradcheckRules::torch_fast, GradcheckRules::jax};
/// "ours", "torch", "torch fast", "JAX".
std::string_view name(GradcheckRules rules);

/// What a check of one subject says while the bug is on.
struct Opinion {
  bool is_caught = false;  ///< the verdict is "fail", or the backward throws
  std::string text;        ///< the report, or what was thrown
};

/// The subject at sample(1), checked with the seed 1. @throws IndexError if gradlab has no such subject.
Opinion ask(const Bug& bug, const std::string& subject, GradcheckRules rules);

/// A bug, and by whose rules at least one of its subjects shows it.
struct Finding {
  Bug bug;
  std::array<bool, all_rules.size()> is_caught = {};
};
Finding find(const Bug& bug, const std::vector<GradcheckRules>& rules = {all_rules.begin(), all_rules.end()});

/// Random checks of what is right: a random subject (small ones more often), random values and cotangents;
/// all elements, along two directions, or three sampled elements.
struct RightChecks {
  int64_t count = 0;
  std::array<int64_t, 4> verdicts = {};  ///< how many came out as each Verdict
  std::vector<std::string> alarms;       ///< "softmax, sample 17, seed 4, along directions", and the report
};
RightChecks check_right_ones(int64_t count, uint64_t seed, const std::function<void(int64_t)>& progress = {});

}  // namespace gradus
