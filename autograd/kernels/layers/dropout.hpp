/// @file
/// Dropout (Srivastava et al. 2014): each element is kept with probability 1 - p and then divided by 1 - p.
#pragma once

#include <cstdint>

namespace gradus::kernels {

/// y_i = x_i / (1 - p) where dropout_keep(seed, i, dropout_threshold(p)) holds (dropout_mask.hpp), else 0.
/// The backward is the same call on dy: the mask is made again, never stored. y may be x. T is float or
/// double.
template <class T>
void dropout(const T* x, T* y, int64_t n, double p, uint64_t seed);

}  // namespace gradus::kernels
