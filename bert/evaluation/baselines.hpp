/// @file
/// What counting alone achieves at masked positions: the figures that a model must beat.
///
/// Both baselines are counted on the training corpus and scored on the very positions that a model is scored
/// on. Special pieces are never predicted.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bert/data/corpus.hpp"
#include "bert/data/pretraining_data.hpp"

namespace gradus::bert {

/// Sums over masked positions; add up batches with `+=`.
struct BaselineScore {
  int64_t positions = 0, right = 0;
  double loss = 0;  ///< sum of -log p(the piece that stood there), in nats

  double accuracy() const;    ///< right / positions; 0 without positions
  double perplexity() const;  ///< exp(loss / positions)
  BaselineScore& operator+=(const BaselineScore& other);
};

/// Pieces by their frequency: p(w) = (n(w) + 1) / sum, add-one over the pieces that may be masked.
class UnigramBaseline {
 public:
  UnigramBaseline(const TokenizedCorpus& training, const MaskingVocabulary& pieces);
  double probability(int64_t piece) const { return probability_[static_cast<size_t>(piece)]; }
  int64_t best() const { return best_; }
  std::span<const double> probabilities() const { return probability_; }
  BaselineScore score(const PretrainingBatch& batch) const;

 private:
  std::vector<double> probability_;  // [V], 0 for special pieces
  int64_t best_ = 0;
};

/// The two-sided bigram: both neighbours vote,
///
///     p(w | l, r)  ~  p(w | l) p(w | r) / p(w),
///
/// which is Bayes' rule if the neighbours are independent given w. Each side is smoothed by interpolation
/// with the unigram (Jelinek and Mercer 1980) in Witten and Bell's (1991) form,
///
///     p(w | l) = (n(l, w) + k types(l) p(w)) / (n(l) + k types(l)),
///
/// where types(l) is how many different pieces follow l, and k and the weight of the vote are tuned on the
/// last twentieth of the training corpus. A sentence's neighbours beyond its ends are those of the running
/// text, as the model sees them. A neighbour that is [MASK] or another special piece says nothing, and its
/// side is left out.
///
/// Of a text of more than `most_tokens` every second, third, ... document is counted, evenly through the
/// text, so that memory does not grow with it.
class BigramBaseline {
 public:
  static constexpr int64_t most_tokens = 32'000'000;

  BigramBaseline(const TokenizedCorpus& training, const MaskingVocabulary& pieces);

  /// p(w | left, right) for every piece w; a special or negative neighbour counts as unknown.
  std::vector<double> distribution(int64_t left, int64_t right) const;
  BaselineScore score(const PretrainingBatch& batch) const;

  double smoothing() const { return smoothing_; }  ///< k
  double weight() const { return weight_; }        ///< the exponent of both votes, 1 if they are independent
  const UnigramBaseline& unigram() const { return unigram_; }

 private:
  /// Which pieces stand on one side of a piece, and how often: the row of `piece` is [ends[piece - 1],
  /// ends[piece]).
  struct Side {
    std::vector<int64_t> ends;
    std::vector<int32_t> pieces, counts;
  };
  struct Work {
    std::vector<double> left, right, both;
  };

  void count(const TokenizedCorpus& corpus, int64_t first_document, int64_t end_document);
  void tune(const TokenizedCorpus& corpus, int64_t first_document);
  bool informs(int64_t piece) const;
  /// Fills p(w | neighbour) and returns the share left to unseen pieces.
  double one_side(const Side& side, int64_t neighbour, std::vector<double>& p) const;
  void combine(int64_t left, int64_t right, Work& work) const;
  BaselineScore score_position(int64_t left, int64_t right, int64_t truth, Work& work) const;

  UnigramBaseline unigram_;
  std::vector<uint8_t> special_;
  Side after_, before_;
  double smoothing_ = 1, weight_ = 1;
};

}  // namespace gradus::bert
