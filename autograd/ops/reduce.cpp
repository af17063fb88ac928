// Reductions over some axes.
#include "autograd/kernels/reduce.hpp"

#include <limits>

#include "autograd/ops/op_support.hpp"

namespace gradus {
namespace {

/// Which axes go away, and the shapes with and without them.
struct Reduction {
  std::vector<bool> gone;
  Shape kept, result;  // kept: reduced axes of size 1; result: as the caller wants it
  int64_t count = 1;   // elements that become one

  Reduction(std::string_view op, const Tensor& x, const std::optional<Axes>& axes, bool keep)
      : gone(static_cast<size_t>(x.rank()), !axes.has_value()) {
    if (axes) {
      for (const int64_t axis : *axes) {
        const auto i = static_cast<size_t>(normalize_axis(axis, x.shape(), op));
        if (gone[i]) fail<IndexError>("{}: axis {} is named twice in {}", op, axis, *axes);
        gone[i] = true;
      }
    }
    for (int i = 0; i < x.rank(); ++i) {
      const bool reduced = gone[static_cast<size_t>(i)];
      if (reduced) count *= x.shape()[i];
      kept.push_back(reduced ? 1 : x.shape()[i]);
      if (!reduced || keep) result.push_back(kept[i]);
    }
  }
};

template <template <class> class Kind>
Tensor reduce(std::string_view op, const Tensor& x, const Reduction& r) {
  Tensor y = empty(r.result, x.dtype());
  dispatch_number(x.dtype(), op,
                  [&]<class T> { kernels::reduce<Kind, T>(y.mutable_data<T>(), x.view<T>(), r.gone); });
  return y;
}

/// max and min: the gradient goes to the elements that equal the result, in equal shares.
template <template <class> class Kind>
Tensor extreme(std::string_view op, const Tensor& x, const std::optional<Axes>& axes, bool keep) {
  const Reduction r(op, x, axes, keep);
  if (r.count == 0) fail<ShapeError>("{}: no elements to choose from in shape {}", op, x.shape());
  Tensor y = reduce<Kind>(op, x, r);
  if (!grad_enabled() || !x.needs_grad()) return y;
  const Tensor hits = equal(x.detach(), y.detach().reshape(r.kept)).to(x.dtype());
  const Tensor shares = hits / sum(hits, axes, true);
  return record(op, y,
                wrt(x, [shares, kept = r.kept](const Tensor& dy) { return dy.reshape(kept) * shares; }));
}

}  // namespace

Tensor sum(const Tensor& x, std::optional<Axes> axes, bool keep) {
  if (x.dtype() == DType::boolean) return sum(x.to(DType::i64), axes, keep);
  const Reduction r("sum", x, axes, keep);
  return record("sum", reduce<kernels::SumOp>("sum", x, r),
                wrt(x, [kept = r.kept, shape = x.shape()](const Tensor& dy) {
                  return dy.reshape(kept).expand(shape);
                }));
}

Tensor mean(const Tensor& x, std::optional<Axes> axes, bool keep) {
  ops::check_float("mean", x);
  const Reduction r("mean", x, axes, keep);
  return sum(x, axes, keep) / static_cast<double>(r.count);
}

Tensor max(const Tensor& x, std::optional<Axes> axes, bool keep) {
  return extreme<kernels::MaxOp>("max", x, axes, keep);
}

Tensor min(const Tensor& x, std::optional<Axes> axes, bool keep) {
  return extreme<kernels::MinOp>("min", x, axes, keep);
}

Tensor var(const Tensor& x, std::optional<Axes> axes, bool keep, int64_t correction) {
  ops::check_float("var", x);
  const Reduction r("var", x, axes, keep);
  const Tensor centred = x - mean(x, axes, true);
  // With no more elements than `correction` nothing can be estimated.
  const double freedom = r.count > correction ? static_cast<double>(r.count) - static_cast<double>(correction)
                                              : std::numeric_limits<double>::quiet_NaN();
  return sum(centred * centred, axes, keep) / freedom;
}

Tensor logsumexp(const Tensor& x, std::optional<Axes> axes, bool keep) {
  ops::check_float("logsumexp", x);
  const Reduction r("logsumexp", x, axes, keep);
  // Subtracting the largest element leaves the result as it is, and no exponential overflows. An infinite
  // largest element is replaced by 0: inf - inf would be NaN.
  const Tensor largest =
      reduce<kernels::MaxOp>("logsumexp", x.detach(), Reduction("logsumexp", x, axes, true));
  const Tensor shift = masked_fill(largest, logical_not(is_finite(largest)), 0);
  return log(sum(exp(x - shift), axes, keep)) + shift.reshape(r.result);
}

Tensor argmax(const Tensor& x, int64_t axis, bool keep) {
  const int a = normalize_axis(axis, x.shape(), "argmax");
  if (x.shape()[a] == 0) fail<ShapeError>("argmax: no elements to choose from in shape {}", x.shape());
  Shape kept = x.shape(), result = kept;
  kept[a] = result[a] = 1;
  if (!keep) result.erase(a);
  Tensor y = empty(result, DType::i64);
  int64_t* out = y.mutable_data<int64_t>();
  dispatch_number(x.dtype(), "argmax", [&]<class T> {
    const T* data = x.data<T>();
    for (int64_t i = 0, n = kept.numel(); i < n; ++i) {
      const T* row = data + kernels::offset_of(i, kept, x.strides());
      int64_t best = 0;
      for (int64_t j = 1; j < x.shape()[a]; ++j) {
        const T candidate = row[j * x.strides()[a]], leader = row[best * x.strides()[a]];
        const bool first_nan = candidate != candidate && leader == leader;  // a NaN wins, as in max
        if (candidate > leader || first_nan) best = j;
      }
      out[i] = best;
    }
  });
  return y;
}

}  // namespace gradus
