// Chapter 10, the exercises: replace each `return unsolved...` and run ./learn 10 check.
#include "exercise.hpp"

#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials::translation {

Tensor newest_may_see(int64_t S, int64_t T) {
  return unsolved<Tensor>("a bool tensor [S, T]: true where one of the newest S places may look");
}

Text beam_by_hand(const Next& next_of, int64_t beams, int64_t end, int64_t limit) {
  return unsolved<Text>("the likeliest text that a search with several prefixes finds");
}

Pair given_and_wanted(const Tensor& target) { return unsolved<Pair>("the target twice, one place apart"); }

Tensor loss_without_padding(const Tensor& logits, const Tensor& wanted) {
  return unsolved<Tensor>("the mean of -log p over the characters that are not padding");
}

}  // namespace gradus::tutorials::translation
