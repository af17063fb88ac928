#include "autograd/kernels/measure/product_time.hpp"

#include <algorithm>
#include <chrono>

#include "autograd/kernels/parallel.hpp"
#include "autograd/kernels/products/gemm.hpp"

namespace gradus::kernels {

namespace {

template <class T>
void grow(std::vector<T>& x, int64_t elements) {
  if (static_cast<int64_t>(x.size()) < elements) x.resize(static_cast<size_t>(elements), T(0.5));
}

template <class T>
Matrix<T> dense(T* data, int64_t rows, int64_t cols, profile::Layout layout) {
  if (layout == profile::Layout::row_major) return {data, rows, cols, cols, 1};
  return {data, rows, cols, 1, rows};
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

template <class T>
void ProductTimer::call(const profile::Product& p, ProductWay way, Buffers<T>& buffers) {
  grow(buffers.a, p.batch * p.m * p.k);
  grow(buffers.b, p.batch * p.k * p.n);
  grow(buffers.c, p.batch * p.m * p.n);
  const Matrix<const T> a = dense<const T>(buffers.a.data(), p.m, p.k, p.a);
  const Matrix<const T> b = dense<const T>(buffers.b.data(), p.k, p.n, p.b);
  const Matrix<T> c = dense<T>(buffers.c.data(), p.m, p.n, p.c);
  if (way == ProductWay::tiles)
    return gemm_batched<T>({p.batch}, 1, a, {p.m * p.k}, b, {p.k * p.n}, 0, c, {p.m * p.n});
  for (int64_t i = 0; i < p.batch; ++i) {
    Matrix<const T> ai = a, bi = b;
    Matrix<T> ci = c;
    ai.data += i * p.m * p.k, bi.data += i * p.k * p.n, ci.data += i * p.m * p.n;
    gemm_plain<T>(num_threads(), 1, ai, bi, 0, ci);
  }
}

void ProductTimer::call(const profile::Product& product, ProductWay way) {
  if (product.is_double)
    call(product, way, f64_);
  else
    call(product, way, f32_);
}

double ProductTimer::once(const profile::Product& product, ProductWay way) {
  const double begin = seconds_now();
  call(product, way);
  return seconds_now() - begin;
}

double ProductTimer::least_of(int calls, const profile::Product& product, ProductWay way, double seconds) {
  const double end = seconds_now() + seconds;
  double least = once(product, way);
  for (int made = 1; made < calls || seconds_now() < end; ++made) least = std::min(least, once(product, way));
  return least;
}

double ProductTimer::least(const profile::Product& product, ProductWay way, double seconds) {
  call(product, way);
  return least_of(3, product, way, seconds);
}

double ProductTimer::least_unless(double hopeless, const profile::Product& product, ProductWay way,
                                  double seconds) {
  profile::Product tried = product;
  if (way == ProductWay::blis) tried.batch = std::min<int64_t>(1, product.batch);  // one after another
  const double tries = way == ProductWay::blis ? static_cast<double>(product.batch) : 1;
  double found = tries * once(tried, way);
  if (found > 1.2 * hopeless) return found;
  found = std::min(found, tries * once(tried, way));
  return found > hopeless ? found : least_of(2, product, way, seconds);
}

}  // namespace gradus::kernels
