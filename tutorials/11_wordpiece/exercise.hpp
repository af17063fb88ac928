/// @file
/// The exercises of chapter 11. You write exercise.cpp; `./learn 11 check` says how it goes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "pieces.hpp"

namespace gradus::tutorials::wordpiece {

/// Exercise 1. The cut of `word` into the fewest pieces of `table`, `##` before all but the first; [UNK]
/// alone if there is no cut at all. Where several cuts are equally short, any of them. Greedy takes the
/// longest piece and never goes back; this one may have to. `table.has`, `utf8_of` and `word.substr` are of
/// use.
std::vector<std::string> fewest_pieces(const Text& word, const PieceTable& table);

/// Exercise 2. Pieces as a text to read: `##` pieces go on with the word before them, and a space stands
/// between two words, but not where an ideograph is on either side of it. `characters_of` gives the
/// characters of a piece, and `bert::is_cjk_ideograph` says what each one is. The pieces are those of whole
/// words.
std::string text_of(const std::vector<std::string>& pieces);

/// Exercise 3. A word cut by replaying merges: begin with its characters (`characters_as_pieces`), then take
/// the merges in the order in which they were learnt, and make each of them wherever its pair stands side by
/// side, from the front of the word. GPT cuts words like this. `joined` makes one piece of two.
std::vector<std::string> by_merges(const std::string& word,
                                   const std::vector<std::pair<std::string, std::string>>& merges);

}  // namespace gradus::tutorials::wordpiece
