/// @file
/// Words that go with a count: 1 step, 2 steps.
#pragma once

#include <string>
#include <string_view>

namespace gradus {

/// `one` where `number` is 1, else `many`, which is `one` with an s unless it is given:
/// `fmt::format("{} {}", n, plural(n, "step"))`.
template <class Number>
std::string plural(Number number, std::string_view one, std::string_view many = {}) {
  if (number == 1) return std::string(one);
  return many.empty() ? std::string(one) + "s" : std::string(many);
}

}  // namespace gradus
