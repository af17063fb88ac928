/// @file
/// Chapter 13: pairs A and B from stories, without care and with it, and what the network sees of a pair.
#pragma once

#include <functional>
#include <map>

#include "bert/data/pretraining_data.hpp"
#include "stories.hpp"

namespace gradus::tutorials::next_sentence {

constexpr int64_t is_next = 0, is_random = 1;  ///< BERT's labels

struct Pair {
  Row a, b;
  int64_t label = is_next;
};

/// Any story but number `index`.
inline const Story& another(const std::vector<Story>& all, size_t index, Rng& rng) {
  const size_t other = rng.below(all.size() - 1);  // one less: the story itself is left out
  return all[other < index ? other : other + 1];
}

/// A and B from story `index`, cut somewhere; or, by a coin, the same A and any other story as B. A story of
/// one sentence has no B of its own, and always gets a random one.
inline Pair careless_pair(const std::vector<Story>& all, size_t index, Rng& rng) {
  const Story& one = all[index];
  if (one.size() == 1) {
    const Story& other = another(all, index, rng);
    return {run_of(one, 0, 1), run_of(other, 0, other.size()), is_random};
  }
  const size_t cut = 1 + rng.below(one.size() - 1);
  const Row a = run_of(one, 0, cut);
  if (rng.chance(0.5)) return {a, run_of(one, cut, one.size()), is_next};
  const Story& other = another(all, index, rng);
  return {a, run_of(other, 0, other.size()), is_random};
}

/// A random B in place of `truth`: the end of another story of the same place, as long, without its first
/// sentence. Empty if none is found.
inline Row stranger(const std::vector<Story>& all, size_t index, const Row& truth, Rng& rng) {
  const size_t sentences = truth.size() / 3;
  for (int tries = 0; tries < 100; ++tries) {
    const Story& other = another(all, index, rng);
    if (other.size() <= sentences || place_of(other) != place_of(all[index])) continue;
    const Row b = run_of(other, other.size() - sentences, other.size());
    return b == truth ? Row{} : b;  // what reads like the true B is not called random
  }
  return {};
}

/// The same with care. The story must have two sentences or more.
inline Pair careful_pair(const std::vector<Story>& all, size_t index, Rng& rng) {
  const Story& one = all[index];
  const size_t cut = 1 + rng.below(one.size() - 1);
  const Row a = run_of(one, 0, cut), truth = run_of(one, cut, one.size());
  if (rng.chance(0.5)) return {a, truth, is_next};
  const Row b = stranger(all, index, truth, rng);
  return b.empty() ? Pair{a, truth, is_next} : Pair{a, b, is_random};
}

/// One pair from each story in turn; with care, stories of one sentence are left out.
inline std::vector<Pair> pairs_of(const std::vector<Story>& all, bool with_care, Rng& rng) {
  std::vector<Pair> pairs;
  for (size_t i = 0; i < all.size(); ++i) {
    if (!with_care) pairs.push_back(careless_pair(all, i, rng));
    if (with_care && all[i].size() > 1) pairs.push_back(careful_pair(all, i, rng));
  }
  return pairs;
}

/// [CLS] A [SEP] B [SEP], and the segment of each place: 0 up to the first [SEP], then 1.
inline Row row_of(const Pair& pair) {
  Row row = {cls_id};
  row.insert(row.end(), pair.a.begin(), pair.a.end());
  row.push_back(sep_id);
  row.insert(row.end(), pair.b.begin(), pair.b.end());
  row.push_back(sep_id);
  return row;
}
inline Row segments_of(const Pair& pair) {
  Row segments(pair.a.size() + 2, 0);
  segments.resize(pair.a.size() + pair.b.size() + 3, 1);
  return segments;
}

/// Pairs as a batch of the library's, filled up with [PAD] to the longest. No word is hidden.
inline bert::PretrainingBatch batch_of(const std::vector<Pair>& pairs) {
  bert::PretrainingBatch batch;
  batch.rows = static_cast<int64_t>(pairs.size());
  for (const Pair& pair : pairs) {
    batch.lengths.push_back(static_cast<int64_t>(row_of(pair).size()));
    batch.length = std::max(batch.length, batch.lengths.back());
    batch.next_sentence_labels.push_back(pair.label);
  }
  const auto append = [&](std::vector<int64_t>& to, Row row) {
    row.resize(static_cast<size_t>(batch.length), 0);
    to.insert(to.end(), row.begin(), row.end());
  };
  for (const Pair& pair : pairs) {
    append(batch.input_ids, row_of(pair));
    append(batch.token_type_ids, segments_of(pair));
    append(batch.attention_mask, Row(row_of(pair).size(), 1));
  }
  return batch;
}

}  // namespace gradus::tutorials::next_sentence
