/// @file
/// The charts of a training report.
#pragma once

#include <vector>

#include "bert/report/report.hpp"

namespace gradus::bert::detail {

/// An empty chart whose x axis counts steps.
plot::Chart chart_over_steps(std::string title);

/// What was learned: MLM accuracy, MLM loss, NSP accuracy, NSP loss. A chart without a point is left out, but
/// for the first two, which then say so.
std::vector<plot::Chart> learning_charts(const TrainingReport& report);

/// How the run went: learning rate, gradient norm, speed. A chart without a point is left out.
std::vector<plot::Chart> running_charts(const TrainingReport& report);

}  // namespace gradus::bert::detail
