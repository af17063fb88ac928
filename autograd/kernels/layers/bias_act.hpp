/// @file
/// Bias and activation in one pass, with the derivative made on the way. Matrices are dense [rows, cols],
/// bias and dbias [cols]; T is float or double.
///
/// The derivative shares its one exponential with the value, so the forward stores it where the
/// pre-activation stood, and the backward is one product.
#pragma once

#include <cstdint>

namespace gradus::kernels {

/// relu: max(z, 0), with derivative 0 at 0 (and NaN at NaN, as for all). gelu: z Phi(z), Phi the normal
/// distribution function (Hendrycks and Gimpel 2016). gelu_tanh: its tanh approximation (same paper, section
/// 2). silu: z / (1 + exp(-z)). sigmoid: 1 / (1 + exp(-z)). identity: z.
enum class Activation { relu, gelu, gelu_tanh, silu, sigmoid, identity };

/// y = act(x + bias); where `derivative` is not null also derivative = act'(x + bias). bias may be null.
/// y or derivative may be x.
template <class T>
void bias_act(Activation kind, const T* x, const T* bias, T* y, T* derivative, int64_t rows, int64_t cols);

/// dx = dy derivative; dbias[j] = sum over i of dx[i, j], overwritten, or null. dx may be dy or derivative.
template <class T>
void bias_act_backward(const T* dy, const T* derivative, T* dx, T* dbias, int64_t rows, int64_t cols);

}  // namespace gradus::kernels
