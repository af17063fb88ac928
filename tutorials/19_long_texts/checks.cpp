// What the exercises of chapter 19 are held to.
#include <algorithm>

#include "exercise.hpp"
#include "tutorials/support/check.hpp"

namespace {

using namespace gradus::tutorials;
using namespace gradus::tutorials::long_texts;
using Row = std::vector<int64_t>;

/// The windows of a text, made one after the other until its end is in one.
int64_t made_windows(int64_t length, int64_t room, int64_t overlap) {
  int64_t count = 1;
  for (int64_t end = room; end < length; end += room - overlap) ++count;
  return count;
}

void windows(Check& check) {
  check.equal("20 pieces, windows of 8 without overlap", how_many_windows(20, 8, 0), 3,
              "8 + 8 + 4: what is left at the end takes a window, too, so round up");
  check.equal("16 pieces, windows of 8 without overlap", how_many_windows(16, 8, 0), 2,
              "8 + 8, and nothing is left: no window for nothing");
  check.equal("20 pieces, windows of 8, overlap 2", how_many_windows(20, 8, 2), 3,
              "the first window has 8 new pieces, each further one room - overlap = 6: the overlap is not "
              "the stride");
  check.equal("20 pieces, windows of 8, overlap 6", how_many_windows(20, 8, 6), 7,
              "8, and then 2 new pieces a window: 12 more in 6 windows; the first one brings 8, not 2");
  check.equal("8 pieces, windows of 8, overlap 6", how_many_windows(8, 8, 6), 1,
              "a text that just fits takes one window");
  check.equal("3 pieces, windows of 8, overlap 2", how_many_windows(3, 8, 2), 1,
              "a text shorter than a window takes one window");
  check.equal("9 pieces, windows of 8, overlap 0", how_many_windows(9, 8, 0), 2,
              "one piece too many takes a second window");
  bool all = true;
  std::string where = "all as they should be";
  for (int64_t length = 1; length <= 40 && all; ++length) {
    for (int64_t room = 1; room <= 12 && all; ++room) {
      for (int64_t overlap = 0; overlap < room && all; ++overlap) {
        all = how_many_windows(length, room, overlap) == made_windows(length, room, overlap);
        if (!all) where = fmt::format("wrong for length {}, room {}, overlap {}", length, room, overlap);
      }
    }
  }
  check.that(
      "every text up to 40 pieces, room up to 12, every overlap", all, where,
      "make the windows by hand for this one: where does each begin, and when has one the last piece?");
  if (!all) return;  // (an answer that is wrong may take for ever with what follows)
  check.equal("2000000000000 pieces, windows of 510, overlap 255", how_many_windows(2000000000000, 510, 255),
              7843137254, "a formula of whole numbers: numbers with a point, or f32, have too few digits");
}

Row text_of_length(int64_t length) {
  Row text;
  for (int64_t i = 0; i < length; ++i) text.push_back(100 + i);
  return text;
}

void head_and_tail(Check& check) {
  check.equal("3 pieces in 10 slots", head_and_tail_row({100, 101, 102}, 10), Row{2, 100, 101, 102, 3},
              "there is room, so nothing is cut, nothing stands there twice and nothing is filled up");
  check.equal("8 pieces in 10 slots", head_and_tail_row(text_of_length(8), 10),
              Row{2, 100, 101, 102, 103, 104, 105, 106, 107, 3}, "8 pieces and two signs just fit");
  check.equal("20 pieces in 10 slots", head_and_tail_row(text_of_length(20), 10),
              Row{2, 100, 101, 114, 115, 116, 117, 118, 119, 3},
              "room for 10 - 2 = 8 pieces, since the signs take slots as well: the first 2, a quarter, and "
              "then the last 6, in the order of the text");
  check.equal("9 pieces in 10 slots", head_and_tail_row(text_of_length(9), 10),
              Row{2, 100, 101, 103, 104, 105, 106, 107, 108, 3}, "one piece too many: the third goes");
  check.equal("20 pieces in 9 slots", head_and_tail_row(text_of_length(20), 9),
              Row{2, 100, 114, 115, 116, 117, 118, 119, 3},
              "7 / 4 rounded down is 1, and what is left over, 6, belongs to the tail: the row is full");
  const Row bert = head_and_tail_row(text_of_length(1000), 512);
  check.equal("1000 pieces in 512 slots: how long the row is", std::ssize(bert), std::ptrdiff_t{512},
              "with both signs the row has just as many ids as there are slots");
  if (bert.size() != 512) return;
  check.equal("1000 pieces in 512 slots: the last of the head, the first of the tail",
              Row{bert[127], bert[128]}, Row{226, 717},
              "a quarter of 510 is 127: pieces 0 to 126, and then the last 383");
}

void strides(Check& check) {
  check.equal("one piece, rows of 384, question of 11", longest_safe_stride(384, 11, 1), 370,
              "room for 384 - 11 - 3 = 370 pieces; an answer of one piece needs no overlap, so the stride is "
              "the whole room");
  check.equal("two pieces, rows of 384, question of 11", longest_safe_stride(384, 11, 2), 369,
              "answers of 2 pieces need an overlap of 1: one piece less than the answer, not as many");
  check.equal("30 pieces, rows of 384, question of 11", longest_safe_stride(384, 11, 30), 341,
              "an overlap of 29 pieces, and the stride is what is left of the room beside it");
  check.equal("an answer that just fits: 370", longest_safe_stride(384, 11, 370), 1,
              "a window for every place where it can begin");
  check.equal("an answer that does not fit: 371", longest_safe_stride(384, 11, 371), 0,
              "no window has all of it, whatever the stride: 0");
  check.equal("a question that leaves no room", longest_safe_stride(20, 30, 1), 0,
              "there is no window at all: 0, not a number below it");
  bool loses_none = true, is_longest = true;
  for (int64_t slots = 6; slots <= 20; ++slots) {
    for (int64_t answer = 1; answer <= slots - 5; ++answer) {
      const int64_t room = slots - 5, got = longest_safe_stride(slots, 2, answer);
      if (got < 1 || got > room) {
        loses_none = false;
        continue;
      }
      const auto lost = [&](int64_t stride) {  // a long text: windows begin at 0, stride, 2 stride, ...
        for (int64_t first = 0; first < 4 * room; ++first) {
          if (first - first / stride * stride + answer > room) return true;
        }
        return false;
      };
      loses_none = loses_none && !lost(got);
      is_longest = is_longest && (got == room || lost(got + 1));
    }
  }
  check.that("rows of 6 to 20 slots, question of 2: every answer is whole somewhere", loses_none,
             "some answer is lost", "the next window must begin before an answer can drop out of this one");
  check.that("the same: with a stride one longer some answer is lost", is_longest,
             "a longer stride would do, too", "the longest stride is asked for: it costs least");
}

}  // namespace

int main() {
  Checks checks("19_long_texts");
  checks.exercise("1: how many windows", windows);
  checks.exercise("2: head and tail", head_and_tail);
  checks.exercise("3: a stride that loses no answer", strides);
  return checks.finish();
}
