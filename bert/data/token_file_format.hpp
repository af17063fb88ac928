/// @file
/// How a token file lies on the disk: what token_file.cpp reads and token_file_write.cpp writes. Used inside
/// the library only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bert/data/token_file.hpp"

namespace gradus::bert::token_file {

inline constexpr std::string_view magic = "gradus tokens\r\n\n";  // a change of the ends of lines is noticed
inline constexpr size_t header_bytes = 128;

/// FNV-1a, a byte at a time.
class Hash {
 public:
  void add(std::string_view bytes) {
    for (const char c : bytes) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  /// A text with its length, so that two in a row are told apart from one.
  void add_text(std::string_view text) {
    add(std::to_string(text.size()) + ":");
    add(text);
  }
  uint64_t value() const { return hash_; }

 private:
  uint64_t hash_ = 0xcbf29ce484222325;
};

/// The header as it lies in the file.
std::string to_bytes(const TokenFileInfo& info);

/// Maps a token file of any tokenizer. @throws as open_token_file.
TokenizedCorpus map_token_file(const std::filesystem::path& file);

// Where the parts lie.
inline size_t ids_size(const TokenFileInfo& info) {
  return (static_cast<size_t>(info.tokens) * info.id_bytes + 7) / 8 * 8;
}
inline size_t sentences_at(const TokenFileInfo& info) { return header_bytes + ids_size(info); }
inline size_t documents_at(const TokenFileInfo& info) {
  return sentences_at(info) + (static_cast<size_t>(info.sentences) + 1) * sizeof(int64_t);
}
inline size_t file_size(const TokenFileInfo& info) {
  return documents_at(info) + (static_cast<size_t>(info.documents) + 1) * sizeof(int64_t);
}

}  // namespace gradus::bert::token_file
