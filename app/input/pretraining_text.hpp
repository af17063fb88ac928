/// @file
/// What pretrain and evaluate share: the tokenizer they open, what a text must have, and the form of
/// --length.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "app/input/model_files.hpp"
#include "bert/data/pretraining_data.hpp"
#include "bert/tokenizer/tokenizer.hpp"
#include "bert/training/trainer_options.hpp"

namespace gradus::app {

/// The tokenizer of a model folder, or of a single vocab.txt with these rules.
bert::Tokenizer open_tokenizer(const std::filesystem::path& path, const TokenizerRules& rules);

/// The names of the files, with commas between them.
std::string joined_names(const std::vector<std::filesystem::path>& files);

/// @throws FormatError that begins with `name` and says what would do, where next sentence prediction has too
/// few documents to take pairs from.
void check_pairs(const bert::TokenizedCorpus& corpus, const std::string& name);

/// Makes a corpus of some documents of another.
using SelectDocuments =
    std::function<bert::TokenizedCorpus(const bert::TokenizedCorpus&, const std::vector<int64_t>& documents)>;

/// Parts a text in two, which `select` makes. Both parts can give pairs if `pairs` is set; where the text is
/// too small for that, nothing is held out.
bert::CorpusSplit hold_out(bert::TokenizedCorpus corpus, double fraction, uint64_t seed, bool pairs,
                           const SelectDocuments& select);

/// "32:0.5,64:0.8,128": rows of 32 slots for the first half of the run, 64 up to 0.8 of it, then 128.
/// @throws WrongCall that shows the right form.
std::vector<bert::LengthStage> parse_lengths(const std::string& text);

}  // namespace gradus::app
