/// @file
/// The exercises of chapter 10.
#pragma once

#include "decoding.hpp"

namespace gradus::tutorials::translation {

/// Exercise 1. The causal mask for the newest S of T places: bool [S, T]. Row i belongs to place T - S + i,
/// which may see itself and all places before it. With S = T it is the mask of the chapter; with S = 1 it is
/// that of one new character and kept keys.
Tensor newest_may_see(int64_t S, int64_t T);

/// Exercise 2. Beam search: follows the `beams` likeliest prefixes and returns the likeliest text. Begin with
/// one empty prefix. In each of at most `limit` steps, ask `next_of` for every prefix that is not ended, and
/// keep the `beams` best of all that are ended and all that are longer by one. At a tie the one made first
/// stays in front.
Text beam_by_hand(const Next& next_of, int64_t beams, int64_t end, int64_t limit);

/// Exercise 3. What the decoder is given and what it has to say, from targets [B, S]: begin, characters, end,
/// padding.
struct Pair {
  Tensor given, wanted;  // [B, S - 1]
};
Pair given_and_wanted(const Tensor& target);

/// The loss: the mean of -log p(wanted) over all characters that are not padding (id 0). logits [B, S, V],
/// wanted [B, S].
Tensor loss_without_padding(const Tensor& logits, const Tensor& wanted);

}  // namespace gradus::tutorials::translation
