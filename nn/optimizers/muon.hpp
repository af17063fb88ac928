/// @file
/// Muon: momentum whose matrix is made orthogonal before it steps.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "nn/optimizers/optimizer.hpp"

namespace gradus::nn {

/// About U V^T of a matrix x = U S V^T [m, n]: its directions, with singular values between 0.7 and 1.2 in
/// place of its own. Five steps of a polynomial, products of matrices all, that push every singular value
/// towards 1 (Jordan 2024, "Muon: An optimizer for hidden layers in neural networks"):
///
///     x = x / |x|,   then five times   x = a x + (b A + c A^2) x   with A = x x^T
///
/// a, b, c = 3.4445, -4.775, 2.0315: chosen for speed near 0, so they swing around 1 and do not settle on it.
/// A matrix that is all zeros stays so. @throws ShapeError unless x is a matrix.
Tensor orthogonalized(const Tensor& x);

/// Whether a name is of a layer in a stack, as "bert.encoder.layer.0.output.dense.weight" is. Embeddings and
/// heads are not: their rows stand for words and classes, each with its own size.
bool in_a_layer(const std::string& name);

struct MuonOptions {
  double lr = 1e-3;
  double momentum = 0.95;
  double weight_decay = 0.01;
  double beta1 = 0.9, beta2 = 0.999;                                 ///< of AdamW, for all other parameters
  std::function<bool(const std::string& name)> hidden = in_a_layer;  ///< matrices among these are Muon's
  DecayRule decays = decays_by_name;
  std::vector<ParameterGroup> groups = {};
};

/// Muon for the hidden matrices and AdamW for the rest. A matrix W [m, n] with gradient g, momentum mu and
/// rate lr:
///
///     M = mu M + (1 - mu) g
///     W = (1 - lr decay) W - 0.2 sqrt(max(m, n)) lr orthogonalized(mu M + (1 - mu) g)
///
/// The momentum looks ahead (Nesterov), and 0.2 sqrt(max(m, n)) makes a step as large as AdamW's, so that
/// both share one rate and one decay (Liu et al. 2025, "Muon is scalable for LLM training", section 2.2). As
/// torch.optim.Muon with adjust_lr_fn "match_rms_adamw". A step costs 15 products beside those of the
/// gradient: more than it gives where a batch has few tokens. M is kept where AdamW keeps exp_avg; the
/// exp_avg_sq of such a matrix stays 0.
class Muon : public Adam {
 public:
  /// @throws Error if none of the parameters is a matrix that `hidden` holds.
  explicit Muon(const Parameters& parameters, const MuonOptions& options = {});

 protected:
  void update(const Stretch& stretch) override;
  bool steps_alone(const ParameterArena::Entry& entry) const override;
  bool can_share() const override { return false; }

 private:
  std::function<bool(const std::string& name)> hidden_;
  double momentum_;
};

}  // namespace gradus::nn
