/// @file
/// What the figures of an evaluation mean, in words: the same on the terminal and in the report.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gradus::bert {

/// The names of the two baselines (baselines.hpp) wherever people read them: BigramBaseline, UnigramBaseline.
inline constexpr std::string_view two_neighbours_name = "two neighbours";
inline constexpr std::string_view frequency_name = "frequency";

/// What guesses for the same masked tokens came to. NaN where it is not known.
struct MaskScore {
  double accuracy, perplexity;
};

/// For a model with a lower share of masked tokens right than two neighbours, or with a higher perplexity:
/// that it is so, and what would help, by how often `seen` tokens (of the text, padding not counted) are the
/// training text of `text` tokens (0 where that is not known). Empty for any other, and for figures of NaN.
std::string below_baseline(const MaskScore& model, const MaskScore& two_neighbours, int64_t seen = 0,
                           int64_t text = 0);

/// For a model that gives nearly all pairs one answer, so that it is right of one kind and wrong of the
/// other: what that means. Empty for any other, and where a share is NaN.
std::string one_answer(double right_of_next, double right_of_random);

}  // namespace gradus::bert
