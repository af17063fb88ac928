#include "nn/transformer/feed_forward.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "nn/activation_names.hpp"

namespace gradus::nn {
namespace {

constexpr std::array<std::pair<std::string_view, FeedForwardKind>, 5> gated_kinds = {
    {{"glu", FeedForwardKind::glu},
     {"bilinear", FeedForwardKind::bilinear},
     {"reglu", FeedForwardKind::reglu},
     {"geglu", FeedForwardKind::geglu},
     {"swiglu", FeedForwardKind::swiglu}}};

constexpr std::string_view known_activations =
    "gelu, gelu_new, relu and silu exist, and Hugging Face's other names for them";

}  // namespace

std::optional<Activation> find_activation(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Activation>, 10> names = {
      {{"gelu", Activation::gelu},
       {"gelu_python", Activation::gelu},
       {"gelu_new", Activation::gelu_tanh},
       {"gelu_pytorch_tanh", Activation::gelu_tanh},
       {"gelu_python_tanh", Activation::gelu_tanh},
       {"gelu_accurate", Activation::gelu_tanh},
       {"gelu_fast", Activation::gelu_tanh},  // its sqrt(2 / pi) has ten digits: 1e-12 apart
       {"relu", Activation::relu},
       {"silu", Activation::silu},
       {"swish", Activation::silu}}};
  for (const auto& [known, kind] : names) {
    if (name == known) return kind;
  }
  return std::nullopt;
}

Activation activation_by_name(std::string_view name) {
  if (const auto found = find_activation(name)) return *found;
  fail<FormatError>("unknown activation \"{}\": {}", name, known_activations);
}

FeedForwardKind feed_forward_by_name(std::string_view name) {
  for (const auto& [known, kind] : gated_kinds) {
    if (name == known) return kind;
  }
  if (const auto found = find_activation(name)) return *found;
  fail<FormatError>("unknown feed-forward \"{}\": glu, bilinear, reglu, geglu and swiglu exist; {}", name,
                    known_activations);
}

int64_t gated_width(int64_t intermediate, int64_t multiple) {
  if (intermediate < 1 || multiple < 1) {
    fail<ShapeError>("gated_width: the width {} and the multiple {} must be positive", intermediate,
                     multiple);
  }
  constexpr int64_t most = int64_t{1} << 59;  // so that the products below do not overflow
  if (intermediate > most || multiple > most) {
    fail<ShapeError>("gated_width: the width {} and the multiple {} must be at most {}", intermediate,
                     multiple, most);
  }
  const int64_t pieces = (4 * intermediate + 3 * multiple) / (6 * multiple);  // 2I/3 in multiples, rounded
  return std::max<int64_t>(1, pieces) * multiple;
}

FeedForward::FeedForward(int64_t hidden, int64_t intermediate, Rng& rng, const FeedForwardOptions& options)
    : kind(options.kind),
      first(child("intermediate.dense", Linear(hidden, intermediate, rng, {.init = options.init}))),
      gate(kind.gated ? std::optional(child("intermediate.gate",
                                            Linear(hidden, intermediate, rng, {.init = options.init})))
                      : std::nullopt),
      second(child("output.dense", Linear(intermediate, hidden, rng, {.init = options.init}))) {}

Tensor FeedForward::expanded(const Tensor& x) const {
  const ModuleScope scope = enter();
  const Linear& activated = gate ? *gate : first;
  const Tensor y = bias_activation(activated.without_bias(x), activated.bias, kind.activation);
  return gate ? y * first(x) : y;
}

Tensor FeedForward::operator()(const Tensor& x) const {
  const ModuleScope scope = enter();
  return second(expanded(x));
}

}  // namespace gradus::nn
