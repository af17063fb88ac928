// A backward that frees the graph writes gradients over what nobody reads any more: over dy, and over what an
// op saved. The values are those of one that keeps the graph, and what somebody else sees stays as it is.
#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/storage.hpp"
#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

struct FusedOp {
  std::string name;
  std::vector<Shape> shapes;
  Op op;
};

/// [B, S, A * D] -> [B, A, S, D], as a layer has its heads.
Tensor heads(const Tensor& x, int64_t count) {
  return x.reshape({x.size(0), x.size(1), count, x.size(2) / count}).permute({0, 2, 1, 3});
}

std::vector<FusedOp> fused_ops() {
  std::vector<FusedOp> ops;
  ops.push_back({"bias_activation", {{12, 33}, {33}}, [](const Inputs& x) {
                   return bias_activation(x[0], x[1], Activation::gelu);
                 }});
  ops.push_back({"layer_norm", {{12, 33}, {33}, {33}}, [](const Inputs& x) {
                   return layer_norm(x[0], x[1], x[2], 1e-12);
                 }});
  for (const double p : {0.0, 0.3}) {
    ops.push_back({"residual_layer_norm", {{12, 33}, {33}, {12, 33}, {33}, {33}}, [p](const Inputs& x) {
                     return residual_layer_norm(x[0], x[1], x[2], x[3], x[4], 1e-12, p, 7);
                   }});
  }
  ops.push_back({"cross_entropy", {{4, 300}}, [](const Inputs& x) {
                   return cross_entropy(x[0], tensor<int64_t>({0, 299, -100, 17}, Shape{4}));
                 }});
  // More queries than the rows whose scores are held at once, and fewer and more keys than queries.
  for (const auto& [queries, keys] : {std::pair<int64_t, int64_t>{200, 200}, {200, 30}, {9, 130}}) {
    for (const bool causal : {false, true}) {
      if (causal && queries != keys) continue;
      ops.push_back(
          {fmt::format("attention of {} queries and {} keys{}", queries, keys, causal ? ", causal" : ""),
           {{2, queries, 24}, {2, keys, 24}, {2, keys, 24}},
           [causal](const Inputs& x) {
             return scaled_dot_product_attention(heads(x[0], 3), heads(x[1], 3), heads(x[2], 3),
                                                 {.causal = causal, .dropout = 0.2, .seed = 5});
           }});
    }
  }
  return ops;
}

Inputs times(const Inputs& all, double factor) {
  Inputs products;
  for (const Tensor& x : all) products.push_back(x * factor);
  return products;
}

/// What flows into the op was computed, and nobody else holds it.
Tensor applied(const FusedOp& fused, const Inputs& leaves) {
  const FirstOrderOnly keep_less;
  return fused.op(times(leaves, 1.5));
}

Inputs leaves_of(const FusedOp& fused) {
  Inputs leaves = random_inputs(fused.shapes);
  for (Tensor& leaf : leaves) leaf.requires_grad();
  return leaves;
}

}  // namespace

TEST_CASE("gradients in place: those of a backward that keeps the graph, bit for bit, in less memory",
          "[engine][fused]") {
  for (const FusedOp& fused : fused_ops()) {
    INFO(fused.name);
    const Inputs leaves = leaves_of(fused);
    const Tensor kept = applied(fused, leaves), freed = applied(fused, leaves);
    const Tensor dy = random_tensor(kept.shape(), 11) * 1.0;
    const auto gradients = [&](const Tensor& y, bool retain) {
      reset_peak_memory();
      const int64_t before = memory_stats().live_bytes;
      const Inputs result =
          grad({y * 1.0}, leaves, {dy}, {.retain_graph = retain});  // * 1: its dy is the op's own
      return std::pair(result, memory_stats().peak_bytes - before);
    };
    const auto [first, most] = gradients(kept, true);
    const auto [second, as_much] = gradients(kept, true);
    const auto [in_place, less] = gradients(freed, false);
    for (size_t i = 0; i < leaves.size(); ++i) {
      INFO("input " << i);
      CHECK(values(second[i]) == values(first[i]));
      CHECK(values(in_place[i]) == values(first[i]));
    }
    CHECK(as_much == most);
    CHECK(less < most);
  }
}

TEST_CASE("gradients in place: what somebody else sees is not written over", "[engine][fused]") {
  const FirstOrderOnly keep_less;
  for (const FusedOp& fused : fused_ops()) {
    INFO(fused.name);
    const Inputs leaves = leaves_of(fused), computed = times(leaves, 1.5);
    std::vector<std::vector<double>> before;
    for (const Tensor& x : computed) before.push_back(values(x));
    const Tensor given = random_tensor(fused.op(computed).shape(), 11);
    const std::vector<double> numbers = values(given);
    Tensor seen;  // by a hook
    const auto output = [&] {
      Tensor y = fused.op(computed);
      y.register_hook([&](const Tensor& dy) {
        seen = dy;
        return Tensor();
      });
      return y;
    };
    // What backward was given.
    backward({output()}, {given}, {.retain_graph = true});
    CHECK(values(given) == numbers);
    CHECK(values(seen) == numbers);
    // A gradient that is kept.
    Tensor y = output();
    y.retain_grad();
    backward({y * 1.0}, {given}, {.retain_graph = true});
    CHECK(values(y.grad()) == numbers);
    CHECK(values(seen) == numbers);
    // A gradient that is asked for, by a backward that frees the graph as the two before did not.
    Inputs wanted = leaves;
    wanted.push_back(output());
    CHECK(values(grad({wanted.back() * 1.0}, wanted, {given}).back()) == numbers);
    CHECK(values(seen) == numbers);
    for (size_t i = 0; i < computed.size(); ++i) CHECK(values(computed[i]) == before[i]);
  }
}

TEST_CASE("gradients in place: one tensor as query, key and value", "[engine][fused]") {
  const Tensor x = random_tensor({2, 70, 16}, 1).requires_grad();
  const auto attended = [&] {
    const FirstOrderOnly keep_less;
    const Tensor all = heads(x * 1.5, 2);
    return scaled_dot_product_attention(all, all, all);
  };
  const Tensor kept = attended(), freed = attended();
  const Tensor dy = random_tensor(kept.shape(), 11);
  CHECK(values(grad({freed}, {x}, {dy})[0]) == values(grad({kept}, {x}, {dy}, {.retain_graph = true})[0]));
}

TEST_CASE("gradients in place: keys and values that all heads share", "[engine][fused]") {
  const Inputs leaves = random_inputs({{2, 70, 16}, {2, 70, 8}, {2, 70, 8}});
  for (Tensor leaf : leaves) leaf.requires_grad();
  const auto attended = [&] {
    const FirstOrderOnly keep_less;
    const auto shared = [](const Tensor& x) { return heads(x * 1.5, 1).expand({2, 2, 70, 8}); };
    return scaled_dot_product_attention(heads(leaves[0] * 1.5, 2), shared(leaves[1]), shared(leaves[2]));
  };
  const Tensor kept = attended(), freed = attended();
  const Tensor dy = random_tensor(kept.shape(), 11);
  const Inputs first = grad({kept}, leaves, {dy}, {.retain_graph = true}),
               in_place = grad({freed}, leaves, {dy});
  for (size_t i = 0; i < leaves.size(); ++i) CHECK(values(in_place[i]) == values(first[i]));
}

TEST_CASE("gradients in place: a backward within a backward that keeps its graph", "[engine][fused]") {
  // The hook of an outer backward, which frees its graph, runs an inner one that does not.
  Tensor x = random_tensor({6, 5}, 1).requires_grad();
  const FirstOrderOnly keep_less;
  const Tensor inner = cross_entropy(x * 1.5, tensor<int64_t>({0, 1, 2, 3, 4, 0}, Shape{6}));
  const auto of_inner = [&] { return values(grad({inner}, {x}, {}, {.retain_graph = true})[0]); };
  const std::vector<double> expected = of_inner();
  Tensor y = x * 2.0;
  int calls = 0;
  y.register_hook([&](const Tensor&) {
    ++calls;
    CHECK(frees_graph());
    CHECK(of_inner() == expected);
    CHECK(of_inner() == expected);
    return Tensor();
  });
  CHECK(!frees_graph());
  sum(y).backward();
  CHECK(!frees_graph());
  CHECK(calls == 1);
}

TEST_CASE("a linear layer's input is let go before the gradient of it is made", "[engine]") {
  Tensor x = random_tensor({64, 48}, 1).requires_grad(), w = random_tensor({48, 48}, 2).requires_grad();
  const Tensor y = linear(x * 1.5, w, {}), dy = random_tensor({64, 48}, 3);
  const int64_t before = memory_stats().live_bytes;
  int64_t between = 0;
  w.register_hook([&](const Tensor&) {
    between = memory_stats().live_bytes;
    return Tensor();
  });
  const Inputs gradients = grad({y}, {w, x}, {dy});
  CHECK(between < before);  // x * 1.5 takes more than the gradient of w
  CHECK(difference(gradients[0], matmul(dy.transpose(0, 1), x * 1.5)) < 1e-12);
  CHECK(difference(gradients[1], matmul(dy, w) * 1.5) < 1e-12);
}
