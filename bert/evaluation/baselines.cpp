#include "bert/evaluation/baselines.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/error.hpp"

namespace gradus::bert {
namespace {

std::vector<uint8_t> special_pieces(const MaskingVocabulary& pieces) {
  std::vector<uint8_t> special(static_cast<size_t>(pieces.vocabulary_size), 0);
  const SpecialIds& s = pieces.special;
  const auto mark = [&](int64_t id) {
    if (id < 0 || id >= pieces.vocabulary_size)
      fail<IndexError>("baseline: special id {} is outside the vocabulary of {} pieces", id,
                       pieces.vocabulary_size);
    special[static_cast<size_t>(id)] = 1;
  };
  for (const int32_t id : {s.pad, s.unk, s.cls, s.sep, s.mask}) mark(id);
  for (const int32_t id : pieces.more_special) mark(id);
  return special;
}

/// How often each piece stands in the text.
std::vector<double> count_pieces(const TokenizedCorpus& corpus, int64_t vocabulary) {
  std::vector<double> counts(static_cast<size_t>(vocabulary), 0);
  CorpusWalk walk(corpus);
  for (int64_t d = 0; d < corpus.documents(); ++d) {
    walk.at(d);
    for (const int32_t id : corpus.document(d)) {
      if (id < 0 || id >= vocabulary)
        fail<IndexError>("baseline: token id {} is outside the vocabulary of {} pieces", id, vocabulary);
      counts[static_cast<size_t>(id)] += 1;
    }
  }
  return counts;
}

int64_t best_of(std::span<const double> p) { return std::max_element(p.begin(), p.end()) - p.begin(); }

}  // namespace

double BaselineScore::accuracy() const {
  return positions == 0 ? 0 : static_cast<double>(right) / static_cast<double>(positions);
}

double BaselineScore::perplexity() const {
  return positions == 0 ? 1 : std::exp(loss / static_cast<double>(positions));
}

BaselineScore& BaselineScore::operator+=(const BaselineScore& other) {
  positions += other.positions;
  right += other.right;
  loss += other.loss;
  return *this;
}

UnigramBaseline::UnigramBaseline(const TokenizedCorpus& training, const MaskingVocabulary& pieces)
    : probability_(count_pieces(training, pieces.vocabulary_size)) {
  for (double& count : probability_) count += 1;
  const auto special = special_pieces(pieces);
  double sum = 0;
  for (size_t w = 0; w < probability_.size(); ++w) {
    if (special[w] != 0) probability_[w] = 0;
    sum += probability_[w];
  }
  for (double& p : probability_) p /= sum;
  best_ = best_of(probability_);
}

BaselineScore UnigramBaseline::score(const PretrainingBatch& batch) const {
  BaselineScore score;
  for (const int64_t truth : batch.masked_labels)
    score += {1, truth == best_ ? 1 : 0, -std::log(probability(truth))};
  return score;
}

BigramBaseline::BigramBaseline(const TokenizedCorpus& training, const MaskingVocabulary& pieces)
    : unigram_(training, pieces), special_(special_pieces(pieces)) {
  const int64_t documents = training.documents();
  if (const int64_t tuned_on = documents / 20; tuned_on > 0) {
    count(training, 0, documents - tuned_on);
    tune(training, documents - tuned_on);
  }
  count(training, 0, documents);
}

/// Pairs of neighbours within a document, sorted by the piece that is given and then by the piece that is to
/// be predicted.
void BigramBaseline::count(const TokenizedCorpus& corpus, int64_t first_document, int64_t end_document) {
  const auto vocabulary = special_.size();
  const int64_t step =
      (corpus.tokens() + most_tokens - 1) / most_tokens;  // of a large text every step-th document
  std::vector<uint64_t> pairs;                            // given * V + told
  pairs.reserve(static_cast<size_t>(std::min(corpus.tokens(), most_tokens)));
  for (const bool forward : {true, false}) {
    pairs.clear();
    CorpusWalk walk(corpus);
    for (int64_t d = first_document; d < end_document; d += step) {
      walk.at(d);
      const auto ids = corpus.document(d);
      for (size_t i = 0; i + 1 < ids.size(); ++i) {
        const auto given = static_cast<size_t>(ids[forward ? i : i + 1]);
        const auto told = static_cast<size_t>(ids[forward ? i + 1 : i]);
        if (special_[given] == 0 && special_[told] == 0) pairs.push_back(given * vocabulary + told);
      }
    }
    std::sort(pairs.begin(), pairs.end());
    Side side;
    side.ends.assign(vocabulary + 1, 0);
    for (size_t i = 0; i < pairs.size(); ++i) {
      if (i == 0 || pairs[i] != pairs[i - 1]) {
        side.pieces.push_back(static_cast<int32_t>(pairs[i] % vocabulary));
        side.counts.push_back(0);
      }
      ++side.counts.back();
      side.ends[pairs[i] / vocabulary + 1] = static_cast<int64_t>(side.pieces.size());
    }
    for (size_t w = 1; w <= vocabulary; ++w) side.ends[w] = std::max(side.ends[w], side.ends[w - 1]);
    (forward ? after_ : before_) = std::move(side);
  }
}

/// Tries a small grid on documents that were not counted, and keeps what makes their perplexity least.
void BigramBaseline::tune(const TokenizedCorpus& corpus, int64_t first_document) {
  Work work;
  double best_loss = INFINITY, best_smoothing = 1, best_weight = 1;
  for (const double k : {0.1, 0.3, 1.0, 3.0}) {
    for (const double weight : {0.7, 0.8, 0.9, 1.0}) {
      smoothing_ = k;
      weight_ = weight;
      BaselineScore score;
      int64_t i = 0;
      for (int64_t d = first_document; d < corpus.documents() && score.positions < 2000; ++d) {
        const auto ids = corpus.document(d);
        for (size_t at = 1; at + 1 < ids.size(); ++at)
          if (++i % 7 == 0 && special_[static_cast<size_t>(ids[at])] == 0)
            score += score_position(ids[at - 1], ids[at + 1], ids[at], work);
      }
      if (score.loss < best_loss) {
        best_loss = score.loss;
        best_smoothing = k;
        best_weight = weight;
      }
    }
  }
  smoothing_ = best_smoothing;
  weight_ = best_weight;
}

bool BigramBaseline::informs(int64_t piece) const {
  return piece >= 0 && piece < static_cast<int64_t>(special_.size()) &&
         special_[static_cast<size_t>(piece)] == 0;
}

double BigramBaseline::one_side(const Side& side, int64_t neighbour, std::vector<double>& p) const {
  const auto row = static_cast<size_t>(neighbour);
  const int64_t begin = side.ends[row], end = side.ends[row + 1];
  double seen = 0;
  for (int64_t i = begin; i < end; ++i) seen += side.counts[static_cast<size_t>(i)];
  const double unseen = smoothing_ * static_cast<double>(std::max<int64_t>(end - begin, 1));
  const auto unigram = unigram_.probabilities();
  const double share = unseen / (seen + unseen);
  for (size_t w = 0; w < p.size(); ++w) p[w] = share * unigram[w];
  for (int64_t i = begin; i < end; ++i) {
    const auto at = static_cast<size_t>(i);
    p[static_cast<size_t>(side.pieces[at])] += side.counts[at] / (seen + unseen);
  }
  return share;
}

void BigramBaseline::combine(int64_t left, int64_t right, Work& work) const {
  const auto unigram = unigram_.probabilities();
  work.both.assign(unigram.begin(), unigram.end());
  const bool from_left = informs(left), from_right = informs(right);
  if (!from_left && !from_right) return;
  work.left.resize(unigram.size());
  work.right.resize(unigram.size());
  const double left_share = from_left ? one_side(after_, left, work.left) : 1;
  const double right_share = from_right ? one_side(before_, right, work.right) : 1;
  if (!from_left || !from_right) {
    work.both = from_left ? work.left : work.right;
    return;
  }
  // A piece seen on neither side has the same votes whatever it is; only the others need a power each.
  const double unseen_votes = std::pow(left_share * right_share, weight_);
  for (double& p : work.both) p *= unseen_votes;
  const auto vote = [&](const Side& side, int64_t neighbour) {
    const auto row = static_cast<size_t>(neighbour);
    for (int64_t i = side.ends[row]; i < side.ends[row + 1]; ++i) {
      const auto w = static_cast<size_t>(side.pieces[static_cast<size_t>(i)]);
      work.both[w] = unigram[w] * std::pow(work.left[w] * work.right[w] / (unigram[w] * unigram[w]), weight_);
    }
  };
  vote(after_, left);
  vote(before_, right);
  double sum = 0;
  for (const double p : work.both) sum += p;
  for (double& p : work.both) p /= sum;
}

std::vector<double> BigramBaseline::distribution(int64_t left, int64_t right) const {
  Work work;
  combine(left, right, work);
  return work.both;
}

BaselineScore BigramBaseline::score_position(int64_t left, int64_t right, int64_t truth, Work& work) const {
  combine(left, right, work);
  return {1, best_of(work.both) == truth ? 1 : 0, -std::log(work.both[static_cast<size_t>(truth)])};
}

BaselineScore BigramBaseline::score(const PretrainingBatch& batch) const {
  BaselineScore score;
  Work work;
  for (size_t k = 0; k < batch.masked_positions.size(); ++k) {
    const auto at =
        static_cast<size_t>(batch.masked_positions[k]);  // [CLS] before and [SEP] after every piece
    score += score_position(batch.input_ids[at - 1], batch.input_ids[at + 1], batch.masked_labels[k], work);
  }
  return score;
}

}  // namespace gradus::bert
