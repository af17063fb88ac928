/// @file
/// What the files of a tokenizer say, gathered before a Tokenizer is made of it. Used inside the library
/// only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bert/text/json_node.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::bert {

struct TokenizerParts {
  std::vector<std::string> pieces;
  BertNormalizer normalizer;
  size_t max_word_chars = Tokenizer::default_max_word_chars;
  std::vector<std::string> extra_specials, added_words;

  /// Notes a special token. One that is no piece yet becomes the next one, as in Hugging Face.
  void add_special(const std::string& token);
  /// Notes a token with its number, of which `where` tells. It is a piece already, or the next one.
  /// @throws FormatError when the number belongs to another piece or leaves a gap.
  void add_token(const std::string& token, int64_t id, bool is_special, const JsonNode& where);
};

/// Whether `token` is one of BERT's five special tokens.
bool is_one_of_five(std::string_view token);

/// A token in either of Hugging Face's forms: its text, or an object with its `content`.
std::string token_text(const JsonNode& node);

/// @throws FormatError unless the text of `node` is `wanted`.
void must_be(const JsonNode& node, std::string_view wanted);

/// A token that was added after the vocabulary was learnt, with its flags.
void read_added_token(const JsonNode& token, int64_t id, TokenizerParts& parts);

/// strip_accents is true, false or null; null means "as lower-casing".
std::optional<bool> read_strip_accents(const JsonNode& node);

/// max_input_chars_per_word.
size_t read_max_word_chars(const JsonNode& node);

/// tokenizer.json, which says everything itself. `model_pieces` are those of the model alone, without the
/// tokens that were added.
struct TokenizerJson {
  TokenizerParts parts;
  size_t model_pieces = 0;
};
/// `decides`: no other file says that the tokenizer is BERT's, so that it must name the post-processor too.
/// @throws FormatError that names the key for what BERT's tokenizer does not do.
TokenizerJson read_tokenizer_json(const std::filesystem::path& path, bool decides);

}  // namespace gradus::bert
