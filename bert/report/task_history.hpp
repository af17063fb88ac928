/// @file
/// The course of a fine-tuning run, as its report shows it and its folder keeps it.
#pragma once

#include <filesystem>
#include <limits>
#include <string>
#include <vector>

namespace gradus::bert {

/// What was noted after a step: of training, or of an evaluation. What it does not have is NaN.
struct TaskMoment {
  static constexpr double none = std::numeric_limits<double>::quiet_NaN();

  int64_t step = 0;
  double seconds = 0;  ///< of training so far
  double loss = none, learning_rate = none, gradient_norm = none;
  std::vector<double> figures = {};  ///< of an evaluation, in the history's order

  bool is_evaluation() const { return !figures.empty(); }
};

class TaskHistory {
 public:
  std::vector<std::string> names;  ///< of the figures: "accuracy", "macro F1", ...
  std::vector<TaskMoment> moments;

  /// Adds a moment, in place of one of the same step and kind, which a run that goes on makes again.
  void add(TaskMoment moment);
  /// Leaves out what came after `step`.
  void go_back_to(int64_t step);

  std::string to_json() const;
  /// The same as a table for a spreadsheet: step, kind, seconds, loss, ...; a cell of NaN is empty.
  std::string to_csv() const;
};

/// @throws IoError; FormatError that names the file when it is not what to_json() writes.
TaskHistory read_task_history(const std::filesystem::path& file);

}  // namespace gradus::bert
