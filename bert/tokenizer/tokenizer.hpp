/// @file
/// BERT's tokenizer: text to pieces, their numbers and their places in the text, and back.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bert/tokenizer/normalizer.hpp"
#include "bert/tokenizer/piece_trie.hpp"
#include "bert/tokenizer/vocab.hpp"

namespace gradus::bert {

/// The characters (code points) `[begin, end)` of the original text.
struct CharSpan {
  uint32_t begin = 0;
  uint32_t end = 0;
  bool operator==(const CharSpan&) const = default;
};

/// A text or a pair made ready for BERT. All vectors have one entry a piece.
struct Encoding {
  std::vector<std::string> pieces;
  std::vector<TokenId> ids;
  std::vector<TokenId> token_type_ids;    ///< 0 for the first text, its [CLS] and [SEP]; 1 for the second.
  std::vector<CharSpan> offsets;          ///< In the piece's own text; (0, 0) for an added special token.
  std::vector<bool> special_tokens_mask;  ///< True for the [CLS] and [SEP] that encoding added.
  std::vector<int32_t> word_ids;          ///< Which word of its text a piece is of; -1 for an added token.

  size_t size() const { return ids.size(); }
};

struct EncodeOptions {
  bool add_special_tokens = true;  ///< `[CLS] A [SEP]`, or `[CLS] A [SEP] B [SEP]`.
  /// The most pieces to keep, special tokens counted. A pair is cut from its longer text first, as Hugging
  /// Face's `longest_first`; the end of a text goes first.
  std::optional<size_t> max_length = {};
};

/// How many pieces of each text of a pair are kept where there is room for `room`: the longer one is cut
/// first, as Hugging Face's `longest_first` has it.
std::pair<size_t, size_t> longest_first(size_t first, size_t second, size_t room);

struct DecodeOptions {
  bool skip_special_tokens = true;
  bool clean_up = true;  ///< Joins `don ' t` to `don't` and `end .` to `end.`, as far as the rules go.
};

/// WordPiece as BERT uses it (Devlin et al. 2018; Schuster and Nakajima 2012), with the results of Hugging
/// Face's `BertTokenizer`.
///
/// Special tokens in the text stay whole; the rest is normalised and split into words; each word is cut from
/// its front into the longest pieces of the vocabulary, `##` before all but the first. A word with no such
/// cut, or with more characters than `max_word_chars`, becomes [UNK]. All members are safe to call from many
/// threads at once.
class Tokenizer {
 public:
  static constexpr size_t default_max_word_chars = 100;
  static constexpr size_t google_max_word_chars = 200;  ///< of Google's code

  /// `extra_specials` are pieces of `vocab` that, like the five of BERT, are found in text as they are.
  /// `added_words` are pieces that stay whole wherever they stand, inside a word too: they are normalised and
  /// looked for in normalised text (Hugging Face's tokens that were added and are not special).
  /// @throws FormatError when one of the five is missing; IndexError when an extra or added one is.
  explicit Tokenizer(Vocab vocab, BertNormalizer normalizer = {},
                     size_t max_word_chars = default_max_word_chars,
                     std::vector<std::string> extra_specials = {}, std::vector<std::string> added_words = {});

  const Vocab& vocab() const { return vocab_; }
  const BertNormalizer& normalizer() const { return normalizer_; }
  const SpecialIds& special_ids() const { return special_ids_; }
  size_t max_word_chars() const { return max_word_chars_; }
  const std::vector<std::string>& extra_specials() const { return extra_specials_; }
  const std::vector<std::string>& added_words() const { return added_words_; }
  bool is_special(TokenId id) const;

  /// @throws FormatError when a text is not UTF-8; ValueError when max_length leaves no room for the special
  ///         tokens.
  Encoding encode(std::string_view text, const EncodeOptions& options = {}) const;
  Encoding encode(std::string_view text, std::string_view pair, const EncodeOptions& options = {}) const;

  /// The ids alone, without [CLS] and [SEP]: the quick way for a corpus. The second form appends.
  std::vector<TokenId> tokenize(std::string_view text) const;
  void tokenize(std::string_view text, std::vector<TokenId>& ids) const;

  /// The pieces as text: a space before each that begins a word. @throws IndexError for an id out of range.
  std::string decode(std::span<const TokenId> ids, const DecodeOptions& options = {}) const;

 private:
  struct Special {
    std::string text;
    TokenId id;
  };
  /// Characters begin ... end - 1 of a word, and the piece they are.
  struct Cut {
    TokenId id;
    size_t begin, end;
  };

  /// Where the next special token is at or after byte `from`, and which; text.size() and null when none is.
  std::pair<size_t, const Special*> next_special(std::string_view text, size_t from) const;
  /// The same for the added words of normalised text; `chars.size()` and no match when none is.
  std::pair<size_t, PieceTrie::Match> next_added_word(std::u32string_view chars, size_t from) const;
  /// A word as pieces, each as long as can be; false when some part of it is none, or the word is too long.
  bool cut_up(std::u32string_view word, std::vector<Cut>& cuts) const;
  /// Calls `sink(id, begin, end, word)` for each piece, with its characters and its word's number.
  template <class Sink>
  void each_piece(std::string_view text, Sink sink) const;
  template <class Sink>
  class Walk;
  Encoding encode_bare(std::string_view text) const;
  Encoding assemble(Encoding first, std::optional<Encoding> second, const EncodeOptions& options) const;

  Vocab vocab_;
  BertNormalizer normalizer_;
  size_t max_word_chars_;
  std::vector<std::string> extra_specials_;
  SpecialIds special_ids_;
  std::vector<Special> specials_;  // the longest first, so that the first to match is the one meant
  std::string special_starts_;     // their first bytes, each once
  PieceTrie trie_;
  std::vector<std::string> added_words_;
  PieceTrie word_trie_;                  // of the added words, normalised
  std::vector<TokenId> added_word_ids_;  // by their number in word_trie_
};

}  // namespace gradus::bert
