/// @file
/// Chapter 21: operations of a tiny BERT's step, each counted and ready to be run by itself.
#pragma once

#include <functional>
#include <memory>

#include "autograd/kernels/products/gemm.hpp"
#include "fusing.hpp"
#include "losing.hpp"
#include "products.hpp"
#include "timing.hpp"
#include "tiny_bert.hpp"

namespace gradus::tutorials::speed {

/// The step of this chapter: 8 rows of 128 places, of which 154 are asked for.
inline const StepSizes sizes_of_the_text = {
    .batch = 8, .length = 128, .hidden = 128, .layers = 2, .vocabulary = 8192, .masked = 154};
inline const StepSizes sizes_to_run =
    short_run
        ? StepSizes{.batch = 2, .length = 32, .hidden = 128, .layers = 2, .vocabulary = 512, .masked = 9}
        : sizes_of_the_text;

using Numbers = std::vector<float>;
inline Numbers random_numbers(int64_t n, uint64_t seed) {
  Rng rng(seed);
  Numbers x(static_cast<size_t>(n));
  for (float& number : x) number = static_cast<float>(rng.normal());
  return x;
}

inline void blis_product(const float* a, const float* b, float* c, Sizes s) {
  kernels::gemm_plain<float>(num_threads(), 1, {a, s.m, s.k, s.k, 1}, {b, s.k, s.n, s.n, 1}, 0,
                             kernels::Matrix<float>{c, s.m, s.n, s.n, 1});
}

struct Operation {
  std::string name;
  Work work;
  std::function<void()> run;
};

inline Operation product_operation(const std::string& name, Sizes s) {
  auto a = std::make_shared<Numbers>(random_numbers(s.m * s.k, 1)),
       b = std::make_shared<Numbers>(random_numbers(s.k * s.n, 2));
  auto c = std::make_shared<Numbers>(static_cast<size_t>(s.m * s.n));
  return {name, product_work(s.m, s.n, s.k), [=] { blis_product(a->data(), b->data(), c->data(), s); }};
}

/// The operations of the roofline, of a step of these sizes. What is counted are the loops of this chapter.
inline std::vector<Operation> operations_of(const StepSizes& s) {
  const int64_t places = s.batch * s.length, wide = places * s.intermediate();
  const int64_t scored = s.masked * s.vocabulary;
  const auto some = [](int64_t n) { return std::make_shared<Numbers>(random_numbers(n, 3)); };
  const auto x = some(places * s.hidden), y = some(places * s.hidden), z = some(places * s.hidden);
  const auto u = some(wide), v = some(wide), w = some(wide), t = some(wide), row = some(s.intermediate());
  const auto scores = some(scored), less = some(scored), e = some(scored), logs = some(scored);
  const auto loss = some(s.masked), shifts = some(s.masked), sums = some(s.masked);
  const std::vector<int64_t> labels(static_cast<size_t>(s.masked), 1);
  return {
      {"residual: x + y", work_of({{"", 2, 1, 1}}, places * s.hidden),
       [=, n = places * s.hidden] { triad(x->data(), y->data(), 1, z->data(), n); }},
      {"bias + GELU in three", work_of(gelu_in_three, wide),
       [=, c = s.intermediate()] {
         bias_gelu_in_three(u->data(), row->data(), v->data(), w->data(), t->data(), places, c);
       }},
      {"bias + GELU in one", work_of(gelu_in_one, wide),
       [=, c = s.intermediate()] {
         bias_gelu_in_one(u->data(), row->data(), v->data(), w->data(), places, c);
       }},
      {"softmax + loss in three", work_of(losing_in_three, scored),
       [=, n = s.masked, V = s.vocabulary] {
         loss_in_three(scores->data(), labels.data(), less->data(), e->data(), logs->data(), loss->data(), n,
                       V);
       }},
      {"softmax + loss in one", work_of(losing_in_one, scored),
       [=, n = s.masked, V = s.vocabulary] {
         loss_in_one(scores->data(), labels.data(), loss->data(), shifts->data(), sums->data(), n, V);
       }},
      product_operation("scores of one head", {s.length, s.length, 64}),
      product_operation("a projection", {places, s.hidden, s.hidden}),
      product_operation("feed-forward", {places, s.intermediate(), s.hidden}),
      product_operation("decoder", {s.masked, s.vocabulary, s.hidden}),
  };
}

/// GELU and loss, forward and backward, in passes and in one.
inline std::vector<Operation> fused_and_not(const StepSizes& s) {
  const int64_t places = s.batch * s.length, cols = s.intermediate(), wide = places * cols;
  const int64_t rows = s.masked, classes = s.vocabulary, scored = rows * classes;
  const auto some = [](int64_t n) { return std::make_shared<Numbers>(random_numbers(n, 3)); };
  const auto bias = some(cols), dbias = some(cols), x = some(wide), y = some(wide), dy = some(wide),
             dx = some(wide);
  const auto z = some(wide), phi = some(wide), dphi = some(wide);
  const auto scores = some(scored), less = some(scored), e = some(scored), logs = some(scored);
  const auto dlogs = some(scored), p = some(scored), dscores = some(scored);
  const auto loss = some(rows), shifts = some(rows), sums = some(rows), dloss = some(rows);
  const std::vector<int64_t> labels(static_cast<size_t>(rows), 1);
  return {
      {"bias + GELU in three", work_of(gelu_in_three, wide) + work_of(gelu_backward_in_three, wide),
       [=] {
         bias_gelu_in_three(x->data(), bias->data(), z->data(), phi->data(), y->data(), places, cols);
         bias_gelu_backward_in_three(dy->data(), z->data(), phi->data(), dphi->data(), dx->data(),
                                     dbias->data(), places, cols);
       }},
      {"bias + GELU in one", work_of(gelu_in_one, wide) + work_of(gelu_backward_in_one, wide),
       [=] {
         bias_gelu_in_one(x->data(), bias->data(), y->data(), phi->data(), places, cols);
         bias_gelu_backward_in_one(dy->data(), phi->data(), dx->data(), dbias->data(), places, cols);
       }},
      {"softmax + loss in three",
       work_of(losing_in_three, scored) + work_of(losing_backward_in_three, scored),
       [=] {
         loss_in_three(scores->data(), labels.data(), less->data(), e->data(), logs->data(), loss->data(),
                       rows, classes);
         loss_backward_in_three(logs->data(), labels.data(), dloss->data(), dlogs->data(), p->data(),
                                dscores->data(), rows, classes);
       }},
      {"softmax + loss in one", work_of(losing_in_one, scored) + work_of(losing_backward_in_one, scored),
       [=] {
         loss_in_one(scores->data(), labels.data(), loss->data(), shifts->data(), sums->data(), rows,
                     classes);
         loss_backward_in_one(scores->data(), labels.data(), shifts->data(), sums->data(), dloss->data(),
                              dscores->data(), rows, classes);
       }},
  };
}

}  // namespace gradus::tutorials::speed
