/// @file
/// One run of `gradus finetune`, from its files to its folder.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "app/finetune/finetune_options.hpp"
#include "app/terminal/progress.hpp"
#include "bert/report/task_report.hpp"

namespace gradus::app {

struct TaskResult {
  bert::Findings findings;  ///< without figures where nothing was held out
  bert::Baselines baselines;
  int64_t steps = 0, best_step = -1;
  double seconds = 0;
  int64_t step_memory = 0;  ///< as TrainingLoop::step_memory
};

/// Trains, evaluates after each epoch, and leaves in --out the model, report.html, metrics.csv and
/// history.json; goes on with a run that is there under --resume.
/// @throws Exit when it was stopped by Ctrl-C, all being saved; and as what it reads.
TaskResult run_task(FinetuneCall call, Progress& progress);

/// The figures beside the baselines, as a table for the terminal.
std::string to_text(const bert::Findings& findings, const bert::Baselines& baselines);
nlohmann::ordered_json to_json(const bert::Findings& findings, const bert::Baselines& baselines);

}  // namespace gradus::app
