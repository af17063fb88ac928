/// @file
/// Chapter 18: the lines of its tables.
#pragma once

#include <fmt/format.h>

#include "measuring.hpp"
#include "tutorials/support/kit.hpp"

namespace gradus::tutorials::anisotropy {

/// A line of a table on one cloud.
inline void print_cloud(const std::string& name, const Tensor& y) {
  const Tensor shares = spectrum(y);
  std::string text;
  for (int64_t k = 0; k < shares.size(0); ++k) text += fmt::format(" {:>7.3f}", shares.at({k}));
  fmt::print("{:<22} {:>12.3f} {:>15.3f}  {}\n", name, mean_cosine(y), mean_size(y), text);
}

/// A sentence, and whether it is so.
inline void tell(const std::string& what, bool claim) { fmt::print("{:<74} {}\n", what + ":", shown(claim)); }

/// What vectors of the test are worth.
inline void print_worth(const std::string& name, const Worth& one) {
  fmt::print("{:<24} {:>11.3f} {:>18.3f} {:>12.3f} {:>9.3f}\n", name, one.cosine, one.largest, one.form,
             one.order);
}
inline void print_worth_title() {
  fmt::print("{:<24} {:>11} {:>18} {:>12} {:>9}\n", "", "mean cosine", "largest direction", "of the form",
             "Spearman");
}

}  // namespace gradus::tutorials::anisotropy
