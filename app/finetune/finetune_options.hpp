/// @file
/// What `gradus finetune` can be told.
///
/// The options of the library stand here as they are, and their defaults are its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "bert/tasks/finetuning.hpp"
#include "bert/tasks/text_rows.hpp"
#include "bert/training/loop_options.hpp"

namespace CLI {
class App;
}

namespace gradus::app {

struct FinetuneCall {
  std::string task = "classification";
  std::filesystem::path model, training, validation, out;
  double validation_fraction = 0.1;

  int64_t epochs = 3, batch = 32, rows_at_once = 0;
  bert::LoopOptions loop;
  double warmup_share = 0.1;
  std::string decay = "linear";
  double dropout = std::numeric_limits<double>::quiet_NaN();  // as the model's folder says
  double hidden = 0;
  std::string class_weights = "none", pooling = "pooler";
  std::string loss = "cosine", pronoun = "it";
  double temperature = 0.05, alike_from = 0;
  bool iob1 = false;
  int64_t freeze = 0;
  double layer_decay = 1;
  bool last_epoch = false;

  std::string long_texts = "head";
  bert::FitOptions fit;

  // A sweep: what is tried of each; empty for what is not.
  std::vector<double> rates;
  std::vector<int64_t> epoch_counts, batches, seeds;

  int64_t seed = 1, threads = 0;
  double stall_minutes = 10;
  int64_t workers = 1;
  bool resume = false, json = false;

  std::set<std::string> given;  ///< the options that were said, as "--epochs"
  bool said(const std::string& option) const { return given.contains(option); }
};

/// What there is for TASK.
std::vector<std::string> task_names();

/// Declares the options on `command`, each of which sets a member of `call`.
void add_options(CLI::App& command, FinetuneCall& call);

/// Fills in what has another form on the command line. @throws WrongCall for what does not go together.
void settle(FinetuneCall& call);

}  // namespace gradus::app
