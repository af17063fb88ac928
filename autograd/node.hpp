/// @file
/// The tape: one Node for each recorded op, with one derivative for each input that needs a gradient.
///
/// An op reads top to bottom: check, forward, derivatives.
///
///     Tensor mul(const Tensor& a, const Tensor& b) {
///       const Tensor y = product_of_elements(a, b);             // forward, on raw memory
///       return record("mul", y,
///                     wrt(a, [b = saved(b)](const Tensor& dy) { return dy * b; }),
///                     wrt(b, [a = saved(a)](const Tensor& dy) { return dy * a; }));
///     }
///
/// Derivatives are written in differentiable ops, so that their own gradients (second order) come for free.
/// They may ignore broadcasting: the engine sums a gradient down to its input's shape.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "autograd/grad_mode.hpp"
#include "autograd/module_scope.hpp"
#include "autograd/tensor.hpp"

namespace gradus {

/// dx from dy = dL/dy and the op's own output y.
using DerivativeFunction = std::function<Tensor(const Tensor& dy, const Tensor& y)>;
/// All inputs' gradients at once, in the order of the inputs; one may be undefined where it is not needed.
using JointDerivative = std::function<std::vector<Tensor>(const Tensor& dy, const Tensor& y)>;

/// A recorded op, or a leaf. Nodes are kept apart from tensors: only what a backward needs stays alive.
struct Node {
  struct Edge {
    NodePtr to;  ///< null if this input needs no gradient (joint derivatives only)
    Shape shape;
    DType dtype;
    DerivativeFunction derivative;  ///< empty if the node has a joint derivative
  };

  std::string_view op;
  uint64_t order = 0;                      ///< creation order: every input's node has a smaller one
  std::shared_ptr<const ModuleName> part;  ///< of the model, that recorded it; null outside all
  std::vector<Edge> edges;
  JointDerivative joint;
  std::vector<std::function<Tensor(const Tensor&)>> hooks;
  std::weak_ptr<TensorImpl> leaf;  ///< the tensor whose grad() this node fills; for leaves and retain_grad
  bool is_leaf = false;
  bool freed = false;  ///< a backward has run through it and dropped what it saved

  // The op's output, kept without its edge (which would be a cycle), if a derivative asks for it.
  std::shared_ptr<TensorImpl> saved_output;
  uint64_t saved_version = 0;
};

/// A value kept for backward. Reading it throws GraphError if it was changed in place since.
class Saved {
 public:
  explicit Saved(const Tensor& value) : value_(value), version_(value.defined() ? value.version() : 0) {}
  operator const Tensor&() const { return get(); }
  const Tensor& get() const;

 private:
  Tensor value_;
  uint64_t version_;
};
inline Saved saved(const Tensor& value) { return Saved(value); }

/// One input of an op with its derivative.
struct Derivative {
  Tensor input;
  DerivativeFunction function;
  bool wants_output = false;
};

/// The derivative with respect to `input`: a function of dy, or of dy and the output y. It is dropped at
/// once, with what it captured, if no gradient flows into `input`.
template <class F>
Derivative wrt(const Tensor& input, F&& function) {
  if (!grad_enabled() || !input.needs_grad()) return {};
  constexpr bool wants_output = std::is_invocable_v<F, const Tensor&, const Tensor&>;
  if constexpr (wants_output) {
    return {input, std::forward<F>(function), true};
  } else {
    return {input, [f = std::forward<F>(function)](const Tensor& dy, const Tensor&) { return f(dy); }, false};
  }
}

namespace detail {
Tensor record_all(std::string_view op, Tensor output, std::vector<Derivative> derivatives,
                  bool is_view = false);
}

/// Puts an op on the tape and returns its output; returns `output` as it is if no gradient is wanted.
/// `op` must be a string literal. In anomaly mode, throws GraphError at the first NaN or Inf in the output.
template <class... D>
Tensor record(std::string_view op, Tensor output, D&&... derivatives) {
  std::vector<Derivative> wanted;
  (
      [&] {
        if (derivatives.function) wanted.push_back(std::forward<D>(derivatives));
      }(),
      ...);
  return detail::record_all(op, std::move(output), std::move(wanted));
}

/// The same for a view. It computes nothing, so anomaly mode does not search it: an op may take views of
/// memory that it has yet to fill.
inline Tensor record_view(std::string_view op, Tensor output, Derivative derivative) {
  std::vector<Derivative> wanted;
  if (derivative.function) wanted.push_back(std::move(derivative));
  return detail::record_all(op, std::move(output), std::move(wanted), true);
}

/// A fused op: `backward` computes all gradients in raw kernels, and `twin` is the same function composed of
/// primitive ops. A plain backward runs `backward`; where the gradient itself must be differentiable, the
/// engine differentiates the twin instead. For that the inputs are kept, but under FirstOrderOnly.
using Twin = std::function<Tensor(const std::vector<Tensor>& inputs)>;
Tensor record_fused(std::string_view op, Tensor output, const std::vector<Tensor>& inputs,
                    JointDerivative backward, Twin twin, bool wants_output = false);

/// Is there a gradient to be recorded for any of these?
bool any_needs_grad(const std::vector<Tensor>& inputs);

/// For anomaly mode. @throws GraphError that names the op and the index if `x`, which is the op's `what`
/// ("output", "gradient"), has a NaN or Inf.
void check_finite(const Tensor& x, std::string_view what, std::string_view op);

}  // namespace gradus
