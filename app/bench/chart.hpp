/// @file
/// The figures of `gradus bench` as bars.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/bench/inference.hpp"
#include "app/bench/machine.hpp"
#include "app/bench/small_tensors.hpp"
#include "app/bench/step.hpp"
#include "app/bench/text.hpp"

namespace gradus::app {

/// All that a call has measured; what it was not asked for is empty.
struct BenchResults {
  Machine machine;
  std::vector<Limits> limits;
  std::vector<StepTiming> steps;
  std::vector<InferenceTiming> inference;
  std::optional<TextTiming> text;
  std::optional<TensorTimings> tensors;
};

/// A complete .svg file: shares of the peak, milliseconds by operation, and a chart for each other part.
std::string chart_of(const BenchResults& results);

}  // namespace gradus::app
