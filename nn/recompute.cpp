#include "nn/recompute.hpp"

#include <utility>

#include "autograd/random.hpp"

namespace gradus::nn {
namespace {

thread_local bool layers_are_recomputed = false;

/// default_rng() as it was before f was run, as long as f is run again.
class RandomAgain {
 public:
  explicit RandomAgain(const Rng::State& state)
      : before_(std::exchange(default_rng(), Rng::from_state(state))) {}
  ~RandomAgain() { default_rng() = before_; }
  RandomAgain(const RandomAgain&) = delete;
  RandomAgain& operator=(const RandomAgain&) = delete;

 private:
  Rng before_;
};

/// The parameters' hooks, put aside: they are for the gradients that the outer backward hands them.
class WithoutHooks {
 public:
  explicit WithoutHooks(const std::vector<Tensor>& parameters) {
    for (const Tensor& p : parameters)
      if (!p.node()->hooks.empty()) aside_.emplace_back(p.node(), std::exchange(p.node()->hooks, {}));
  }
  ~WithoutHooks() {
    for (auto& [node, hooks] : aside_) node->hooks = std::move(hooks);
  }
  WithoutHooks(const WithoutHooks&) = delete;
  WithoutHooks& operator=(const WithoutHooks&) = delete;

 private:
  std::vector<std::pair<NodePtr, decltype(Node::hooks)>> aside_;
};

}  // namespace

Tensor recomputed(const Module& module, const std::function<Tensor(const Tensor&)>& f, const Tensor& x) {
  std::vector<Tensor> inputs{x};
  for (const Tensor& p : module.parameters())
    if (p.needs_grad()) inputs.push_back(p);
  if (!grad_enabled() || !any_needs_grad(inputs)) return f(x);
  const Rng::State state = default_rng().state();
  // With a tape, which is dropped: without one some kernels keep no slope, and round in another way.
  const Tensor y = f(x).detach();
  const auto again = [f, inputs, state](const Tensor& dy, const Tensor&) {
    const GradMode record(true);
    std::vector<Tensor> wanted(inputs.begin() + 1, inputs.end());
    const WithoutHooks pause(wanted);
    Tensor in = inputs[0].detach();
    if (inputs[0].needs_grad()) wanted.insert(wanted.begin(), in.requires_grad());
    const Tensor out = [&] {
      const RandomAgain random(state);
      return f(in);
    }();
    std::vector<Tensor> gradients = grad({out}, wanted, {dy}, {.allow_unused = true});
    if (!inputs[0].needs_grad()) gradients.insert(gradients.begin(), Tensor());
    return gradients;
  };
  const auto no_twin = [](const std::vector<Tensor>&) -> Tensor {
    fail<GraphError>("recomputed: its gradients cannot be differentiated again; leave it out for that");
  };
  return record_fused("recomputed", y, inputs, again, no_twin);
}

RecomputeLayers::RecomputeLayers(bool enabled) : SwitchGuard(layers_are_recomputed, enabled) {}
bool recomputes_layers() { return layers_are_recomputed; }

}  // namespace gradus::nn
