/// @file
/// One step of an optimiser over a flat arena: n parameters, their gradients and moments, each one array.
/// Every kernel is one pass; the gradient is multiplied by `grad_scale` (the clip factor) on the way and not
/// changed. T is float or double; the moments start as zeros.
#pragma once

#include <cstdint>

namespace gradus::kernels {

/// sum_i x_i^2, added in double.
template <class T>
double sum_of_squares(const T* x, int64_t n);

/// Adds the squares of x[begin] to x[end - 1], in double, to the sums of their pieces: element i belongs to
/// sums[i / elements_per_piece].
template <class T>
void add_squares(const T* x, int64_t begin, int64_t end, double* sums);

/// x_i *= factor.
template <class T>
void scale(T* x, int64_t n, double factor);

/// The settings of one Adam step. correction1 and correction2 are 1 - beta^t at step t = 1, 2, ...; 1 means
/// no correction.
struct AdamSettings {
  double lr = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
  double correction1 = 1, correction2 = 1;
  double grad_scale = 1;
};

/// Adam (Kingma and Ba 2015, algorithm 1), decay as an L2 term as in torch.optim.Adam:
/// g = grad_scale grad + weight_decay param; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
/// param -= lr (m / correction1) / (sqrt(v / correction2) + eps).
template <class T>
void adam_step(T* param, const T* grad, T* m, T* v, int64_t n, const AdamSettings& settings);

/// AdamW (Loshchilov and Hutter 2019, algorithm 2, with the decay times lr as in torch.optim.AdamW): the same
/// with g = grad_scale grad, and param *= 1 - lr weight_decay before.
template <class T>
void adamw_step(T* param, const T* grad, T* m, T* v, int64_t n, const AdamSettings& settings);

/// The Adam of google-research/bert: no bias correction, the decay part of the update:
/// param -= lr (m / (sqrt(v) + eps) + weight_decay param), with param as it was. correction1 and correction2
/// are not read.
template <class T>
void bert_adam_step(T* param, const T* grad, T* m, T* v, int64_t n, const AdamSettings& settings);

/// The settings of one step of gradient descent.
struct SgdSettings {
  double lr = 1e-2;
  double momentum = 0;
  double weight_decay = 0;
  bool nesterov = false;
  double grad_scale = 1;
};

/// Gradient descent as torch.optim.SGD: g = grad_scale grad + weight_decay param;
/// velocity = momentum velocity + g; param -= lr u, where u is velocity, or with nesterov
/// g + momentum velocity (Sutskever et al. 2013).
/// velocity may be null where momentum is 0.
template <class T>
void sgd_step(T* param, const T* grad, T* velocity, int64_t n, const SgdSettings& settings);

}  // namespace gradus::kernels
