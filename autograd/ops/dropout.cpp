#include "autograd/kernels/layers/dropout.hpp"

#include "autograd/ops/op_support.hpp"

namespace gradus {

Tensor dropout(const Tensor& x, double p, uint64_t seed) {
  ops::check_float("dropout", x);
  ops::check_probability("dropout", p);
  if (p == 0) return x;
  const Tensor dense = x.detach().contiguous();
  Tensor y = empty(x.shape(), x.dtype());
  dispatch_float(x.dtype(), "dropout", [&]<class T> {
    kernels::dropout<T>(dense.data<T>(), y.mutable_data<T>(), x.numel(), p, seed);
  });
  // The same mask on dy: dropout is linear, and its derivative is itself.
  return record("dropout", y, wrt(x, [p, seed](const Tensor& dy) { return dropout(dy, p, seed); }));
}

}  // namespace gradus
