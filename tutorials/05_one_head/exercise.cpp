// Chapter 5, the exercises: replace each `return unsolved...` and run ./learn 5 check.
#include "exercise.hpp"

#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials {

Tensor weights_of_word(const Tensor& x, const Head& head, int64_t i) {
  return unsolved<Tensor>("the weights of one word: one query, all keys, and the softmax of one row");
}

Permuted after_permuting(const Tensor& weights, const Tensor& output, const Tensor& order) {
  return unsolved<Permuted>("the weights and the output in the new order of the words");
}

Head even_head(const Head& head) { return unsolved<Head>("a head that looks at all words alike"); }

}  // namespace gradus::tutorials
