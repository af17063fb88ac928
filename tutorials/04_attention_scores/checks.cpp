// Chapter 4: checks of the exercises.
#include "exercise.hpp"
#include "tutorials/support/check.hpp"
#include "tutorials/support/kit.hpp"

using namespace gradus;
using namespace gradus::tutorials;

namespace {

/// What a wrong divisor was made of, as far as its size tells.
std::string about_divisor(double got, double D, double q_variance, double k_variance) {
  const auto is = [&](double other) { return std::abs(got - other) < 1e-6 * other; };
  if (is(D * q_variance * k_variance)) {
    return "that is the variance of the sum; dividing by c divides a variance by c^2";
  }
  if (is(std::sqrt(D))) return "the variances of q and k are not in it: they need not be 1";
  if (is(std::sqrt(D * (q_variance + k_variance)))) {
    return "the variance of a sum adds two variances; here each term is a product of two numbers of mean 0";
  }
  if (is(std::sqrt(D) * q_variance * k_variance)) return "the root goes over the variances as well as over D";
  return "the variance of one product of two numbers of mean 0, then that of D independent ones, then the "
         "root";
}

void variance(Check& check) {
  check.close("D = 64, both variances 1", divisor_for(64, 1, 1), 8,
              about_divisor(divisor_for(64, 1, 1), 64, 1, 1));
  for (const auto& [D, q_variance, k_variance] :
       {std::tuple{int64_t{16}, 4.0, 1.0}, {int64_t{256}, 1.0, 0.25}, {int64_t{100}, 9.0, 4.0}}) {
    Rng rng(1);
    const Tensor q = randn({20000, D}, rng) * std::sqrt(q_variance);
    const Tensor k = randn({20000, D}, rng) * std::sqrt(k_variance);
    const double divisor = divisor_for(D, q_variance, k_variance);
    check.close(
        fmt::format("variance of 20000 scores, D = {}, variances {} and {}", D, q_variance, k_variance),
        var(sum(q * k, Axes{1}) / divisor).item(), 1,
        about_divisor(divisor, static_cast<double>(D), q_variance, k_variance), 0.05);
  }
}

void projections(Check& check) {
  Rng rng(2);
  const Tensor q = randn({4, 6}, rng, DType::f64), k = randn({5, 6}, rng, DType::f64);
  const Tensor one = eye(6, DType::f64);
  check.close("without projections it is the identity", weight_of_projections(one, one), one,
              "general with W = I is dot: with nothing learned, nothing may be scaled either");
  const Tensor w_q = randn({3, 6}, rng, DType::f64), w_k = randn({3, 6}, rng, DType::f64);
  const Tensor mine = weight_of_projections(w_q, w_k);
  const Shape shape = mine.defined() ? mine.shape() : Shape{};
  check.equal("its shape, for projections of 6 to 3 numbers", shape, Shape{6, 6},
              "W stands between a q of 6 and a k of 6 numbers: the 3 inside are summed over");
  if (shape != Shape{6, 6}) return;
  const Tensor want = dot_score(matmul(q, w_q.transpose(0, 1)), matmul(k, w_k.transpose(0, 1)));
  const bool turned = largest_gap(general_score(q, k, mine.transpose(0, 1)), want) < 1e-9;
  check.close("the same scores as projections to 3 numbers", general_score(q, k, mine), want,
              turned ? "that is W^T: q stands on the left of W, so W begins with what belongs to q"
                     : "write (W_q q)^T (W_k k) without the brackets: both projections are in it");
}

void parameters(Check& check) {
  Rng rng(3);
  const auto count = [](const auto& score) { return score.num_parameters(); };
  check.equal("dot", parameters_of(nn::ScoreKind::dot, 8, 8, 4), int64_t{0}, "nothing is learned");
  check.equal("scaled dot", parameters_of(nn::ScoreKind::scaled_dot, 8, 8, 4), int64_t{0},
              "nothing is learned: the root is given");
  for (const auto& [Dq, Dk, E] : {std::tuple<int64_t, int64_t, int64_t>{8, 5, 4}, {3, 7, 10}}) {
    check.equal(fmt::format("general, Dq = {}, Dk = {}", Dq, Dk),
                parameters_of(nn::ScoreKind::general, Dq, Dk, E), count(nn::GeneralScore(Dq, Dk, rng)),
                "one matrix, without a bias: what are its rows, what its columns?");
    const int64_t mine = parameters_of(nn::ScoreKind::additive, Dq, Dk, E);
    check.equal(fmt::format("additive, Dq = {}, Dk = {}, E = {}", Dq, Dk, E), mine,
                count(nn::AdditiveScore(Dq, Dk, E, rng)),
                mine == E * (Dq + Dk) ? "v is learned too" : "two matrices and v, and no bias");
  }
}

}  // namespace

int main() {
  Checks checks("04_attention_scores");
  checks.exercise("1: the variance of q.k", variance);
  checks.exercise("2: two projections in one matrix", projections);
  checks.exercise("3: parameters of each score", parameters);
  return checks.finish();
}
