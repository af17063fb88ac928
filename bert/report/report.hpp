/// @file
/// The report of a training run: one page that says what was learned, how it went and how to do it again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bert/evaluation/guess.hpp"
#include "bert/report/attention_page.hpp"
#include "bert/report/html.hpp"
#include "bert/report/metrics_csv.hpp"
#include "bert/report/time_machine.hpp"
#include "plot/chart.hpp"

namespace gradus::bert {

/// What counting words alone reaches on the very same masked positions. NaN where it is not known.
struct MlmBaselines {
  double unigram_accuracy = MetricsRow::not_measured;
  double unigram_perplexity = MetricsRow::not_measured;
  double bigram_accuracy = MetricsRow::not_measured;  ///< from both neighbours
  double bigram_perplexity = MetricsRow::not_measured;
};

/// The model's fillings of one masked word after `step` steps, best first.
struct SampleMoment {
  int64_t step = 0;
  std::vector<Guess> guesses;
};

/// One masked word of a sample sentence, through the training.
struct SampleBlank {
  size_t piece = 0;    ///< index into SampleSentence::pieces
  std::string answer;  ///< the word that was masked
  std::vector<SampleMoment> moments;
};

/// A sentence some of whose words are masked. It is the same at every moment, so that a reader sees the
/// model learn.
struct SampleSentence {
  std::vector<std::string> pieces;  ///< `##` marks a piece that continues a word
  std::vector<SampleBlank> blanks;
};

struct TrainingReport {
  std::string title = "Training report";
  std::string subtitle;          ///< such as what was trained on what
  std::vector<MetricsRow> rows;  ///< as in metrics.csv; the last eval row gives the headline
  MlmBaselines baselines;
  int64_t training_tokens = 0;  ///< of the training text; 0 where it is not known
  int64_t seen_tokens = 0;      ///< of it so far, padding not counted
  std::vector<SampleSentence> samples;
  NetworkHistory history;  ///< for the time machine; with fewer than two moments there is none
  std::optional<AttentionPage> attention;
  KeyValues settings;     ///< sizes, rates, seeds, files
  KeyValues environment;  ///< processor, threads, versions, date
};

/// The report as one HTML page that needs no network: the headline figures, the curves against the baselines,
/// the samples, the final evaluation, an attention map, the norms of the parts, settings and environment; and
/// a slider that takes all of these back to any evaluation. What is not there yet
/// (no evaluation, no sample, no row at all) is left out or said to be missing.
/// @throws IndexError when a blank is outside its sentence; ShapeError as render_attention_page.
std::string render_report(const TrainingReport& report);

/// The curve of the MLM accuracy on held-out text against the baselines, which the report begins with.
plot::Chart accuracy_chart(const TrainingReport& report);

/// The curves of the MLM loss, in training and on held-out text, against ln of the baselines' perplexities.
plot::Chart loss_chart(const TrainingReport& report);

}  // namespace gradus::bert
