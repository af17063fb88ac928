// Subjects: softmax, normalisation, dropout, losses, attention and the fused pairs, each with its twin.
#include "autograd/ops.hpp"
#include "gradlab/subject.hpp"

namespace gradus::lab {
namespace {

constexpr double eps = 1e-5;
constexpr uint64_t dropout_seed = 77;

Subject op(const std::string& name, const std::vector<Shape>& shapes, Function fn, bool smooth = true) {
  const auto sample = [=](uint64_t seed) {
    Inputs inputs;
    for (size_t i = 0; i < shapes.size(); ++i) inputs.push_back(spread(shapes[i], 101 * seed + i, -1.5, 1.5));
    return Sample{fn, inputs};
  };
  return {name, "op", sample, smooth};
}

Tensor targets() { return tensor({3, -100, 0}); }

AttentionOptions masked() {
  AttentionOptions options;
  options.mask = tensor({true, true, false, true, true, true, true, false}, Shape{2, 1, 1, 4});
  options.dropout = 0.25;
  options.seed = dropout_seed;
  return options;
}

Tensor both(const std::pair<Tensor, Tensor>& results) {
  return concat({results.first.reshape({-1}), results.second.reshape({-1})}, 0);
}

/// [1, 1, T, D] -> [1, 1, 50 T, D]: many keys from few numbers that a check has to move.
Tensor fifty_times(const Tensor& x) {
  const int64_t T = x.size(2), D = x.size(3);
  return x.unsqueeze(2).expand({1, 1, 50, T, D}).reshape({1, 1, 50 * T, D});
}

Subject activated(const std::string& name, Activation kind, bool smooth, int64_t width = 4) {
  return op(
      name, {{3, width}, {width}}, [kind](const Inputs& x) { return bias_activation(x[0], x[1], kind); },
      smooth);
}

}  // namespace

std::vector<Subject> fused_subjects() {
  const std::vector<Shape> norm = {{3, 5}, {5}, {5}}, heads = {{2, 2, 3, 4}, {2, 2, 4, 4}, {2, 2, 4, 4}},
                           same_length = {{2, 2, 4, 4}, {2, 2, 4, 4}, {2, 2, 4, 4}},
                           tiles = {{1, 2, 8, 9}, {1, 2, 9, 9}, {1, 2, 9, 9}},
                           blocks = {{1, 1, 25, 1}, {1, 1, 7, 1}, {1, 1, 7, 1}},
                           ending = {{3, 5}, {5}, {3, 5}, {5}, {5}}, tables = {{6, 3}, {2, 3}, {4, 3}};
  const Tensor ids = tensor({5, 1, 1, 0, 3, 5}, Shape{2, 3}), types = tensor({0, 0, 1, 0, 1, 1}, Shape{2, 3});
  return {
      op("softmax", {{3, 5}}, [](const Inputs& x) { return softmax(x[0]); }),
      op("log_softmax", {{3, 5}}, [](const Inputs& x) { return log_softmax(x[0], 0); }),
      op("layer_norm", norm, [](const Inputs& x) { return layer_norm(x[0], x[1], x[2], eps); }),
      op(
          "dropout", {{4, 5}}, [](const Inputs& x) { return dropout(x[0], 0.3, dropout_seed); }, false),
      op("cross_entropy", {{3, 5}},
         [](const Inputs& x) { return cross_entropy(x[0], targets(), {.label_smoothing = 0.1}); }),
      op("scaled_dot_product_attention", heads,
         [](const Inputs& x) { return scaled_dot_product_attention(x[0], x[1], x[2], masked()); }),
      op("scaled_dot_product_attention.causal", same_length,
         [](const Inputs& x) {
           AttentionOptions options;
           options.causal = true;
           return scaled_dot_product_attention(x[0], x[1], x[2], options);
         }),
      // More rows than a tile has, and loops that leave a tail; more queries than the backward holds at once.
      op("scaled_dot_product_attention.tiles", tiles,
         [](const Inputs& x) {
           return scaled_dot_product_attention(x[0], x[1], x[2], {.dropout = 0.25, .seed = 5});
         }),
      op("scaled_dot_product_attention.blocks", blocks,
         [](const Inputs& x) {
           return scaled_dot_product_attention(x[0], fifty_times(x[1]), fifty_times(x[2]));
         }),
      op("attention_with_weights", heads,
         [](const Inputs& x) { return both(attention_with_weights(x[0], x[1], x[2], masked())); }),
      op("attention_from_scores", {{2, 3, 4}, {2, 4, 2}},
         [](const Inputs& x) { return both(attention_from_scores(x[0], x[1], {.causal = true})); }),
      activated("bias_activation", Activation::gelu, true),
      activated("bias_activation.gelu_tanh", Activation::gelu_tanh, true),
      activated("bias_activation.silu", Activation::silu, true),
      activated("bias_activation.relu", Activation::relu, false),
      activated("bias_activation.sigmoid", Activation::sigmoid, true),
      activated("bias_activation.wide", Activation::silu, true, 9),
      op("residual_layer_norm", ending,
         [](const Inputs& x) {
           return residual_layer_norm(x[0], x[1], x[2], x[3], x[4], eps, 0.3, dropout_seed);
         }),
      op(
          "bert_embedding", tables,
          [=](const Inputs& x) { return bert_embedding(x[0], x[1], x[2], ids, types); }, false),
      op("composed::softmax", {{3, 5}}, [](const Inputs& x) { return composed::softmax(x[0]); }),
      op("composed::log_softmax", {{3, 5}}, [](const Inputs& x) { return composed::log_softmax(x[0], 0); }),
      op("composed::layer_norm", norm,
         [](const Inputs& x) { return composed::layer_norm(x[0], x[1], x[2], eps); }),
      op("composed::cross_entropy", {{3, 5}},
         [](const Inputs& x) { return composed::cross_entropy(x[0], targets(), {.label_smoothing = 0.1}); }),
      op("composed::attention", heads,
         [](const Inputs& x) { return both(composed::attention(x[0], x[1], x[2], masked())); }),
      op("composed::bias_activation", {{3, 4}, {4}},
         [](const Inputs& x) { return composed::bias_activation(x[0], x[1], Activation::gelu); }),
      op("composed::residual_layer_norm", ending,
         [](const Inputs& x) {
           return composed::residual_layer_norm(x[0], x[1], x[2], x[3], x[4], eps, 0.3, dropout_seed);
         }),
      op(
          "composed::bert_embedding", tables,
          [=](const Inputs& x) { return composed::bert_embedding(x[0], x[1], x[2], ids, types); }, false),
  };
}

}  // namespace gradus::lab
