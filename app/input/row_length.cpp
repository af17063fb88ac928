#include "app/input/row_length.hpp"

#include <algorithm>

#include "app/command.hpp"

namespace gradus::app {

bert::FitOptions fit_for(const std::filesystem::path& model, int64_t positions, bert::FitOptions fit,
                         bool is_said) {
  if (is_said && fit.max_length > positions)
    fail<WrongCall>("--max-length {} is more than the {} positions of {}", fit.max_length, positions,
                    model.string());
  fit.max_length = std::min(fit.max_length, positions);
  return fit;
}

}  // namespace gradus::app
