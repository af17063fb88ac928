/// @file
/// Answers that readers may give to an exercise, for trying its check on them: wrong ones, each with the
/// words that must stand in the refusal, and right ones that are written in another way than the solution.
///
///     #define double_of right_double_of
///     #include "tutorials/01_x/solution.cpp"
///     #undef double_of
///
///     const Answers<decltype(double_of)> doubles(1, right_double_of, {
///         {"the square", "2 * 2 and 2^2 are the same by chance", [](double x) { return x * x; }},
///         {"a sum", accepted, [](double x) { return x + x; }}});
///     double double_of(double x) { return doubles(x); }
///
/// Linked with the chapter's checks, this is a program that checks the solution, or in its place the answer
/// whose number is in GRADUS_ANSWER. With GRADUS_ANSWER=list it prints all of them first.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <initializer_list>
#include <string>

namespace gradus::tutorials {

constexpr const char* accepted = "";  ///< in place of a refusal: the answer is right

/// Counts the answers of this program; true for the chosen one.
inline bool is_chosen(int exercise, const char* name, const char* refusal) {
  static int count = 0;
  ++count;
  const char* set = std::getenv("GRADUS_ANSWER");
  const std::string wanted = set == nullptr ? "" : set;
  if (wanted == "list") fmt::print("answer\t{}\t{}\t{}\n", exercise, name, refusal);
  return wanted == std::to_string(count);
}

template <class F>
class Answers;

/// The answers to a function R f(A...) of one exercise.
template <class R, class... A>
class Answers<R(A...)> {
 public:
  struct Answer {
    const char* name;
    const char* refusal;
    R (*answer)(A...);
  };
  Answers(int exercise, R (*solution)(A...), std::initializer_list<Answer> answers) : used_(solution) {
    for (const Answer& one : answers) {
      if (is_chosen(exercise, one.name, one.refusal)) used_ = one.answer;
    }
  }
  R operator()(A... arguments) const { return used_(arguments...); }

 private:
  R (*used_)(A...);
};

}  // namespace gradus::tutorials
