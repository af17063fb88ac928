/// @file
/// What `gradus embed` does, without tokenising: a vector for each sequence.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/bench/bench_call.hpp"
#include "app/bench/machine.hpp"

namespace gradus::app {

struct InferenceTiming {
  std::string size;
  Limits limits;
  int64_t batch = 0, length = 0;
  double seconds = 0;  // of a batch: the median
  double nominal = 0;  // a batch's nominal operations
  double sequences_a_second() const { return static_cast<double>(batch) / seconds; }
  double share_of_peak() const { return limits.share_of(nominal / seconds); }
};

/// The mean over the tokens of the last layer, of random pieces without padding, in batches of 1 and of 32;
/// without dropout or a tape. The nominal operations are the forward part of a step's, without heads.
std::vector<InferenceTiming> time_inference(const BenchCall& call, const std::string& size,
                                            const Limits& limits);

std::string to_text(const InferenceTiming& timing);
nlohmann::ordered_json to_json(const InferenceTiming& timing);

}  // namespace gradus::app
