// The exercises of chapter 19. Replace each unsolved<...>(...) by your answer, then:
//
//     ./learn 19 check
#include "exercise.hpp"

#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials::long_texts {

int64_t how_many_windows(int64_t length, int64_t room, int64_t overlap) {
  return unsolved<int64_t>("the number of windows");
}

std::vector<int64_t> head_and_tail_row(const std::vector<int64_t>& text, int64_t slots) {
  return unsolved<std::vector<int64_t>>("[CLS], what is kept, [SEP]");
}

int64_t longest_safe_stride(int64_t slots, int64_t question, int64_t longest_answer) {
  return unsolved<int64_t>("the longest stride that loses no answer");
}

}  // namespace gradus::tutorials::long_texts
