#include "bert/pretraining_data.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "autograd/error.hpp"
#include "autograd/random.hpp"
#include "bert/pair_planner.hpp"

namespace gradus::bert {
namespace {

/// The streams of one epoch: even names draw pairs, odd ones masks, and the epoch's own draws the order.
Rng epoch_stream(uint64_t seed, int64_t epoch) { return Rng(seed).split(static_cast<uint64_t>(epoch)); }
Rng pair_stream(const Rng& epoch, int64_t document) {
  return epoch.split(2 * static_cast<uint64_t>(document));
}
Rng mask_stream(const Rng& epoch, int64_t example) {
  return epoch.split(2 * static_cast<uint64_t>(example) + 1);
}

void check_probability(const char* name, double p) {
  if (!(p >= 0 && p <= 1))
    fail<IndexError>("pretraining data: {} is {}, and must be between 0 and 1", name, p);
}

void check_options(const PretrainingOptions& o) {
  if (o.max_length < 5)
    fail<IndexError>("pretraining data: max_length is {}, and must be at least 5", o.max_length);
  if (o.max_predictions < 0)
    fail<IndexError>("pretraining data: max_predictions is {}, and must be 0 (no limit) or more",
                     o.max_predictions);
  if (o.nearby_documents < 1)
    fail<IndexError>("pretraining data: nearby_documents is {}, and must be at least 1", o.nearby_documents);
  check_probability("masked_fraction", o.masked_fraction);
  check_probability("short_sequence_probability", o.short_sequence_probability);
  check_probability("nearby_negatives", o.nearby_negatives);
}

/// Masks the pieces of one row.
class Masker {
 public:
  Masker(const PieceTable& pieces, const std::vector<uint8_t>& is_special,
         const std::vector<int32_t>& drawable, const PretrainingOptions& options)
      : pieces_(pieces), is_special_(is_special), drawable_(drawable), options_(options) {}

  /// Changes `row` in place and appends where, from `offset` on, and what stood there.
  void operator()(std::span<int64_t> row, int64_t offset, Rng rng, std::vector<int64_t>& positions,
                  std::vector<int64_t>& labels) {
    for (const int64_t s : choose(row, rng)) {
      int64_t& id = row[static_cast<std::size_t>(s)];
      positions.push_back(offset + s);
      labels.push_back(id);
      const double u = rng.uniform();
      if (u < 0.8)
        id = pieces_.special.mask;
      else if (u < 0.9)
        id = drawable_[rng.below(drawable_.size())];
    }
  }

 private:
  /// Slots [begin, end) that are masked together.
  struct Word {
    int64_t begin, end;
  };

  bool special(int64_t id) const { return is_special_[static_cast<std::size_t>(id)] != 0; }
  bool continues(int64_t id) const {
    return !pieces_.is_continuation.empty() && pieces_.is_continuation[static_cast<std::size_t>(id)] != 0;
  }

  void find_words(std::span<const int64_t> row) {
    words_.clear();
    for (int64_t s = 0; s < static_cast<int64_t>(row.size()); ++s) {
      const int64_t id = row[static_cast<std::size_t>(s)];
      if (special(id)) continue;
      if (options_.whole_words && continues(id) && !words_.empty() && words_.back().end == s)
        words_.back().end = s + 1;
      else
        words_.push_back({s, s + 1});
    }
  }

  /// The slots to predict, rising: words in random order while they fit.
  const std::vector<int64_t>& choose(std::span<const int64_t> row, Rng& rng) {
    find_words(row);
    int64_t maskable = 0;
    for (const Word& word : words_) maskable += word.end - word.begin;
    int64_t wanted = std::max<int64_t>(std::llround(options_.masked_fraction * static_cast<double>(maskable)),
                                       std::min<int64_t>(maskable, 1));
    if (options_.max_predictions > 0) wanted = std::min(wanted, options_.max_predictions);

    chosen_.clear();
    const auto left = [&] { return wanted - static_cast<int64_t>(chosen_.size()); };
    for (std::size_t i = 0; i < words_.size() && left() > 0; ++i) {
      std::swap(words_[i], words_[i + rng.below(words_.size() - i)]);
      if (words_[i].end - words_[i].begin > left()) continue;
      for (int64_t s = words_[i].begin; s < words_[i].end; ++s) chosen_.push_back(s);
    }
    // Where every word is longer than what is wanted, as much of one as may be.
    if (chosen_.empty())
      for (int64_t s = 0; s < wanted; ++s) chosen_.push_back(words_[0].begin + s);
    std::sort(chosen_.begin(), chosen_.end());
    return chosen_;
  }

  const PieceTable& pieces_;
  const std::vector<uint8_t>& is_special_;
  const std::vector<int32_t>& drawable_;
  const PretrainingOptions& options_;
  std::vector<Word> words_;
  std::vector<int64_t> chosen_;
};

}  // namespace

PieceTable PieceTable::of(const Tokenizer& tokenizer) {
  PieceTable table;
  table.vocabulary_size = tokenizer.vocab().size();
  table.special = tokenizer.special_ids();
  for (const std::string& piece : tokenizer.vocab().pieces()) {
    table.is_continuation.push_back(piece.starts_with("##"));
  }
  for (const std::string& piece : tokenizer.extra_specials()) {
    table.more_special.push_back(tokenizer.vocab().id(piece));
  }
  return table;
}

PretrainingData::PretrainingData(std::shared_ptr<const TokenizedCorpus> corpus, PieceTable pieces,
                                 PretrainingOptions options)
    : corpus_(std::move(corpus)), pieces_(std::move(pieces)), options_(options) {
  check_options(options_);
  const auto size = pieces_.vocabulary_size;
  const auto check_id = [size](const char* what, int64_t id) {
    if (id < 0 || id >= size)
      fail<IndexError>("pretraining data: {} {} is outside the vocabulary of {} pieces", what, id, size);
  };
  for (const int32_t id : corpus_->ids()) check_id("token id", id);
  if (!pieces_.is_continuation.empty() && static_cast<int64_t>(pieces_.is_continuation.size()) != size)
    fail<IndexError>("pretraining data: is_continuation has {} entries for a vocabulary of {} pieces",
                     pieces_.is_continuation.size(), size);

  is_special_.assign(static_cast<std::size_t>(size), 0);
  const SpecialIds& s = pieces_.special;
  for (const int32_t id : {s.pad, s.unk, s.cls, s.sep, s.mask}) pieces_.more_special.push_back(id);
  for (const int32_t id : pieces_.more_special) {
    check_id("special id", id);
    is_special_[static_cast<std::size_t>(id)] = 1;
  }
  for (int32_t id = 0; id < size; ++id)
    if (!is_special_[static_cast<std::size_t>(id)]) drawable_.push_back(id);
  if (drawable_.empty()) fail<FormatError>("pretraining data: every piece of the vocabulary is special");

  const bool can_mask = std::ranges::any_of(
      corpus_->ids(), [this](int32_t id) { return !is_special_[static_cast<std::size_t>(id)]; });
  if (!can_mask)
    fail<FormatError>(
        "pretraining data: all {} tokens are [UNK] or other special pieces, so there is nothing to mask; "
        "take "
        "a vocabulary that was made for this text",
        corpus_->tokens());

  documents_ = pairing_documents(*corpus_);
  if (options_.next_sentence && documents_.size() < 2)
    fail<FormatError>(
        "pretraining data: next sentence prediction needs two documents of two sentences, and the corpus has "
        "{}: "
        "put an empty line between documents, cut the text into blocks of sentences, or train without it",
        documents_.size());
}

EpochPlan PretrainingData::plan_epoch(int64_t epoch, int64_t max_length) const {
  EpochPlan plan{epoch, max_length == 0 ? options_.max_length : max_length, {}};
  if (epoch < 0) fail<IndexError>("pretraining data: there is no epoch {}", epoch);
  if (plan.max_length < 5)
    fail<IndexError>("pretraining data: max_length is {}, and must be at least 5", plan.max_length);
  Rng rng = epoch_stream(options_.seed, epoch);
  const auto pairing = options_.next_sentence ? static_cast<int64_t>(documents_.size()) : 0;
  for (int64_t i = 0; i < pairing; ++i)
    plan_pairs(*corpus_, documents_, i, plan.max_length, options_, pair_stream(rng, i), plan.examples);
  for (int64_t d = 0; d < corpus_->documents();) {
    const int64_t end = end_of_shared_rows(*corpus_, d);
    const bool has_pairs =
        options_.next_sentence && corpus_->end_sentence(d) - corpus_->first_sentence(d) >= 2;
    const Rng stream = pair_stream(rng, pairing + d);
    if (has_pairs)
      plan_unpaired(*corpus_, d, plan.max_length, options_, stream, plan.examples);
    else
      plan_windows(*corpus_, d, end, plan.max_length, options_, stream, plan.examples);
    d = end;
  }
  rng.shuffle(plan.examples);
  return plan;
}

PretrainingBatch PretrainingData::batch(const EpochPlan& epoch, int64_t first, int64_t count) const {
  if (first < 0 || count < 0 || first > epoch.size())
    fail<IndexError>("pretraining data: rows {} to {} of an epoch of {}", first, first + count, epoch.size());
  PretrainingBatch out;
  out.rows = std::min(count, epoch.size() - first);
  const auto plan = [&](int64_t row) -> const ExamplePlan& {
    return epoch.examples[static_cast<std::size_t>(first + row)];
  };
  const auto pieces_of = [](const ExamplePlan& p) {
    return p.next_sentence_label == no_label ? p.a_end - p.a_begin + 2
                                             : p.a_end - p.a_begin + p.b_end - p.b_begin + 3;
  };
  for (int64_t b = 0; b < out.rows; ++b) out.lengths.push_back(pieces_of(plan(b)));
  out.length = options_.pad_to_max_length ? epoch.max_length
               : out.rows == 0            ? 0
                                          : *std::max_element(out.lengths.begin(), out.lengths.end());

  const auto slots = static_cast<std::size_t>(out.rows * out.length);
  out.input_ids.assign(slots, pieces_.special.pad);
  out.token_type_ids.assign(slots, 0);
  out.attention_mask.assign(slots, 0);
  const Rng stream = epoch_stream(options_.seed, epoch.number);
  Masker mask(pieces_, is_special_, drawable_, options_);
  for (int64_t b = 0; b < out.rows; ++b) {
    const ExamplePlan& p = plan(b);
    const auto start = static_cast<std::size_t>(b * out.length);
    std::size_t at = start;
    const auto put = [&](int64_t id, int64_t segment) {
      out.input_ids[at] = id;
      out.token_type_ids[at] = segment;
      out.attention_mask[at++] = 1;
    };
    put(pieces_.special.cls, 0);
    for (int64_t i = p.a_begin; i < p.a_end; ++i) put(corpus_->ids()[static_cast<std::size_t>(i)], 0);
    put(pieces_.special.sep, 0);
    if (p.next_sentence_label != no_label) {
      for (int64_t i = p.b_begin; i < p.b_end; ++i) put(corpus_->ids()[static_cast<std::size_t>(i)], 1);
      put(pieces_.special.sep, 1);
    }
    mask(std::span(out.input_ids).subspan(start, at - start), static_cast<int64_t>(start),
         mask_stream(stream, first + b), out.masked_positions, out.masked_labels);
    out.next_sentence_labels.push_back(p.next_sentence_label);
  }
  return out;
}

}  // namespace gradus::bert
