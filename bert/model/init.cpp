#include "bert/model/init.hpp"

#include <cmath>

#include "nn/positional.hpp"

namespace gradus::bert {

nn::Init weight_init(const Config& config) {
  return config.init.truncated ? nn::init::truncated_normal(config.initializer_range)
                               : nn::init::normal(config.initializer_range);
}

nn::Init sinusoidal_init(double std) {
  return [scale = std * std::sqrt(2.0)](const Shape& shape, Rng&) {
    return (nn::sinusoids(shape[0], shape[1]) * scale).to(DType::f32);
  };
}

}  // namespace gradus::bert
