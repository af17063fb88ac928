/// @file
/// What a training run leaves for its reader in its folder: metrics.csv, report.html, attention.html, and two
/// pictures of them, accuracy.svg and attention.svg. And samples.json and history.json, for
/// the report of a run that goes on.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "bert/report/metrics_csv.hpp"
#include "bert/report/report.hpp"
#include "bert/training/network_recorder.hpp"
#include "bert/training/trainer.hpp"
#include "bert/training/training_samples.hpp"

namespace gradus::app {

class RunReport {
 public:
  RunReport(std::filesystem::path folder, const bert::Config& config, const bert::TokenizedCorpus& training,
            const bert::TokenizedCorpus& held_out, const bert::Tokenizer& tokenizer,
            const bert::TrainerOptions& options, int64_t samples);

  /// Opens metrics.csv in the folder, which must be there; rows after the step of `state`, which a run that
  /// was killed may have left, are dropped, and so are fillings of the samples. `evaluates_again`: so is the
  /// row of an evaluation of that step, which is made again. Returns a sentence for each file of the steps so
  /// far that is not there, so that what it tells begins after them.
  std::vector<std::string> begin(const bert::TrainingState& state, bool evaluates_again);
  /// Whether the folder has all that a run leaves that ended with `state`: then nothing is to be written.
  bool is_finished(const bert::TrainingState& state, bool evaluates) const;
  /// In place of `begin`, for the closing words of such a run.
  void look_at(const bert::TrainingState& state, const std::optional<bert::Evaluation>& evaluation);
  void add(const bert::StepReport& step);
  /// Also fills in the samples, and writes report.html as it is by now.
  void add(const bert::StepReport& step, const bert::Evaluation& evaluation,
           const bert::BertForPreTraining& model);
  /// The pages, with an attention map of the model.
  void write(const bert::BertForPreTraining& model);

  nlohmann::ordered_json summary() const;  ///< of the last evaluation
  std::string closing_words() const;       ///< for the terminal: the figures, and where the pages are

 private:
  std::filesystem::path folder_;
  bert::TrainingReport report_;
  std::optional<bert::TrainingSamples> samples_;
  std::optional<bert::NetworkRecorder> recorder_;  // where there is a sample
  std::optional<bert::MetricsWriter> metrics_;
  std::optional<bert::Evaluation> last_;
  bert::StepReport last_step_;
};

/// The figures of an evaluation by name, as `gradus evaluate --json` prints them.
nlohmann::ordered_json to_json(const bert::Evaluation& evaluation);

/// The same as a few lines of text, with a sentence where the model is below the baseline or does not tell
/// pairs apart. `seen` and `text_tokens` as bert::below_baseline takes them.
std::string to_text(const bert::Evaluation& evaluation, int64_t seen = 0, int64_t text_tokens = 0);

}  // namespace gradus::app
