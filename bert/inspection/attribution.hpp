/// @file
/// Which tokens made the model say what it says: gradients on the way from the embeddings to one number.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bert/model/model.hpp"

namespace gradus::bert {

/// What is to be explained: embeddings [B, S, H] of one text in B versions -> a number for each, [B], such as
/// the logit of a class.
using FromEmbeddings = std::function<Tensor(const Tensor& embeddings)>;

/// A share of the output for each token.
struct Attribution {
  std::vector<double> by_token;  ///< [S]
  double output = 0;             ///< of the text
  double baseline_output = 0;    ///< of the baseline; integrated gradients only

  double sum() const;
  /// How far the shares are from adding up to output - baseline_output, which for integrated gradients they
  /// do (completeness; Sundararajan, Taly and Yan 2017, "Axiomatic Attribution for Deep Networks", section
  /// 3).
  double gap() const { return sum() - (output - baseline_output); }
};

/// sum_h x_sh dF/dx_sh for each token s (Shrikumar et al. 2016): how F would change to first order if the
/// token's embedding shrank. Such shares need not add up to anything.
/// x: [1, S, H].
Attribution gradient_times_input(const FromEmbeddings& output, const Tensor& x);

/// sum_h (x_sh - b_sh) times the mean of dF/dx_sh on the straight line from the baseline b to x, [1, S, H]
/// each. The mean is taken at the points of Gauss and Legendre, `steps` of them, so that the shares add up to
/// F(x) - F(b) but for what the steps are too few for: see gap().
/// @throws ShapeError where x and the baseline differ; ValueError for fewer than one or more than 512 steps.
Attribution integrated_gradients(const FromEmbeddings& output, const Tensor& x, const Tensor& baseline,
                                 int64_t steps = 32);

/// The points and weights of Gauss and Legendre's rule on [0, 1], which is exact for polynomials up to degree
/// 2 steps - 1 (Golub and Welsch 1969; found here by Newton's method, Press et al. 2007, section 4.6).
struct QuadratureRule {
  std::vector<double> points, weights;
};
QuadratureRule gauss_legendre(int64_t steps);

/// The embeddings of a row as `model` makes them, without dropout and without a graph: ids and types i64
/// [1, S] -> [1, S, H].
Tensor embeddings_of(const Bert& model, const Tensor& ids, const Tensor& token_type_ids);

/// The last layer's vectors of embeddings: [B, S, H] -> [B, S, H].
Tensor encoded(const Bert& model, const Tensor& embeddings);

}  // namespace gradus::bert
