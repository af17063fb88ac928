// bias_activation and embedding_sum beside their composed twins, and what holds for every fused op.
#include <cmath>

#include "autograd/engine.hpp"
#include "autograd/node.hpp"
#include "autograd/storage.hpp"
#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

const std::vector<std::pair<std::string, Activation>> activations = {
    {"relu", Activation::relu}, {"gelu", Activation::gelu},       {"gelu_tanh", Activation::gelu_tanh},
    {"silu", Activation::silu}, {"sigmoid", Activation::sigmoid}, {"identity", Activation::identity}};

Op fused_activation(Activation kind) {
  return [kind](const Inputs& x) { return bias_activation(x[0], x.size() > 1 ? x[1] : Tensor(), kind); };
}

Op composed_activation(Activation kind) {
  return [kind](const Inputs& x) {
    return composed::bias_activation(x[0], x.size() > 1 ? x[1] : Tensor(), kind);
  };
}

const Tensor ids = tensor({4, 0, 4, 1, 2, 4}, Shape{2, 3}),
             type_ids = tensor({0, 0, 1, 1, 1, 1}, Shape{2, 3});

Tensor fused_embedding(const Inputs& x) { return embedding_sum(x[0], x[1], x[2], ids, type_ids); }
Tensor composed_embedding(const Inputs& x) {
  return composed::embedding_sum(x[0], x[1], x[2], ids, type_ids);
}

}  // namespace

TEST_CASE("bias_activation: equals its twin for four kinds, with and without bias", "[ops][fused]") {
  for (const auto& [label, kind] : activations) {
    INFO(label);
    for (const Shape& shape : {Shape{5}, Shape{2, 3, 8}, Shape{40, 33}, Shape{3, 1}}) {
      const Inputs with = random_inputs({shape, {shape.back()}}, {-4, 4});
      check_twins(fused_activation(kind), composed_activation(kind), with);
      check_twins(fused_activation(kind), composed_activation(kind), {with[0]});
    }
    const Inputs views{random_tensor({6, 4}, 1).transpose(0, 1), random_tensor({12}, 2).slice(0, 0, 12, 2)};
    check_twins(fused_activation(kind), composed_activation(kind), views);
  }
}

TEST_CASE("bias_activation: relu at 0, and a NaN stays one", "[ops]") {
  const Tensor x = tensor({0.0, -1.0, not_a_number, 2.0});
  const Tensor y = bias_activation(x, {}, Activation::relu);
  CHECK(y.at({0}) == 0);
  CHECK(y.at({1}) == 0);
  CHECK(std::isnan(y.at({2})));
  CHECK(y.at({3}) == 2);
  const Op relu_op = fused_activation(Activation::relu);
  CHECK(values(gradients_of(relu_op, {zeros({3}, DType::f64)})[0]) == std::vector<double>(3, 0));
}

TEST_CASE("bias_activation: gradients", "[ops][gradient]") {
  for (const auto& [label, kind] : activations) {
    INFO(label);
    const Range away_from_0 = kind == Activation::relu ? Range{0.2, 2} : Range{-2, 2};
    check_layouts(fused_activation(kind), {{2, 3, 4}, {4}}, away_from_0);
    check_layouts(fused_activation(kind), {{3, 4}}, away_from_0);
    for (int64_t n = 1; n <= 17; ++n) {
      check_gradients(fused_activation(kind), random_inputs({{2, n}, {n}}, away_from_0));
    }
    check_empty(fused_activation(kind), {{0, 3}, {3}});
    check_empty(fused_activation(kind), {{2, 0}, {0}});
    check_empty(fused_activation(kind), {{0, 3}});
  }
}

TEST_CASE("embedding_sum: the sum of three rows", "[ops]") {
  const Tensor word = arange(10, DType::f64).reshape({5, 2}),
               type = tensor({100.0, 200.0, 300.0, 400.0}, Shape{2, 2});
  const Tensor position = tensor({0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8}, Shape{4, 2});
  const Tensor y = embedding_sum(word, type, position, ids, type_ids);
  REQUIRE(y.shape() == Shape{2, 3, 2});
  CHECK(y.at({0, 0, 0}) == Approx(8 + 100 + 0.1));
  CHECK(y.at({0, 1, 1}) == Approx(1 + 200 + 0.4));
  CHECK(y.at({1, 2, 0}) == Approx(8 + 300 + 0.5));
}

TEST_CASE("embedding_sum: equals its twin, forward and gradients", "[ops][fused]") {
  check_twins(fused_embedding, composed_embedding, random_inputs({{5, 4}, {2, 4}, {3, 4}}));
  check_twins(fused_embedding, composed_embedding, random_inputs({{9, 17}, {3, 17}, {8, 17}}));
  check_twins(fused_embedding, composed_embedding,
              {random_tensor({4, 5}, 1).transpose(0, 1), random_tensor({4}, 2).expand({2, 4}),
               random_tensor({7, 8}, 3).slice(1, 0, 8, 2)});
}

TEST_CASE("embedding_sum: gradients", "[ops][gradient]") {
  check_layouts(fused_embedding, {{5, 3}, {2, 3}, {4, 3}});
  check_layouts(
      [](const Inputs& x) {
        return fused_embedding({x[0] * x[0], exp(x[1]), x[2] * x[2]});
      },
      {{5, 3}, {2, 3}, {4, 3}});
  check_empty(
      [](const Inputs& x) {
        return embedding_sum(x[0], x[1], x[2], zeros({0, 3}, DType::i64), zeros({0, 3}, DType::i64));
      },
      {{5, 2}, {2, 2}, {4, 2}});
}

TEST_CASE("fused ops: only the wanted inputs get a gradient", "[ops][fused]") {
  Tensor x = random_tensor({2, 4}, 1), weight = ones({4}, DType::f64), bias = zeros({4}, DType::f64);
  weight.requires_grad();
  sum(layer_norm(x, weight, bias, 1e-5) * x).backward();
  CHECK(weight.grad().defined());
  CHECK(!x.grad().defined());
  CHECK(!bias.grad().defined());
  bias.requires_grad();
  sum(bias_activation(x, bias, Activation::gelu)).backward();
  CHECK(bias.grad().defined());
  CHECK(!x.grad().defined());
}

TEST_CASE("fused ops: an input made from another input", "[ops][fused]") {
  // Under create_graph the twin must not send the gradient of one input through another.
  const auto norm = [](const auto& op) {
    return [op](const Inputs& x) { return op(x[0], x[0].select(0, 0) * 2.0, sum(x[0], Axes{0}), 1e-5); };
  };
  check_twins(norm(layer_norm), norm(composed::layer_norm), random_inputs({{3, 4}}));
  check_gradients(norm(layer_norm), random_inputs({{3, 4}}));
}

TEST_CASE("ComposedOps: every fused op gives its twin, bit for bit, and only while it lives",
          "[ops][fused]") {
  Tensor x = random_tensor({2, 3, 4}, 1), w = random_tensor({4}, 2), b = random_tensor({4}, 3);
  Tensor heads = random_tensor({1, 2, 3, 4}, 4), table = random_tensor({5, 4}, 5);
  for (Tensor* leaf : {&x, &w, &b, &heads, &table}) leaf->requires_grad();
  const Tensor targets = tensor<int64_t>({0, 1, 3, 2, -100, 1}, Shape{2, 3});
  using Make = std::function<Tensor()>;
  const std::vector<std::tuple<std::string, Make, Make>> ops = {
      {"softmax", [&] { return softmax(x); }, [&] { return composed::softmax(x); }},
      {"log_softmax", [&] { return log_softmax(x); }, [&] { return composed::log_softmax(x); }},
      {"layer_norm", [&] { return layer_norm(x, w, b, 1e-5); },
       [&] { return composed::layer_norm(x, w, b, 1e-5); }},
      {"cross_entropy", [&] { return cross_entropy(x, targets); },
       [&] { return composed::cross_entropy(x, targets); }},
      {"scaled_dot_product_attention",
       [&] { return scaled_dot_product_attention(heads, heads, heads, {.causal = true, .dropout = 0.3}); },
       [&] { return composed::attention(heads, heads, heads, {.causal = true, .dropout = 0.3}).first; }},
      {"bias_activation", [&] { return bias_activation(x, b, Activation::gelu); },
       [&] { return composed::bias_activation(x, b, Activation::gelu); }},
      {"residual_layer_norm", [&] { return residual_layer_norm(x, b, x, w, b, 1e-5, 0.2, 7); },
       [&] { return composed::residual_layer_norm(x, b, x, w, b, 1e-5, 0.2, 7); }},
      {"embedding_sum", [&] { return embedding_sum(table, table, table, ids, type_ids); },
       [&] { return composed::embedding_sum(table, table, table, ids, type_ids); }}};
  for (const auto& [name, op, twin] : ops) {
    INFO(name);
    CHECK(op().node()->op == name);
    Tensor inside;
    {
      const ComposedOps composed;
      CHECK(composed_ops());
      {
        const ComposedOps off(false);
        CHECK(op().node()->op == name);
      }
      inside = op();
    }
    CHECK(!composed_ops());
    CHECK(op().node()->op == name);
    CHECK(inside.node()->op != name);
    CHECK(inside.node()->op == twin().node()->op);
    CHECK(values(inside) == values(twin()));
  }
}

TEST_CASE("fused ops: misuse is named", "[ops][misuse]") {
  const Tensor x = zeros({2, 3});
  const auto act = [](const Tensor& in, const Tensor& bias) {
    return bias_activation(in, bias, Activation::gelu);
  };
  CHECK_THROWS_WITH(act(x, zeros({2})), "bias_activation: bias [2] for x [2, 3]: it must be [3]");
  CHECK_THROWS_WITH(act(scalar(1), {}), "bias_activation: a scalar has no last axis");
  CHECK_THROWS_WITH(act(x, zeros({3}, DType::f64)),
                    "bias_activation: dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(act(arange(3), {}), "bias_activation: takes f32 or f64, not i64");

  const Tensor word = zeros({5, 2}), type = zeros({2, 2}), position = zeros({3, 2});
  const std::string op = "embedding_sum: ";
  CHECK_THROWS_WITH(embedding_sum(word, type, position, ids + 1.0, type_ids),
                    op + "token id 5 at position 0 of [2, 3] is outside [0, 5)");
  CHECK_THROWS_WITH(embedding_sum(word, type, position, ids, type_ids + 1.0),
                    op + "token type 2 at position 2 of [2, 3] is outside [0, 2)");
  CHECK_THROWS_WITH(embedding_sum(word, type, position, ids, type_ids.slice(1, 0, 2)),
                    op + "ids [2, 3] and token types [2, 2] must both be [B, S]");
  CHECK_THROWS_WITH(embedding_sum(word, type, position, ids.reshape({6}), type_ids.reshape({6})),
                    op + "ids [6] and token types [6] must both be [B, S]");
  CHECK_THROWS_WITH(embedding_sum(word, type, position.slice(0, 0, 2), ids, type_ids),
                    op + "a sequence of 3 tokens is longer than the 2 positions of the model");
  CHECK_THROWS_WITH(embedding_sum(word, zeros({2, 3}), position, ids, type_ids),
                    op + "tables [5, 2], [2, 3] and [3, 2] differ in their width");
  CHECK_THROWS_WITH(embedding_sum(zeros({5}), type, position, ids, type_ids),
                    op + "the table must be [V, H], not [5]");
  CHECK_THROWS_WITH(embedding_sum(word, type, position, ids.to(DType::f32), type_ids),
                    op + "the ids must be i64, not f32");
  CHECK_THROWS_WITH(embedding_sum(word, zeros({2, 2}, DType::f64), position, ids, type_ids),
                    op + "dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(embedding_sum(word, type, zeros({3, 2}, DType::f64), ids, type_ids),
                    op + "dtypes f32 and f64 differ; convert one with to()");
}

TEST_CASE("FirstOrderOnly: the same gradients with less memory, and no gradient of a gradient",
          "[ops][fused]") {
  Tensor x = random_tensor({64, 32}, 1), b = random_tensor({32}, 2);
  x.requires_grad(), b.requires_grad();
  // Only the twin would read x * 2 again.
  const auto loss = [&] { return sum(bias_activation(x * 2.0, b, Activation::gelu)); };
  const int64_t before = memory_stats().live_bytes;
  const Tensor usual = loss();
  const int64_t held = memory_stats().live_bytes - before;
  const Tensor once = [&] {
    const FirstOrderOnly guard;
    CHECK(first_order_only());
    {
      const FirstOrderOnly off(false);
      CHECK(!first_order_only());
    }
    CHECK(first_order_only());
    return loss();
  }();
  CHECK(!first_order_only());
  CHECK(memory_stats().live_bytes - before - held <= held - x.numel() * 8);
  const std::vector<Tensor> wanted = {x, b};
  CHECK_THROWS_WITH(grad({once}, wanted, {}, {.create_graph = true}),
                    "bias_activation: recorded under FirstOrderOnly, so its gradient cannot be "
                    "differentiated again");
  const std::vector<Tensor> twice = grad({usual}, wanted, {}, {.create_graph = true});
  const std::vector<Tensor> first = grad({once}, wanted), plain = grad({loss()}, wanted);
  for (size_t i = 0; i < wanted.size(); ++i) {
    CHECK(twice[i].needs_grad());
    CHECK(values(first[i]) == values(plain[i]));
  }
}
