#include "autograd/node.hpp"

#include <algorithm>
#include <atomic>

#include "autograd/engine.hpp"
#include "autograd/kernels/check_finite.hpp"
#include "autograd/tensor_impl.hpp"

namespace gradus {
namespace {

/// Deletes a node and, one after the other, the nodes that only it kept alive. Plain deletion would recurse
/// through the whole graph and overflow the stack on a long chain.
void delete_node(Node* node) {
  thread_local std::vector<Node*>* waiting = nullptr;
  if (waiting != nullptr) {
    waiting->push_back(node);
    return;
  }
  std::vector<Node*> queue{node};
  waiting = &queue;
  while (!queue.empty()) {
    const Node* next = queue.back();
    queue.pop_back();
    delete next;  // its edges' deleters land in the branch above
  }
  waiting = nullptr;
}

/// The index of the first NaN or Inf in row-major order, or "" if all are finite.
std::string first_bad_index(const Tensor& x) {
  if (!is_float(x.dtype())) return {};
  const Tensor dense = x.detach().contiguous();
  int64_t position = -1;
  double value = 0;
  dispatch_float(x.dtype(), "anomaly mode", [&]<class T> {
    position = kernels::first_not_finite(dense.data<T>(), dense.numel());
    if (position >= 0) value = dense.data<T>()[position];
  });
  if (position < 0) return {};
  Shape index = x.shape();
  for (int i = x.rank() - 1; i >= 0; --i) {
    index[i] = position % x.shape()[i];
    position /= x.shape()[i];
  }
  return fmt::format("{} at index {} of {}", value, index, x.shape());
}

}  // namespace

void check_finite(const Tensor& x, std::string_view what, std::string_view op) {
  const NoGrad no_grad;
  const DetectAnomaly pause(false);  // the search itself computes, and is not to be searched
  const std::string bad = first_bad_index(x);
  if (bad.empty()) return;
  fail<GraphError>("{}: the {} has {}", op, what, bad);
}

NodePtr new_node(std::string_view op) {
  static std::atomic<uint64_t> count = 0;
  NodePtr node(new Node, delete_node);
  node->op = op;
  node->order = ++count;
  if (const ModuleName* part = running_module()) node->part = part->shared_from_this();
  return node;
}

const Tensor& Saved::get() const {
  if (value_.defined() && value_.version() != version_) {
    fail<GraphError>("backward: a value {} saved for the gradient was changed in place after it was used",
                     value_.shape());
  }
  return value_;
}

bool any_needs_grad(const std::vector<Tensor>& inputs) {
  return std::any_of(inputs.begin(), inputs.end(), [](const Tensor& x) { return x.needs_grad(); });
}

namespace detail {

namespace {

/// An output that is on the tape already (an op that returns its input) becomes a tensor of its own.
void attach(Tensor& output, NodePtr node, bool wants_output) {
  if (output.needs_grad()) output = output.detach();
  if (wants_output) {
    node->saved_output = output.detach().handle();
    node->saved_version = output.version();
  }
  output.impl()->node = std::move(node);
}

}  // namespace

Tensor record_all(std::string_view op, Tensor output, std::vector<Derivative> derivatives, bool is_view) {
  if (anomaly_enabled() && !is_view) check_finite(output, "output", op);
  if (derivatives.empty()) return output;
  NodePtr node = new_node(op);
  bool wants_output = false;
  for (Derivative& d : derivatives) {
    node->edges.push_back({d.input.node(), d.input.shape(), d.input.dtype(), std::move(d.function)});
    wants_output |= d.wants_output;
  }
  attach(output, std::move(node), wants_output);
  return output;
}

}  // namespace detail

Tensor record_fused(std::string_view op, Tensor output, const std::vector<Tensor>& inputs,
                    JointDerivative backward, Twin twin, bool wants_output) {
  if (anomaly_enabled()) check_finite(output, "output", op);
  if (!grad_enabled() || !any_needs_grad(inputs)) return output;
  NodePtr node = new_node(op);
  const bool once = first_order_only();
  std::vector<Saved> kept;  // for the twin
  for (const Tensor& input : inputs) {
    if (input.defined()) {
      node->edges.push_back({input.node(), input.shape(), input.dtype(), {}});
    } else {
      node->edges.push_back({nullptr, {}, DType::f32, {}});
    }
    if (!once) kept.emplace_back(input);
  }
  node->joint = [op, once, backward = std::move(backward), twin = std::move(twin), kept = std::move(kept)](
                    const Tensor& dy, const Tensor& y) {
    if (!grad_enabled()) return backward(dy, y);
    if (once) {
      fail<GraphError>("{}: recorded under FirstOrderOnly, so its gradient cannot be differentiated again",
                       op);
    }
    // The gradient itself must be differentiable. The twin runs on aliases of the inputs, so that its
    // gradient stops there even where one input was computed from another.
    std::vector<Tensor> aliases, wanted;
    for (const Tensor& input : kept) {
      aliases.push_back(!input.defined()     ? Tensor()
                        : input.needs_grad() ? input.reshape(input.shape())
                                             : input);
      if (input.needs_grad()) wanted.push_back(aliases.back());
    }
    const std::vector<Tensor> gradients =
        grad({twin(aliases)}, wanted, {dy}, {.create_graph = true, .allow_unused = true});
    std::vector<Tensor> result(aliases.size());
    for (size_t i = 0, next = 0; i < aliases.size(); ++i) {
      if (aliases[i].needs_grad()) result[i] = gradients[next++];
    }
    return result;
  };
  detail::attach(output, std::move(node), wants_output);
  return output;
}

}  // namespace gradus
