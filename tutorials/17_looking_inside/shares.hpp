/// @file
/// Chapter 17: the share of each token in what the network says: gradient times input, and the same along a
/// whole way (integrated gradients).
#pragma once

#include "looking.hpp"

namespace gradus::tutorials::looking_inside {

/// What is explained: embeddings of a sentence in B versions, [B, S, H], to a number for each, [B].
using Output = std::function<Tensor(const Tensor&)>;

/// dF/dx at each version: [B, S, H].
inline Tensor slopes(const Output& f, const Tensor& x) {
  const Tensor at = x.detach().clone().requires_grad();
  return grad({sum(f(at))}, {at})[0];
}

/// sum_h x_sh dF/dx_sh for each token s: x [1, S, H] -> [S].
inline Tensor gradient_times_input(const Output& f, const Tensor& x) {
  return sum(x * slopes(f, x), Axes{0, 2});
}

/// sum_h (x_sh - b_sh) times the mean of dF/dx_sh at `points` points of the straight way from b to x, each in
/// the middle of its part of the way: [1, S, H] each -> [S].
inline Tensor integrated_gradients(const Output& f, const Tensor& x, const Tensor& b, int64_t points) {
  const Tensor part = (arange(points, x.dtype()) + 0.5) / static_cast<double>(points);
  const Tensor way = x - b;
  const Tensor versions = b + way * part.reshape({points, 1, 1});      // [points, S, H]
  const Tensor mean_slope = mean(slopes(f, versions), Axes{0}, true);  // [1, S, H]
  return sum(way * mean_slope, Axes{0, 2});
}

/// At "it" the score of who eats minus the score of what is eaten: above 0 "it" is who eats.
inline Output who_against_what(const bert::BertForPreTraining& model, const Case& one) {
  return [&model, one](const Tensor& x) {
    const Tensor real = ones({x.size(0), x.size(1)}, DType::boolean);
    const Tensor it = look(model.bert, x, real).states.back().select(1, one.it);  // [B, H]
    const Tensor scores = model.cls.predictions(it);                              // [B, V]
    const auto of = [&](Role role) { return scores.select(1, one.id_at(one.nouns[role])); };
    return of(eater) - of(eaten);
  };
}

/// The embeddings of one row: [1, S, H], without a graph.
inline Tensor embedded_row(const bert::Bert& model, const Ids& row) {
  const NoGrad no_tape;
  return embedded(model, tensor(row).unsqueeze(0));
}

/// The sentence with [MASK] in place of every word; the signs stay.
inline Ids nothing_said(Ids row) {
  for (int64_t& id : row)
    if (id >= signs) id = mask_id;
  return row;
}

}  // namespace gradus::tutorials::looking_inside
