/// @file
/// The time machine of a report: a slider over the evaluations of a run, which moves the fillings of the
/// samples, every head's map, the mark on the curves and the norms of the network's parts all at once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bert/report/metrics_csv.hpp"

namespace gradus::bert {

struct SampleSentence;

/// The network after `step` steps.
struct NetworkMoment {
  int64_t step = 0;
  int64_t number = 0;                  ///< how many evaluations were before this one
  std::vector<uint8_t> attention;      ///< [L, A, S, S], each weight as attention_byte() gives it
  std::vector<double> weight_norms;    ///< Euclidean, one for each part
  std::vector<double> gradient_norms;  ///< of the last step, before clipping; NaN where there was none
};

/// What is known of a network along its training, the earliest moment first.
struct NetworkHistory {
  std::vector<std::string> tokens;  ///< S pieces of the sentence that the maps are of
  int64_t layers = 0, heads = 0;
  std::vector<std::string> parts;  ///< such as "embeddings" and "layer 1"
  std::vector<NetworkMoment> moments;
};

/// A weight as a byte: 254 times its root, which keeps small weights apart; 255 stands for NaN.
uint8_t attention_byte(float weight);

/// The slider, for the top of the page, with all that its script needs. Hidden where no script runs; empty
/// without at least two moments. A moment is told by the evaluation of its step in `rows`, and moves those
/// fillings of `samples` that were made after its step.
/// @throws ShapeError when a moment has other sizes than the tokens, layers, heads and parts say.
std::string time_slider(const NetworkHistory& history, const std::vector<MetricsRow>& rows,
                        const std::vector<SampleSentence>& samples);

/// Every head's map, and the norms of the parts, as they are at the last moment until the slider moves.
std::string time_maps(const NetworkHistory& history);
std::string time_norms(const NetworkHistory& history);

std::string_view time_style();
std::string_view time_script();

}  // namespace gradus::bert
