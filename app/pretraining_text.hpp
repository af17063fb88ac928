/// @file
/// From text files and a tokenizer to pretraining data: what pretrain and evaluate share.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bert/pretraining_data.hpp"
#include "bert/wordpiece.hpp"

namespace gradus::app {

/// The tokenizer of a model folder, or of a single vocab.txt (uncased unless `cased`).
bert::Tokenizer open_tokenizer(const std::filesystem::path& path, bool cased);

/// The token ids of text files. Without an empty line a file is one document; `block_sentences` cuts it.
bert::TokenizedCorpus read_tokens(const std::vector<std::filesystem::path>& files,
                                  const bert::Tokenizer& tokenizer, int64_t block_sentences);

/// What masking must know of the tokenizer's vocabulary.
bert::PieceTable piece_table(const bert::Tokenizer& tokenizer);

/// "32:0.5,64:0.8,128": rows of 32 slots for the first half of the run, 64 up to 0.8 of it, then 128.
/// Throws WrongCall that shows the right form.
struct LengthShare {
  double until;
  int64_t length;
};
std::vector<LengthShare> parse_lengths(const std::string& text);

}  // namespace gradus::app
