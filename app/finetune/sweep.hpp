/// @file
/// Several runs of `gradus finetune` with other rates, epochs, batches and seeds, of which the validation
/// examples choose (Devlin et al. 2018, appendix A.3).
#pragma once

#include <string>
#include <vector>

#include "app/finetune/finetune_options.hpp"
#include "app/finetune/task_run.hpp"

namespace gradus::app {

/// One setting, and the figure that decides after it.
struct Tried {
  double rate = 0;
  int64_t epochs = 0, batch = 0;
  std::vector<double> values{};  ///< in the order of the seeds

  double mean() const;
  double lowest() const;
  double highest() const;
};

struct SweepResult {
  std::vector<Tried> tried;  ///< the best first
  std::string measure;
  std::string best_run;  ///< its folder's name
};

bool is_sweep(const FinetuneCall& call);

/// Makes all runs in folders below --out; under --resume those that are finished are taken as they are.
/// Then --out gets what the best run left, beside sweep.tsv and sweep.html. The best run is that of the
/// setting with the highest mean, and of its seeds the one with the highest figure.
/// @throws WrongCall without validation examples; as run_task.
SweepResult run_sweep(const FinetuneCall& call, Progress& progress);

/// A line for each setting.
std::string to_text(const SweepResult& result);
nlohmann::ordered_json to_json(const SweepResult& result);

}  // namespace gradus::app
