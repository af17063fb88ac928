#include "autograd/engine.hpp"

#include <queue>
#include <unordered_map>
#include <utility>

#include "autograd/grad_mode.hpp"
#include "autograd/module_scope.hpp"
#include "autograd/node.hpp"
#include "autograd/ops.hpp"
#include "autograd/plural.hpp"
#include "autograd/tensor_impl.hpp"

namespace gradus {

namespace {

struct OlderNode {
  bool operator()(const NodePtr& a, const NodePtr& b) const { return a->order < b->order; }
};

/// One backward pass: nodes that have received a gradient, and the sum of what each received.
class Pass {
 public:
  explicit Pass(BackwardOptions options)
      : options_(std::move(options)),
        keep_graph_(options_.retain_graph || options_.create_graph),
        detect_anomaly_(anomaly_enabled()) {}

  void seed(const Tensor& output, Tensor cotangent) {
    if (!output.needs_grad()) {
      fail<GraphError>("backward: the output depends on no tensor that requires a gradient");
    }
    if (!cotangent.defined()) {
      if (output.numel() != 1) {
        fail<GraphError>("backward: an output of shape {} needs a cotangent; only a scalar has the default 1",
                         output.shape());
      }
      cotangent = ones(output.shape(), output.dtype());
    } else if (cotangent.shape() != output.shape()) {
      fail<ShapeError>("backward: cotangent {} for an output {}", cotangent.shape(), output.shape());
    } else if (cotangent.dtype() != output.dtype()) {
      fail<DTypeError>("backward: a cotangent of {} for an output of {}", name(cotangent.dtype()),
                       name(output.dtype()));
    }
    receive(output.node(), std::move(cotangent));
  }

  /// Stop at these nodes and keep what they receive.
  void want(const Node* node) { wanted_.emplace(node, Tensor()); }
  Tensor result(const Node* node) const { return wanted_.at(node); }

  void run() {
    const DetectAnomaly pause(
        false);  // what a derivative computes on its way is not an output; `send` checks it
    const FreesGraph frees(!keep_graph_);
    count_uses();
    // Nodes older than every wanted one cannot lead to it.
    uint64_t oldest = UINT64_MAX;
    for (const auto& [node, gradient] : wanted_) oldest = std::min(oldest, node->order);
    while (!heap_.empty()) {
      const NodePtr node = heap_.top();
      heap_.pop();
      if (node->is_leaf && !gradients_.contains(node.get())) continue;  // it was done early
      const ModuleScope scope(node->part.get());  // what fails here fails in the part that recorded the node
      const Tensor dy = take(*node);
      if (!node->is_leaf && (wanted_.empty() || node->order > oldest)) propagate(node, dy);
    }
  }

 private:
  /// The sum of what a node has received, as its hooks leave it, and keeps it where it is wanted.
  Tensor take(const Node& node) {
    const auto entry = gradients_.find(&node);
    Tensor dy = std::move(entry->second);
    gradients_.erase(entry);
    const auto wanted = wanted_.find(&node);
    if (node.is_leaf && !wanted_.empty() && wanted == wanted_.end()) return dy;  // grad asks for others
    for (const auto& hook : node.hooks) {
      if (Tensor changed = hook(dy); changed.defined()) replace(dy, std::move(changed), node);
    }
    if (wanted != wanted_.end()) wanted->second = dy;
    if (wanted_.empty()) keep(node, dy);
    if (node.is_leaf && options_.leaf_done)
      if (const std::shared_ptr<TensorImpl> owner = node.leaf.lock()) options_.leaf_done(Tensor(owner));
    return dy;
  }

  /// How many edges lead to each leaf. A leaf is older than all ops, so it would come last of all; with the
  /// last of its edges behind it, it is complete.
  void count_uses() {
    const auto older = [](const Node* a, const Node* b) { return a->order < b->order; };
    std::priority_queue<const Node*, std::vector<const Node*>, decltype(older)> open(older);
    for (const auto& [node, gradient] : gradients_) open.push(node);
    const Node* last = nullptr;  // a node that many edges lead to comes out as often, one after the other
    while (!open.empty()) {
      const Node* node = open.top();
      open.pop();
      if (node == std::exchange(last, node)) continue;
      for (const Node::Edge& edge : node->edges) {
        if (!edge.to) continue;
        if (edge.to->is_leaf) {
          ++uses_[edge.to.get()];
        } else {
          open.push(edge.to.get());
        }
      }
    }
  }

  /// A node has sent what it had to send along this edge.
  void count_down(const Node::Edge& edge) {
    if (!edge.to || !edge.to->is_leaf || --uses_.at(edge.to.get()) > 0) return;
    const ModuleScope outside(edge.to->part.get());  // of the op that ran
    if (gradients_.contains(edge.to.get())) take(*edge.to);
  }

  void receive(const NodePtr& node, Tensor gradient) {
    const auto [entry, fresh] = gradients_.try_emplace(node.get());
    Tensor& total = entry->second;
    if (fresh) {
      total = std::move(gradient);
      heap_.push(node);
    } else if (!options_.create_graph && is_sole_owner(total)) {
      total.add_(gradient);
    } else {
      total = total + gradient;
    }
    if (!fresh && detect_anomaly_) check_finite(total, "gradient", "the sum of several uses");
  }

  /// A hook's answer takes the place of what it was given, so it must look the same.
  static void replace(Tensor& dy, Tensor changed, const Node& node) {
    if (changed.shape() != dy.shape()) {
      fail<ShapeError>("backward: a hook on {} returned a gradient {} for one of {}", node.op,
                       changed.shape(), dy.shape());
    }
    if (changed.dtype() != dy.dtype()) {
      fail<DTypeError>("backward: a hook on {} returned a gradient of {} for one of {}", node.op,
                       name(changed.dtype()), name(dy.dtype()));
    }
    dy = std::move(changed);
  }

  void keep(const Node& node, const Tensor& dy) const {
    const std::shared_ptr<TensorImpl> owner = node.leaf.lock();
    if (!owner) return;
    Tensor& total = owner->grad;
    if (!total.defined()) {
      // A leaf's gradient is its own memory, so that the next backward may add to it in place.
      total = !options_.create_graph && is_sole_owner(dy) ? dy : dy.clone();
    } else if (options_.create_graph) {
      total = total + dy;
    } else {
      total.add_(dy);
    }
  }

  void propagate(const NodePtr& node, const Tensor& dy) {
    if (node->freed) {
      fail<GraphError>(
          "backward: the graph below {} was freed by an earlier backward; pass retain_graph = true to the "
          "first",
          node->op);
    }
    Tensor y;
    if (node->saved_output) {
      y = Tensor(node->saved_output);
      if (y.version() != node->saved_version) {
        fail<GraphError>("backward: the output {} of {} was changed in place, and its gradient needs it",
                         y.shape(), node->op);
      }
      if (options_.create_graph) {
        y = y.detach();
        y.impl()->node = node;
      }
    }
    std::vector<Node::Edge> local;
    JointDerivative joint;
    if (!keep_graph_) {
      // Take what the op saved out of the node: it is released as soon as it has been used.
      local = std::move(node->edges);
      joint = std::move(node->joint);
      node->edges.clear();
      node->joint = nullptr;
      node->saved_output.reset();
      node->freed = true;
    }
    std::vector<Node::Edge>& edges = keep_graph_ ? node->edges : local;
    const JointDerivative& all = keep_graph_ ? node->joint : joint;
    if (all) {
      std::vector<Tensor> gradients = all(dy, y);
      if (gradients.size() != edges.size()) {
        fail<GraphError>("backward: {} gave {} {} for {} {}", node->op, gradients.size(),
                         plural(gradients.size(), "gradient"), edges.size(), plural(edges.size(), "input"));
      }
      for (size_t i = 0; i < edges.size(); ++i) {
        if (edges[i].to && gradients[i].defined()) send(*node, edges[i], std::move(gradients[i]));
        count_down(edges[i]);
      }
    } else {
      for (Node::Edge& edge : edges) {
        send(*node, edge, edge.derivative(dy, y));
        if (!keep_graph_) edge.derivative = nullptr;  // the next one may have the memory
        count_down(edge);
      }
    }
  }

  /// The one place that sums a gradient down to the shape of the input it belongs to.
  void send(const Node& from, const Node::Edge& edge, Tensor gradient) {
    if (!gradient.defined()) return;
    if (gradient.dtype() != edge.dtype) {
      fail<DTypeError>("backward: {} gave a gradient of {} for an input of {}", from.op,
                       name(gradient.dtype()), name(edge.dtype));
    }
    if (gradient.shape() != edge.shape) {
      if (!broadcasts_to(edge.shape, gradient.shape())) {
        fail<ShapeError>("backward: {} gave a gradient {} for an input {}", from.op, gradient.shape(),
                         edge.shape);
      }
      gradient = sum_to(gradient, edge.shape);
    }
    if (detect_anomaly_) check_finite(gradient, "gradient", from.op);
    receive(edge.to, std::move(gradient));
  }

  BackwardOptions options_;
  bool keep_graph_, detect_anomaly_;
  std::priority_queue<NodePtr, std::vector<NodePtr>, OlderNode> heap_;
  std::unordered_map<const Node*, Tensor> gradients_;
  std::unordered_map<const Node*, Tensor> wanted_;
  std::unordered_map<const Node*, int64_t> uses_;  // of leaves: edges still to come
};

void seed_all(Pass& pass, const std::vector<Tensor>& outputs, const std::vector<Tensor>& cotangents) {
  if (!cotangents.empty() && cotangents.size() != outputs.size()) {
    fail<GraphError>("backward: {} {} for {} {}", cotangents.size(), plural(cotangents.size(), "cotangent"),
                     outputs.size(), plural(outputs.size(), "output"));
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    pass.seed(outputs[i], cotangents.empty() ? Tensor() : cotangents[i]);
  }
}

}  // namespace

void backward(const std::vector<Tensor>& outputs, const std::vector<Tensor>& cotangents,
              BackwardOptions options) {
  const GradMode mode(options.create_graph);
  Pass pass(std::move(options));
  seed_all(pass, outputs, cotangents);
  pass.run();
}

std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const std::vector<Tensor>& cotangents, BackwardOptions options) {
  if (inputs.empty()) fail<GraphError>("grad: no inputs are named; backward fills those of all leaves");
  options.leaf_done = {};
  const GradMode mode(options.create_graph);
  Pass pass(options);
  for (const Tensor& input : inputs) {
    if (!input.needs_grad()) fail<GraphError>("grad: an input {} does not require a gradient", input.shape());
    pass.want(input.node().get());
  }
  seed_all(pass, outputs, cotangents);
  pass.run();
  std::vector<Tensor> result;
  for (size_t i = 0; i < inputs.size(); ++i) {
    result.push_back(pass.result(inputs[i].node().get()));
    if (!result.back().defined() && !options.allow_unused) {
      fail<GraphError>(
          "grad: no output depends on input {} of shape {}; allow_unused = true returns an undefined tensor",
          i, inputs[i].shape());
    }
  }
  return result;
}

}  // namespace gradus
