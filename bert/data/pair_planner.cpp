#include "bert/data/pair_planner.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace gradus::bert {
namespace {

/// Sentences [first, end).
struct Run {
  int64_t first, end;
};

/// How many strangers are looked at to find one of the right length.
constexpr int candidates = 8;

int64_t draw_target(int64_t longest, int64_t shortest, double short_probability, Rng& rng) {
  return short_probability > 0 && rng.chance(short_probability) ? rng.between(shortest, longest) : longest;
}

/// The sentences from `first` that it takes to reach `pieces`: at least one, and no further than `end`.
int64_t fill(const TokenizedCorpus& corpus, int64_t first, int64_t end, int64_t pieces) {
  int64_t i = first + 1;
  while (i < end && corpus.length(first, i) < pieces) ++i;
  return i;
}

class PairPlanner {
 public:
  PairPlanner(const TokenizedCorpus& corpus, std::span<const int64_t> documents, int64_t index,
              const PretrainingOptions& options, Rng& rng)
      : corpus_(corpus), documents_(documents), index_(index), options_(options), rng_(rng) {}

  /// A B from another document in place of `truth`; `need` is how many pieces fill the row.
  std::optional<Run> stranger(Run truth, int64_t need) {
    const bool runs_to_the_end = truth.end == corpus_.end_sentence(documents_[static_cast<size_t>(index_)]);
    std::optional<Run> best;
    int64_t best_error = INT64_MAX;
    for (int k = 0; k < candidates && best_error > 0; ++k) {
      const int64_t d = other_document();
      const Run run = runs_to_the_end ? ending(d, corpus_.length(truth.first, truth.end)) : middle(d, need);
      const int64_t length = corpus_.length(run.first, run.end);
      const int64_t error = runs_to_the_end ? std::abs(length - corpus_.length(truth.first, truth.end))
                                            : std::max<int64_t>(need - length, 0);
      if (error >= best_error || reads_like(run, truth)) continue;
      best = run;
      best_error = error;
    }
    return best;
  }

 private:
  int64_t other_document() {
    const auto count = static_cast<int64_t>(documents_.size());
    int64_t low = 0, high = count - 1;
    if (rng_.chance(options_.nearby_negatives)) {
      low = std::max(low, index_ - options_.nearby_documents);
      high = std::min(high, index_ + options_.nearby_documents);
    }
    const int64_t i = rng_.between(low, high - 1);  // one place less: the document itself is left out
    return documents_[static_cast<size_t>(i < index_ ? i : i + 1)];
  }

  /// The end of document d that comes nearest to `pieces`, without its first sentence.
  Run ending(int64_t d, int64_t pieces) const {
    const int64_t end = corpus_.end_sentence(d);
    int64_t first = end - 1;
    while (first - 1 > corpus_.first_sentence(d) &&
           std::abs(corpus_.length(first - 1, end) - pieces) <= std::abs(corpus_.length(first, end) - pieces))
      --first;
    return {first, end};
  }

  Run middle(int64_t d, int64_t pieces) {
    const int64_t end = corpus_.end_sentence(d);
    const int64_t first = rng_.between(corpus_.first_sentence(d) + 1, end - 1);
    return {first, fill(corpus_, first, end, pieces)};
  }

  bool reads_like(Run a, Run b) const {
    const auto x = corpus_.run(a.first, a.end), y = corpus_.run(b.first, b.end);
    const size_t size = std::min(x.size(), y.size());
    return x.subspan(0, size) == y.subspan(0, size);
  }

  const TokenizedCorpus& corpus_;
  std::span<const int64_t> documents_;
  int64_t index_;
  const PretrainingOptions& options_;
  Rng& rng_;
};

/// The longer side loses pieces until both fit, in turns once they are alike: A its first, B its last.
ExamplePlan cut_to_fit(const TokenizedCorpus& corpus, Run a, Run b, int64_t target, int64_t label) {
  ExamplePlan row{corpus.begin_of(a.first), corpus.begin_of(a.end), corpus.begin_of(b.first),
                  corpus.begin_of(b.end), label};
  const int64_t a_size = row.a_end - row.a_begin, b_size = row.b_end - row.b_begin;
  if (a_size + b_size > target) {
    const int64_t kept = std::max(std::min(a_size, target - target / 2), target - b_size);
    row.a_begin = row.a_end - kept;
    row.b_end = row.b_begin + target - kept;
  }
  return row;
}

/// For each piece of the document, whether a pair of some epoch can show it. Rows may begin wherever one
/// before may have ended; a place that only a shorter row leads to is not looked at.
std::vector<bool> seen_in_pairs(const TokenizedCorpus& corpus, int64_t document, int64_t max_length) {
  const int64_t begin = corpus.first_sentence(document), end = corpus.end_sentence(document);
  const auto of = [](int64_t i) { return static_cast<size_t>(i); };
  const int64_t target = max_length - 3, origin = corpus.begin_of(begin);
  std::vector<bool> is_start(of(end - begin + 1), false);
  is_start[0] = true;
  std::vector<int64_t> change(of(corpus.length(begin, end) + 1), 0);  // of how many rows show a piece
  for (int64_t first = begin; first + 2 <= end; ++first) {
    const bool begins =
        is_start[of(first - begin)] && (first == begin || 2 * corpus.length(first, end) >= target);
    if (!begins) continue;
    const int64_t stop = std::max(fill(corpus, first, end, target), first + 2);
    for (int64_t cut = first + 1; cut < stop; ++cut) {
      const ExamplePlan row = cut_to_fit(corpus, {first, cut}, {cut, stop}, target, 0);
      ++change[of(row.a_begin - origin)];
      --change[of(row.b_end - origin)];
      is_start[of(cut - begin)] = true;
    }
    is_start[of(stop - begin)] = true;
  }
  std::vector<bool> seen;
  for (int64_t i = 0, rows = 0; i + 1 < static_cast<int64_t>(change.size()); ++i)
    seen.push_back((rows += change[of(i)]) > 0);
  return seen;
}

}  // namespace

std::vector<int64_t> pairing_documents(const TokenizedCorpus& corpus) {
  std::vector<int64_t> documents;
  CorpusWalk walk(corpus);
  for (int64_t d = 0; d < corpus.documents(); ++d) {
    walk.at(d);
    if (corpus.end_sentence(d) - corpus.first_sentence(d) >= 2) documents.push_back(d);
  }
  return documents;
}

void plan_pairs(const TokenizedCorpus& corpus, std::span<const int64_t> documents, int64_t index,
                int64_t max_length, const PretrainingOptions& options, Rng rng, PlannedRows& rows) {
  PairPlanner planner(corpus, documents, index, options, rng);
  const int64_t end = corpus.end_sentence(documents[static_cast<size_t>(index)]);
  const int64_t begin = corpus.first_sentence(documents[static_cast<size_t>(index)]);
  int64_t first = begin;
  const auto fills_half_a_row = [&] { return 2 * corpus.length(first, end) >= max_length - 3; };
  while (end - first >= 2 && (first == begin || fills_half_a_row())) {
    const int64_t target = draw_target(max_length - 3, 2, options.short_sequence_probability, rng);
    const int64_t stop = std::max(fill(corpus, first, end, target), first + 2);
    const int64_t cut = rng.between(first + 1, stop - 1);
    const Run a{first, cut}, truth{cut, stop};
    const bool random = rng.chance(0.5);
    const auto b = random ? planner.stranger(truth, target - corpus.length(first, cut)) : std::nullopt;
    rows.push_back(cut_to_fit(corpus, a, b.value_or(truth), target, b ? 1 : 0));
    first = b ? cut : stop;  // the sentences that a stranger displaced come back in the next row
  }
}

int64_t end_of_shared_rows(const TokenizedCorpus& corpus, int64_t document) {
  const auto is_alone = [&](int64_t d) { return corpus.end_sentence(d) - corpus.first_sentence(d) < 2; };
  int64_t end = document + 1;
  if (is_alone(document))
    while (end < corpus.documents() && is_alone(end)) ++end;
  return end;
}

void plan_windows(const TokenizedCorpus& corpus, int64_t first, int64_t end, int64_t max_length,
                  const PretrainingOptions& options, Rng rng, PlannedRows& rows) {
  const int64_t stop = corpus.begin_of(corpus.end_sentence(end - 1));
  for (int64_t at = corpus.begin_of(corpus.first_sentence(first)); at < stop;) {
    const int64_t target = draw_target(max_length - 2, 1, options.short_sequence_probability, rng);
    const int64_t next = std::min(at + target, stop);
    rows.push_back({at, next, next, next, no_label});
    at = next;
  }
}

void plan_unpaired(const TokenizedCorpus& corpus, int64_t document, int64_t max_length,
                   const PretrainingOptions& options, Rng rng, PlannedRows& rows) {
  const std::vector<bool> seen = seen_in_pairs(corpus, document, max_length);
  const int64_t origin = corpus.begin_of(corpus.first_sentence(document));
  const auto size = static_cast<int64_t>(seen.size());
  for (int64_t at = 0; at < size;) {
    if (seen[static_cast<size_t>(at)]) {
      ++at;
      continue;
    }
    const int64_t target = draw_target(max_length - 2, 1, options.short_sequence_probability, rng);
    const int64_t stop = std::min(at + target, size), begin = std::max<int64_t>(stop - target, 0);
    rows.push_back({origin + begin, origin + stop, origin + stop, origin + stop, no_label});
    at = stop;
  }
}

}  // namespace gradus::bert
