/// @file
/// The report of a fine-tuning run: one page with the figures beside what simple guesses reach, the curves,
/// which class was taken for which, and the worst answers.
#pragma once

#include <string>
#include <vector>

#include "bert/metrics/findings.hpp"
#include "bert/report/report.hpp"
#include "bert/report/task_history.hpp"

namespace gradus::bert {

struct TaskReport {
  std::string title = "Fine-tuning", subtitle{};
  TaskHistory history{};
  int64_t best_step = -1;  ///< of the model that the folder holds; -1: that of the last step
  Findings findings{};     ///< of that model; without figures: nothing was held out
  Baselines baselines{};
  std::vector<std::string> notes{};  ///< what should be known of the data
  KeyValues settings{}, environment{};
};

/// The report as one HTML page that needs no network.
std::string render_task_report(const TaskReport& report);

/// The figure that decides, by step, beside the baselines.
plot::Chart figure_chart(const TaskReport& report);

/// "0.931 (0.915 to 0.946)", or without the interval where there is none.
std::string figure_text(const Figure& figure);

}  // namespace gradus::bert
