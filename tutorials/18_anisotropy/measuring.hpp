/// @file
/// Chapter 18: a BERT's vectors of the test, cured or not, and what their cosines are worth.
#pragma once

#include <fmt/format.h>

#include <filesystem>

#include "autograd/file.hpp"
#include "cures.hpp"
#include "network.hpp"

namespace gradus::tutorials::anisotropy {

/// What a table says of vectors: the mean cosine of two texts, how much the largest direction holds, how much
/// of the variance is of the form, and how well the cosines of the test's pairs keep the order of scores.
struct Worth {
  double cosine = 0, largest = 0, form = 0, order = 0;
};
inline Worth worth(const Tensor& vectors, const Pairs& test) {
  return {mean_cosine(vectors), spectrum(vectors).at({0}), told_by_form(vectors, test.forms()),
          order_kept(vectors, test.scores)};
}

/// The mean cosine of the pairs of each score, 0 to 5.
inline std::vector<double> cosines_by_score(const Tensor& vectors, const Pairs& test) {
  const auto n = static_cast<int64_t>(test.scores.size());
  const Tensor cosines = row_cosines(vectors.slice(0, 0, n), vectors.slice(0, n, 2 * n));
  std::vector<double> sums(6, 0), counts(6, 0);
  for (int64_t i = 0; i < n; ++i) {
    const auto score = static_cast<size_t>(test.scores[static_cast<size_t>(i)]);
    sums[score] += cosines.at({i});
    ++counts[score];
  }
  for (size_t k = 0; k < 6; ++k) sums[k] /= counts[k];
  return sums;
}

/// Which of `all` texts cures are fitted to: `count` of them, drawn once.
inline std::vector<size_t> fitting_numbers(size_t all, size_t count) {
  std::vector<size_t> numbers(all);
  std::iota(numbers.begin(), numbers.end(), size_t{0});
  Rng rng(5);
  rng.shuffle(numbers);
  numbers.resize(std::min(count, all));
  return numbers;
}
inline Rows fitting_texts(const Handovers& world, size_t count) {
  const Rows all = world.training.all();
  Rows rows;
  for (const size_t i : fitting_numbers(all.size(), count)) rows.push_back(all[i]);
  return rows;
}

/// The vectors of one network that the chapter looks at.
struct Vectors {
  Tensor test;     ///< of the pairs of the test, all first texts and then all second ones
  Tensor fitting;  ///< of texts of the same kind, which cures are fitted to
  Tensor stories;  ///< of texts of another kind
};
inline Vectors vectors_of_all(const bert::BertForPreTraining& model, const Handovers& world,
                              size_t fitted_to) {
  const Rows stories(world.stories.begin(), world.stories.begin() + static_cast<std::ptrdiff_t>(fitted_to));
  return {vectors_of(model, world.test.all()), vectors_of(model, fitting_texts(world, fitted_to)),
          vectors_of(model, stories)};
}

/// The cures by name, fitted to `fitting`.
inline std::vector<std::pair<std::string, Cure>> all_cures(const Tensor& fitting) {
  return {{"centred", centred(fitting)},
          {"1 direction removed", removed(fitting, 1)},
          {"3 removed", removed(fitting, 3)},
          {"8 removed", removed(fitting, 8)},
          {"whitened", whitened(fitting)}};
}

/// For `gradus similarity`: pairs.tsv, the pairs of the test with their scores, and texts.txt, what
/// fitting_texts() has.
inline void write_text_files(const std::filesystem::path& folder, const Handovers& world, size_t count) {
  std::string pairs = "text\tpair\tscore\n", texts;
  for (const bert::ToyTextPair& pair : world.test.texts)
    pairs += fmt::format("{}\t{}\t{}\n", pair.first, pair.second, pair.score);
  std::vector<std::string> all;
  for (const bert::ToyTextPair& pair : world.training.texts) all.push_back(pair.first);
  for (const bert::ToyTextPair& pair : world.training.texts) all.push_back(pair.second);
  for (const size_t i : fitting_numbers(all.size(), count)) texts += all[i] + "\n";
  write_file_atomically(folder / "pairs.tsv", pairs);
  write_file_atomically(folder / "texts.txt", texts);
}

}  // namespace gradus::tutorials::anisotropy
