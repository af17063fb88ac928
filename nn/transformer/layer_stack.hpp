/// @file
/// What an encoder and a decoder have in common: layers on top of each other.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <vector>

#include "nn/layer_norm.hpp"

namespace gradus::nn {

/// L layers of one kind, and with pre-norm a last LayerNorm, since then none ends a layer. A Layer is made of
/// (options, rng).
template <class Layer>
class LayerStack : public Module {
 public:
  const std::vector<Layer> layers;           ///< "layer.0", "layer.1", ...
  const std::optional<LayerNorm> last_norm;  ///< "LayerNorm"; with pre-norm only

 protected:
  /// @throws ShapeError that names the `stack` if there are fewer than 0 layers.
  template <class Options>
  LayerStack(std::string_view stack, const Options& options, Rng& rng)
      : layers([&] {
          std::vector<Layer> made;
          made.reserve(static_cast<size_t>(checked_size(stack, "layers", options.layers)));
          for (int64_t i = 0; i < options.layers; ++i) {
            made.push_back(child(fmt::format("layer.{}", i), Layer(options, rng)));
          }
          return made;
        }()),
        last_norm(options.pre_norm
                      ? std::optional(child("LayerNorm", LayerNorm(options.hidden, options.layer_norm_eps)))
                      : std::nullopt) {}

  Tensor finish(const Tensor& x) const { return last_norm ? (*last_norm)(x) : x; }
};

}  // namespace gradus::nn
