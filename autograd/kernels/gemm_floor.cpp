#include "autograd/kernels/gemm_floor.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include "autograd/kernels/gemm.hpp"
#include "autograd/kernels/parallel.hpp"

namespace gradus::kernels {

namespace {

template <class T>
struct Buffers {
  std::vector<T> a, b, c;

  void fit(const profile::Product& p) {
    const auto grow = [](std::vector<T>& x, int64_t elements) {
      if (static_cast<int64_t>(x.size()) < elements) x.resize(static_cast<size_t>(elements), T(0.5));
    };
    grow(a, p.batch * p.m * p.k);
    grow(b, p.batch * p.k * p.n);
    grow(c, p.batch * p.m * p.n);
  }
};

struct AllBuffers {
  Buffers<float> f32;
  Buffers<double> f64;
};

template <class T>
Matrix<T> dense(T* data, int64_t rows, int64_t cols, profile::Layout layout) {
  if (layout == profile::Layout::row_major) return {data, rows, cols, cols, 1};
  return {data, rows, cols, 1, rows};
}

template <class T>
void call(const profile::Product& p, bool tiles, Buffers<T>& buffers) {
  const Matrix<const T> a = dense<T>(buffers.a.data(), p.m, p.k, p.a);
  const Matrix<const T> b = dense<T>(buffers.b.data(), p.k, p.n, p.b);
  const Matrix<T> c = dense<T>(buffers.c.data(), p.m, p.n, p.c);
  if (tiles) return gemm_batched<T>({p.batch}, 1, a, {p.m * p.k}, b, {p.k * p.n}, 0, c, {p.m * p.n});
  for (int64_t i = 0; i < p.batch; ++i) {
    Matrix<const T> ai = a, bi = b;
    Matrix<T> ci = c;
    ai.data += i * p.m * p.k, bi.data += i * p.k * p.n, ci.data += i * p.m * p.n;
    gemm_plain<T>(num_threads(), 1, ai, bi, 0, ci);
  }
}

void call(const profile::Product& product, bool tiles, AllBuffers& buffers) {
  if (product.is_double)
    call(product, tiles, buffers.f64);
  else
    call(product, tiles, buffers.f32);
}

template <class Body>
double seconds_of(Body&& body) {
  const auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// The least of a few calls, the first of which warms up.
double best_time(const profile::Product& product, bool tiles, AllBuffers& buffers) {
  call(product, tiles, buffers);
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 3; ++i) best = std::min(best, seconds_of([&] { call(product, tiles, buffers); }));
  return best;
}

bool is_empty(const profile::Product& p) { return p.batch * p.m * p.n * p.k == 0; }

}  // namespace

GemmFloor gemm_floor(const std::vector<profile::Product>& products, int rounds) {
  GemmFloor floor;
  AllBuffers buffers;
  for (const auto& product : products) {
    if (is_empty(product)) continue;
    if (product.is_double)
      buffers.f64.fit(product);
    else
      buffers.f32.fit(product);
    floor.flops += product.flops() * static_cast<double>(product.calls);
    FloorChoice choice{product, best_time(product, true, buffers), 0};
    choice.blis_seconds = best_time(product, false, buffers);
    floor.choices.push_back(choice);
  }
  std::vector<double> times;
  for (int round = 0; round < std::max(1, rounds); ++round) {
    times.push_back(seconds_of([&] {
      for (const auto& choice : floor.choices) {
        for (int64_t i = 0; i < choice.product.calls; ++i) call(choice.product, choice.tiles_win(), buffers);
      }
    }));
  }
  std::sort(times.begin(), times.end());
  floor.seconds = times[times.size() / 2];
  return floor;
}

}  // namespace gradus::kernels
