// The exercises of chapter 16. Replace each unsolved<...>(...) by your answer, then:
//
//     ./learn 16 check
#include "exercise.hpp"

#include <algorithm>
#include <string>

#include "autograd/ops.hpp"
#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials::fine_tuning {

std::vector<int64_t> first_piece_labels(const std::vector<int64_t>& pieces, const std::vector<int64_t>& tags,
                                        int64_t slots) {
  return unsolved<std::vector<int64_t>>("a label for each slot, -100 where nothing is asked");
}

AnswerSlots answer_slots(const std::vector<double>& start, const std::vector<double>& end, int64_t begin,
                         int64_t longest, double threshold) {
  return unsolved<AnswerSlots>("the first and the last slot of the answer, or (0, 0)");
}

int64_t freeze_first(const nn::Module& model, int64_t layers) {
  return unsolved<int64_t>("how many numbers still move");
}

}  // namespace gradus::tutorials::fine_tuning
