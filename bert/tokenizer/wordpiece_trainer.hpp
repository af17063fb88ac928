/// @file
/// Learning a WordPiece vocabulary from text.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bert/tokenizer/normalizer.hpp"
#include "bert/tokenizer/vocab.hpp"

namespace gradus::bert {

/// Counts the words of a text as the tokenizer would split them. Fill several from parts of a corpus, in
/// any order or in parallel, and merge them: the counts are the same.
class WordCounter {
 public:
  explicit WordCounter(BertNormalizer normalizer = {}) : normalizer_(normalizer) {}

  /// Counts the words of UTF-8 `text`. @throws FormatError when it is not UTF-8.
  void add(std::string_view text);

  /// Adds `times` of one word that is normalised already, and not empty.
  void add_word(std::string_view word, int64_t times);

  /// Adds all that `other` has counted.
  void merge(const WordCounter& other);

  size_t distinct() const { return counts_.size(); }
  int64_t total() const { return total_; }

  /// Each word in UTF-8 with its count, sorted by word.
  std::vector<std::pair<std::string, int64_t>> sorted() const;

 private:
  /// Lets characters be looked up without making a string of them.
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::u32string_view text) const { return std::hash<std::u32string_view>{}(text); }
  };

  BertNormalizer normalizer_;
  std::unordered_map<std::u32string, int64_t, Hash, std::equal_to<>> counts_;
  int64_t total_ = 0;
  NormalizedText normalized_;  // room for add, kept from call to call
  std::vector<WordSpan> words_;
};

/// One step of learning: `left` and `right` stood side by side `count` times and became `piece`.
struct Merge {
  std::string left, right, piece;
  int64_t count = 0;
  size_t vocab_size = 0;  ///< After this step. The target less this is what is left to do.
};

/// The characters that a vocabulary has no room for. A word with one of them becomes [UNK].
struct LeftOut {
  int64_t characters = 0;             ///< How many different ones.
  int64_t uses = 0;                   ///< How often the text has them,
  int64_t uses_of_all = 0;            ///< and how often all characters.
  std::vector<std::string> examples;  ///< The most frequent of them, five at most.

  double share() const {
    return uses_of_all == 0 ? 0 : static_cast<double>(uses) / static_cast<double>(uses_of_all);
  }
};

struct VocabTrainerOptions {
  size_t vocab_size = 8000;   ///< Special tokens counted.
  int64_t min_frequency = 2;  ///< A pair seen less often is not merged.
  size_t alphabet_limit = 0;  ///< The most characters to keep; 0: as many as there is room for.
  std::vector<std::string> special_tokens = {std::string(pad_token), std::string(unk_token),
                                             std::string(cls_token), std::string(sep_token),
                                             std::string(mask_token)};
  std::function<void(const Merge&)>
      on_merge;  ///< Called after each step: a log, a progress line, a tutorial.
  std::function<void(const LeftOut&)> on_left_out;  ///< Called once, at the end, if characters were left out.
};

/// Learns a vocabulary as Hugging Face's `WordPieceTrainer` does, which is byte-pair encoding (Sennrich et
/// al. 2016, algorithm 1) with WordPiece's way of writing pieces.
///
/// Numbered first are the special tokens, then the alphabet by code point, then the characters that continue
/// a word (`##a`) as the sorted words bring them up. Each word begins as its characters; then, again and
/// again, the neighbours that stand side by side most often in the counted words become one piece, `left`
/// followed by `right` without its `##`. Among equal counts the pair with the smaller numbers wins, so the
/// result depends on the counts alone, not on the order in which text came. It stops at `vocab_size`, or when
/// no pair is frequent enough; the vocabulary is then smaller.
///
/// The alphabet is kept whole where it takes no more than half of the vocabulary. A larger one, as of Chinese
/// text, is kept in part: all of ASCII; then the most frequent characters up to the half; and beyond it a
/// character has to be as frequent as the pair whose merge would take its place. Among characters of one
/// frequency the smaller code point comes first. (The reference keeps 1,000 characters, whatever the size.)
///
/// @throws Error when no word was counted, or the special tokens and the characters of ASCII alone are more
///         than `vocab_size`; FormatError when a special token is empty or stands there twice.
Vocab train_vocab(const WordCounter& words, const VocabTrainerOptions& options = {});

}  // namespace gradus::bert
