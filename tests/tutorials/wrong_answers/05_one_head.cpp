// What readers may answer in chapter 5, wrong and right.
#include "tutorials/05_one_head/exercise.hpp"

#include "tests/tutorials/wrong_answers/answers.hpp"

#define weights_of_word right_weights_of_word
#define after_permuting right_after_permuting
#define even_head right_even_head
#include "tutorials/05_one_head/solution.cpp"
#undef weights_of_word
#undef after_permuting
#undef even_head

namespace gradus::tutorials {
namespace {

/// q . k of one word and all, over `divisor`: [S].
Tensor scores_of(const Tensor& x, const Tensor& w_q, const Tensor& w_k, int64_t i, double divisor) {
  return matmul(matmul(x, w_k.transpose(0, 1)), matmul(w_q, x.select(0, i))) / divisor;
}

double root(int64_t n) { return std::sqrt(static_cast<double>(n)); }

const Answers<decltype(weights_of_word)> row(
    1, right_weights_of_word,
    {{"the whole head where one row is asked", "the whole head is computed",
      [](const Tensor& x, const Head& head, int64_t i) { return attend(x, head).weights.select(0, i); }},
     {"the root of H", "and not of H",
      [](const Tensor& x, const Head& head, int64_t i) {
        return softmax(scores_of(x, head.query, head.key, i, root(x.size(1))));
      }},
     {"no root", "the scores are not divided by the root",
      [](const Tensor& x, const Head& head, int64_t i) {
        return softmax(scores_of(x, head.query, head.key, i, 1));
      }},
     {"scores for weights", "the last step is a softmax",
      [](const Tensor& x, const Head& head, int64_t i) {
        return scores_of(x, head.query, head.key, i, root(head.query.size(0)));
      }},
     {"the key asks the queries", "not its key the queries of all",
      [](const Tensor& x, const Head& head, int64_t i) {
        return softmax(scores_of(x, head.key, head.query, i, root(head.query.size(0))));
      }},
     {"the word before", "that is the row of word",
      [](const Tensor& x, const Head& head, int64_t i) { return right_weights_of_word(x, head, i - 1); }},
     {"always the row of \"is\"", "that is the row of word 1",
      [](const Tensor& x, const Head& head, int64_t) { return right_weights_of_word(x, head, 1); }},
     {"W_k turned to the query, no keys at all", accepted, [](const Tensor& x, const Head& head, int64_t i) {
        const Tensor q = matmul(head.query, x.select(0, i));
        const Tensor wanted = matmul(head.key.transpose(0, 1), q) / root(q.size(0));  // [H]
        const Tensor e = exp(matmul(x, wanted));
        return e / sum(e);
      }}});

const Answers<decltype(after_permuting)> permuted(
    2, right_after_permuting,
    {{"rows only", "here only the rows have",
      [](const Tensor& weights, const Tensor& output, const Tensor& order) {
        return Permuted{index_select(weights, 0, order), index_select(output, 0, order)};
      }},
     {"columns only", "here only the columns have",
      [](const Tensor& weights, const Tensor& output, const Tensor& order) {
        return Permuted{index_select(weights, 1, order), index_select(output, 0, order)};
      }},
     {"the output left", "a row of the output belongs to the word at its place",
      [](const Tensor& weights, const Tensor& output, const Tensor& order) {
        return Permuted{index_select(index_select(weights, 0, order), 1, order), output};
      }},
     {"the inverse order", "that is the way back",
      [](const Tensor& weights, const Tensor& output, const Tensor& order) {
        std::vector<int64_t> places(static_cast<size_t>(order.size(0)));
        for (int64_t i = 0; i < order.size(0); ++i) {
          places[static_cast<size_t>(order.to_vector<int64_t>()[static_cast<size_t>(i)])] = i;
        }
        return right_after_permuting(weights, output, tensor(places));
      }},
     {"by a matrix of zeros and ones", accepted,
      [](const Tensor& weights, const Tensor& output, const Tensor& order) {
        const Tensor p = index_select(eye(order.size(0), weights.dtype()), 0, order);
        return Permuted{matmul(matmul(p, weights), p.transpose(0, 1)), matmul(p, output)};
      }}});

const Answers<decltype(even_head)> even(
    3, right_even_head,
    {{"a very small W_k", "small is not enough",
      [](const Head& head) {
        return Head{head.query, head.key * 1e-9, head.value};
      }},
     {"W_q instead of W_k", "only W_k needs to change",
      [](const Head& head) {
        return Head{zeros(head.query.shape(), DType::f64), head.key, head.value};
      }},
     {"W_v as well", "only W_k needs to change",
      [](const Head& head) {
        return Head{head.query, head.key * 0.0, head.value * 0.0};
      }},
     {"W_q for W_k", "which keys make q.k the same, whatever the query?",
      [](const Head& head) {
        return Head{head.query, head.query, head.value};
      }},
     {"a W_k of ones, which gives the words of the chapter equal keys", "W_k may not depend on the sentence",
      [](const Head& head) {
        return Head{head.query, ones(head.key.shape(), DType::f64), head.value};
      }},
     {"zeros in f32", "unless they get the dtype",
      [](const Head& head) {
        return Head{head.query, zeros(head.key.shape()), head.value};
      }},
     {"the old one times 0", accepted, [](const Head& head) {
        return Head{head.query, head.key * 0.0, head.value};
      }}});

}  // namespace

Tensor weights_of_word(const Tensor& x, const Head& head, int64_t i) { return row(x, head, i); }
Permuted after_permuting(const Tensor& weights, const Tensor& output, const Tensor& order) {
  return permuted(weights, output, order);
}
Head even_head(const Head& head) { return even(head); }

}  // namespace gradus::tutorials
