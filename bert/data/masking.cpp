#include "bert/data/masking.hpp"

#include <algorithm>
#include <cmath>

namespace gradus::bert {

MaskingVocabulary MaskingVocabulary::of(const Tokenizer& tokenizer) {
  MaskingVocabulary table;
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

void Masker::operator()(std::span<int64_t> row, int64_t offset, Rng rng, std::vector<int64_t>& positions,
                        std::vector<int64_t>& labels) {
  for (const int64_t s : choose(row, rng)) {
    int64_t& id = row[static_cast<size_t>(s)];
    positions.push_back(offset + s);
    labels.push_back(id);
    const double u = rng.uniform();
    if (u < 0.8)
      id = pieces_.special.mask;
    else if (u < 0.9)
      id = drawable_[rng.below(drawable_.size())];
  }
}

void Masker::find_words(std::span<const int64_t> row) {
  words_.clear();
  for (int64_t s = 0; s < static_cast<int64_t>(row.size()); ++s) {
    const int64_t id = row[static_cast<size_t>(s)];
    if (special(id)) continue;
    if (rule_.whole_words && continues(id) && !words_.empty() && words_.back().end == s)
      words_.back().end = s + 1;
    else
      words_.push_back({s, s + 1});
  }
}

/// The slots to predict, rising: words in random order while they fit.
const std::vector<int64_t>& Masker::choose(std::span<const int64_t> row, Rng& rng) {
  find_words(row);
  int64_t maskable = 0;
  for (const Word& word : words_) maskable += word.end - word.begin;
  int64_t wanted = std::max<int64_t>(std::llround(rule_.fraction * static_cast<double>(maskable)),
                                     std::min<int64_t>(maskable, 1));
  if (rule_.max_predictions > 0) wanted = std::min(wanted, rule_.max_predictions);

  chosen_.clear();
  const auto left = [&] { return wanted - static_cast<int64_t>(chosen_.size()); };
  for (size_t i = 0; i < words_.size() && left() > 0; ++i) {
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

}  // namespace gradus::bert
