/// @file
/// The tokenizer's files in a Hugging Face folder: vocab.txt, tokenizer_config.json and tokenizer.json.
#pragma once

#include <cstdint>
#include <filesystem>

#include "bert/wordpiece.hpp"

namespace gradus::bert {

/// Reads the tokenizer of `folder`, as Gradus or Hugging Face wrote it.
///
/// The pieces come from vocab.txt, or from tokenizer.json where there is no vocab.txt. Settings come from
/// tokenizer_config.json (`do_lower_case`, `strip_accents`, `tokenize_chinese_chars`, extra special tokens);
/// a key that is absent has the value of tokenizer.json if that was read, else BERT's default (lower case
/// on). A folder without tokenizer_config.json prefers tokenizer.json, which holds all settings itself.
///
/// @throws IoError when neither file is there or one cannot be read; FormatError that names the file and the
/// key for
///         bad JSON, a missing key or a wrong type, another model than WordPiece, or a setting that BERT's
///         tokenizer does not have.
Tokenizer load_tokenizer(const std::filesystem::path& folder);

/// Writes the three files into `folder`, which must exist, each all or nothing. Hugging Face's
/// `AutoTokenizer` opens the folder. `model_max_length` is the longest input of the model, in pieces.
/// @throws IoError.
void save_tokenizer(const std::filesystem::path& folder, const Tokenizer& tokenizer,
                    std::int64_t model_max_length = 512);

}  // namespace gradus::bert
