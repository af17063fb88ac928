/// @file
/// The position-wise feed-forward network, plain (Vaswani et al. 2017, section 3.3) and gated (Shazeer 2020).
#pragma once

#include <optional>
#include <string_view>

#include "nn/linear.hpp"

namespace gradus::nn {

/// The activation that a config.json calls "gelu" (erf form), "gelu_new" (tanh form), "relu" or "silu", or by
/// another name that nn/activation_names.hpp knows. @throws FormatError for any other name.
Activation activation_by_name(std::string_view name);

/// What happens between the two products of a feed-forward network: an activation, and whether it gates.
/// An Activation alone is a plain kind, so `.kind = Activation::relu` and `.kind = FeedForwardKind::swiglu`
/// both read well.
struct FeedForwardKind {
  constexpr FeedForwardKind(Activation act, bool gates = false) : activation(act), gated(gates) {}
  bool operator==(const FeedForwardKind&) const = default;

  static const FeedForwardKind relu, gelu, gelu_tanh, silu;
  static const FeedForwardKind glu;       ///< gate by the sigmoid (Dauphin et al. 2017, eq. 1)
  static const FeedForwardKind bilinear;  ///< by no activation at all (Shazeer 2020, eq. 5)
  static const FeedForwardKind reglu;     ///< by the ReLU (Shazeer 2020, eq. 5)
  static const FeedForwardKind geglu;     ///< by the GELU
  static const FeedForwardKind swiglu;    ///< by the SiLU, which is Swish with beta = 1

  Activation activation;
  bool gated;
};

inline constexpr FeedForwardKind FeedForwardKind::relu{Activation::relu};
inline constexpr FeedForwardKind FeedForwardKind::gelu{Activation::gelu};
inline constexpr FeedForwardKind FeedForwardKind::gelu_tanh{Activation::gelu_tanh};
inline constexpr FeedForwardKind FeedForwardKind::silu{Activation::silu};
inline constexpr FeedForwardKind FeedForwardKind::glu{Activation::sigmoid, true};
inline constexpr FeedForwardKind FeedForwardKind::bilinear{Activation::identity, true};
inline constexpr FeedForwardKind FeedForwardKind::reglu{Activation::relu, true};
inline constexpr FeedForwardKind FeedForwardKind::geglu{Activation::gelu, true};
inline constexpr FeedForwardKind FeedForwardKind::swiglu{Activation::silu, true};

/// "glu", "bilinear", "reglu", "geglu", "swiglu", or a name that activation_by_name knows. @throws
/// FormatError for any other.
FeedForwardKind feed_forward_by_name(std::string_view name);

/// The I' at which a gated network has as many weights as a plain one of width I: three matrices [I', H]
/// instead of two, so 2I/3 (Shazeer 2020, section 2), rounded to the nearest multiple of `multiple`.
/// @throws ShapeError unless both are positive.
int64_t gated_width(int64_t intermediate, int64_t multiple = 1);

struct FeedForwardOptions {
  FeedForwardKind kind = Activation::gelu;
  Init init = init::xavier_uniform();
};

/// Two linear maps with something nonlinear in between, the same at every position: [..., H] -> [..., H].
///
///     plain    act(x W_1^T + b_1) W_2^T + b_2
///     gated    (act(x W_g^T + b_g) * (x W_1^T + b_1)) W_2^T + b_2
///
/// W_1 and W_g are [I, H], W_2 is [H, I]. Shazeer's gated networks have no biases; zeros, as these begin,
/// are the same. The parameters are named as in Hugging Face's BERT: intermediate.dense and output.dense,
/// with intermediate.gate between them if gated.
class FeedForward : public Module {
 public:
  FeedForward(int64_t hidden, int64_t intermediate, Rng& rng, const FeedForwardOptions& options = {});

  Tensor operator()(const Tensor& x) const;

  /// What goes into `second`: [..., I]. For a fused op that follows.
  Tensor expanded(const Tensor& x) const;

  const FeedForwardKind kind;
  const Linear first;
  const std::optional<Linear> gate;  ///< W_g and b_g; only if gated
  const Linear second;
};

}  // namespace gradus::nn
