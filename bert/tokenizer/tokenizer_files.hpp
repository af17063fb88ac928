/// @file
/// The tokenizer's files in a Hugging Face folder: vocab.txt, tokenizer_config.json and tokenizer.json.
#pragma once

#include <cstdint>
#include <filesystem>

#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::bert {

/// Reads the tokenizer of `folder`, as Gradus or Hugging Face wrote it, and as Hugging Face reads it.
///
/// The pieces come from vocab.txt or tokenizer.json; where both are there they must agree. The settings
/// (`do_lower_case`, `strip_accents`, `tokenize_chinese_chars`) come from tokenizer_config.json, where an
/// absent key has BERT's default (lower case on); from tokenizer.json where there is no tokenizer_config.json
/// or its `tokenizer_class` is PreTrainedTokenizerFast. Tokens beside the vocabulary come from
/// tokenizer.json, from tokenizer_config.json, and from the older special_tokens_map.json and
/// added_tokens.json unless tokenizer_config.json has `added_tokens_decoder`. One that is no piece yet
/// becomes the next one.
///
/// The post-processor of tokenizer.json must put [CLS] and [SEP] where BERT has them. None at all (null or no
/// such key) means BERT's where the folder names BERT's class or has the model's config.json, and is refused
/// where tokenizer.json alone decides. Its `truncation` and `padding` are not used, nor does transformers use
/// them when a text is given to the tokenizer: the caller says how long a row is, and rows are filled at
/// their end.
///
/// @throws IoError when neither file is there or one cannot be read; FormatError that names the file and the
///         key for bad JSON, a missing key or a wrong type, files that contradict each other, another model
///         than WordPiece, and a normalizer, pre-tokenizer, post-processor or setting that BERT's tokenizer
///         does not have.
Tokenizer load_tokenizer(const std::filesystem::path& folder);

/// Writes the three files into `folder`, which must exist, each all or nothing. Hugging Face's
/// `AutoTokenizer` opens the folder. `model_max_length` is the longest input of the model, in pieces.
/// @throws IoError.
void save_tokenizer(const std::filesystem::path& folder, const Tokenizer& tokenizer,
                    int64_t model_max_length = 512);

}  // namespace gradus::bert
