/// @file
/// Which pieces of a row a masked language model has to guess, and what it sees in their place (Devlin et al.
/// 2018, section 3.1 and appendix A.1). Of the pieces chosen, 80 % become [MASK], 10 % become a random piece,
/// and 10 % stay as they are.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "autograd/random.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::bert {

/// What masking must know of a vocabulary.
struct MaskingVocabulary {
  int64_t vocabulary_size = 0;
  SpecialIds special = {};
  std::vector<uint8_t> is_continuation = {};  ///< [V], 1 for `##` pieces; empty if the vocabulary has none.
  /// Further pieces that are neither masked nor drawn, for example `[unused7]`.
  std::vector<int32_t> more_special = {};

  static MaskingVocabulary of(const Tokenizer& tokenizer);
};

/// How many pieces of a row are chosen.
struct MaskingRule {
  double fraction = 0.15;       ///< of the pieces that are not special; at least one
  int64_t max_predictions = 0;  ///< The most chosen pieces of a row; 0: no limit.
  bool whole_words = false;     ///< All pieces of a word or none.
};

/// Masks rows, one at a time.
class Masker {
 public:
  /// `is_special` is [V], 1 for what is never chosen; `drawable` is what a random piece may be. All of it is
  /// used while the Masker lives.
  Masker(const MaskingVocabulary& pieces, const std::vector<uint8_t>& is_special,
         const std::vector<int32_t>& drawable, MaskingRule rule)
      : pieces_(pieces), is_special_(is_special), drawable_(drawable), rule_(rule) {}

  /// Masks `row` in place. Appends the masked positions, plus `offset`, and the pieces that stood there.
  void operator()(std::span<int64_t> row, int64_t offset, Rng rng, std::vector<int64_t>& positions,
                  std::vector<int64_t>& labels);

 private:
  /// Slots [begin, end) that are masked together.
  struct Word {
    int64_t begin, end;
  };

  bool special(int64_t id) const { return is_special_[static_cast<size_t>(id)] != 0; }
  bool continues(int64_t id) const {
    return !pieces_.is_continuation.empty() && pieces_.is_continuation[static_cast<size_t>(id)] != 0;
  }
  void find_words(std::span<const int64_t> row);
  const std::vector<int64_t>& choose(std::span<const int64_t> row, Rng& rng);

  const MaskingVocabulary& pieces_;
  const std::vector<uint8_t>& is_special_;
  const std::vector<int32_t>& drawable_;
  MaskingRule rule_;
  std::vector<Word> words_;  // of the row, kept so that a row allocates nothing
  std::vector<int64_t> chosen_;
};

}  // namespace gradus::bert
