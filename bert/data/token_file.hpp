/// @file
/// Token files: a corpus as token ids on disk, mapped into memory, so that a run of a text of any size takes
/// no more memory than one of a small text, and the text is tokenised once.
///
/// The file, all numbers little-endian: a header of 128 bytes (TokenFileInfo, and FNV-1a of all before it);
/// the token ids, two bytes each where the vocabulary has at most 65,536 pieces, else four, filled up with 0
/// to a multiple of eight bytes; where each sentence ends in the ids, and where each document ends in the
/// sentences, eight bytes each,
/// 0 first.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "bert/data/corpus.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::bert {

/// What the header of a token file says.
struct TokenFileInfo {
  static constexpr uint32_t current_version = 1;

  uint32_t version = current_version;
  uint32_t id_bytes = 2;        ///< 2 or 4
  uint64_t tokenizer_hash = 0;  ///< of the tokenizer that made it
  int64_t block_sentences = 0;  ///< CorpusOptions::block_sentences
  int64_t documents = 0, sentences = 0, tokens = 0;
  TextFacts text;  ///< that it was made of
  bool operator==(const TokenFileInfo&) const = default;
};

/// A number for all that decides which ids a text becomes: the pieces in their order, the normaliser's
/// settings, the longest word, special tokens and added words (FNV-1a).
uint64_t tokenizer_hash(const Tokenizer& tokenizer);

/// Whether `file` begins as a token file does. False for what cannot be read, too.
bool is_token_file(const std::filesystem::path& file);

/// Reads the header and compares it with the size of the file.
/// @throws IoError when it cannot be read; FormatError that names the file when it is no token file, has
/// another version, or is shorter or longer than it says.
TokenFileInfo read_token_file_info(const std::filesystem::path& file);

/// Maps a token file into memory: a corpus that equals the one of the text, to the last bit of what is made
/// of it. The place in memory stays valid when the file is removed.
/// @throws as read_token_file_info; FormatError when it was made with another tokenizer, or its ends do not
/// rise.
TokenizedCorpus open_token_file(const std::filesystem::path& file, const Tokenizer& tokenizer);

/// Writes a token file of text files, all or nothing, tokenising them on num_threads() threads; the bytes do
/// not depend on their number. Memory holds a few thousand lines, and eight bytes a document.
/// @throws as read_corpus; IoError when it cannot be written; what options.on_read throws, and then nothing
/// is left.
TokenFileInfo write_token_file(const std::filesystem::path& file,
                               const std::vector<std::filesystem::path>& texts, const Tokenizer& tokenizer,
                               const CorpusOptions& options = {});

/// The documents of a corpus as a corpus of their own, in a file without a name beside `beside`: it takes no
/// more memory than a mapped one, and its room on the disk is free again when the corpus is gone.
/// @throws IndexError at a number that is no document; IoError when the disk is full.
TokenizedCorpus select_on_disk(const TokenizedCorpus& corpus, std::span<const int64_t> documents,
                               int64_t vocabulary, const std::filesystem::path& beside);

}  // namespace gradus::bert
