#include "bert/init.hpp"

#include <cmath>

namespace gradus::bert {

nn::Init weight_init(const Config& config) {
  return config.init.truncated ? nn::init::truncated_normal(config.initializer_range)
                               : nn::init::normal(config.initializer_range);
}

nn::Init sinusoidal_init(double std) {
  return [scale = std * std::sqrt(2.0)](const Shape& shape, Rng&) {
    Tensor table = empty(shape);
    const int64_t H = table.size(1);
    float* values = table.mutable_data<float>();
    for (int64_t p = 0; p < table.size(0); ++p) {
      for (int64_t column = 0; column < H; ++column) {
        const auto pair = static_cast<double>(column / 2 * 2);  // 2j, for the sine and for the cosine
        const double angle = static_cast<double>(p) / std::pow(10000.0, pair / static_cast<double>(H));
        values[p * H + column] =
            static_cast<float>(scale * (column % 2 == 0 ? std::sin(angle) : std::cos(angle)));
      }
    }
    return table;
  };
}

}  // namespace gradus::bert
