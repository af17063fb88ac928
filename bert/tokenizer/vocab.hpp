/// @file
/// The vocabulary: pieces of text, each with a number.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gradus::bert {

/// A piece's number: its line in vocab.txt, from 0.
using TokenId = int32_t;

/// What marks a piece that continues a word: `##ing`.
inline constexpr std::string_view continuation_prefix = "##";

inline constexpr std::string_view pad_token = "[PAD]";
inline constexpr std::string_view unk_token = "[UNK]";
inline constexpr std::string_view cls_token = "[CLS]";
inline constexpr std::string_view sep_token = "[SEP]";
inline constexpr std::string_view mask_token = "[MASK]";

/// The numbers of BERT's five special tokens in one vocabulary.
struct SpecialIds {
  TokenId pad = 0, unk = 1, cls = 2, sep = 3, mask = 4;
  bool operator==(const SpecialIds&) const = default;
};

class Vocab {
 public:
  Vocab() = default;

  /// The vocabulary in which `pieces[i]` has the number i.
  /// @throws FormatError for an empty piece, one with a line break, or one that stands there twice.
  /// `name` stands for it in messages, such as that of its file.
  explicit Vocab(std::vector<std::string> pieces, std::string name = "vocabulary");

  /// Reads vocab.txt: UTF-8, a piece a line. A return before the newline (a file from Windows), a byte-order
  /// mark at the start and empty lines at the end are dropped.
  /// @throws IoError when it cannot be read; FormatError that names the file and the line that is empty,
  ///         repeated or not UTF-8, or says that the file has no line, or what it is in place of a
  ///         vocabulary.
  static Vocab load(const std::filesystem::path& path);

  /// Writes vocab.txt, all or nothing; each line ends with a newline. @throws IoError.
  void save(const std::filesystem::path& path) const;

  TokenId size() const { return static_cast<TokenId>(pieces_.size()); }
  const std::vector<std::string>& pieces() const { return pieces_; }
  const std::string& name() const { return name_; }  ///< in messages: its file, or "vocabulary"

  /// The number of `piece`, or nothing when it is not in the vocabulary.
  std::optional<TokenId> find(std::string_view piece) const;

  /// The number of `piece`. @throws IndexError when it is not in the vocabulary.
  TokenId id(std::string_view piece) const;

  /// The piece numbered `id`. @throws IndexError when `id` is not in [0, size()).
  const std::string& piece(TokenId id) const;

  /// The numbers of the five special tokens. @throws FormatError that names those that are missing.
  SpecialIds special_ids() const;

  bool operator==(const Vocab& other) const { return pieces_ == other.pieces_; }

 private:
  /// Lets a string_view be looked up without making a string of it.
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::string name_ = "vocabulary";
  std::vector<std::string> pieces_;
  std::unordered_map<std::string, TokenId, Hash, std::equal_to<>> ids_;
};

}  // namespace gradus::bert
