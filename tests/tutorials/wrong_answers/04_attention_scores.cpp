// What readers may answer in chapter 4, wrong and right.
#include "tutorials/04_attention_scores/exercise.hpp"

#include "tests/tutorials/wrong_answers/answers.hpp"

#define divisor_for right_divisor_for
#define weight_of_projections right_weight_of_projections
#define parameters_of right_parameters_of
#include "tutorials/04_attention_scores/solution.cpp"
#undef divisor_for
#undef weight_of_projections
#undef parameters_of

namespace gradus::tutorials {
namespace {

const Answers<decltype(divisor_for)> divisor(
    1, right_divisor_for,
    {{"without the root", "that is the variance of the sum",
      [](int64_t D, double q, double k) { return static_cast<double>(D) * q * k; }},
     {"the root of D alone", "the variances of q and k are not in it",
      [](int64_t D, double, double) { return std::sqrt(static_cast<double>(D)); }},
     {"the variances added", "each term is a product",
      [](int64_t D, double q, double k) { return std::sqrt(static_cast<double>(D) * (q + k)); }},
     {"the variances outside the root", "the root goes over the variances",
      [](int64_t D, double q, double k) { return std::sqrt(static_cast<double>(D)) * q * k; }},
     {"8, which fits a head of 64", "then that of D independent ones",
      [](int64_t, double, double) { return 8.0; }},
     {"by deviations", accepted, [](int64_t D, double q, double k) {
        return std::sqrt(static_cast<double>(D)) * std::sqrt(q) * std::sqrt(k);
      }}});

const Answers<decltype(weight_of_projections)> weight(
    2, right_weight_of_projections,
    {{"W_k^T W_q", "that is W^T",
      [](const Tensor& w_q, const Tensor& w_k) { return matmul(w_k.transpose(0, 1), w_q); }},
     {"W_q W_k^T", "the 3 inside are summed over",
      [](const Tensor& w_q, const Tensor& w_k) { return matmul(w_q, w_k.transpose(0, 1)); }},
     {"number by number", "the 3 inside are summed over",
      [](const Tensor& w_q, const Tensor& w_k) { return w_q * w_k; }},
     {"always the identity", "both projections are in it",
      [](const Tensor& w_q, const Tensor&) { return eye(w_q.size(1), w_q.dtype()); }},
     {"W_q twice", "both projections are in it",
      [](const Tensor& w_q, const Tensor&) { return matmul(w_q.transpose(0, 1), w_q); }},
     {"with the root of the scaled dot", "nothing may be scaled either",
      [](const Tensor& w_q, const Tensor& w_k) {
        return matmul(w_q.transpose(0, 1), w_k) / std::sqrt(static_cast<double>(w_q.size(0)));
      }},
     {"row by row of the inner numbers", accepted, [](const Tensor& w_q, const Tensor& w_k) {
        return sum(w_q.unsqueeze(2) * w_k.unsqueeze(1), Axes{0});
      }}});

/// The four counts with these for general and additive.
int64_t counted(nn::ScoreKind kind, int64_t general, int64_t additive, int64_t scaled = 0) {
  if (kind == nn::ScoreKind::general) return general;
  if (kind == nn::ScoreKind::additive) return additive;
  return kind == nn::ScoreKind::scaled_dot ? scaled : 0;
}

const Answers<decltype(parameters_of)> count(3, right_parameters_of,
                                             {{"v forgotten", "v is learned too",
                                               [](nn::ScoreKind kind, int64_t Dq, int64_t Dk, int64_t E) {
                                                 return counted(kind, Dq * Dk, E * Dq + E * Dk);
                                               }},
                                              {"a square W", "what are its rows, what its columns?",
                                               [](nn::ScoreKind kind, int64_t Dq, int64_t Dk, int64_t E) {
                                                 return counted(kind, Dq * Dq, E * Dq + E * Dk + E);
                                               }},
                                              {"biases counted", "and no bias",
                                               [](nn::ScoreKind kind, int64_t Dq, int64_t Dk, int64_t E) {
                                                 return counted(kind, Dq * Dk, E * Dq + E * Dk + 2 * E + E);
                                               }},
                                              {"the root counted", "the root is given",
                                               [](nn::ScoreKind kind, int64_t Dq, int64_t Dk, int64_t E) {
                                                 return counted(kind, Dq * Dk, E * Dq + E * Dk + E, 1);
                                               }},
                                              {"written otherwise", accepted,
                                               [](nn::ScoreKind kind, int64_t Dq, int64_t Dk, int64_t E) {
                                                 return counted(kind, Dk * Dq, E * (Dq + Dk + 1));
                                               }}});

}  // namespace

double divisor_for(int64_t D, double q_variance, double k_variance) {
  return divisor(D, q_variance, k_variance);
}
Tensor weight_of_projections(const Tensor& w_q, const Tensor& w_k) { return weight(w_q, w_k); }
int64_t parameters_of(nn::ScoreKind kind, int64_t Dq, int64_t Dk, int64_t E) {
  return count(kind, Dq, Dk, E);
}

}  // namespace gradus::tutorials
