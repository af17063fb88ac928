#include "nn/optimizers/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "autograd/error.hpp"

namespace gradus::nn {

double Schedule::operator()(int64_t step) const {
  if (step < 0 || warmup < 0) {
    fail<ValueError>("schedule: step {} and warmup {} must be at least 0", step, warmup);
  }
  if (kind != Kind::constant && total <= warmup) {
    fail<ValueError>("schedule: total {} must be above warmup {}: set it to the number of steps in all",
                     total, warmup);
  }
  if (step < warmup) return peak * static_cast<double>(step) / static_cast<double>(warmup);
  if (kind == Kind::constant) return peak;
  const double length = static_cast<double>(total - warmup);
  const double progress = std::min(1.0, static_cast<double>(step - warmup) / length);
  if (kind == Kind::linear) return peak * (1 - progress);
  return peak * 0.5 * (1 + std::cos(std::numbers::pi * progress));
}

Schedule::Kind schedule_by_name(std::string_view name) {
  if (name == "constant") return Schedule::Kind::constant;
  if (name == "linear") return Schedule::Kind::linear;
  if (name == "cosine") return Schedule::Kind::cosine;
  fail<ValueError>("unknown schedule \"{}\": constant, linear and cosine exist", name);
}

}  // namespace gradus::nn
