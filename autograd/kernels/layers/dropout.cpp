#include "autograd/kernels/layers/dropout.hpp"

#include "autograd/kernels/layers/dropout_run.hpp"
#include "autograd/kernels/measure/profile.hpp"
#include "autograd/kernels/measure/traffic.hpp"
#include "autograd/kernels/pieces.hpp"

namespace gradus::kernels {

template <class T>
void dropout(const T* x, T* y, int64_t n, double p, uint64_t seed) {
  const ProfileScope scope("dropout");
  profile::add_elements<T>(2 * n);
  const uint32_t threshold = dropout_threshold(p);
  const T scale = static_cast<T>(dropout_scale(p));
  parallel_ranges(n, elements_per_piece, [=](int64_t begin, int64_t end) {
    const DropoutRun run(seed, static_cast<uint64_t>(begin), threshold);
    const T* in = x + begin;
    T* out = y + begin;
#pragma omp simd
    for (int64_t j = 0; j < end - begin; ++j) {
      // A choice, not a product: what is dropped is 0 even where x is Inf or NaN.
      const T kept = in[j] * scale;
      out[j] = run.keep(j) ? kept : T(0);
    }
  });
}

template void dropout(const float*, float*, int64_t, double, uint64_t);
template void dropout(const double*, double*, int64_t, double, uint64_t);

}  // namespace gradus::kernels
