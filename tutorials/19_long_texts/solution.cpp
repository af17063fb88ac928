// The exercises of chapter 19, solved.
#include "exercise.hpp"

namespace gradus::tutorials::long_texts {

// The first window has `room` pieces, each further one `stride` new ones; a part of a stride takes one, too.
int64_t how_many_windows(int64_t length, int64_t room, int64_t overlap) {
  if (length <= room) return 1;
  const int64_t stride = room - overlap, rest = length - room;
  return 1 + (rest + stride - 1) / stride;
}

std::vector<int64_t> head_and_tail_row(const std::vector<int64_t>& text, int64_t slots) {
  constexpr int64_t cls = 2, sep = 3;
  const int64_t room = slots - 2, length = static_cast<int64_t>(text.size());
  std::vector<int64_t> row = {cls};
  if (length <= room) {
    row.insert(row.end(), text.begin(), text.end());
  } else {
    const int64_t of_head = room / 4, of_tail = room - of_head;
    row.insert(row.end(), text.begin(), text.begin() + of_head);
    row.insert(row.end(), text.end() - of_tail, text.end());
  }
  row.push_back(sep);
  return row;
}

// An answer that just does not fit into one window begins at its piece number room - longest + 1; the next
// window must have begun by then.
int64_t longest_safe_stride(int64_t slots, int64_t question, int64_t longest_answer) {
  const int64_t room = slots - question - 3;
  if (longest_answer > room) return 0;
  return room - longest_answer + 1;
}

}  // namespace gradus::tutorials::long_texts
