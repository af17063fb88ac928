/// @file
/// How a page shows the fillings of a masked word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bert/evaluation/guess.hpp"

namespace gradus::bert {

/// An HTML list of `guesses`, in their order, each with a bar as long as its probability. The one that equals
/// `answer` is marked by colour, weight and a tick. An empty `answer` marks nothing.
std::string render_guesses(const std::vector<Guess>& guesses, std::string_view answer);

}  // namespace gradus::bert
