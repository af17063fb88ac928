/// @file
/// What the time machine of the report shows of a network along its training.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "bert/model/heads.hpp"
#include "bert/report/time_machine.hpp"
#include "bert/training/training_samples.hpp"

namespace gradus::bert {

/// Keeps the network at some of the evaluations: its maps of a sentence, and the norms of its parts.
///
/// At most 64 are kept, and so few that their maps together stay within a megabyte (but two at the least).
/// Where there are more evaluations, every second, fourth, eighth and so on is kept, and the last.
class NetworkRecorder {
 public:
  /// For a network of `config` that reads the first of `samples`, which must have one.
  NetworkRecorder(const Config& config, const TrainingSamples& samples);

  /// Records the network as it is after `step` steps, with the gradients of the last of them. A second time
  /// at a step replaces the first.
  void observe(const BertForPreTraining& model, const TrainingSamples& samples, int64_t step);

  /// The history, for `restore` when the run goes on.
  std::string to_json() const;
  /// Takes up the moments up to `step` that `to_json` wrote into `file`; none if they are of another network
  /// or sentence. @throws FormatError that names `file` for a text that `to_json` did not write.
  void restore(const std::string& text, int64_t step, const std::filesystem::path& file);

  const NetworkHistory& history() const { return history_; }

 private:
  void thin();
  bool fits(const NetworkMoment& moment) const;

  NetworkHistory history_;
  int64_t most_moments_;
};

}  // namespace gradus::bert
