/// @file
/// How a run was called: kept in its checkpoints as one line, so that --resume goes on
/// with the same run and says what differs where it cannot.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bert/data/corpus.hpp"
#include "nn/module.hpp"

namespace gradus::app {

/// One part of the line: the option that sets it, and what it says, such as "slots 1024 x 1".
struct RunSetting {
  std::string option;
  std::string text;
  bool unsaid = false;  ///< the option was left out, which under --resume means: as it was
};

/// What the line of a pretraining run begins with, and that of no task.
inline constexpr const char* pretraining_line = "layers ";

/// The parts, with ", " between them.
std::string settings_line(const std::vector<RunSetting>& settings);

/// Numbers hashed to a few letters (FNV-1a, a number at a time): other numbers give other letters.
class Fingerprint {
 public:
  void add(uint64_t number) { hash_ = (hash_ ^ number) * 0x100000001b3; }
  std::string text() const;

 private:
  uint64_t hash_ = 0xcbf29ce484222325;
};

/// A fingerprint: equal for two corpora only if they hold the same pieces, sentences and documents.
std::string fingerprint(const bert::TokenizedCorpus& corpus);
/// The same of a file's bytes. @throws IoError.
std::string fingerprint(const std::filesystem::path& file);
/// The same of every weight. @throws FormatError that begins with `name` and names the first weight that is
/// NaN or infinite.
std::string checked_fingerprint(const nn::StateDict& weights, const std::string& name);

/// Gives each setting that was left out the text which the run's `line` has for it, where it has one.
void keep_unsaid(const std::string& line, std::vector<RunSetting>& settings);

/// The number after `name` in a line: 10 for "warm-up " in "..., warm-up 10, ...".
std::optional<double> number_in(const std::string& line, const std::string& name);

/// What of a run's settings is another now.
struct SettingChanges {
  bool learning_rate = false;
  std::optional<double> length_before;  ///< the steps, minutes or epochs that the run was to have
};

/// Looks whether a run that was begun as `line` says can go on as `settings` say. The learning rate may
/// change, and steps, minutes or epochs may become more. A line of an older version may end before the last
/// settings do.
/// @throws WrongCall that names every other option that differs.
SettingChanges check_settings(const std::string& line, const std::vector<RunSetting>& settings);

}  // namespace gradus::app
