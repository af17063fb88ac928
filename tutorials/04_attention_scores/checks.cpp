// Chapter 4: checks of the exercises.
#include "exercise.hpp"
#include "tutorials/support/check.hpp"

using namespace gradus;
using namespace gradus::tutorials;

namespace {

void variance(Check& check) {
  check.close("D = 64, both variances 1", divisor_for(64, 1, 1), 8,
              "the variances of D independent terms add up");
  for (const auto& [D, q_variance, k_variance] :
       {std::tuple{int64_t{16}, 4.0, 1.0}, {int64_t{256}, 1.0, 0.25}, {int64_t{100}, 9.0, 4.0}}) {
    Rng rng(1);
    const Tensor q = randn({20000, D}, rng) * std::sqrt(q_variance);
    const Tensor k = randn({20000, D}, rng) * std::sqrt(k_variance);
    const double measured = var(sum(q * k, Axes{1}) / divisor_for(D, q_variance, k_variance)).item();
    check.close(
        fmt::format("variance of 20000 scores, D = {}, variances {} and {}", D, q_variance, k_variance),
        measured, 1, "the variance of a product of two numbers of mean 0 is the product of theirs", 0.05);
  }
}

void projections(Check& check) {
  Rng rng(2);
  const Tensor q = randn({4, 6}, rng, DType::f64), k = randn({5, 6}, rng, DType::f64);
  const Tensor one = eye(6, DType::f64);
  check.close("without projections it is the identity", weight_of_projections(one, one), one,
              "general with W = I is dot");
  const Tensor w_q = randn({3, 6}, rng, DType::f64), w_k = randn({3, 6}, rng, DType::f64);
  const Tensor want = dot_score(matmul(q, w_q.transpose(0, 1)), matmul(k, w_k.transpose(0, 1)));
  check.close("the same scores as projections to 3 numbers",
              general_score(q, k, weight_of_projections(w_q, w_k)), want,
              "write (W_q q)^T (W_k k) without the brackets");
}

void parameters(Check& check) {
  Rng rng(3);
  const auto count = [](const auto& score) { return score.num_parameters(); };
  check.equal("dot", parameters_of(nn::ScoreKind::dot, 8, 8, 4), int64_t{0}, "nothing is learned");
  check.equal("scaled dot", parameters_of(nn::ScoreKind::scaled_dot, 8, 8, 4), int64_t{0},
              "nothing is learned");
  check.equal("general, Dq = 8, Dk = 5", parameters_of(nn::ScoreKind::general, 8, 5, 4),
              count(nn::GeneralScore(8, 5, rng)), "W is [Dq, Dk]");
  check.equal("additive, Dq = 8, Dk = 5, E = 4", parameters_of(nn::ScoreKind::additive, 8, 5, 4),
              count(nn::AdditiveScore(8, 5, 4, rng)), "W_q is [E, Dq], W_k is [E, Dk], v is [E]");
}

}  // namespace

int main() {
  Checks checks("04_attention_scores");
  checks.exercise("1: the variance of q.k", variance);
  checks.exercise("2: two projections in one matrix", projections);
  checks.exercise("3: parameters of each score", parameters);
  return checks.finish();
}
