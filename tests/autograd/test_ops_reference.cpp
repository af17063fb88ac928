// Every op against PyTorch: output and gradients of the cases in fixtures/autograd/ops.json. The first word
// of a case is its op; tests/gradlab asks for a case of every op.
//
// Differences of the function cannot see a forward that is wrong in the same way everywhere; this can.
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

/// The op of a case, given its float inputs and its other ones (indices as i64, masks as 0 and 1).
using Case = std::function<Tensor(const Inputs& x, const Inputs& other)>;

Tensor as_bool(const Tensor& x) { return logical_not(equal(x, scalar(0, DType::i64))); }

/// Two results as one row of numbers.
Tensor both(const std::pair<Tensor, Tensor>& results) {
  return concat({results.first.reshape({-1}), results.second.reshape({-1})}, 0);
}

Case unary(Tensor (*f)(const Tensor&)) {
  return [f](const Inputs& x, const Inputs&) { return f(x[0]); };
}

Case binary(Tensor (*f)(const Tensor&, const Tensor&)) {
  return [f](const Inputs& x, const Inputs&) { return f(x[0], x[1]); };
}

void add_arithmetic(std::map<std::string, Case>& cases) {
  cases["add"] = binary(add);
  cases["sub"] = binary(sub);
  cases["mul"] = binary(mul);
  cases["div"] = binary(div);
  cases["neg"] = unary(neg);
  cases["maximum"] = cases["maximum of ties"] = binary(maximum);
  cases["minimum"] = cases["minimum of ties"] = binary(minimum);
  cases["add.number"] = [](const Inputs& x, const Inputs&) { return add(x[0], 1.5); };
  cases["mul.number"] = [](const Inputs& x, const Inputs&) { return mul(x[0], -2.5); };
  cases["div.number"] = [](const Inputs& x, const Inputs&) { return div(x[0], -2.5); };
  cases["maximum.number"] = [](const Inputs& x, const Inputs&) { return maximum(x[0], 1); };
  cases["minimum.number"] = [](const Inputs& x, const Inputs&) { return minimum(x[0], 0); };
  cases["where.number"] = [](const Inputs& x, const Inputs&) {
    return where(less(x[0], 0.5), x[0], 2) + where(greater(x[0], 0), -1, x[0]);
  };
  for (const double e : {0.0, 1.0, 2.0, 3.0, -1.0, 0.5, -1.5}) {
    cases[fmt::format("pow {}", e)] = [e](const Inputs& x, const Inputs&) { return pow(x[0], e); };
  }
  cases["pow 3 of negative numbers"] = [](const Inputs& x, const Inputs&) { return pow(x[0], 3); };
  cases["pow 0, 1 and 2 of 0"] = [](const Inputs& x, const Inputs&) {
    return pow(x[0], 0) + pow(x[0], 1) + pow(x[0], 2);
  };
}

void add_unary(std::map<std::string, Case>& cases) {
  cases["exp"] = unary(exp);
  cases["log"] = unary(log);
  cases["sqrt"] = unary(sqrt);
  cases["rsqrt"] = unary(rsqrt);
  cases["tanh"] = unary(tanh);
  cases["sigmoid"] = unary(sigmoid);
  cases["relu"] = cases["relu of 0"] = unary(relu);
  cases["erf"] = unary(erf);
  cases["abs"] = cases["abs of 0"] = unary(abs);
  cases["sin"] = unary(sin);
  cases["cos"] = unary(cos);
  cases["gelu"] = unary(gelu);
  cases["gelu_tanh"] = unary(gelu_tanh);
  cases["silu"] = unary(silu);
  cases["clamp"] =
      cases["clamp at its bounds"] = [](const Inputs& x, const Inputs&) { return clamp(x[0], -1, 2); };
  cases["where"] = [](const Inputs& x, const Inputs& other) { return where(as_bool(other[0]), x[0], x[1]); };
  cases["masked_fill"] = [](const Inputs& x, const Inputs& other) {
    return masked_fill(x[0], as_bool(other[0]), 1.5);
  };
}

void add_reductions(std::map<std::string, Case>& cases) {
  for (const auto& [label, axes] :
       std::map<std::string, Axes>{{"0", {0}}, {"1 2", {1, 2}}, {"0 1 2", {0, 1, 2}}}) {
    const auto reduction = [a = axes](auto f) -> Case {
      return [f, a](const Inputs& x, const Inputs&) { return f(x[0], a); };
    };
    cases["sum " + label] = reduction([](const Tensor& x, const Axes& a) { return sum(x, a); });
    cases["mean " + label] = reduction([](const Tensor& x, const Axes& a) { return mean(x, a, true); });
    cases["max " + label] = reduction([](const Tensor& x, const Axes& a) { return max(x, a); });
    cases["min " + label] = reduction([](const Tensor& x, const Axes& a) { return min(x, a); });
    cases["var " + label] = reduction([](const Tensor& x, const Axes& a) { return var(x, a); });
    cases["var biased " + label] =
        reduction([](const Tensor& x, const Axes& a) { return var(x, a, true, 0); });
    cases["logsumexp " + label] = reduction([](const Tensor& x, const Axes& a) { return logsumexp(x, a); });
  }
}

void add_layout(std::map<std::string, Case>& cases) {
  cases["concat"] = [](const Inputs& x, const Inputs&) { return concat({x[0], x[1], x[0]}, 1); };
  cases["stack"] = [](const Inputs& x, const Inputs&) { return stack({x[0], x[1]}, -1); };
  cases["split"] = [](const Inputs& x, const Inputs&) {
    const std::vector<Tensor> parts = split(x[0], {1, 3}, 1);
    return parts[1] * parts[0];
  };
  cases["pad"] = [](const Inputs& x, const Inputs&) { return pad(x[0], 1, 1, 2, 0.5); };
  cases["slice"] = [](const Inputs& x, const Inputs&) { return x[0].slice(1, 1, 6, 2); };
  cases["slice of one row"] = [](const Inputs& x, const Inputs&) { return x[0].slice(0, 2, 3); };
  cases["reshape"] = [](const Inputs& x, const Inputs&) { return x[0].reshape({2, -1}); };
  cases["transpose"] = [](const Inputs& x, const Inputs&) { return x[0].transpose(0, 2); };
  cases["permute"] = [](const Inputs& x, const Inputs&) { return x[0].permute({2, 0, 1}).reshape({2, 6}); };
  cases["expand"] = [](const Inputs& x, const Inputs&) { return x[0].expand({2, 3, 2}); };
  cases["select"] = [](const Inputs& x, const Inputs&) { return x[0].select(1, 2); };
  cases["squeeze"] = [](const Inputs& x, const Inputs&) { return x[0].squeeze(1); };
  cases["unsqueeze"] = [](const Inputs& x, const Inputs&) { return x[0].unsqueeze(1); };
  cases["contiguous"] = [](const Inputs& x, const Inputs&) { return x[0].transpose(0, 1).contiguous(); };
  cases["clone"] = [](const Inputs& x, const Inputs&) { return x[0].transpose(0, 1).clone(); };
  cases["to"] = [](const Inputs& x, const Inputs&) { return x[0].to(DType::f32).to(DType::f64); };
  cases["sum_to"] = [](const Inputs& x, const Inputs&) { return sum_to(x[0], {3, 1}); };
}

void add_products_and_indexing(std::map<std::string, Case>& cases) {
  for (const std::string name : {"matmul", "matmul of batches", "matmul of a vector and a matrix",
                                 "matmul of a matrix and a vector", "matmul of vectors"}) {
    cases[name] = binary(matmul);
  }
  cases["linear"] = [](const Inputs& x, const Inputs&) { return linear(x[0], x[1], x[2]); };
  cases["embedding"] = [](const Inputs& x, const Inputs& other) { return embedding(x[0], other[0]); };
  cases["index_select"] = [](const Inputs& x, const Inputs& other) {
    return index_select(x[0], 1, other[0]);
  };
  cases["gather"] = [](const Inputs& x, const Inputs& other) { return gather(x[0], 0, other[0]); };
  cases["scatter_add"] = [](const Inputs& x, const Inputs& other) {
    return scatter_add(x[0], 0, other[0], x[1]);
  };
}

void add_rows(std::map<std::string, Case>& cases) {
  cases["softmax"] = [](const Inputs& x, const Inputs&) { return softmax(x[0]); };
  cases["softmax 0"] = [](const Inputs& x, const Inputs&) { return softmax(x[0], 0); };
  cases["log_softmax"] = [](const Inputs& x, const Inputs&) { return log_softmax(x[0]); };
  cases["log_softmax 1 of 3"] = [](const Inputs& x, const Inputs&) { return log_softmax(x[0], 1); };
  cases["layer_norm"] = [](const Inputs& x, const Inputs&) { return layer_norm(x[0], x[1], x[2], 1e-5); };
  for (const double e : {0.0, 0.1, 1.0}) {
    cases[fmt::format("cross_entropy {}", e)] = [e](const Inputs& x, const Inputs& other) {
      return cross_entropy(x[0], other[0], {.label_smoothing = e});
    };
  }
  cases["layer_norm alone"] = [](const Inputs& x, const Inputs&) { return layer_norm(x[0], {}, {}, 1e-5); };
  cases["layer_norm with a weight"] = [](const Inputs& x, const Inputs&) {
    return layer_norm(x[0], x[1], {}, 1e-5);
  };
  const Tensor weight = tensor({0.5, 2.0, 1.0, 0.25, 4.0});
  for (const auto& [name, reduction] : std::map<std::string, LossReduction>{
           {"mean", LossReduction::mean}, {"sum", LossReduction::sum}, {"none", LossReduction::none}}) {
    const auto loss = [r = reduction](double smoothing, const Tensor& w) {
      return [=](const Inputs& x, const Inputs& other) {
        return cross_entropy(x[0], other[0], {.label_smoothing = smoothing, .reduction = r, .weight = w});
      };
    };
    cases["cross_entropy by " + name] = loss(0, {});
    cases["cross_entropy by " + name + " with weights 0"] = loss(0, weight);
    cases["cross_entropy by " + name + " with weights 0.1"] = loss(0.1, weight);
  }
  cases["scaled_dot_product_attention with a scale"] = [](const Inputs& x, const Inputs&) {
    return scaled_dot_product_attention(x[0], x[1], x[2], {.scale = 0.3});
  };
  cases["scaled_dot_product_attention with a bias"] = [](const Inputs& x, const Inputs&) {
    return scaled_dot_product_attention(x[0], x[1], x[2], {.mask = x[3], .scale = 0.7});
  };
  const auto attention = [](bool causal) {
    return [causal](const Inputs& x, const Inputs& other) {
      const Tensor mask = other.empty() ? Tensor() : as_bool(other[0]);
      return scaled_dot_product_attention(x[0], x[1], x[2], {.mask = mask, .causal = causal});
    };
  };
  cases["scaled_dot_product_attention"] = cases["scaled_dot_product_attention with padding"] =
      cases["scaled_dot_product_attention with a mask by query"] = attention(false);
  cases["scaled_dot_product_attention causal"] = attention(true);
  for (const auto& [name, kind] : std::map<std::string, Activation>{{"relu", Activation::relu},
                                                                    {"gelu", Activation::gelu},
                                                                    {"gelu_tanh", Activation::gelu_tanh},
                                                                    {"silu", Activation::silu},
                                                                    {"sigmoid", Activation::sigmoid},
                                                                    {"identity", Activation::identity}}) {
    cases["bias_activation " + name] = [k = kind](const Inputs& x, const Inputs&) {
      return bias_activation(x[0], x[1], k);
    };
  }
  cases["attention_with_weights"] = [](const Inputs& x, const Inputs& other) {
    return both(attention_with_weights(x[0], x[1], x[2], {.mask = as_bool(other[0])}));
  };
  cases["attention_from_scores"] = [](const Inputs& x, const Inputs&) {
    return both(attention_from_scores(x[0], x[1], {.causal = true}));
  };
  cases["residual_layer_norm"] = [](const Inputs& x, const Inputs&) {
    return residual_layer_norm(x[0], x[4], x[1], x[2], x[3], 1e-12, 0, 0);
  };
  cases["embedding_sum"] = [](const Inputs& x, const Inputs& other) {
    return embedding_sum(x[0], x[1], x[2], other[0], other[1]);
  };
}

const std::map<std::string, Case>& all_cases() {
  static const std::map<std::string, Case> all = [] {
    std::map<std::string, Case> cases;
    add_arithmetic(cases);
    add_unary(cases);
    add_reductions(cases);
    add_layout(cases);
    add_products_and_indexing(cases);
    add_rows(cases);
    return cases;
  }();
  return all;
}

const nlohmann::json& fixture() {
  static const nlohmann::json file = [] {
    std::ifstream in(GRADUS_FIXTURES "/autograd/ops.json");
    return nlohmann::json::parse(in);
  }();
  return file;
}

template <class T>
Tensor read(const nlohmann::json& array) {
  return tensor(array.at("values").get<std::vector<T>>(),
                Shape(array.at("shape").get<std::vector<int64_t>>()));
}

}  // namespace

TEST_CASE("reference: the fixture and the table hold the same cases", "[ops][reference]") {
  std::set<std::string> stored, known;
  for (const auto& entry : fixture().items()) stored.insert(entry.key());
  for (const auto& entry : all_cases()) known.insert(entry.first);
  CHECK(stored == known);
}

TEST_CASE("reference: outputs and gradients of every op and its twin equal PyTorch's to 1e-12",
          "[ops][reference]") {
  for (const auto& [name, op] : all_cases()) {
    const nlohmann::json& stored = fixture().at(name);
    Inputs x, other;
    for (const auto& array : stored.at("inputs")) x.push_back(read<double>(array).requires_grad());
    for (const auto& array : stored.at("other")) other.push_back(read<int64_t>(array));
    for (const bool composed : {false, true}) {
      INFO(name << (composed ? ", composed" : ""));
      const ComposedOps twins(composed);
      const Tensor y = op(x, other);
      CHECK(difference(y, read<double>(stored.at("output"))) < 1e-12);
      for (const bool create_graph : {false, true}) {
        const Inputs dx = grad({y}, x, {read<double>(stored.at("cotangent"))},
                               {.retain_graph = true, .create_graph = create_graph});
        for (size_t i = 0; i < dx.size(); ++i) {
          INFO("input " << i << (create_graph ? ", recorded" : ""));
          CHECK(difference(dx[i], read<double>(stored.at("gradients")[i])) < 1e-12);
        }
      }
    }
  }
}

TEST_CASE("reference: cotangents are uneven and of both signs", "[ops][reference]") {
  for (const auto& [name, stored] : fixture().items()) {
    INFO(name);
    const Tensor v = read<double>(stored.at("cotangent"));
    for (const double entry : values(v)) CHECK((std::abs(entry) >= 0.5 && std::abs(entry) <= 2));
    if (v.numel() > 1) CHECK(min(v).item() != max(v).item());
  }
}
