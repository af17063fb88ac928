/// @file
/// What a run of `gradus finetune` begins with: the examples, and the model with its task on top.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/finetune/finetune_options.hpp"
#include "bert/model/config.hpp"
#include "bert/report/html.hpp"
#include "bert/tasks/finetuning.hpp"

namespace gradus::app {

struct StartedTask {
  std::unique_ptr<bert::TaskTraining> task;
  std::vector<std::string> notes;  ///< what should be known of the data and of the loading
  bert::Config config;
  bert::KeyValues about{};  ///< examples and labels, for the report
};

/// Reads the files and the model of the call. @throws WrongCall for options that the model or the data cannot
/// follow, and as the files.
StartedTask start_training(const FinetuneCall& call);

}  // namespace gradus::app
