/// @file
/// What `gradus embed` does, without tokenising: a vector for each sequence.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/bench/bench_call.hpp"

namespace gradus::app {

struct InferenceTiming {
  std::string size;
  int threads = 1;
  int64_t batch = 0, length = 0;
  double seconds = 0;  // of a batch: the median
  double sequences_a_second() const { return static_cast<double>(batch) / seconds; }
};

/// The mean over the tokens of the last layer, of random pieces without padding, in batches of 1 and of 32;
/// without dropout or a tape, with the current number of threads.
std::vector<InferenceTiming> time_inference(const BenchCall& call, const std::string& size);

std::string to_text(const InferenceTiming& timing);
nlohmann::ordered_json to_json(const InferenceTiming& timing);

}  // namespace gradus::app
