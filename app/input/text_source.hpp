/// @file
/// Where the tokens of a text come from: text files, which are tokenised, or a token file, which is mapped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/input/text_account.hpp"
#include "bert/data/corpus.hpp"
#include "bert/data/token_file.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::app {

/// The token file that `files` are, or that lies in the folder which they name; nothing where they are text.
/// @throws WrongCall when a token file stands among others.
std::optional<std::filesystem::path> token_file_of(const std::vector<std::filesystem::path>& files);

/// The name of the token file in a folder.
inline constexpr const char* token_file_name = "text.tokens";

/// Tokenises text files into the token file `file`, with progress. Ctrl-C leaves nothing of it.
bert::TokenFileInfo make_token_file(const std::filesystem::path& file,
                                    const std::vector<std::filesystem::path>& texts,
                                    const bert::Tokenizer& tokenizer, int64_t block_sentences);

/// The bytes of all files that are there.
int64_t size_of(const std::vector<std::filesystem::path>& files);

struct OpenedText {
  bert::TokenizedCorpus corpus;
  TextAccount account;
};

/// Opens a text. `kept` says where a large text's token file is kept: it is asked for text files only, and
/// nothing means that their tokens are held in memory. A token file of the same text and tokenizer that is
/// there already is taken.
/// @throws as bert::read_corpus and bert::open_token_file; WrongCall when a token file has other blocks.
OpenedText open_text(const std::vector<std::filesystem::path>& files, const bert::Tokenizer& tokenizer,
                     int64_t block_sentences,
                     const std::function<std::optional<std::filesystem::path>()>& kept = {});

}  // namespace gradus::app
