// Softmax and its logarithm.
#include "autograd/kernels/layers/softmax.hpp"

#include <limits>

#include "autograd/ops/op_support.hpp"

namespace gradus {
namespace {

/// Calls kernel(x, y, rows, cols) on dense rows of the last axis.
template <class Kernel>
Tensor by_rows(std::string_view op, const Tensor& x, Kernel kernel) {
  const Tensor dense = x.detach().contiguous();
  Tensor y = empty(x.shape(), x.dtype());
  const int64_t cols = x.size(-1), rows = cols == 0 ? 0 : x.numel() / cols;
  dispatch_float(x.dtype(), op, [&]<class T> { kernel(dense.data<T>(), y.mutable_data<T>(), rows, cols); });
  return y;
}

/// Calls kernel(y, dy, dx, rows, cols).
template <class Kernel>
Tensor by_rows_backward(const Tensor& y, const Tensor& dy, Kernel kernel) {
  const Tensor dense = dy.contiguous();
  Tensor dx = empty(y.shape(), y.dtype());
  const int64_t cols = y.size(-1), rows = cols == 0 ? 0 : y.numel() / cols;
  dispatch_float(y.dtype(), "softmax",
                 [&]<class T> { kernel(y.data<T>(), dense.data<T>(), dx.mutable_data<T>(), rows, cols); });
  return dx;
}

/// The kernels work on the last axis; another one is brought there and back by views.
template <class F>
Tensor on_last_axis(std::string_view op, const Tensor& x, int64_t axis, F f) {
  if (x.rank() == 0) fail<ShapeError>("{}: a scalar has no axis to normalise over", op);
  const int a = normalize_axis(axis, x.shape(), op);
  if (a == x.rank() - 1) return f(x);
  return f(x.transpose(a, -1)).transpose(a, -1);
}

}  // namespace

Tensor softmax(const Tensor& x, int64_t axis) {
  return on_last_axis("softmax", x, axis, [](const Tensor& v) {
    if (composed_ops()) return composed::softmax(v);
    const Tensor y = by_rows("softmax", v, [](auto... args) { kernels::softmax(args...); });
    return record("softmax", y, wrt(v, [](const Tensor& dy, const Tensor& p) {
                    if (!grad_enabled()) {
                      return by_rows_backward(p, dy,
                                              [](auto... args) { kernels::softmax_backward(args...); });
                    }
                    return p * (dy - sum(dy * p, Axes{-1}, true));  // docs/derivations/softmax.md
                  }));
  });
}

Tensor log_softmax(const Tensor& x, int64_t axis) {
  return on_last_axis("log_softmax", x, axis, [](const Tensor& v) {
    if (composed_ops()) return composed::log_softmax(v);
    const Tensor y = by_rows("log_softmax", v, [](auto... args) { kernels::log_softmax(args...); });
    return record("log_softmax", y, wrt(v, [](const Tensor& dy, const Tensor& p) {
                    if (!grad_enabled()) {
                      return by_rows_backward(p, dy,
                                              [](auto... args) { kernels::log_softmax_backward(args...); });
                    }
                    return dy - exp(p) * sum(dy, Axes{-1}, true);
                  }));
  });
}

namespace composed {

namespace {

/// x less the largest element of its row: softmax stays what it is, and no exponential overflows. A row of
/// -inf only has no such element (-inf - -inf is NaN), nor a sum to divide by; `none` marks it.
struct Shifted {
  Tensor x, none;
};

Shifted less_largest(std::string_view op, const Tensor& x, int64_t axis) {
  const int a = normalize_axis(axis, x.shape(), op);
  if (x.shape()[a] == 0) return {x, zeros({}, DType::boolean)};
  const Tensor largest = max(x.detach(), Axes{a}, true);
  const Tensor none = equal(largest, full({}, -std::numeric_limits<double>::infinity(), x.dtype()));
  return {x - masked_fill(largest, none, 0), none};
}

}  // namespace

Tensor softmax(const Tensor& x, int64_t axis) {
  const auto [shifted, none] = less_largest("softmax", x, axis);
  const Tensor e = exp(shifted);
  return e / masked_fill(sum(e, Axes{axis}, true), none, 1);  // zeros where there is nothing to choose
}

Tensor log_softmax(const Tensor& x, int64_t axis) {
  const auto [shifted, none] = less_largest("log_softmax", x, axis);
  return shifted - log(masked_fill(sum(exp(shifted), Axes{axis}, true), none, 1));
}

}  // namespace composed
}  // namespace gradus
