#include "bert/data/pretraining_data.hpp"

#include <algorithm>
#include <utility>

#include "autograd/error.hpp"
#include "autograd/random.hpp"
#include "bert/data/pair_planner.hpp"

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
    fail<ValueError>("pretraining data: {} is {}, and must be between 0 and 1", name, p);
}

void check_options(const PretrainingOptions& o) {
  if (o.max_length < 5)
    fail<ValueError>("pretraining data: max_length is {}, and must be at least 5", o.max_length);
  if (o.max_predictions < 0)
    fail<ValueError>("pretraining data: max_predictions is {}, and must be 0 (no limit) or more",
                     o.max_predictions);
  if (o.nearby_documents < 1)
    fail<ValueError>("pretraining data: nearby_documents is {}, and must be at least 1", o.nearby_documents);
  check_probability("masked_fraction", o.masked_fraction);
  check_probability("short_sequence_probability", o.short_sequence_probability);
  check_probability("nearby_negatives", o.nearby_negatives);
}

}  // namespace

PretrainingData::PretrainingData(std::shared_ptr<const TokenizedCorpus> corpus, MaskingVocabulary pieces,
                                 PretrainingOptions options)
    : corpus_(std::move(corpus)), pieces_(std::move(pieces)), options_(options) {
  check_options(options_);
  const auto size = pieces_.vocabulary_size;
  const auto check_id = [size](const char* what, int64_t id) {
    if (id < 0 || id >= size)
      fail<IndexError>("pretraining data: {} {} is outside the vocabulary of {} pieces", what, id, size);
  };
  if (!pieces_.is_continuation.empty() && static_cast<int64_t>(pieces_.is_continuation.size()) != size)
    fail<ShapeError>("pretraining data: is_continuation has {} entries for a vocabulary of {} pieces",
                     pieces_.is_continuation.size(), size);

  is_special_.assign(static_cast<size_t>(size), 0);
  const SpecialIds& s = pieces_.special;
  for (const int32_t id : {s.pad, s.unk, s.cls, s.sep, s.mask}) pieces_.more_special.push_back(id);
  for (const int32_t id : pieces_.more_special) {
    check_id("special id", id);
    is_special_[static_cast<size_t>(id)] = 1;
  }
  for (int32_t id = 0; id < size; ++id)
    if (!is_special_[static_cast<size_t>(id)]) drawable_.push_back(id);
  if (drawable_.empty()) fail<FormatError>("pretraining data: every piece of the vocabulary is special");

  bool can_mask = false;
  CorpusWalk walk(*corpus_);
  for (int64_t d = 0; d < corpus_->documents(); ++d) {
    walk.at(d);
    for (const int32_t id : corpus_->document(d)) {
      if (id < 0 || id >= size)
        fail<IndexError>(
            "pretraining data: token id {} is outside the vocabulary of {} pieces; the text was cut by "
            "another "
            "vocabulary, or its token file is damaged and is to be made again",
            id, size);
      can_mask = can_mask || !is_special_[static_cast<size_t>(id)];
    }
  }
  if (!can_mask)
    fail<FormatError>(
        "pretraining data: {} [UNK] or other special pieces, so there is nothing to mask; take a vocabulary "
        "that was made for this text",
        corpus_->tokens() == 1 ? "the one token is" : fmt::format("all {} tokens are", corpus_->tokens()));

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
    fail<ValueError>("pretraining data: max_length is {}, and must be at least 5", plan.max_length);
  Rng rng = epoch_stream(options_.seed, epoch);
  const auto pairing = options_.next_sentence ? static_cast<int64_t>(documents_.size()) : 0;
  plan.examples.reserve(corpus_->tokens() / plan.max_length);
  CorpusWalk of_pairs(*corpus_), of_windows(*corpus_);
  for (int64_t i = 0; i < pairing; ++i) {
    of_pairs.at(documents_[static_cast<size_t>(i)]);
    plan_pairs(*corpus_, documents_, i, plan.max_length, options_, pair_stream(rng, i), plan.examples);
  }
  for (int64_t d = 0; d < corpus_->documents();) {
    of_windows.at(d);
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
  plan.examples.shuffle(rng);
  return plan;
}

std::array<int64_t, 2> PretrainingData::count_labels(int64_t epoch) const {
  std::array<int64_t, 2> counts{};
  const Rng rng = epoch_stream(options_.seed, epoch);
  const auto pairing = options_.next_sentence ? static_cast<int64_t>(documents_.size()) : 0;
  for (int64_t i = 0; i < pairing && (counts[0] == 0 || counts[1] == 0); ++i) {
    PlannedRows rows;
    plan_pairs(*corpus_, documents_, i, options_.max_length, options_, pair_stream(rng, i), rows);
    for (const ExamplePlan& row : rows) ++counts[static_cast<size_t>(row.next_sentence_label)];
  }
  return counts;
}

Layout PretrainingData::layout_of(const EpochPlan& epoch, int64_t first, int64_t count) const {
  if (first < 0 || count < 0 || first > epoch.size())
    fail<IndexError>("pretraining data: rows {} to {} of an epoch of {}", first, first + count, epoch.size());
  const auto slots_of = [&](int64_t e) {
    const ExamplePlan p = epoch.examples[static_cast<size_t>(first + e)];
    return p.next_sentence_label == no_label ? p.a_end - p.a_begin + 2
                                             : p.a_end - p.a_begin + p.b_end - p.b_begin + 3;
  };
  const int64_t left = epoch.size() - first;
  return options_.pack
             ? packed(epoch.max_length, count, left, slots_of)
             : one_a_row(options_.pad_to_max_length ? epoch.max_length : 0, std::min(count, left), slots_of);
}

int64_t PretrainingData::examples_in(const EpochPlan& epoch, int64_t first, int64_t count) const {
  if (!options_.pack) return std::min(count, epoch.size() - first);
  return layout_of(epoch, first, count).examples();
}

PretrainingBatch PretrainingData::batch(const EpochPlan& epoch, int64_t first, int64_t count,
                                        std::optional<double> masked_fraction) const {
  if (masked_fraction) check_probability("masked_fraction", *masked_fraction);
  const auto plan = [&](int64_t e) { return epoch.examples[static_cast<size_t>(first + e)]; };
  const Layout layout = layout_of(epoch, first, count);
  PretrainingBatch out;
  out.rows = layout.rows;
  out.length = layout.length;
  const TokenIds ids = corpus_->ids();
  const auto slots = static_cast<size_t>(out.rows * out.length);
  out.input_ids.assign(slots, pieces_.special.pad);
  out.token_type_ids.assign(slots, 0);
  out.attention_mask.assign(slots, 0);
  if (options_.pack) {
    out.first_positions = layout.starts;
    out.position_ids.assign(slots, 0);
  }
  const Rng stream = epoch_stream(options_.seed, epoch.number);
  Masker mask(
      pieces_, is_special_, drawable_,
      {masked_fraction.value_or(options_.masked_fraction), options_.max_predictions, options_.whole_words});
  std::vector<int64_t> in_row(static_cast<size_t>(out.rows), 0);  // examples of each row so far
  for (int64_t e = 0; e < layout.examples(); ++e) {
    const ExamplePlan p = plan(e);
    const auto start = static_cast<size_t>(layout.starts[static_cast<size_t>(e)]);
    const int64_t number = ++in_row[start / static_cast<size_t>(out.length)];
    size_t at = start;
    const auto put = [&](int64_t id, int64_t segment) {
      out.input_ids[at] = id;
      out.token_type_ids[at] = segment;
      if (options_.pack) out.position_ids[at] = static_cast<int64_t>(at - start);
      out.attention_mask[at++] = number;
    };
    put(pieces_.special.cls, 0);
    for (int64_t i = p.a_begin; i < p.a_end; ++i) put(ids[static_cast<size_t>(i)], 0);
    put(pieces_.special.sep, 0);
    if (p.next_sentence_label != no_label) {
      for (int64_t i = p.b_begin; i < p.b_end; ++i) put(ids[static_cast<size_t>(i)], 1);
      put(pieces_.special.sep, 1);
    }
    out.lengths.push_back(static_cast<int64_t>(at - start));
    mask(std::span(out.input_ids).subspan(start, at - start), static_cast<int64_t>(start),
         mask_stream(stream, first + e), out.masked_positions, out.masked_labels);
    out.next_sentence_labels.push_back(p.next_sentence_label);
  }
  constexpr int64_t batches_between = 64;  // each row may lie on pages of its own
  if (++batches_ % batches_between == 0) corpus_->forget();
  return out;
}

}  // namespace gradus::bert
