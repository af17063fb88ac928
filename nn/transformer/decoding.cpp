#include "nn/transformer/decoding.hpp"
#include "autograd/plural.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gradus::nn {
namespace {

void check(const Transformer& model, const DecodingOptions& options) {
  if (options.max_length < 1) {
    fail<ValueError>("decoding: max_length must be at least 1, not {}", options.max_length);
  }
  const int64_t vocab = model.output_bias.size(0);
  if (options.end_id < 0 || options.end_id >= vocab) {
    fail<ValueError>("decoding: end_id {} is outside the {} {} of the target", options.end_id, vocab,
                     plural(vocab, "id"));
  }
  if (options.end_id == model.pad_id) {
    fail<ValueError>("decoding: end_id {} is the model's pad_id, which is never written", options.end_id);
  }
}

/// Rows of ids that grow, and what the model says about the next id of each.
class Prefixes {
 public:
  Prefixes(const Transformer& model, const Tensor& source, const DecodingOptions& options)
      : max_length(std::min(options.max_length, model.target_embedding.max_length())),
        model_(model),
        cached_(options.cached) {
    check(model, options);
    if (cached_) {
      state_ = model.start(source);
    } else {
      memory_ = model.encode(source);
      source_mask_ = model.not_padding(source);
    }
    ids_ = full({source.size(0), 1}, static_cast<double>(options.begin_id), DType::i64);
  }

  /// log p(id | source, prefix) of every id: [rows * V], one row after the other.
  std::vector<double> next() {
    const Tensor logits = cached_ ? model_.next(ids_.slice(1, ids_.size(1) - 1, ids_.size(1)), state_)
                                  : model_.decode(ids_, memory_, source_mask_);
    const Tensor last = logits.select(1, logits.size(1) - 1);  // [rows, V]
    std::vector<double> log_p = log_softmax(last).to(DType::f64).to_vector<double>();
    if (std::any_of(log_p.begin(), log_p.end(), [](double p) { return std::isnan(p); })) {
      fail<Error>(
          "decoding: the model's logits after {} {} are NaN; look at its training, or run it under "
          "DetectAnomaly to find the part",
          ids_.size(1), plural(ids_.size(1), "id"));
    }
    const auto vocab = static_cast<size_t>(last.size(1)), pad = static_cast<size_t>(model_.pad_id);
    if (model_.pad_id >= 0 && pad < vocab) {
      for (size_t at = pad; at < log_p.size(); at += vocab)
        log_p[at] = -std::numeric_limits<double>::infinity();
    }
    return log_p;
  }

  /// Row i becomes what was rows[i], followed by added[i].
  void extend(const std::vector<int64_t>& rows, const std::vector<int64_t>& added) {
    if (!is_unchanged(rows)) select(tensor(rows));
    ids_ = concat({ids_, tensor(added).unsqueeze(1)}, 1);
  }

  const int64_t max_length;  // as the options say, but no more than the model has positions

 private:
  bool is_unchanged(const std::vector<int64_t>& rows) const {
    for (size_t i = 0; i < rows.size(); ++i) {
      if (rows[i] != static_cast<int64_t>(i)) return false;
    }
    return static_cast<int64_t>(rows.size()) == ids_.size(0);
  }

  void select(const Tensor& index) {
    ids_ = index_select(ids_, 0, index);
    if (cached_) {
      state_.select(index);
    } else {
      memory_ = index_select(memory_, 0, index);
      source_mask_ = index_select(source_mask_, 0, index);
    }
  }

  const Transformer& model_;
  bool cached_;
  Tensor ids_;                   // [rows, n]
  DecoderState state_;           // cached
  Tensor memory_, source_mask_;  // not cached
};

/// A prefix in the beam: whose source it belongs to, and what it is so far.
struct Live {
  size_t sentence;
  Decoded so_far;
};

struct Candidate {
  double log_probability;
  size_t row;
  int64_t id;
};

/// The `count` best ways to go on with rows [begin, end); equal ones in order of row and id.
std::vector<Candidate> best_candidates(const std::vector<Live>& live, size_t begin, size_t end,
                                       const std::vector<double>& log_p, size_t count) {
  const size_t vocab = log_p.size() / live.size();
  std::vector<Candidate> all;
  all.reserve((end - begin) * vocab);
  for (size_t row = begin; row < end; ++row) {
    for (size_t id = 0; id < vocab; ++id) {
      const double p = live[row].so_far.log_probability + log_p[row * vocab + id];
      if (p > -std::numeric_limits<double>::infinity()) all.push_back({p, row, static_cast<int64_t>(id)});
    }
  }
  count = std::min(count, all.size());
  const auto is_better = [](const Candidate& a, const Candidate& b) {
    if (a.log_probability != b.log_probability) return a.log_probability > b.log_probability;
    return a.row != b.row ? a.row < b.row : a.id < b.id;
  };
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(), is_better);
  all.resize(count);
  return all;
}

/// log p / ((5 + length) / 6)^alpha, with the end in the length.
double score_of(const Decoded& result, double alpha) {
  const auto length = static_cast<double>(result.ids.size() + (result.ended ? 1 : 0));
  return result.log_probability / std::pow((5 + length) / 6, alpha);
}

}  // namespace

std::vector<Decoded> greedy(const Transformer& model, const Tensor& source, const DecodingOptions& options) {
  const EvalMode eval(model);
  const NoGrad no_grad;
  Prefixes prefixes(model, source, options);
  std::vector<Decoded> results(static_cast<size_t>(source.size(0)));
  std::vector<size_t> live(results.size());  // which result each row writes
  for (size_t i = 0; i < live.size(); ++i) live[i] = i;

  for (int64_t step = 0; step < prefixes.max_length && !live.empty(); ++step) {
    const std::vector<double> log_p = prefixes.next();
    const auto vocab = static_cast<std::ptrdiff_t>(log_p.size() / live.size());
    std::vector<int64_t> rows, ids;
    std::vector<size_t> still_live;
    for (size_t row = 0; row < live.size(); ++row) {
      const auto begin = log_p.begin() + static_cast<std::ptrdiff_t>(row) * vocab;
      const auto best = std::max_element(begin, begin + vocab);
      Decoded& result = results[live[row]];
      result.score = result.log_probability += *best;
      if (best - begin == options.end_id) {
        result.ended = true;
        continue;
      }
      result.ids.push_back(best - begin);
      rows.push_back(static_cast<int64_t>(row));
      ids.push_back(best - begin);
      still_live.push_back(live[row]);
    }
    live = still_live;
    if (!live.empty()) prefixes.extend(rows, ids);
  }
  return results;
}

std::vector<std::vector<Decoded>> beam_search(const Transformer& model, const Tensor& source,
                                              const BeamOptions& beam, const DecodingOptions& options) {
  if (beam.beams < 1) fail<ValueError>("beam_search: {} beams are too few: at least 1", beam.beams);
  const EvalMode eval(model);
  const NoGrad no_grad;
  Prefixes prefixes(model, source, options);
  std::vector<std::vector<Decoded>> done(static_cast<size_t>(source.size(0)));
  std::vector<Live> live;  // the rows of one sentence stand side by side
  for (size_t i = 0; i < done.size(); ++i) live.push_back({i, {}});

  for (int64_t step = 0; step < prefixes.max_length && !live.empty(); ++step) {
    const std::vector<double> log_p = prefixes.next();
    std::vector<int64_t> rows, ids;
    std::vector<Live> still_live;
    for (size_t begin = 0, end = 0; begin < live.size(); begin = end) {
      const size_t sentence = live[begin].sentence;
      while (end < live.size() && live[end].sentence == sentence) ++end;
      const size_t room = static_cast<size_t>(beam.beams) - done[sentence].size();
      for (const Candidate& next : best_candidates(live, begin, end, log_p, room)) {
        Decoded longer = live[next.row].so_far;
        longer.log_probability = next.log_probability;
        if (next.id == options.end_id) {
          longer.ended = true;
          done[sentence].push_back(std::move(longer));
          continue;
        }
        longer.ids.push_back(next.id);
        rows.push_back(static_cast<int64_t>(next.row));
        ids.push_back(next.id);
        still_live.push_back({sentence, std::move(longer)});
      }
    }
    live = std::move(still_live);
    if (!live.empty()) prefixes.extend(rows, ids);
  }

  for (Live& cut : live) done[cut.sentence].push_back(std::move(cut.so_far));
  for (std::vector<Decoded>& results : done) {
    for (Decoded& result : results) result.score = score_of(result, beam.alpha);
    std::stable_sort(results.begin(), results.end(),
                     [](const Decoded& a, const Decoded& b) { return a.score > b.score; });
  }
  return done;
}

}  // namespace gradus::nn
