/// @file
/// Chapter 10: writing. Keys and values that are kept, and the greedy search.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "decoder_and_transformer.hpp"

namespace gradus::tutorials::translation {

// ---- Kept keys and values ----

/// What stays the same from character to character.
struct Kept {
  LookedAt source;     // made once
  LookedAt own;        // grows by one
  Tensor source_seen;  // [B, 1, 1, T]
  int64_t length = 0;  // characters so far
};

inline Kept start(const Tensor& source, int64_t heads, const Weights& w) {
  const Tensor memory = encode(source, heads, w);
  return {looked_at(memory, heads, w, "decoder.layer.0.crossattention"),
          {},
          not_padding(source).unsqueeze(1).unsqueeze(1),
          0};
}

/// One more character ids [B, 1] -> logits [B, 1, V]: the work of one place, not of all.
inline Tensor next(const Tensor& ids, Kept& kept, int64_t heads, const Weights& w) {
  const std::string layer = "decoder.layer.0";
  const Tensor x = embedded(ids, w, "target", kept.length);  // [B, 1, H]
  const LookedAt added = looked_at(x, heads, w, layer + ".attention");
  kept.own = kept.length == 0 ? added
                              : LookedAt{concat({kept.own.keys, added.keys}, 2),
                                         concat({kept.own.values, added.values}, 2)};
  ++kept.length;
  const Tensor all =
      causal_mask(kept.length).slice(0, kept.length - 1, kept.length);  // the last row: all true
  return to_logits(decoder_layer(x, kept.own, all, kept.source, kept.source_seen, w, layer).output, w);
}

// ---- Greedy search ----

/// log p(character | prefix) of every character: anything that can be asked what comes next.
using Next = std::function<std::vector<double>(const std::vector<int64_t>& prefix)>;

struct Text {
  std::vector<int64_t> ids;  // without the end
  double log_p = 0;          // the sum over all characters and the end
  bool ended = false;
};

/// At each step the likeliest character, until the end is the likeliest or `limit` steps were made.
inline Text greedy_by_hand(const Next& next_of, int64_t end, int64_t limit) {
  Text text;
  for (int64_t step = 0; step < limit && !text.ended; ++step) {
    const std::vector<double> log_p = next_of(text.ids);
    const auto best = std::max_element(log_p.begin(), log_p.end());
    text.log_p += *best;
    text.ended = best - log_p.begin() == end;
    if (!text.ended) text.ids.push_back(best - log_p.begin());
  }
  return text;
}

/// The Transformer as something that can be asked: begin and the prefix in, the last place's logits out.
inline Next asking(const Tensor& source, int64_t heads, const Weights& w) {
  return [=](const std::vector<int64_t>& prefix) {
    std::vector<int64_t> ids = {1};  // begin
    ids.insert(ids.end(), prefix.begin(), prefix.end());
    const auto S = static_cast<int64_t>(ids.size());
    const Tensor logits = transformer(source, tensor(ids, Shape{1, S}), heads, w).logits;
    return log_softmax(logits.select(0, 0).select(0, S - 1)).to(DType::f64).to_vector<double>();
  };
}

/// A language of two characters, a (0) and b (1), and the end (2), small enough to list all its texts. The
/// likeliest first character does not begin the likeliest text.
inline std::vector<double> two_letters(const std::vector<int64_t>& prefix) {
  std::vector<double> p = {0, 0, 1};
  if (prefix.empty()) p = {0.55, 0.45, 0};
  if (prefix == std::vector<int64_t>{0}) p = {0.4, 0.3, 0.3};
  if (prefix == std::vector<int64_t>{1}) p = {0.05, 0.05, 0.9};
  for (double& x : p) x = std::log(x);
  return p;
}

}  // namespace gradus::tutorials::translation
