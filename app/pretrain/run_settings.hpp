/// @file
/// How a run of `gradus pretrain` was called: kept in its checkpoints as one line, so that --resume goes on
/// with the same run and says what differs where it cannot.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bert/data/corpus.hpp"

namespace gradus::app {

/// One part of the line: the option that sets it, and what it says, such as "slots 1024 x 1".
struct RunSetting {
  std::string option;
  std::string text;
  bool unsaid = false;  ///< the option was left out, which under --resume means: as it was
};

/// The parts, with ", " between them.
std::string settings_line(const std::vector<RunSetting>& settings);

/// A fingerprint: equal for two corpora only if they hold the same pieces, sentences and documents.
std::string fingerprint(const bert::TokenizedCorpus& corpus);

/// Gives each setting that was left out the text which the run's `line` has for it, where it has one.
void keep_unsaid(const std::string& line, std::vector<RunSetting>& settings);

/// The number after `name` in a line: 10 for "warm-up " in "..., warm-up 10, ...".
std::optional<double> number_in(const std::string& line, const std::string& name);

/// What of a run's settings is another now.
struct SettingChanges {
  bool learning_rate = false;
  std::optional<double> length_before;  ///< the steps or minutes that the run was to have
};

/// Looks whether a run that was begun as `line` says can go on as `settings` say. The learning rate may
/// change, and steps or minutes may become more. A line of an older version may end before the last settings
/// do.
/// @throws WrongCall that names every other option that differs.
SettingChanges check_settings(const std::string& line, const std::vector<RunSetting>& settings);

}  // namespace gradus::app
