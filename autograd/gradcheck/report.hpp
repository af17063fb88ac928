/// @file
/// What a gradient check found: a value that prints as a table and converts to JSON and CSV.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/shape.hpp"

namespace gradus {

/// How one tensor came out, from best to worst.
enum class Verdict : uint8_t {
  pass,  ///< analytic and numeric agree within what the differences can resolve
  kink,  ///< at ever smaller steps the slopes of both sides differ; the analytic value is between them
  inconclusive,  ///< the differences never settled: nothing is known, so this does not count as passed
  fail           ///< analytic and numeric differ by more than the error of the numeric value can explain
};

std::string_view name(Verdict verdict);  ///< "pass", "kink", "inconclusive" or "fail"

/// What the check found for one tensor. `index` to `right` describe its worst element.
struct GradcheckResult {
  std::string name;
  Shape shape;
  int64_t total = 0;       ///< elements of the tensor
  int64_t checked = 0;     ///< elements that were differenced one by one, or directions if there were none
  int64_t directions = 0;  ///< random directions along which all elements were differenced together
  int64_t elements = 0;    ///< elements that were differenced one by one, directions or not
  /// |analytic - numeric| / the larger of |numeric| and the tensor's largest |gradient| (along a direction:
  /// its length); f32 against f64: in units of eps32 sqrt(K); under the rules of others: / |numeric|. 0 where
  /// both are 0 up to rounding, which `note` says.
  double error = 0;
  Shape index;             ///< the worst element; empty if the worst was a whole direction
  int64_t direction = -1;  ///< the number of that direction, else -1
  double analytic = 0;     ///< what backward gives there
  double numeric = 0;      ///< what differences give there
  double estimate = 0;     ///< how far off `numeric` may be, by its own account (Ridders)
  /// The smallest h that `numeric` was made from; f32 against f64: by which share of themselves the values
  /// were moved to see how sensitive the function is.
  double step = 0;
  double left = 0;  ///< the slope from the left: differs from `right` at a kink
  double right = 0;
  Verdict verdict = Verdict::pass;
  bool passed = true;  ///< verdict is pass or kink
  std::string note;    ///< what else there is to say: an input that the output does not depend on, ...
  /// How many of the elements and directions that were looked at came out as each verdict, pass to fail.
  std::array<int64_t, 4> counts{};
  double allowed = 0;  ///< the largest |analytic - numeric| that passes
  /// f32 against f64: the worst difference, and the one that passes, in units of eps32 times the tensor's
  /// largest |gradient|, or a tenth of the largest of all if that is more. These compare with those of any
  /// other function. NaN for all other kinds.
  double in_eps32 = std::numeric_limits<double>::quiet_NaN();
  double allowed_eps32 = std::numeric_limits<double>::quiet_NaN();
  std::string inputs;  ///< where it did not pass: the values at and around the worst element
};

struct GradcheckReport {
  bool passed = true;
  Verdict verdict = Verdict::pass;  ///< the worst of all
  std::string kind;                 ///< "first order", "second order", "f32 against f64", "torch rules", ...
  uint64_t seed = 0;                ///< the check can be repeated with it
  std::vector<GradcheckResult> inputs;
  /// Sentences about what no single element shows: a zero cotangent that gives a gradient, a vjp that is not
  /// linear, a second derivative that is not symmetric. Each one makes the check fail.
  std::vector<std::string> problems;

  /// Appends a row and keeps `passed` and `verdict` true to it.
  void add(GradcheckResult result);
  /// Appends a problem; the check has then failed.
  void add_problem(std::string sentence);
  /// How many of the tensors have each verdict, pass to fail.
  std::array<int64_t, 4> counts() const;
};

/// "2 passed, 1 at a kink, 0 inconclusive, 0 failed".
std::string to_string(const std::array<int64_t, 4>& counts);

/// A table: one line a tensor, with its worst element; for each that did not pass how many elements are
/// wrong, and the inputs of the worst; then the problems. For f32 against f64 the errors are in units of
/// eps32.
std::string to_string(const GradcheckReport& report);

/// One JSON object on one line. The schema, version 1, is in docs/gradcheck_schema.md. A number that is not
/// finite is written as null.
std::string to_json(const GradcheckReport& report);

/// Comma-separated values, one line a tensor, after a line with the names of the columns (RFC 4180). Then a
/// line for each problem, with the verdict fail and the sentence as its note, and nothing else. Numbers that
/// are not finite are inf, -inf and nan.
std::string to_csv(const GradcheckReport& report);

}  // namespace gradus
