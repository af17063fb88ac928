// Chapter 5: checks of the exercises.
#include "autograd/storage.hpp"
#include "exercise.hpp"
#include "tutorials/support/check.hpp"
#include "tutorials/support/kit.hpp"

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

/// What a wrong row of weights is, if it is a known one.
std::string about_row(const Tensor& row, const Tensor& x, const Head& head, int64_t i) {
  const auto is = [&](const Tensor& other) {
    return row.defined() && row.shape() == other.shape() && largest_gap(row, other) < 1e-9;
  };
  const HeadSteps steps = attend(x, head);
  const auto D = static_cast<double>(head.query.size(0)), H = static_cast<double>(x.size(1));
  if (is(softmax(steps.scores * std::sqrt(D)).select(0, i))) return "the scores are not divided by the root";
  if (is(softmax(steps.scores * std::sqrt(D / H)).select(0, i))) {
    return "the root is of D, the numbers of one query, and not of H";
  }
  if (is(softmax(steps.scores.transpose(0, 1)).select(0, i))) {
    return "word i asks: its query meets the keys of all words, not its key the queries of all";
  }
  for (int64_t other = 0; other < x.size(0); ++other) {
    if (other != i && is(steps.weights.select(0, other))) {
      return fmt::format("that is the row of word {}, and word {} was asked for", other, i);
    }
  }
  return "one query, the keys of all words, their dot products over the root of D, and a softmax";
}

void row_of_is(Check& check) {
  const Tensor x = to_tensor(PencilHead().x);
  const Head head = to_head(PencilHead());
  const Tensor row = weights_of_word(x, head, 1);
  check.close("they sum to 1", row.defined() ? sum(row).item() : 0, 1,
              "the last step is a softmax over the keys");
  check.close("the row of \"is\"", row, attend(x, head).weights.select(0, 1), about_row(row, x, head, 1));
  const Tensor longer = random_sentence(5, 8, 1);
  const Head other = random_head(8, 4, 2);
  const Tensor third = weights_of_word(longer, other, 3);
  check.close("another sentence, with D = 4", third, attend(longer, other).weights.select(0, 3),
              about_row(third, longer, other, 3));

  // The queries, scores or weights of all words would show in the memory: [S, S] numbers are far more than
  // the keys, which are needed.
  constexpr int64_t S = 400;
  const Tensor long_text = random_sentence(S, 8, 3);
  reset_peak_memory();
  const int64_t before = memory_stats().live_bytes;
  weights_of_word(long_text, other, 3);
  const int64_t used = memory_stats().peak_bytes - before, table = S * S * 8;
  check.that(
      "and nothing of the other words' rows", used < table / 2,
      fmt::format("{} bytes for one row of {} words; the table of all rows has {}", used, S, table),
      "the whole head is computed, and one row of it is kept: x.select(0, i) is the one word that asks");
}

void permuting(Check& check) {
  const Tensor x = random_sentence(4, 6, 3);
  const Head head = random_head(6, 3, 4);
  const HeadSteps before = attend(x, head);
  const Tensor order = tensor<int64_t>({2, 0, 3, 1}), back = tensor<int64_t>({1, 3, 0, 2});
  const HeadSteps after = attend(index_select(x, 0, order), head);
  const Permuted mine = after_permuting(before.weights, before.output, order);
  const auto is = [](const Tensor& got, const Tensor& other) {
    return got.defined() && got.shape() == other.shape() && largest_gap(got, other) < 1e-9;
  };
  const std::string turned =
      "that is the way back: place i gets the word that was at place order[i], not the other way round";
  const Tensor rows = index_select(before.weights, 0, order);
  std::string hint = "a row is the word that looks, a column is the word that is looked at: both have moved";
  if (is(mine.weights, rows)) hint += ", and here only the rows have";
  if (is(mine.weights, index_select(before.weights, 1, order))) hint += ", and here only the columns have";
  if (is(mine.weights, index_select(index_select(before.weights, 0, back), 1, back))) hint = turned;
  check.close("the weights", mine.weights, after.weights, hint);
  check.close("the output", mine.output, after.output,
              is(mine.output, index_select(before.output, 0, back))
                  ? turned
                  : "a row of the output belongs to the word at its place, and the words have moved");
}

void even(Check& check) {
  const Tensor x = to_tensor(PencilHead().x);
  const Head head = to_head(PencilHead());
  const Head mine = even_head(head);
  check.close("W_q is as it was", mine.query, head.query, "only W_k needs to change");
  check.close("W_v is as it was", mine.value, head.value, "only W_k needs to change");
  if (!mine.key.defined())
    return check.that("W_k", false, "no tensor at all", "it is a matrix like the old W_k");
  check.equal("the shape of W_k", mine.key.shape(), head.key.shape(), "it stays [D, H]");
  check.equal("its dtype", std::string(name(mine.key.dtype())), std::string(name(head.key.dtype())),
              "zeros, ones and full make f32 unless they get the dtype, here head.key.dtype()");
  if (!check.passed()) return;
  check.close("each weight is 1/3 for \"All is well\"", attend(x, mine).weights,
              full({3, 3}, 1.0 / 3, DType::f64),
              "equal scores give equal weights: which keys make q.k the same, whatever the query?");
  const Tensor longer = random_sentence(5, 3, 5);
  check.close("and 1/5 for five other words", attend(longer, mine).weights, full({5, 5}, 0.2, DType::f64),
              "W_k may not depend on the sentence: keys that are the same for one need not be for another");
  const Tensor loud = longer * 1e12;
  check.close("also when the numbers of the words are 10^12 times as large", attend(loud, mine).weights,
              full({5, 5}, 0.2, DType::f64),
              "small is not enough: nearly equal scores are told apart when the words get larger");
}

}  // namespace

int main() {
  Checks checks("05_one_head");
  checks.exercise("1: the row of \"is\"", row_of_is);
  checks.exercise("2: permuting the words permutes the rows", permuting);
  checks.exercise("3: a head that looks everywhere alike", even);
  return checks.finish();
}
