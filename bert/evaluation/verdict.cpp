#include "bert/evaluation/verdict.hpp"

#include <fmt/format.h>

#include <cmath>

#include "autograd/plural.hpp"
#include "plot/text.hpp"

namespace gradus::bert {
namespace {

// Small models went past two neighbours after some ten times through a text; after many more it is the text
// that is too small.
constexpr double many_passes = 40;
constexpr int64_t small_text = 200'000;

std::string share(double value) { return fmt::format("{:.1f} %", 100 * value); }

std::string what_is_below(const MaskScore& model, const MaskScore& two_neighbours) {
  if (model.accuracy < two_neighbours.accuracy) {
    return fmt::format("Below the baseline: {} get {} of the masked tokens right, this model {}.",
                       two_neighbours_name, share(two_neighbours.accuracy), share(model.accuracy));
  }
  if (!(model.perplexity > two_neighbours.perplexity)) return {};
  return fmt::format(
      "Below the baseline by perplexity: that of {} is {:.2f}, of this model {:.2f}, which is too sure of "
      "its "
      "guesses where they are wrong.",
      two_neighbours_name, two_neighbours.perplexity, model.perplexity);
}

std::string what_would_help(const MaskScore& model, int64_t seen, int64_t text) {
  if (!std::isfinite(model.perplexity))  // its loss is beyond what exp() can take
    return " The training has broken down: a smaller learning rate would help.";
  if (text <= 0) return " Longer training would help, or more text.";
  const double passes = static_cast<double>(seen) / static_cast<double>(text);
  if (passes < 1) {  // however small the text is, there is more of it
    return fmt::format(" Longer training would help: this run saw {} % of its training text.",
                       passes < 0.01 ? "less than 1" : fmt::format("{:.0f}", std::floor(100 * passes)));
  }
  std::string out;
  if (passes < many_passes)
    out += fmt::format(" Longer training would help: this run saw its training text {:.1f} times.", passes);
  if (text < small_text || passes >= many_passes)
    out +=
        fmt::format(" More text would help: this one has {} {}.", plot::count(text), plural(text, "token"));
  return out;
}

}  // namespace

std::string below_baseline(const MaskScore& model, const MaskScore& two_neighbours, int64_t seen,
                           int64_t text) {
  const std::string below = what_is_below(model, two_neighbours);
  if (below.empty()) return {};
  return below + what_would_help(model, seen, text);
}

std::string one_answer(double right_of_next, double right_of_random) {
  constexpr double nearly_all = 0.9;
  const auto all = [](double right, double other) { return right >= nearly_all && other <= 1 - nearly_all; };
  const bool next = all(right_of_next, right_of_random);
  if (!next && !all(right_of_random, right_of_next)) return {};
  return fmt::format(
      "It says of nearly every pair that B {}, so it is right of one kind and wrong of the other: it does "
      "not "
      "tell them apart yet, and guessing gets 50 %.",
      next ? "follows" : "is random");
}

}  // namespace gradus::bert
