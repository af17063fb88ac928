// What readers may answer in chapter 19, wrong and right.
#include <algorithm>
#include <cmath>

#include "tests/tutorials/wrong_answers/answers.hpp"
#include "tutorials/19_long_texts/exercise.hpp"

#define how_many_windows right_how_many_windows
#define head_and_tail_row right_head_and_tail_row
#define longest_safe_stride right_longest_safe_stride
#include "tutorials/19_long_texts/solution.cpp"
#undef how_many_windows
#undef head_and_tail_row
#undef longest_safe_stride

namespace gradus::tutorials::long_texts {
namespace {

using Row = std::vector<int64_t>;

/// [CLS], `of_head` first pieces, `of_tail` last ones, [SEP].
Row row_of_parts(const Row& text, int64_t of_head, int64_t of_tail) {
  Row row = {2};
  row.insert(row.end(), text.begin(), text.begin() + of_head);
  row.insert(row.end(), text.end() - of_tail, text.end());
  row.push_back(3);
  return row;
}

const Answers<decltype(how_many_windows)> counts(
    1, right_how_many_windows,
    {{"rounded down", "what is left at the end takes a window, too",
      [](int64_t length, int64_t room, int64_t overlap) -> int64_t {
        return length <= room ? 1 : 1 + (length - room) / (room - overlap);
      }},
     {"one window more than full strides", "no window for nothing",
      [](int64_t length, int64_t room, int64_t overlap) -> int64_t {
        return length <= room ? 1 : 2 + (length - room) / (room - overlap);
      }},
     {"the first window brings a stride, too", "the first one brings 8, not 2",
      [](int64_t length, int64_t room, int64_t overlap) -> int64_t {
        const int64_t stride = room - overlap;
        return (length + stride - 1) / stride;
      }},
     {"the overlap for the stride", "the overlap is not the stride",
      [](int64_t length, int64_t room, int64_t overlap) -> int64_t {
        const int64_t stride = std::max<int64_t>(1, overlap == 0 ? room : overlap);
        return length <= room ? 1 : 1 + (length - room + stride - 1) / stride;
      }},
     {"as if there were no overlap", "and then 2 new pieces a window",
      [](int64_t length, int64_t room, int64_t) -> int64_t { return (length + room - 1) / room; }},
     {"a short text has none", "a text shorter than a window takes one window",
      [](int64_t length, int64_t room, int64_t overlap) -> int64_t {
        return length < room ? 0 : right_how_many_windows(length, room, overlap);
      }},
     {"a text that just fits takes two", "a text that just fits takes one window",
      [](int64_t length, int64_t room, int64_t overlap) -> int64_t {
        return length == room && overlap > 0 ? 2 : right_how_many_windows(length, room, overlap);
      }},
     {"f32", "have too few digits",
      [](int64_t length, int64_t room, int64_t overlap) -> int64_t {
        if (length <= room) return 1;
        const float rest = static_cast<float>(length - room);
        return 1 + static_cast<int64_t>(std::ceil(rest / static_cast<float>(room - overlap)));
      }},
     {"all pieces less the overlap, by the stride", accepted,
      [](int64_t length, int64_t room, int64_t overlap) -> int64_t {
        const int64_t stride = room - overlap;
        return std::max<int64_t>(1, (length - overlap + stride - 1) / stride);
      }}});

const Answers<decltype(head_and_tail_row)> rows(
    2, right_head_and_tail_row,
    {{"no room for the signs", "the signs take slots as well",
      [](const Row& text, int64_t slots) {
        const int64_t length = std::ssize(text);
        return length + 2 <= slots ? right_head_and_tail_row(text, slots)
                                   : row_of_parts(text, slots / 4, slots - slots / 4);
      }},
     {"no signs", "one piece too many: the third goes",
      [](const Row& text, int64_t slots) {
        Row row = right_head_and_tail_row(text, slots);
        if (std::ssize(text) + 2 > slots) row = Row(row.begin() + 1, row.end() - 1);
        return row;
      }},
     {"halves", "the first 2, a quarter",
      [](const Row& text, int64_t slots) {
        const int64_t room = slots - 2;
        return std::ssize(text) <= room ? right_head_and_tail_row(text, slots)
                                        : row_of_parts(text, room / 2, room - room / 2);
      }},
     {"a quarter for the tail", "the first 2, a quarter, and then the last 6",
      [](const Row& text, int64_t slots) {
        const int64_t room = slots - 2;
        return std::ssize(text) <= room ? right_head_and_tail_row(text, slots)
                                        : row_of_parts(text, room - room / 4, room / 4);
      }},
     {"the tail first", "in the order of the text",
      [](const Row& text, int64_t slots) {
        const int64_t room = slots - 2, of_head = room / 4, of_tail = room - of_head;
        if (std::ssize(text) <= room) return right_head_and_tail_row(text, slots);
        Row row = {2};
        row.insert(row.end(), text.end() - of_tail, text.end());
        row.insert(row.end(), text.begin(), text.begin() + of_head);
        row.push_back(3);
        return row;
      }},
     {"both shares rounded down", "the row is full",
      [](const Row& text, int64_t slots) {
        const int64_t room = slots - 2;
        return std::ssize(text) <= room ? right_head_and_tail_row(text, slots)
                                        : row_of_parts(text, room / 4, 3 * room / 4);
      }},
     {"a short text as well: pieces twice", "nothing stands there twice",
      [](const Row& text, int64_t slots) {
        const int64_t room = slots - 2, length = std::ssize(text);
        return row_of_parts(text, std::min(length, room / 4), std::min(length, room - room / 4));
      }},
     {"a short text filled up", "nothing is filled up",
      [](const Row& text, int64_t slots) {
        Row row = right_head_and_tail_row(text, slots);
        row.resize(static_cast<size_t>(slots), 0);
        return row;
      }},
     {"[SEP] cut off", "the first 2, a quarter",
      [](const Row& text, int64_t slots) {
        const int64_t room = slots - 1;  // [CLS] alone was counted
        if (std::ssize(text) + 2 <= slots) return right_head_and_tail_row(text, slots);
        Row row = row_of_parts(text, room / 4, room - room / 4);
        row.resize(static_cast<size_t>(slots));
        return row;
      }},
     {"the middle taken out", accepted, [](const Row& text, int64_t slots) {
        Row row = text;
        const int64_t room = slots - 2;
        if (std::ssize(row) > room) row.erase(row.begin() + room / 4, row.end() - (room - room / 4));
        row.insert(row.begin(), 2);
        row.push_back(3);
        return row;
      }}});

const Answers<decltype(longest_safe_stride)> strides(
    3, right_longest_safe_stride,
    {{"an overlap as long as the answer", "one piece less than the answer",
      [](int64_t slots, int64_t question, int64_t longest) -> int64_t {
        return std::max<int64_t>(0, slots - question - 3 - longest);
      }},
     {"the overlap", "the stride is what is left of the room",
      [](int64_t, int64_t, int64_t longest) -> int64_t { return longest - 1; }},
     {"the question forgotten", "384 - 11 - 3 = 370",
      [](int64_t slots, int64_t, int64_t longest) -> int64_t { return slots - 3 - longest + 1; }},
     {"the signs forgotten", "384 - 11 - 3 = 370",
      [](int64_t slots, int64_t question, int64_t longest) -> int64_t {
        return slots - question - longest + 1;
      }},
     {"two signs", "384 - 11 - 3 = 370",
      [](int64_t slots, int64_t question, int64_t longest) -> int64_t {
        return slots - question - 2 - longest + 1;
      }},
     {"the whole room, always", "one piece less than the answer",
      [](int64_t slots, int64_t question, int64_t) -> int64_t { return slots - question - 3; }},
     {"half of the room, to be safe", "the stride is the whole room",
      [](int64_t slots, int64_t question, int64_t) -> int64_t { return (slots - question - 3) / 2; }},
     {"an answer too long", "no window has all of it",
      [](int64_t slots, int64_t question, int64_t longest) -> int64_t {
        const int64_t room = slots - question - 3;
        return room < 1 ? 0 : std::max<int64_t>(1, room - longest + 1);
      }},
     {"below 0", "not a number below it",
      [](int64_t slots, int64_t question, int64_t longest) -> int64_t {
        return slots - question - 3 - longest + 1;
      }},
     {"tried, from the longest down", accepted,
      [](int64_t slots, int64_t question, int64_t longest) -> int64_t {
        const int64_t room = slots - question - 3;
        // With a stride s the answer that begins last before the next window begins at s - 1.
        for (int64_t stride = room; stride >= 1; --stride) {
          if (stride - 1 + longest <= room) return stride;
        }
        return 0;
      }}});

}  // namespace

int64_t how_many_windows(int64_t length, int64_t room, int64_t overlap) {
  return counts(length, room, overlap);
}
std::vector<int64_t> head_and_tail_row(const std::vector<int64_t>& text, int64_t slots) {
  return rows(text, slots);
}
int64_t longest_safe_stride(int64_t slots, int64_t question, int64_t longest_answer) {
  return strides(slots, question, longest_answer);
}

}  // namespace gradus::tutorials::long_texts
