// Chapter 10, the exercises solved.
#include "exercise.hpp"

namespace gradus::tutorials::translation {

Tensor newest_may_see(int64_t S, int64_t T) {
  const Tensor mine = (arange(S) + tensor<int64_t>({T - S})).unsqueeze(1);  // [S, 1]: the places of the rows
  return logical_not(less(mine, arange(T).unsqueeze(0)));                   // not after me: [S, T]
}

Text beam_by_hand(const Next& next_of, int64_t beams, int64_t end, int64_t limit) {
  std::vector<Text> beam(1);
  for (int64_t step = 0; step < limit; ++step) {
    std::vector<Text> all;
    for (const Text& text : beam) {
      if (text.ended) {
        all.push_back(text);
        continue;
      }
      const std::vector<double> log_p = next_of(text.ids);
      for (size_t id = 0; id < log_p.size(); ++id) {
        Text longer = text;
        longer.log_p += log_p[id];
        longer.ended = static_cast<int64_t>(id) == end;
        if (!longer.ended) longer.ids.push_back(static_cast<int64_t>(id));
        all.push_back(longer);
      }
    }
    std::stable_sort(all.begin(), all.end(), [](const Text& a, const Text& b) { return a.log_p > b.log_p; });
    all.resize(std::min(all.size(), static_cast<size_t>(beams)));
    beam = all;
  }
  return beam.front();
}

Pair given_and_wanted(const Tensor& target) {
  const int64_t S = target.size(1);
  return {target.slice(1, 0, S - 1), target.slice(1, 1, S)};
}

Tensor loss_without_padding(const Tensor& logits, const Tensor& wanted) {
  const Tensor log_p = gather(log_softmax(logits), 2, wanted.unsqueeze(2)).squeeze(2);  // [B, S]
  const Tensor real = not_padding(wanted).to(logits.dtype());
  // One sum over the whole batch, one count over the whole batch: every character weighs the same.
  return -sum(log_p * real) / sum(real);
}

}  // namespace gradus::tutorials::translation
