// Chapter 4, the exercises: replace each `return unsolved...` and run ./learn 4 check.
#include "exercise.hpp"

#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials {

double divisor_for(int64_t D, double q_variance, double k_variance) {
  return unsolved<double>("what a sum of D products is divided by to have variance 1");
}

Tensor weight_of_projections(const Tensor& w_q, const Tensor& w_k) {
  return unsolved<Tensor>("the one matrix that does the work of two projections");
}

int64_t parameters_of(nn::ScoreKind kind, int64_t Dq, int64_t Dk, int64_t E) {
  return unsolved<int64_t>("the number of parameters of each of the four scores");
}

}  // namespace gradus::tutorials
