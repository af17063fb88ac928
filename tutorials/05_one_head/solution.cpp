// Chapter 5, the exercises solved.
#include "exercise.hpp"

namespace gradus::tutorials {

Tensor weights_of_word(const Tensor& x, const Head& head, int64_t i) {
  const Tensor q = matmul(head.query, x.select(0, i));   // [D, H] [H] -> [D]
  const Tensor k = matmul(x, head.key.transpose(0, 1));  // [S, H] [H, D] -> [S, D]
  const double D = static_cast<double>(head.query.size(0));
  return softmax(matmul(k, q) / std::sqrt(D));  // [S, D] [D] -> [S]
}

Permuted after_permuting(const Tensor& weights, const Tensor& output, const Tensor& order) {
  // A row is a word that looks, a column is a word that is looked at: both move. The output has one row a
  // word.
  const Tensor rows = index_select(weights, 0, order);
  return {index_select(rows, 1, order), index_select(output, 0, order)};
}

Head even_head(const Head& head) {
  // Every key is 0, so every score is 0, and e^0 = 1 for each of the S words.
  return {head.query, zeros(head.key.shape(), head.key.dtype()), head.value};
}

}  // namespace gradus::tutorials
