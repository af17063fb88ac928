#include "autograd/kernels/products/gemm.hpp"

#include <blis.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <vector>

#include "autograd/kernels/layers/bias.hpp"
#include "autograd/kernels/measure/profile.hpp"
#include "autograd/kernels/measure/traffic.hpp"
#include "autograd/kernels/parallel.hpp"
#include "autograd/kernels/products/blis_choice.hpp"
#include "autograd/kernels/products/packed_gemm.hpp"
#include "autograd/kernels/products/panel_gemm.hpp"
#include "autograd/kernels/products/small_gemm.hpp"

namespace gradus::kernels {

namespace {

// BLIS reads its environment at its first call, so the choice of kernels has to come before. It is written
// even over a user's own: BLIS 0.9 reads a name, which we take, as the number 0.
void init_blis() {
  static const bool done = [] {
    const BlisChoice& choice = blis_choice();
    if (!choice.value.empty()) setenv("BLIS_ARCH_TYPE", choice.value.c_str(), 1);
    bli_init();
    return true;
  }();
  static_cast<void>(done);
}

// A dimension of size 1 is never stepped along, so its stride is free: give it one that BLIS takes.
template <class T>
Matrix<T> with_usable_strides(Matrix<T> x) {
  if (x.rows == 1) x.row_stride = std::max<int64_t>(1, x.cols * x.col_stride);
  if (x.cols == 1) x.col_stride = x.row_stride == 1 ? std::max<int64_t>(1, x.rows) : 1;
  return x;
}

template <class T>
bool blis_takes(const Matrix<T>& x) {
  return x.row_stride > 0 && x.col_stride > 0;
}

// BLIS's settings of one call. The initialiser macro of 0.9 is C, not C++, in 1.0; this function is in both.
rntm_t with_threads(int threads) {
  static const rntm_t usual = [] {
    rntm_t from_global;
    bli_rntm_init_from_global(&from_global);
    return from_global;
  }();
  rntm_t runtime = usual;
  bli_rntm_set_num_threads(threads, &runtime);
  return runtime;
}

// One BLIS call. beta = 0 overwrites c in BLIS too; k = 0 scales c.
template <class T>
void call_blis(int threads, T alpha, Matrix<const T> a, Matrix<const T> b, T beta, Matrix<T> c) {
  a = with_usable_strides(a), b = with_usable_strides(b), c = with_usable_strides(c);
  // BLIS's interface of 0.9 takes pointers to non-const; it does not write through these.
  auto* pa = const_cast<T*>(a.data);
  auto* pb = const_cast<T*>(b.data);
  rntm_t runtime = with_threads(threads);
  if constexpr (std::is_same_v<T, float>) {
    bli_sgemm_ex(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, c.rows, c.cols, a.cols, &alpha, pa, a.row_stride,
                 a.col_stride, pb, b.row_stride, b.col_stride, &beta, c.data, c.row_stride, c.col_stride,
                 nullptr, &runtime);
  } else {
    bli_dgemm_ex(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, c.rows, c.cols, a.cols, &alpha, pa, a.row_stride,
                 a.col_stride, pb, b.row_stride, b.col_stride, &beta, c.data, c.row_stride, c.col_stride,
                 nullptr, &runtime);
  }
}

/// One tile on one thread, by whichever is the faster way.
template <class T>
void one_tile(T alpha, Matrix<const T> a, Matrix<const T> b, T beta, Matrix<T> c) {
  if (!packed_gemm_if_ahead<T>(alpha, a, b, beta, c)) call_blis<T>(1, alpha, a, b, beta, c);
}

template <class T>
void scale(T beta, Matrix<T> c) {
  for (int64_t i = 0; i < c.rows; ++i) {
    for (int64_t j = 0; j < c.cols; ++j) {
      T& x = c.data[i * c.row_stride + j * c.col_stride];
      x = beta == 0 ? T(0) : beta * x;
    }
  }
}

// A dense copy in `storage` of an operand that repeats or runs backwards; any other operand as it is.
template <class T>
Matrix<const T> blis_operand(Matrix<const T> x, std::vector<T>& storage) {
  x = with_usable_strides(x);
  if (blis_takes(x)) return x;
  storage.resize(static_cast<size_t>(x.rows * x.cols));
  for (int64_t i = 0; i < x.rows; ++i) {
    for (int64_t j = 0; j < x.cols; ++j)
      storage[static_cast<size_t>(i * x.cols + j)] = x.data[i * x.row_stride + j * x.col_stride];
  }
  return {storage.data(), x.rows, x.cols, x.cols, 1};
}

template <class T>
Matrix<T> block(Matrix<T> x, int64_t row, int64_t rows, int64_t col, int64_t cols) {
  x.data += row * x.row_stride + col * x.col_stride;
  x.rows = std::min(rows, x.rows - row);
  x.cols = std::min(cols, x.cols - col);
  return x;
}

int64_t pieces_of(int64_t n, int64_t size) { return (n + size - 1) / size; }

// All tiles of one slice of k.
template <class T>
void gemm_rows_cols(const GemmTiles& tiles, T alpha, Matrix<const T> a, Matrix<const T> b, T beta,
                    Matrix<T> c) {
  const int64_t down = pieces_of(c.rows, tiles.rows), across = pieces_of(c.cols, tiles.cols);
  parallel_for(down * across, [&](int64_t piece) {
    const int64_t i = piece / across * tiles.rows, j = piece % across * tiles.cols;
    one_tile<T>(alpha, block(a, i, tiles.rows, 0, a.cols), block(b, 0, b.rows, j, tiles.cols), beta,
                block(c, i, tiles.rows, j, tiles.cols));
  });
}

// Slices of k in parallel, each but the first into scratch, then added in order.
template <class T>
void gemm_depth(int64_t depth, T alpha, Matrix<const T> a, Matrix<const T> b, T beta, Matrix<T> c) {
  const int64_t slices = pieces_of(a.cols, depth), size = c.rows * c.cols;
  static thread_local std::vector<T> scratch;  // kept: a training step allocates nothing
  const auto needed = static_cast<size_t>((slices - 1) * size);
  if (scratch.size() < needed) scratch.resize(needed);
  T* const partial = scratch.data();
  parallel_for(slices, [&](int64_t s) {
    const Matrix<T> out = s == 0 ? c : Matrix<T>{partial + (s - 1) * size, c.rows, c.cols, c.cols, 1};
    one_tile<T>(alpha, block(a, 0, a.rows, s * depth, depth), block(b, s * depth, depth, 0, b.cols),
                s == 0 ? beta : T(0), out);
  });
  parallel_ranges(c.rows, std::max<int64_t>(1, 16384 / c.cols), [&](int64_t begin, int64_t end) {
    for (int64_t s = 1; s < slices; ++s) {
      for (int64_t i = begin; i < end; ++i) {
        const T* from = partial + (s - 1) * size + i * c.cols;
        T* to = c.data + i * c.row_stride;
        if (c.col_stride == 1) {
          for (int64_t j = 0; j < c.cols; ++j) to[j] += from[j];
        } else {
          for (int64_t j = 0; j < c.cols; ++j) to[j * c.col_stride] += from[j];
        }
      }
    }
  });
}

template <class T>
void gemm_tiled(T alpha, Matrix<const T> a, Matrix<const T> b, T beta, Matrix<T> c) {
  assert(a.rows == c.rows && b.cols == c.cols && a.cols == b.rows);
  if (c.rows == 0 || c.cols == 0) return;
  if (a.cols == 0 || alpha == 0) return scale(beta, c);
  if (small_gemm<T>(alpha, a, b, beta, c) || panel_gemm_if_ahead<T>(alpha, a, b, beta, c)) return;
  std::vector<T> a_copy, b_copy;
  a = blis_operand<T>(a, a_copy), b = blis_operand<T>(b, b_copy);
  const GemmTiles tiles = gemm_tiles(c.rows, c.cols, a.cols);
  if (tiles.depth < a.cols)
    gemm_depth(tiles.depth, alpha, a, b, beta, c);
  else
    gemm_rows_cols(tiles, alpha, a, b, beta, c);
}

template <class T>
profile::Layout layout(const Matrix<T>& x) {
  return x.row_stride == 1 && x.col_stride != 1 ? profile::Layout::column_major : profile::Layout::row_major;
}

template <class T>
void count(int64_t batch, const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c) {
  if (profile::is_on() && batch > 0) {
    profile::add_product(
        {c.rows, c.cols, a.cols, batch, layout(a), layout(b), layout(c), std::is_same_v<T, double>, 1});
    profile::add_elements<T>(batch * (a.rows * a.cols + b.rows * b.cols + c.rows * c.cols));
  }
}

// Where the matrices of batch index `index` (counted row-major over `batch`) begin.
struct Offsets {
  int64_t a = 0, b = 0, c = 0;
};
Offsets offsets_at(int64_t index, const Shape& batch, const Strides& a, const Strides& b, const Strides& c) {
  Offsets at;
  for (int d = batch.rank() - 1; d >= 0; --d) {
    const int64_t i = index % batch[d];
    index /= batch[d];
    at.a += i * a[d], at.b += i * b[d], at.c += i * c[d];
  }
  return at;
}

}  // namespace

GemmTiles gemm_tiles(int64_t m, int64_t n, int64_t k) {
  const GemmTiles whole{m, n, k};
  constexpr int64_t worth_cutting = int64_t{1} << 21;  // multiply-adds: about 50 us on one thread
  if (m * n * k < 2 * worth_cutting) return whole;
  // BLIS repacks b for each tile of rows and a for each tile of columns, so tiles are tall.
  const int64_t tall = k <= 128 ? 512 : 1024;
  if (m >= 2 * tall && m >= n) return {tall, n, k};
  if (n >= 2 * tall) return {m, tall, k};
  // Few outputs and long sums, as in a weight's gradient: slices of k, in whole runs of the 256 or so that
  // BLIS packs at once. Cutting m or n would make BLIS pack the long operands again for each tile.
  if (m * n <= (int64_t{1} << 20) && k >= 1024) {
    const int64_t slices = m * n <= 65536 && k >= 4096 ? 8 : 4;
    return {m, n, pieces_of(pieces_of(k, slices), 256) * 256};
  }
  if (m >= n) return m >= 256 ? GemmTiles{pieces_of(m, 4), n, k} : whole;
  return n >= 256 ? GemmTiles{m, pieces_of(n, 4), k} : whole;
}

template <class T>
void gemm(std::type_identity_t<T> alpha, std::type_identity_t<Matrix<const T>> a,
          std::type_identity_t<Matrix<const T>> b, std::type_identity_t<T> beta, Matrix<T> c) {
  init_blis();
  const ProfileScope scope("gemm");
  count<T>(1, a, b, c);
  gemm_tiled<T>(alpha, a, b, beta, c);
}

template <class T>
void gemm_with_bias(std::type_identity_t<Matrix<const T>> a, std::type_identity_t<Matrix<const T>> b,
                    const T* bias, Matrix<T> c) {
  assert(c.col_stride == 1 && c.row_stride == c.cols);
  if (c.rows == 0 || c.cols == 0) return;
  init_blis();
  {
    const ProfileScope scope("gemm");
    count<T>(1, a, b, c);
    if (panel_gemm_if_ahead<T>(1, a, b, 0, c, bias)) return;
    gemm_tiled<T>(1, a, b, 0, c);
  }
  add_bias(c.data, bias, c.rows, c.cols);
}

template <class T>
void gemm_batched(const Shape& batch, std::type_identity_t<T> alpha, std::type_identity_t<Matrix<const T>> a,
                  const Strides& a_batch, std::type_identity_t<Matrix<const T>> b, const Strides& b_batch,
                  std::type_identity_t<T> beta, Matrix<T> c, const Strides& c_batch) {
  init_blis();
  const ProfileScope scope("gemm");
  const int64_t products = batch.numel();
  count<T>(products, a, b, c);
  const auto one = [&](int64_t index) {
    const Offsets at = offsets_at(index, batch, a_batch, b_batch, c_batch);
    Matrix<const T> ai = a, bi = b;
    Matrix<T> ci = c;
    ai.data += at.a, bi.data += at.b, ci.data += at.c;
    gemm_tiled<T>(alpha, ai, bi, beta, ci);
  };
  // Many products: one thread each, several small ones a piece. A few large ones: each on all threads.
  const int64_t work = std::max<int64_t>(1, c.rows * c.cols * a.cols);
  if (products < 8 && work > (int64_t{1} << 22)) {
    for (int64_t i = 0; i < products; ++i) one(i);
  } else {
    parallel_ranges(products, std::max<int64_t>(1, (int64_t{1} << 19) / work),
                    [&](int64_t begin, int64_t end) {
                      for (int64_t i = begin; i < end; ++i) one(i);
                    });
  }
}

template <class T>
void gemm_plain(int threads, std::type_identity_t<T> alpha, std::type_identity_t<Matrix<const T>> a,
                std::type_identity_t<Matrix<const T>> b, std::type_identity_t<T> beta, Matrix<T> c) {
  init_blis();
  call_blis<T>(threads, alpha, a, b, beta, c);
}

std::string blis_kernels() {
  init_blis();
  return bli_arch_string(bli_arch_query_id());
}

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type, which takes none
#define GRADUS_INSTANTIATE(T)                                                                      \
  template void gemm<T>(T, Matrix<const T>, Matrix<const T>, T, Matrix<T>);                        \
  template void gemm_with_bias<T>(Matrix<const T>, Matrix<const T>, const T*, Matrix<T>);          \
  template void gemm_batched<T>(const Shape&, T, Matrix<const T>, const Strides&, Matrix<const T>, \
                                const Strides&, T, Matrix<T>, const Strides&);                     \
  template void gemm_plain<T>(int, T, Matrix<const T>, Matrix<const T>, T, Matrix<T>);
GRADUS_INSTANTIATE(float)
GRADUS_INSTANTIATE(double)
#undef GRADUS_INSTANTIATE
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace gradus::kernels
