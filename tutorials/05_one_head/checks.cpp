// Chapter 5: checks of the exercises.
#include "exercise.hpp"
#include "tutorials/support/check.hpp"

using namespace gradus;
using namespace gradus::tutorials;

namespace {

Tensor random_sentence(int64_t S, int64_t H, uint64_t seed) {
  Rng rng(seed);
  return randn({S, H}, rng, DType::f64);
}

Head random_head(int64_t H, int64_t D, uint64_t seed) {
  Rng rng(seed);
  return {randn({D, H}, rng, DType::f64), randn({D, H}, rng, DType::f64), randn({D, H}, rng, DType::f64)};
}

void row_of_is(Check& check) {
  const Tensor x = to_tensor(PencilHead().x);
  const Head head = to_head(PencilHead());
  const Tensor row = weights_of_word(x, head, 1);
  check.close("they sum to 1", row.defined() ? sum(row).item() : 0, 1,
              "the last step is a softmax over the keys");
  check.close("the row of \"is\"", row, attend(x, head).weights.select(0, 1),
              "q(is) = [1, 0], and k is [1, 1], [1, 0], [0, 1]: scores 1, 1, 0 over sqrt(2)");
  const Tensor longer = random_sentence(5, 8, 1);
  const Head other = random_head(8, 4, 2);
  check.close("another sentence, with D = 4", weights_of_word(longer, other, 3),
              attend(longer, other).weights.select(0, 3), "the root is of D = 4, the numbers of one query");
}

void permuting(Check& check) {
  const Tensor x = random_sentence(4, 6, 3);
  const Head head = random_head(6, 3, 4);
  const HeadSteps before = attend(x, head);
  const Tensor order = tensor<int64_t>({2, 0, 3, 1});
  const HeadSteps after = attend(index_select(x, 0, order), head);
  const Permuted mine = after_permuting(before.weights, before.output, order);
  check.close("the weights", mine.weights, after.weights,
              "a row is the word that looks, a column is the word that is looked at: both have moved");
  check.close("the output", mine.output, after.output,
              "row i of the output belongs to the word at place i, which was at place order[i]");
}

void even(Check& check) {
  const Tensor x = to_tensor(PencilHead().x);
  const Head head = to_head(PencilHead());
  const Head mine = even_head(head);
  check.close("W_q is as it was", mine.query, head.query, "only W_k needs to change");
  check.close("W_v is as it was", mine.value, head.value, "only W_k needs to change");
  check.close("each weight is 1/3 for \"All is well\"", attend(x, mine).weights,
              full({3, 3}, 1.0 / 3, DType::f64),
              "equal scores give equal weights: which keys make q.k the same?");
  const Tensor longer = random_sentence(5, 3, 5);
  check.close("and 1/5 for five other words", attend(longer, mine).weights, full({5, 5}, 0.2, DType::f64),
              "W_k may not depend on the sentence");
}

}  // namespace

int main() {
  Checks checks("05_one_head");
  checks.exercise("1: the row of \"is\"", row_of_is);
  checks.exercise("2: permuting the words permutes the rows", permuting);
  checks.exercise("3: a head that looks everywhere alike", even);
  return checks.finish();
}
