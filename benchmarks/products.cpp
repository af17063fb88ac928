// Microseconds of small matrix products on one thread: by gemm(), and by BLIS alone. small_gemm.cpp takes its
// limits from here.
//
//     build/release/benchmarks/bench_products --benchmark_filter='float.*32 x 32'
#include <benchmark/benchmark.h>

#include <vector>

#include "autograd/error.hpp"
#include "autograd/kernels/products/gemm.hpp"
#include "autograd/threads.hpp"

using namespace gradus;

namespace {

struct Size {
  int64_t m, n, k;
};

template <class T>
void product(benchmark::State& state, Size size, bool by_blis, bool transposed) {
  set_num_threads(1);
  const auto [m, n, k] = size;
  const std::vector<T> a(static_cast<size_t>(m * k), T(0.5)), b(static_cast<size_t>(k * n), T(0.25));
  std::vector<T> c(static_cast<size_t>(m * n));
  const kernels::Matrix<const T> left{a.data(), m, k, k, 1};
  const kernels::Matrix<const T> right = transposed ? kernels::Matrix<const T>{b.data(), k, n, 1, k}
                                                    : kernels::Matrix<const T>{b.data(), k, n, n, 1};
  const kernels::Matrix<T> result{c.data(), m, n, n, 1};
  for (auto _ : state) {
    if (by_blis)
      kernels::gemm_plain<T>(1, 1, left, right, 0, result);
    else
      kernels::gemm<T>(1, left, right, 0, result);
    benchmark::ClobberMemory();
  }
}

template <class T>
void add(const char* type) {
  for (const Size& size : {Size{4, 4, 4}, Size{8, 8, 8}, Size{16, 16, 16}, Size{32, 32, 32}, Size{48, 48, 48},
                           Size{64, 64, 64}, Size{80, 80, 80}, Size{128, 128, 128}, Size{1, 64, 64},
                           Size{64, 1, 64}, Size{128, 16, 16}, Size{16, 128, 16}}) {
    for (const bool transposed : {false, true}) {
      for (const bool by_blis : {false, true}) {
        benchmark::RegisterBenchmark(
            fmt::format("{} {} x {} x {}{}, {}", type, size.m, size.n, size.k,
                        transposed ? ", b transposed" : "", by_blis ? "BLIS" : "gemm")
                .c_str(),
            [=](benchmark::State& state) { product<T>(state, size, by_blis, transposed); });
      }
    }
  }
}

const bool registered = [] {
  add<float>("float");
  add<double>("double");
  return true;
}();

}  // namespace
