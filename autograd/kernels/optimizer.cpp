#include "autograd/kernels/optimizer.hpp"

#include <cmath>
#include <numeric>

#include "autograd/kernels/measure/profile.hpp"
#include "autograd/kernels/measure/traffic.hpp"
#include "autograd/kernels/pieces.hpp"

namespace gradus::kernels {

namespace {

/// Sixteen sums side by side: one alone would wait for each addition before the next.
template <class T>
double squares_of_piece(const T* x, int64_t n) {
  constexpr int lanes = 16;
  double sums[lanes] = {};
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
#pragma omp simd
    for (int lane = 0; lane < lanes; ++lane) {
      const double value = x[i + lane];
      sums[lane] += value * value;
    }
  }
  double sum = std::accumulate(sums, sums + lanes, 0.0);
  for (; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return sum;
}

enum class Decay { in_gradient, decoupled };

template <Decay decay, class T>
void adam_pass(T* param, const T* grad, T* m, T* v, int64_t n, const AdamSettings& s) {
  const T beta1 = static_cast<T>(s.beta1), rest1 = static_cast<T>(1 - s.beta1);
  const T beta2 = static_cast<T>(s.beta2), rest2 = static_cast<T>(1 - s.beta2);
  const T eps = static_cast<T>(s.eps), grad_scale = static_cast<T>(s.grad_scale);
  const T step = static_cast<T>(s.lr / s.correction1), root = static_cast<T>(1 / std::sqrt(s.correction2));
  const T l2 = static_cast<T>(s.weight_decay);
  const T shrink = static_cast<T>(decay == Decay::in_gradient ? 1.0 : 1 - s.lr * s.weight_decay);
  parallel_ranges(n, elements_per_piece, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      const T w = param[i];
      T g = grad[i] * grad_scale;
      if constexpr (decay == Decay::in_gradient) g += l2 * w;
      const T mean = beta1 * m[i] + rest1 * g;
      const T square = beta2 * v[i] + rest2 * (g * g);
      m[i] = mean;
      v[i] = square;
      param[i] = shrink * w - step * (mean / (std::sqrt(square) * root + eps));
    }
  });
}

}  // namespace

template <class T>
double sum_of_squares(const T* x, int64_t n) {
  const ProfileScope scope("gradient norm");
  profile::add_elements<T>(n);
  const int64_t pieces = (n + elements_per_piece - 1) / elements_per_piece;
  double* partials = scratch<double>(pieces);
  parallel_ranges(n, elements_per_piece, [=](int64_t begin, int64_t end) {
    partials[begin / elements_per_piece] = squares_of_piece(x + begin, end - begin);
  });
  return std::accumulate(partials, partials + pieces, 0.0);
}

template <class T>
void add_squares(const T* x, int64_t begin, int64_t end, double* sums) {
  if (begin >= end) return;
  const ProfileScope scope("gradient norm");
  profile::add_elements<T>(end - begin);
  const int64_t first = begin / elements_per_piece, last = (end - 1) / elements_per_piece;
  parallel_for(last - first + 1, [=](int64_t i) {
    const int64_t piece = first + i;
    const int64_t from = std::max(begin, piece * elements_per_piece);
    const int64_t to = std::min(end, (piece + 1) * elements_per_piece);
    sums[piece] += squares_of_piece(x + from, to - from);
  });
}

template <class T>
void scale(T* x, int64_t n, double factor) {
  const T by = static_cast<T>(factor);
  parallel_ranges(n, elements_per_piece, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) x[i] *= by;
  });
}

template <class T>
void adam_step(T* param, const T* grad, T* m, T* v, int64_t n, const AdamSettings& settings) {
  const ProfileScope scope("optimizer");
  profile::add_elements<T>(7 * n);
  adam_pass<Decay::in_gradient>(param, grad, m, v, n, settings);
}

template <class T>
void adamw_step(T* param, const T* grad, T* m, T* v, int64_t n, const AdamSettings& settings) {
  const ProfileScope scope("optimizer");
  profile::add_elements<T>(7 * n);
  adam_pass<Decay::decoupled>(param, grad, m, v, n, settings);
}

template <class T>
void bert_adam_step(T* param, const T* grad, T* m, T* v, int64_t n, const AdamSettings& settings) {
  const ProfileScope scope("optimizer");
  profile::add_elements<T>(7 * n);
  // lr (update + weight_decay param) taken off is AdamW's step: the decay acts on param as it was in both.
  AdamSettings uncorrected = settings;
  uncorrected.correction1 = uncorrected.correction2 = 1;
  adam_pass<Decay::decoupled>(param, grad, m, v, n, uncorrected);
}

template <class T>
void sgd_step(T* param, const T* grad, T* velocity, int64_t n, const SgdSettings& settings) {
  const ProfileScope scope("optimizer");
  profile::add_elements<T>((velocity == nullptr ? 3 : 5) * n);
  const T lr = static_cast<T>(settings.lr), momentum = static_cast<T>(settings.momentum);
  const T l2 = static_cast<T>(settings.weight_decay), grad_scale = static_cast<T>(settings.grad_scale);
  const bool nesterov = settings.nesterov;
  parallel_ranges(n, elements_per_piece, [=](int64_t begin, int64_t end) {
    if (velocity == nullptr) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) param[i] -= lr * (grad[i] * grad_scale + l2 * param[i]);
      return;
    }
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      const T g = grad[i] * grad_scale + l2 * param[i];
      const T speed = momentum * velocity[i] + g;
      velocity[i] = speed;
      param[i] -= lr * (nesterov ? g + momentum * speed : speed);
    }
  });
}

#define GRADUS_INSTANTIATE(T)                                                       \
  template double sum_of_squares(const T*, int64_t);                                \
  template void add_squares(const T*, int64_t, int64_t, double*);                   \
  template void scale(T*, int64_t, double);                                         \
  template void adam_step(T*, const T*, T*, T*, int64_t, const AdamSettings&);      \
  template void adamw_step(T*, const T*, T*, T*, int64_t, const AdamSettings&);     \
  template void bert_adam_step(T*, const T*, T*, T*, int64_t, const AdamSettings&); \
  template void sgd_step(T*, const T*, T*, int64_t, const SgdSettings&);
GRADUS_INSTANTIATE(float)
GRADUS_INSTANTIATE(double)
#undef GRADUS_INSTANTIATE

}  // namespace gradus::kernels
