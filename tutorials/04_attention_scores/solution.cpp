// Chapter 4, the exercises solved.
#include "exercise.hpp"

namespace gradus::tutorials {

double divisor_for(int64_t D, double q_variance, double k_variance) {
  // With mean 0, the variance of a product is the product of the variances; those of independent terms add.
  return std::sqrt(static_cast<double>(D) * q_variance * k_variance);
}

Tensor weight_of_projections(const Tensor& w_q, const Tensor& w_k) {
  return matmul(w_q.transpose(0, 1), w_k);  // (W_q q)^T (W_k k) = q^T (W_q^T W_k) k
}

int64_t parameters_of(nn::ScoreKind kind, int64_t Dq, int64_t Dk, int64_t E) {
  switch (kind) {
    case nn::ScoreKind::general:
      return Dq * Dk;
    case nn::ScoreKind::additive:
      return E * Dq + E * Dk + E;
    default:
      return 0;
  }
}

}  // namespace gradus::tutorials
