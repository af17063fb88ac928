/// @file
/// How a run of `gradus pretrain` goes on, and what of it may change then.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/pretrain/pretrain_options.hpp"
#include "app/runs/run_settings.hpp"
#include "app/terminal/progress.hpp"
#include "bert/model/config.hpp"
#include "bert/training/resumable.hpp"

namespace gradus::app {

/// All that must stay as it is when a run goes on. An older version's checkpoints end before the
/// fingerprints.
std::vector<RunSetting> run_settings(const PretrainCall& call, const bert::Config& config,
                                     const bert::TokenizedCorpus& training,
                                     const bert::TokenizedCorpus& held_out, const std::string& start);

/// The settings with which the run was begun. @throws WrongCall when this call has others that may not
/// change.
std::string check_resumed(const PretrainCall& call, const bert::Resumable& found,
                          const std::vector<RunSetting>& settings, Progress& progress);

/// The steps of warm-up: where they were not said, those that the run was begun with, or a tenth of a run
/// that ends before the usual number, of which `notes` tells then.
int64_t warmup_of(const PretrainCall& call, const std::optional<bert::Resumable>& found,
                  std::vector<std::string>& notes);

}  // namespace gradus::app
