// scaled_dot_product_attention, attention_with_weights and attention_from_scores.
#include <cmath>

#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

using Values = std::vector<double>;

Op fused(const AttentionOptions& options = {}) {
  return [options](const Inputs& x) { return scaled_dot_product_attention(x[0], x[1], x[2], options); };
}

Op twin(const AttentionOptions& options = {}) {
  return [options](const Inputs& x) { return composed::attention(x[0], x[1], x[2], options).first; };
}

/// q, k and v for B, A, S, T, D.
Inputs heads(int64_t B, int64_t A, int64_t S, int64_t T, int64_t D) {
  return random_inputs({{B, A, S, D}, {B, A, T, D}, {B, A, T, D}});
}

/// True for about two of three; the first of every row always.
Tensor random_mask(const Shape& shape, uint64_t seed) {
  Tensor mask = less(random_tensor(shape, seed, {0, 1}), scalar(0.66, DType::f64));
  mask.slice(-1, 0, 1).fill_(1);
  return mask;
}

/// bool [B, 1, 1, T]: sentence b has `lengths[b]` tokens.
Tensor padding_mask(const std::vector<int64_t>& lengths, int64_t T) {
  const int64_t B = static_cast<int64_t>(lengths.size());
  return less(arange(T), tensor(lengths, Shape{B, 1})).reshape({B, 1, 1, T});
}

}  // namespace

TEST_CASE("attention: equal scores average the values, one key gives its own", "[ops]") {
  const Tensor q = zeros({1, 1, 1, 2}, DType::f64), k = random_tensor({1, 1, 3, 2}, 1);
  const Tensor v = tensor({1.0, 10.0, 2.0, 20.0, 6.0, 60.0}, Shape{1, 1, 3, 2});
  CHECK(difference(scaled_dot_product_attention(q, k, v), tensor({3.0, 30.0}, Shape{1, 1, 1, 2})) < 1e-14);
  const Tensor one = scaled_dot_product_attention(q, k.slice(2, 0, 1), v.slice(2, 0, 1));
  CHECK(values(one) == Values{1, 10});
}

TEST_CASE("attention: scores are divided by the root of the head size", "[ops]") {
  const Tensor q = tensor({2.0, 0.0, 0.0, 0.0}, Shape{1, 1, 1, 4});
  const Tensor k = tensor({std::log(3.0), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0}, Shape{1, 1, 2, 4});
  const Tensor v = tensor({1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0}, Shape{1, 1, 2, 4});
  // Scores 2 log 3 / sqrt(4) and 0: probabilities 3/4 and 1/4.
  const Tensor y = scaled_dot_product_attention(q, k, v);
  CHECK(difference(y, tensor({0.75, 0.25, 0.0, 0.0}, Shape{1, 1, 1, 4})) < 1e-14);
}

TEST_CASE("attention: a masked key has probability 0, whatever it holds", "[ops]") {
  Inputs x = heads(1, 1, 2, 3, 4);
  const AttentionOptions options{.mask = padding_mask({2}, 3)};
  const Tensor before = fused(options)(x);
  const auto [y, weights] = attention_with_weights(x[0], x[1], x[2], options);
  CHECK(difference(y, before) < 1e-14);
  CHECK(weights.shape() == Shape{1, 1, 2, 3});
  CHECK(values(weights.select(3, 2)) == Values{0, 0});
  CHECK(difference(sum(weights, Axes{-1}), ones({1, 1, 2}, DType::f64)) < 1e-14);
  x[1].slice(2, 2, 3).fill_(1e30);
  CHECK(difference(fused(options)(x), before) == 0);
}

TEST_CASE("attention: a query that may look nowhere gives zeros and no gradient", "[ops]") {
  const Inputs x = heads(2, 2, 3, 4, 5);
  Tensor mask = random_mask({2, 1, 3, 4}, 3);
  mask.select(2, 1).fill_(0);
  mask.select(0, 1).fill_(0);
  const AttentionOptions options{.mask = mask};
  for (const Op& op : {fused(options), twin(options)}) {
    const Tensor y = op(x);
    CHECK(values(y.select(2, 1)) == Values(20, 0));
    CHECK(values(y.select(0, 1)) == Values(30, 0));
    for (const bool create_graph : {false, true}) {
      const Inputs found = gradients_of(op, x, create_graph);
      CHECK(values(found[0].select(2, 1)) == Values(20, 0));
      for (const Tensor& dx : found) CHECK(sum(abs(dx.select(0, 1))).item() == 0);
    }
  }
  check_twins(fused(options), twin(options), x);
}

TEST_CASE("attention: causal queries see no later key", "[ops]") {
  const Inputs x = heads(1, 2, 5, 5, 4);
  const auto [y, weights] = attention_with_weights(x[0], x[1], x[2], {.mask = {}, .causal = true});
  for (int64_t i = 0; i < 5; ++i) {
    for (int64_t j = 0; j < 5; ++j) CHECK((weights.at({0, 1, i, j}) == 0) == (j > i));
  }
  CHECK(difference(fused({.mask = {}, .causal = true})(x), y) < 1e-14);
  // With more keys than queries, the last query sees all keys.
  const Inputs longer = heads(1, 1, 2, 4, 4);
  const Tensor w =
      attention_with_weights(longer[0], longer[1], longer[2], {.mask = {}, .causal = true}).second;
  CHECK(w.at({0, 0, 0, 2}) > 0);
  CHECK(w.at({0, 0, 0, 3}) == 0);
  CHECK(w.at({0, 0, 1, 3}) > 0);
  // With fewer, the first queries see nothing.
  const Inputs shorter = heads(1, 1, 3, 2, 4);
  CHECK(values(fused({.mask = {}, .causal = true})(shorter).select(2, 0)) == Values(4, 0));
}

TEST_CASE("attention: no keys, no queries, no sentences", "[ops]") {
  CHECK(values(fused()(heads(1, 2, 3, 0, 4))) == Values(24, 0));
  CHECK(values(twin()(heads(1, 2, 3, 0, 4))) == Values(24, 0));
  CHECK(fused()(heads(1, 2, 0, 3, 4)).shape() == Shape{1, 2, 0, 4});
  CHECK(fused()(heads(0, 2, 3, 3, 4)).shape() == Shape{0, 2, 3, 4});
  check_empty(fused(), {{0, 2, 3, 4}, {0, 2, 3, 4}, {0, 2, 3, 4}});
  check_empty(fused(), {{1, 2, 0, 4}, {1, 2, 3, 4}, {1, 2, 3, 4}});
  check_empty(fused(), {{1, 2, 3, 4}, {1, 2, 0, 4}, {1, 2, 0, 4}});
}

TEST_CASE("attention: equals its twin, by size", "[ops][fused]") {
  for (const auto& [S, T, D] : std::vector<std::array<int64_t, 3>>{
           {1, 1, 1}, {2, 3, 1}, {3, 2, 5}, {7, 9, 8}, {17, 17, 16}, {33, 20, 32}, {5, 70, 3}}) {
    INFO(S << " queries, " << T << " keys, head size " << D);
    check_twins(fused(), twin(), heads(2, 3, S, T, D), 1e-12, 1e-5);
  }
}

TEST_CASE("attention: equals its twin, by mask", "[ops][fused]") {
  const Inputs x = heads(2, 3, 6, 6, 8);
  for (const bool causal : {false, true}) {
    for (const Tensor& mask : {Tensor(), padding_mask({6, 2}, 6), random_mask({6, 6}, 1),
                               random_mask({2, 1, 6, 6}, 2), random_mask({3, 1, 6}, 3),
                               random_mask({2, 3, 6, 6}, 4), random_mask({2, 1, 6, 6}, 5).transpose(2, 3),
                               random_mask({6}, 6), scalar(1, DType::boolean), scalar(0, DType::boolean)}) {
      INFO((causal ? "causal, " : "") << "mask " << (mask.defined() ? to_string(mask.shape()) : "none"));
      const AttentionOptions options{.mask = mask, .causal = causal};
      check_twins(fused(options), twin(options), x, 1e-12, 1e-5);
    }
  }
}

TEST_CASE("attention: equals its twin with dropout of the same seed", "[ops][fused]") {
  const Inputs x = heads(2, 2, 9, 9, 8);
  for (const double p : {0.1, 0.5, 1.0}) {
    for (const bool causal : {false, true}) {
      const AttentionOptions options{
          .mask = padding_mask({9, 4}, 9), .causal = causal, .dropout = p, .seed = 5};
      INFO("p = " << p);
      check_twins(fused(options), twin(options), x, 1e-12, 1e-5);
    }
  }
  AttentionOptions one{.mask = {}, .dropout = 0.5, .seed = 1}, two{.mask = {}, .dropout = 0.5, .seed = 2};
  CHECK(difference(fused(one)(x), fused(two)(x)) > 0);
}

TEST_CASE("attention: heads may be views of a projection [B, S, H]", "[ops][fused]") {
  const int64_t B = 2, S = 5, A = 3, D = 4;
  Inputs x;
  for (uint64_t i = 0; i < 3; ++i) {
    x.push_back(random_tensor({B, S, A * D}, i + 1).reshape({B, S, A, D}).permute({0, 2, 1, 3}));
  }
  check_twins(fused(), twin(), x);
  const Tensor y = fused()(x);
  // The result lies as [B, S, A, D], so that merging its heads copies nothing.
  const Tensor merged = y.permute({0, 2, 1, 3});
  CHECK(merged.is_contiguous());
  CHECK(merged.reshape({B, S, A * D}).shares_memory_with(y));
  // One projection of [B, S, 3 H] for all three, and rows that are not dense.
  const Tensor all = random_tensor({B, S, 3, A, D}, 9).permute({2, 0, 3, 1, 4});
  check_twins(fused({.mask = {}, .causal = true}), twin({.mask = {}, .causal = true}),
              {all.select(0, 0), all.select(0, 1), all.select(0, 2)});
  const Tensor thin = random_tensor({B, A, D, S}, 10).transpose(2, 3);
  check_twins(fused(), twin(), {thin, thin, thin});
  // Keys and values that all heads share (stride 0).
  const Tensor shared = random_tensor({B, 1, S, D}, 11).expand({B, A, S, D});
  check_twins(fused(), twin(), {thin, shared, shared});
}

TEST_CASE("attention: values may be wider than the keys", "[ops]") {
  const Inputs x = random_inputs({{2, 1, 3, 4}, {2, 1, 5, 4}, {2, 1, 5, 7}});
  CHECK(fused()(x).shape() == Shape{2, 1, 3, 7});
  check_gradients(fused(), x);
}

TEST_CASE("attention: gradients", "[ops][gradient]") {
  check_layouts(fused(), {{2, 2, 3, 2}, {2, 2, 3, 2}, {2, 2, 3, 2}});
  check_gradients(fused({.mask = padding_mask({3, 1}, 3)}), heads(2, 2, 2, 3, 2));
  check_gradients(fused({.mask = random_mask({2, 2, 3, 3}, 1)}), heads(2, 2, 3, 3, 2));
  check_gradients(fused({.mask = {}, .causal = true}), heads(1, 2, 3, 3, 2));
  check_gradients(fused({.mask = {}, .causal = true}), heads(1, 2, 2, 4, 2));
  check_gradients(fused({.mask = {}, .causal = true, .dropout = 0.3, .seed = 2}), heads(2, 2, 3, 3, 2));
  for (int64_t n = 1; n <= 17; n += 2) {
    check_gradients(fused(), heads(1, 1, 2, n, 2));
    check_gradients(fused(), heads(1, 1, n, 2, 1));
    check_gradients(fused(), heads(1, 1, 2, 2, n));
  }
}

TEST_CASE("attention: one tensor as queries, keys and values", "[ops][gradient]") {
  check_gradients([](const Inputs& x) { return scaled_dot_product_attention(x[0], x[0], x[0]); },
                  random_inputs({{1, 2, 3, 2}}));
}

TEST_CASE("attention: gradients of the weights", "[ops][gradient]") {
  check_gradients(
      [](const Inputs& x) {
        return attention_with_weights(x[0], x[1], x[2],
                                      {.mask = {}, .causal = true, .dropout = 0.2, .seed = 3})
            .second;
      },
      heads(1, 2, 3, 3, 2));
}

TEST_CASE("attention_from_scores: scores of any rank and kind, masked, causal and dropped", "[ops]") {
  const Inputs x = heads(2, 2, 4, 4, 3);
  const Tensor scores = matmul(x[0], x[1].transpose(-2, -1)) / std::sqrt(3.0);
  const AttentionOptions how{.mask = random_mask({2, 1, 1, 4}, 5), .causal = true, .dropout = 0.3, .seed = 9};
  const auto [y, weights] = attention_from_scores(scores, x[2], how);
  CHECK(difference(y, fused(how)(x)) < 1e-13);
  const auto [same, same_weights] = attention_with_weights(x[0], x[1], x[2], how);
  CHECK(difference(y, same) < 1e-15);
  CHECK(difference(weights, same_weights) < 1e-15);
  // Without batch and heads; the values may be narrower than the keys.
  const Tensor flat = tensor({0.0, std::log(3.0), 5.0, 7.0}, Shape{2, 2}),
               v = tensor({4.0, 8.0}, Shape{2, 1});
  const Tensor allowed = tensor<bool>({true, true, false, false}, Shape{2, 2});
  CHECK(difference(attention_from_scores(flat, v, {.mask = allowed}).first, tensor({7.0, 0.0}, Shape{2, 1})) <
        1e-14);
}

TEST_CASE("attention_from_scores: gradients, also where a row sees nothing", "[ops][gradient]") {
  const Tensor allowed = tensor<bool>({true, false, true, false, false, false}, Shape{2, 3});
  for (const bool composed : {false, true}) {
    const ComposedOps twins(composed);
    check_layouts(
        [&](const Inputs& x) {
          return attention_from_scores(x[0], x[1], {.mask = allowed, .dropout = 0.2}).first;
        },
        {{2, 2, 3}, {2, 3, 2}});
    check_gradients(
        [&](const Inputs& x) { return attention_from_scores(x[0], x[1], {.causal = true}).first; },
        random_inputs({{3, 3}, {3, 2}}));
    check_empty([](const Inputs& x) { return attention_from_scores(x[0], x[1]).first; },
                {{0, 2, 3}, {0, 3, 2}});
    check_empty([](const Inputs& x) { return attention_from_scores(x[0], x[1]).first; }, {{2, 0}, {0, 3}});
  }
}

TEST_CASE("attention: a mask changed in place is refused by backward", "[ops]") {
  Inputs x = heads(1, 1, 3, 3, 2);
  x[0].requires_grad();
  Tensor mask = random_mask({3, 3}, 1);
  const Tensor y = sum(fused({.mask = mask})(x));
  mask.fill_(1);
  const std::string text =
      "backward: a value [3, 3] saved for the gradient was changed in place after it was used";
  CHECK_THROWS_WITH(y.backward(true), text);
  CHECK_THROWS_WITH(y.backward(true, true), text);
}

TEST_CASE("attention: a scale that the caller gives, and numbers as a mask", "[ops]") {
  const Tensor q = random_tensor({2, 2, 3, 4}, 21), k = random_tensor({2, 2, 5, 4}, 22),
               v = random_tensor({2, 2, 5, 4}, 23), bias = random_tensor({2, 3, 5}, 24);
  const Tensor plain = scaled_dot_product_attention(q, k, v);
  CHECK(difference(scaled_dot_product_attention(q, k, v, {.scale = 0.5}), plain) < 1e-15);
  // A scale is a factor of the queries, a bias a term of the scores.
  CHECK(difference(scaled_dot_product_attention(q, k, v, {.scale = -0.3}),
                   scaled_dot_product_attention(q * -0.6, k, v)) < 1e-14);
  const Tensor scores = matmul(q, k.transpose(-2, -1)) * 0.5 + bias;
  CHECK(difference(scaled_dot_product_attention(q, k, v, {.mask = bias}), matmul(softmax(scores), v)) <
        1e-14);
  check_twins([](const Inputs& x) { return scaled_dot_product_attention(x[0], x[1], x[2], {.scale = 0.3}); },
              [](const Inputs& x) { return composed::attention(x[0], x[1], x[2], {.scale = 0.3}).first; },
              {q, k, v});
}

TEST_CASE("attention: -inf in a mask of numbers hides like false", "[ops]") {
  const Tensor q = random_tensor({1, 1, 3, 4}, 25), v = random_tensor({1, 1, 4, 4}, 26);
  const Tensor seen =
      tensor({true, false, true, true, false, false, false, false, true, true, true, true}, Shape{3, 4});
  const Tensor numbers = masked_fill(zeros({3, 4}, DType::f64), logical_not(seen), -infinity);
  const DetectAnomaly search;
  const Inputs by_bool = gradients_of(
      [&](const Inputs& x) { return scaled_dot_product_attention(x[0], x[1], x[1], {.mask = seen}); },
      {q, v});
  const Inputs by_number = gradients_of(
      [&](const Inputs& x) { return scaled_dot_product_attention(x[0], x[1], x[1], {.mask = numbers}); },
      {q, v});
  CHECK(difference(scaled_dot_product_attention(q, v, v, {.mask = numbers}),
                   scaled_dot_product_attention(q, v, v, {.mask = seen})) < 1e-15);
  for (size_t i = 0; i < by_bool.size(); ++i) CHECK(difference(by_number[i], by_bool[i]) < 1e-14);
}

TEST_CASE("attention: misuse is named", "[ops][misuse]") {
  const Tensor q = zeros({2, 3, 4, 5}), k = zeros({2, 3, 6, 5});
  const std::string op = "scaled_dot_product_attention: ";
  const auto call = [](const Tensor& a, const Tensor& b, const Tensor& c,
                       const AttentionOptions& options = {}) {
    return scaled_dot_product_attention(a, b, c, options);
  };
  const std::string must = " must be [B, A, S, D], [B, A, T, D] and [B, A, T, E]";
  CHECK_THROWS_WITH(call(q, zeros({2, 3, 6, 4}), k),
                    op + "q [2, 3, 4, 5], k [2, 3, 6, 4] and v [2, 3, 6, 5]" + must);
  CHECK_THROWS_WITH(call(q, k, q), op + "q [2, 3, 4, 5], k [2, 3, 6, 5] and v [2, 3, 4, 5]" + must);
  CHECK_THROWS_WITH(call(zeros({4, 5}), k, k), op + "q [4, 5], k [2, 3, 6, 5] and v [2, 3, 6, 5]" + must);
  CHECK_THROWS_WITH(call(q, zeros({1, 3, 6, 5}), k),
                    op + "q [2, 3, 4, 5], k [1, 3, 6, 5] and v [2, 3, 6, 5]" + must);
  CHECK_THROWS_WITH(call(q, k, k, {.mask = ones({4, 6}, DType::f64)}),
                    op + "the mask must be bool, or f32 as the scores, not f64");
  CHECK_THROWS_WITH(call(q, k, k, {.mask = ones({4, 6}, DType::i64)}),
                    op + "the mask must be bool, or f32 as the scores, not i64");
  CHECK_THROWS_WITH(call(q, k, k, {.scale = infinity}), op + "the scale is inf; it must be a finite number");
  CHECK_THROWS_WITH(
      attention_from_scores(zeros({2, 4, 6}), zeros({2, 6, 3}), {.scale = 1}),
      "attention_from_scores: the scores come with their scale, so options.scale must be unset");
  CHECK_THROWS_WITH(call(q, k, k, {.mask = ones({4, 5}, DType::boolean)}),
                    op + "a mask [4, 5] does not broadcast to the scores [2, 3, 4, 6]");
  CHECK_THROWS_WITH(call(q, k, k, {.mask = ones({5, 2, 3, 4, 6}, DType::boolean)}),
                    op + "a mask [5, 2, 3, 4, 6] does not broadcast to the scores [2, 3, 4, 6]");
  CHECK_THROWS_WITH(call(q, zeros({2, 3, 1, 5}), zeros({2, 3, 1, 5}), {.mask = ones({4, 6}, DType::boolean)}),
                    op + "a mask [4, 6] does not broadcast to the scores [2, 3, 4, 1]");
  CHECK_THROWS_WITH(call(q, k, k, {.mask = {}, .dropout = 2}),
                    op + "the dropout probability 2 is outside [0, 1]");
  CHECK_THROWS_WITH(call(q, k.to(DType::f64), k), op + "dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(call(q.to(DType::i64), k, k), op + "takes f32 or f64, not i64");
  CHECK_THROWS_WITH(attention_with_weights(q, k, q),
                    op + "q [2, 3, 4, 5], k [2, 3, 6, 5] and v [2, 3, 4, 5]" + must);
  const Tensor scores = zeros({2, 4, 6});
  CHECK_THROWS_WITH(
      attention_from_scores(scores, zeros({2, 5, 3})),
      "attention_from_scores: scores [2, 4, 6] and v [2, 5, 3] must be [..., S, T] and [..., T, E]");
  CHECK_THROWS_WITH(attention_from_scores(scores, zeros({6})),
                    "attention_from_scores: scores [2, 4, 6] and v [6] must be [..., S, T] and [..., T, E]");
  CHECK_THROWS_WITH(attention_from_scores(scores, zeros({2, 6, 3}), {.mask = ones({5}, DType::boolean)}),
                    "attention_from_scores: a mask [5] does not broadcast to the scores [2, 4, 6]");
  CHECK_THROWS_WITH(attention_from_scores(scores, zeros({2, 6, 3}, DType::f64)),
                    "attention_from_scores: dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(attention_from_scores(scores, zeros({2, 6, 3}), {.dropout = -1}),
                    "attention_from_scores: the dropout probability -1 is outside [0, 1]");
}
