/// @file
/// Tokenising, and learning a vocabulary, on one thread.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/bench/bench_call.hpp"
#include "bert/tokenizer/vocab.hpp"

namespace gradus::app {

/// What is cut and learnt of.
struct BenchText {
  std::string name;
  int64_t bytes = 0;
  std::vector<std::string> lines;
  bert::Vocab vocab;  // learnt of them
};

/// The lines of call.text, or else of 10,000 stories of the toy world, which are made in memory, and a
/// vocabulary of call.vocabulary pieces. Here comes out what is wrong with them, before anything is timed.
/// @throws as bert::for_each_line and bert::train_vocab; FormatError for a text without a line.
BenchText read_text(const BenchCall& call);

struct TextTiming {
  std::string name;
  int64_t bytes = 0, pieces = 0;
  double learn = 0;  // seconds: counting the words of the text and merging; 0 where that was not asked for
  struct Tokenizing {
    int64_t tokens = 0;
    double ids = 0;      // seconds for the ids alone, as they are made of a corpus
    double offsets = 0;  // for all that an Encoding has
  };
  std::optional<Tokenizing> tokenizing;

  /// Megabytes of the text a second.
  double rate(double seconds) const { return static_cast<double>(bytes) / 1e6 / seconds; }
};

/// The median of a few rounds each.
TextTiming time_text(const BenchCall& call, const BenchText& text);

std::string to_text(const TextTiming& timing);
nlohmann::ordered_json to_json(const TextTiming& timing);

}  // namespace gradus::app
