/// @file
/// What pretrain and evaluate share: the tokenizer they open, what a text must have, and the form of
/// --length.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bert/data/pretraining_data.hpp"
#include "bert/tokenizer/tokenizer.hpp"
#include "bert/training/trainer_options.hpp"

namespace gradus::app {

/// The tokenizer of a model folder, or of a single vocab.txt (uncased unless `cased`).
bert::Tokenizer open_tokenizer(const std::filesystem::path& path, bool cased);

/// The names of the files, with commas between them.
std::string joined_names(const std::vector<std::filesystem::path>& files);

/// @throws FormatError that begins with `name` and says what would do, where next sentence prediction has too
/// few documents to take pairs from.
void check_pairs(const bert::TokenizedCorpus& corpus, const std::string& name);

/// Parts a text in two. Both parts can give pairs if `pairs` is set; where the text is too small for that,
/// nothing is held out.
bert::CorpusSplit hold_out(bert::TokenizedCorpus corpus, double fraction, uint64_t seed, bool pairs);

/// "32:0.5,64:0.8,128": rows of 32 slots for the first half of the run, 64 up to 0.8 of it, then 128.
/// @throws WrongCall that shows the right form.
std::vector<bert::LengthStage> parse_lengths(const std::string& text);

}  // namespace gradus::app
