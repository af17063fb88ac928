/// @file
/// Chapter 18: the loss that draws pairs together and everything else apart.
#pragma once

#include "cosines.hpp"

namespace gradus::tutorials::anisotropy {

/// u and v are [B, H]; row i of u belongs to row i of v, and to no other. For each i a softmax over all j,
/// and the loss is cross-entropy:
///
///     mean over i of -log( exp(cos(u_i, v_i) / t) / sum over j of exp(cos(u_i, v_j) / t) )
inline Tensor contrast(const Tensor& u, const Tensor& v, double temperature) {
  const Tensor scores = matmul(unit(u), unit(v).transpose(0, 1)) / temperature;  // [B, B]
  const Tensor right = row_cosines(u, v) / temperature;                          // [B], the diagonal
  return mean(logsumexp(scores, Axes{1}) - right);
}

}  // namespace gradus::tutorials::anisotropy
