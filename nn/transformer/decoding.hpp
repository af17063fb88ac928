/// @file
/// Writing with a Transformer: the likeliest next id again and again, or the best of several beams.
#pragma once

#include <vector>

#include "nn/transformer/transformer.hpp"

namespace gradus::nn {

struct DecodingOptions {
  int64_t begin_id = 1;  ///< what every target begins with
  int64_t end_id = 2;    ///< what ends one
  /// Ids written at most, the end among them; never more than the model's positions.
  int64_t max_length = 64;
  bool cached = true;  ///< keep keys and values; false: compute all positions again for each id
};

struct BeamOptions {
  int64_t beams = 4;  ///< K, the prefixes that are followed side by side
  /// Scores are log p / ((5 + length) / 6)^alpha (Wu et al. 2016, eq. 14). 0 compares log p itself, which
  /// favours short results; 0.6 is the Transformer's (Vaswani et al. 2017, section 6.1).
  double alpha = 0;
};

/// One written sequence.
struct Decoded {
  std::vector<int64_t> ids;    ///< without begin and end
  double log_probability = 0;  ///< the sum over all written ids, with the end
  double score = 0;            ///< what beams are ranked by; the log-probability in a greedy search
  bool ended = false;          ///< false: cut off at max_length, or where the model's positions end
};

/// At each step the likeliest id: one result for each row of source, i64 [B, T]. At a tie the smaller id.
/// Padding is never written. Runs without dropout and records no graph, whatever the model's mode.
/// @throws ValueError for a max_length below 1 and an end_id that the model never writes; Error for a model
/// that gives NaN.
std::vector<Decoded> greedy(const Transformer& model, const Tensor& source,
                            const DecodingOptions& options = {});

/// Beam search: follows the K likeliest prefixes of each source and returns K results for each, best score
/// first (fewer if there are not as many sequences). A prefix that ends keeps its place among the K, and the
/// search goes on with the others (Sutskever et al. 2014, section 3.2); so one beam is the greedy search.
///
///     const auto results = beam_search(model, source, {.beams = 4, .alpha = 0.6});
///     for (const Decoded& one : results[0]) fmt::print("{} {}\n", one.score, fmt::join(one.ids, " "));
///
/// @throws ValueError for fewer than 1 beam, and as greedy does.
std::vector<std::vector<Decoded>> beam_search(const Transformer& model, const Tensor& source,
                                              const BeamOptions& beam = {},
                                              const DecodingOptions& options = {});

}  // namespace gradus::nn
