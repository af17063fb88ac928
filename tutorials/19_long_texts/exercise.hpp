/// @file
/// The exercises of chapter 19. You write exercise.cpp; `./learn 19 check` says how it goes.
#pragma once

#include <cstdint>
#include <vector>

namespace gradus::tutorials::long_texts {

/// Exercise 1. How many windows of `room` pieces it takes for all of a text of `length` pieces, where each
/// window has `overlap` pieces in common with the one before it (the last may have more: it is moved back
/// until it is full). A text that is no longer than a window takes one. `length` and `room` are at least 1,
/// `overlap` is from 0 to room - 1, and `length` may be 2000000000000: count without making them.
int64_t how_many_windows(int64_t length, int64_t room, int64_t overlap);

/// Exercise 2. The row of a text in `slots` slots (at least 5): [CLS], what is kept, [SEP]. A text for which
/// there is room is kept whole. Of a longer one a quarter of the room, rounded down, is for its first pieces,
/// and the rest of the room for its last ones. [CLS] has the id 2, [SEP] the id 3. A vector's `insert` and
/// `push_back` will do.
std::vector<int64_t> head_and_tail_row(const std::vector<int64_t>& text, int64_t slots);

/// Exercise 3. Rows of `slots` slots hold [CLS], a question of `question` pieces, [SEP], a window of the
/// text, [SEP]. The longest stride between two windows with which every answer of up to `longest_answer`
/// pieces is whole in some window, wherever in a long text it stands; 0 where no stride can do that.
int64_t longest_safe_stride(int64_t slots, int64_t question, int64_t longest_answer);

}  // namespace gradus::tutorials::long_texts
