/// @file
/// Pretraining examples: sentence pairs for next sentence prediction (NSP) and masked pieces for the masked
/// language model (MLM), after Devlin et al. 2018, section 3.1.
///
/// Nothing is stored between examples. Example i of epoch e depends on (seed, e, i) only, so any thread can
/// make it at any time, and the whole state of the data in a checkpoint is the pair (epoch, index).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "bert/data/batch_layout.hpp"
#include "bert/data/corpus.hpp"
#include "bert/data/masking.hpp"
#include "bert/data/planned_rows.hpp"

namespace gradus::bert {

struct PretrainingOptions {
  int64_t max_length = 64;    ///< S: the most slots of a row, with [CLS] and [SEP]; at least 5.
  bool next_sentence = true;  ///< false: one segment a row, no NSP label; for a corpus of one document.
  double masked_fraction = 0.15;
  int64_t max_predictions = 0;              ///< The most masked pieces of a row; 0: no limit.
  bool whole_words = false;                 ///< Mask all pieces of a word or none.
  double short_sequence_probability = 0.1;  ///< How often a row's target length is uniform in [2, S - 3].
  double nearby_negatives = 0.5;  ///< How often a random B comes from a document close by (same topic, book).
  int64_t nearby_documents = 8;   ///< What "close by" means: at most this many documents away.
  bool pad_to_max_length = false;  ///< Rows as long as S, instead of as long as the longest of the batch.
  /// Rows of S slots that hold as many examples as fit, each blind to the others, so that little is padding.
  bool pack = false;
  uint64_t seed = 0;
};

/// B rows of S slots, row-major, with E examples: one a row, or with packing as many as fit. The masked
/// positions are gathered, so that the MLM head runs on them alone.
struct PretrainingBatch {
  int64_t rows = 0, length = 0;               ///< B and S.
  std::vector<int64_t> input_ids;             ///< [B, S]
  std::vector<int64_t> token_type_ids;        ///< [B, S] 0 up to the first [SEP], then 1; 0 on padding.
  std::vector<int64_t> attention_mask;        ///< [B, S] 0 on padding, else 1; packed: 1, 2, ... by example
  std::vector<int64_t> lengths;               ///< [E] slots of each example
  std::vector<int64_t> masked_positions;      ///< [P] b * S + s, rising within an example
  std::vector<int64_t> masked_labels;         ///< [P] the pieces that stood there.
  std::vector<int64_t> next_sentence_labels;  ///< [E] 0: B follows A; 1: B is random; no_label: no B.

  // Packed rows only; empty where each row holds one example, from its first slot on.
  std::vector<int64_t> first_positions = {};  ///< [E] where each example's [CLS] is: b * S + s
  std::vector<int64_t> position_ids = {};     ///< [B, S] 0, 1, ... from each [CLS] on; 0 on padding

  int64_t examples() const { return static_cast<int64_t>(next_sentence_labels.size()); }  ///< E

  bool operator==(const PretrainingBatch&) const = default;
};

/// The rows of one epoch, in the order of training.
struct EpochPlan {
  int64_t number = 0, max_length = 0;
  PlannedRows examples;
  int64_t size() const { return static_cast<int64_t>(examples.size()); }
};

class PretrainingData {
 public:
  /// @throws FormatError if the corpus holds no piece to mask or too few documents (two of two sentences) for
  /// pairs, ValueError if an option and IndexError if a token id is out of range. Text that no pair shows has
  /// rows of its own.
  PretrainingData(std::shared_ptr<const TokenizedCorpus> corpus, MaskingVocabulary pieces,
                  PretrainingOptions options = {});

  /// Draws the rows of an epoch. `max_length` overrides that of the options, for training that begins with
  /// short rows (0 keeps it).
  EpochPlan plan_epoch(int64_t epoch, int64_t max_length = 0) const;

  /// How many pairs of an epoch's rows have label 0, and label 1. It counts no further once it has seen both,
  /// so of a large text it looks at the first documents only.
  std::array<int64_t, 2> count_labels(int64_t epoch) const;

  /// The examples [first, first + count) of the epoch, fewer at its end, each a row. With packing `count`
  /// rows with all the examples from `first` on that fit, in order, each into the first row that has room.
  /// Thread-safe.
  /// @throws ValueError if `masked_fraction`, in place of the options', is not between 0 and 1.
  PretrainingBatch batch(const EpochPlan& epoch, int64_t first, int64_t count,
                         std::optional<double> masked_fraction = {}) const;

  /// How many examples that batch would have.
  int64_t examples_in(const EpochPlan& epoch, int64_t first, int64_t count) const;

  const PretrainingOptions& options() const { return options_; }
  const MaskingVocabulary& pieces() const { return pieces_; }
  const TokenizedCorpus& corpus() const { return *corpus_; }

 private:
  Layout layout_of(const EpochPlan& epoch, int64_t first, int64_t count) const;

  std::shared_ptr<const TokenizedCorpus> corpus_;
  MaskingVocabulary pieces_;
  PretrainingOptions options_;
  std::vector<int64_t> documents_;            // those with two sentences or more, which can give pairs
  std::vector<uint8_t> is_special_;           // [V]
  std::vector<int32_t> drawable_;             // the pieces that a random replacement may be
  mutable std::atomic<int64_t> batches_ = 0;  // that were made
};

}  // namespace gradus::bert
