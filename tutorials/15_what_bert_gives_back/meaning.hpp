/// @file
/// Chapter 15: what the vectors of "cranes" say about its meaning: cosines, and two ways to read it off.
#pragma once

#include "learning.hpp"

namespace gradus::tutorials::gives_back {

/// The vectors of the cranes in each of the L + 1 states: [n, H] in f64.
inline std::vector<Tensor> vectors_of(const bert::BertForPreTraining& model, const std::vector<Crane>& all) {
  std::vector<Ids> rows;
  for (const Crane& crane : all) rows.push_back(crane.row);
  const bert::PretrainingBatch batch = batch_of(rows);
  std::vector<int64_t> places;
  for (const Crane& crane : all)
    places.push_back(static_cast<int64_t>(places.size()) * batch.length + crane.place);
  const NoGrad no_tape;
  const nn::EvalMode eval(model);
  const bert::BertOutput back =
      model.bert(tensor(batch.input_ids, Shape{batch.rows, batch.length}), {}, {}, {.hidden_states = true});
  std::vector<Tensor> vectors;
  for (const Tensor& state : back.hidden_states) {
    vectors.push_back(index_select(state.reshape({-1, state.size(2)}), 0, tensor(places)).to(DType::f64));
  }
  return vectors;
}

/// For comparison: the word vector of each crane, and the mean of the word vectors of its whole row: [n, H]
/// in f64.
inline Tensor word_vectors_of(const bert::BertForPreTraining& model, const std::vector<Crane>& all) {
  const Tensor ids = full({static_cast<int64_t>(all.size())}, cranes_id, DType::i64);
  return embedding(model.bert.embeddings.word_embeddings.weight.detach(), ids).to(DType::f64);
}
inline Tensor mean_words_of(const bert::BertForPreTraining& model, const std::vector<Crane>& all) {
  std::vector<Tensor> means;
  for (const Crane& crane : all) {
    Ids sorted = crane.row;  // the words without their order, so that sums round alike, too
    std::sort(sorted.begin(), sorted.end());
    const Tensor words = embedding(model.bert.embeddings.word_embeddings.weight.detach(), tensor(sorted));
    means.push_back(mean(words, Axes{0}).to(DType::f64));
  }
  return stack(means, 0);
}

// ---- How alike? ----

/// The mean cosine between vectors of different cranes at the same place, of the same meaning or of different
/// ones.
struct Cosines {
  double same = 0, different = 0;
};
inline Cosines cosines(const Tensor& vectors, const std::vector<Crane>& all) {
  const Tensor unit = vectors * rsqrt(sum(vectors * vectors, Axes{1}, true));
  const Tensor table = matmul(unit, unit.transpose(0, 1));  // [n, n]
  double sums[2] = {0, 0}, counts[2] = {0, 0};
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (all[i].place != all[j].place) continue;
      const size_t which = all[i].meaning == all[j].meaning ? 0 : 1;
      sums[which] += table.at({static_cast<int64_t>(i), static_cast<int64_t>(j)});
      ++counts[which];
    }
  }
  return {sums[0] / counts[0], sums[1] / counts[1]};
}

// ---- Reading the meaning off ----

inline Tensor meanings_of(const std::vector<Crane>& all) {
  std::vector<int64_t> meanings;
  for (const Crane& crane : all) meanings.push_back(crane.meaning);
  return tensor(meanings);
}

/// Which of the two each vector [n, H] is taken for: the one whose mean among the shown vectors is nearer.
inline Tensor by_nearest_mean(const Tensor& shown, const Tensor& shown_meanings, const Tensor& asked) {
  const auto distance_to = [&](Meaning meaning) {
    const Tensor own =
        equal(shown_meanings, static_cast<double>(meaning)).to(DType::f64).unsqueeze(1);  // [n, 1]
    const Tensor centre = sum(shown * own, Axes{0}) / sum(own);
    return sum((asked - centre) * (asked - centre), Axes{1});
  };
  return less(distance_to(machine), distance_to(bird)).to(DType::i64);
}

/// The share of the answers that are right.
inline double right(const Tensor& said, const std::vector<Crane>& all) {
  return mean(equal(said, meanings_of(all)).to(DType::f64)).item();
}

/// A question: some cranes are shown with their meaning, and then others without it.
struct Question {
  std::string name;
  std::vector<Crane> shown, asked;
};
inline std::vector<Question> questions() {
  const auto once = cranes_once(0, shown_things), twice = cranes_twice(0, shown_things);
  return {{"once, shown", once, once},
          {"once, other words", once, cranes_once(shown_things, things)},
          {"twice, shown", twice, twice},
          {"twice, other words", twice, cranes_twice(shown_things, things)}};
}

/// The share of the asked whose meaning is found, by vectors that `vectors` makes of cranes.
template <class Vectors>
double found_by(const Vectors& vectors, const Question& q) {
  return right(by_nearest_mean(vectors(q.shown), meanings_of(q.shown), vectors(q.asked)), q.asked);
}

/// The same by the network's vectors, in each of the L + 1 states.
inline std::vector<double> found(const bert::BertForPreTraining& model, const Question& q) {
  const std::vector<Tensor> shown = vectors_of(model, q.shown), asked = vectors_of(model, q.asked);
  std::vector<double> shares;
  for (size_t i = 0; i < shown.size(); ++i) {
    shares.push_back(right(by_nearest_mean(shown[i], meanings_of(q.shown), asked[i]), q.asked));
  }
  return shares;
}

/// The mean of `found` over `count` networks that have learnt nothing.
inline std::vector<double> found_untrained(const Question& q, int64_t count = 50, uint64_t first_seed = 100) {
  std::vector<double> means;
  for (int64_t i = 0; i < count; ++i) {
    const std::vector<double> one = found(small_bert(first_seed + static_cast<uint64_t>(i)), q);
    means.resize(one.size(), 0);
    for (size_t k = 0; k < one.size(); ++k) means[k] += one[k] / static_cast<double>(count);
  }
  return means;
}

}  // namespace gradus::tutorials::gives_back
