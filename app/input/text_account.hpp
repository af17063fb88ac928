/// @file
/// What was read before a training: counted, told to the user, and refused where a run would learn nothing.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bert/data/pretraining_data.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::app {

/// A text in numbers.
struct TextAccount {
  std::string name;  ///< of the file, or of all files
  int64_t documents = 0, pairing_documents = 0, sentences = 0, tokens = 0;
  int64_t maskable = 0;       ///< tokens that are no special pieces
  int64_t unknown = 0;        ///< tokens that are [UNK]
  int64_t lines_without = 0;  ///< lines of characters that make no token
  /// Words longer than `longest_word`, each of them one [UNK]; not known of a token file.
  std::optional<int64_t> long_words = {};
  int64_t longest_word = 0;  ///< characters that a word may have

  /// The part of the tokens that is [UNK].
  double unknown_share() const {
    return tokens == 0 ? 0 : static_cast<double>(unknown) / static_cast<double>(tokens);
  }
};

/// Counts `corpus`, which was read from `files`, and the files' lines and long words.
TextAccount account_of(const std::vector<std::filesystem::path>& files, const bert::TokenizedCorpus& corpus,
                       const bert::Tokenizer& tokenizer);
/// The same without reading the files, which had `lines` lines that are not empty: long words are not known
/// then.
TextAccount account_of(const std::vector<std::filesystem::path>& files, const bert::TokenizedCorpus& corpus,
                       const bert::Tokenizer& tokenizer, int64_t lines);

/// One sentence that says what was read, and one for each thing that the user should know of it. `advice` is
/// for a text of many [UNK].
std::vector<std::string> to_lines(const TextAccount& account, bool next_sentence, const std::string& advice);

/// The same numbers by name, an object for each text.
nlohmann::ordered_json to_json(const std::vector<TextAccount>& accounts);

/// @throws FormatError where no token can be masked. It begins with the text's name, says what there is
/// nothing to do with ("nothing to learn") and, where the text's words are not just too long, `advice`.
void check_maskable(const TextAccount& account, std::string_view nothing, std::string_view advice);

/// Empty, or what is wrong with the pairs of `data` where those of many epochs are all true or all random.
std::string missing_label(const bert::PretrainingData& data);

/// @throws FormatError that begins with `name` where a label is missing.
void check_both_labels(const bert::PretrainingData& data, const std::string& name);

}  // namespace gradus::app
