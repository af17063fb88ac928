/// @file
/// Chapter 17: which head finds whom "it" means.
#pragma once

#include "looking.hpp"

namespace gradus::tutorials::looking_inside {

/// A number for each head of each layer: [L][A].
using ByHead = std::vector<std::vector<double>>;

/// The weight of `maps` [B, A, S, S] in head a of sentence b, from "it" to `place`.
inline double look_of_it(const Tensor& maps, const std::vector<Case>& cases, size_t b, int64_t a,
                         int64_t place) {
  return maps.at({static_cast<int64_t>(b), a, cases[b].it, place});
}

/// A number of each head, the mean over all sentences of `of(maps, b, a)`.
template <class Of>
ByHead mean_by_head(const Seen& seen, size_t sentences, const Of& of) {
  ByHead all;
  for (const Tensor& maps : seen.maps) {
    all.emplace_back();
    for (int64_t a = 0; a < maps.size(1); ++a) {
      double sum = 0;
      for (size_t b = 0; b < sentences; ++b) sum += of(maps, b, a);
      all.back().push_back(sum / static_cast<double>(sentences));
    }
  }
  return all;
}

/// The share of sentences in which a head looks from "it" more at the right noun than at the wrong one; equal
/// looks are half a find.
inline ByHead finds_noun(const Seen& seen, const std::vector<Case>& cases) {
  return mean_by_head(seen, cases.size(), [&](const Tensor& maps, size_t b, int64_t a) {
    const double right = look_of_it(maps, cases, b, a, cases[b].right());
    const double wrong = look_of_it(maps, cases, b, a, cases[b].wrong());
    return right > wrong ? 1 : right == wrong ? 0.5 : 0;
  });
}

inline double of(const ByHead& numbers, const bert::HeadName& head) {
  return numbers[static_cast<size_t>(head.layer)][static_cast<size_t>(head.head)];
}

/// The head with the largest number; of equal ones the first.
inline bert::HeadName best_of(const ByHead& numbers) {
  bert::HeadName best;
  for (int64_t layer = 0; layer < std::ssize(numbers); ++layer)
    for (int64_t head = 0; head < std::ssize(numbers[static_cast<size_t>(layer)]); ++head)
      if (of(numbers, {layer, head}) > of(numbers, best)) best = {layer, head};
  return best;
}

/// "layer 2, head 1": from 1, as the program counts.
inline std::string name_of(const bert::HeadName& head) {
  return "layer " + std::to_string(head.layer + 1) + ", head " + std::to_string(head.head + 1);
}

}  // namespace gradus::tutorials::looking_inside
