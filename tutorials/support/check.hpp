/// @file
/// Checks of a reader's exercise. Each prints one line; a wrong answer is printed beside what was wanted,
/// with a hint.
///
///     int main() {
///       Checks checks("01_tensors");
///       checks.exercise("1: strides after a permute", [](Check& check) {
///         check.equal("permuting [0, 1] changes nothing", permuted_strides({3, 1}, {0, 1}), Strides{3, 1},
///                     "result axis i has the stride of axis order[i]");
///       });
///       return checks.finish();
///     }
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>

#include "autograd/tensor.hpp"

namespace gradus::tutorials {

/// The checks of one exercise. All of them run, so that the reader sees which answers are right already.
class Check {
 public:
  /// Right if `got == want`: numbers, texts, vectors, shapes. For tensors, and for numbers that were rounded
  /// on the way, there is `close`.
  template <class T>
  void equal(std::string_view what, const T& got, const std::type_identity_t<T>& want,
             std::string_view hint) {
    report(what, got == want, fmt::format("{}", got), fmt::format("{}", want), hint);
  }

  /// Right if |got - want| <= tolerance * max(1, |want|).
  void close(std::string_view what, double got, double want, std::string_view hint, double tolerance = 1e-5);

  /// Right if the shapes are the same and every element is close. A wrong tensor of more than 64 elements is
  /// told by its worst element.
  void close(std::string_view what, const Tensor& got, const Tensor& want, std::string_view hint,
             double tolerance = 1e-5);

  /// Right if `condition` holds; `seen` says in words what was seen.
  void that(std::string_view what, bool condition, std::string_view seen, std::string_view hint);

  /// Right if `fn` throws an Error, and its message has `part` in it.
  void throws(std::string_view what, const std::function<void()>& fn, std::string_view part,
              std::string_view hint);

  bool passed() const { return passed_; }

  /// True where a test tries an answer (GRADUS_EXERCISE is set): a check that trains for seconds is left out.
  static bool quick();

 private:
  void report(std::string_view what, bool right, const std::string& got, const std::string& want,
              std::string_view hint);
  bool passed_ = true;
};

/// The checks of a chapter.
class Checks {
 public:
  /// `chapter` is the chapter's folder, named in what is printed.
  explicit Checks(std::string chapter) : chapter_(std::move(chapter)) {}

  /// Runs the checks of one exercise. One that is not written yet, and one that throws, counts as not passed.
  /// `name` begins with its number; with GRADUS_EXERCISE=2 in the environment only exercise 2 runs.
  void exercise(std::string_view name, const std::function<void(Check&)>& fn);

  /// Prints the sum of it; 0 if every exercise passed, else 1: the program's exit code.
  int finish() const;

 private:
  std::string chapter_;
  int passed_ = 0, all_ = 0;
};

}  // namespace gradus::tutorials
