#include "bert/report/guess_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bert/report/html.hpp"

namespace gradus::bert {

std::string render_guesses(const std::vector<Guess>& guesses, std::string_view answer) {
  std::string list = "<ul class=\"guesses\">";
  for (const Guess& guess : guesses) {
    const bool right = !answer.empty() && guess.word == answer;
    const double share = std::isfinite(guess.probability) ? std::clamp(guess.probability, 0.0, 1.0) : 0;
    list += fmt::format("<li{}><span>{}{}</span><em>{}</em><i style=\"--p:{:.1f}%\"></i></li>",
                        right ? " class=\"right\"" : "", html::escape(guess.word),
                        right ? " \xE2\x9C\x93" : "", html::percent(guess.probability), 100 * share);
  }
  return list + "</ul>";
}

}  // namespace gradus::bert
