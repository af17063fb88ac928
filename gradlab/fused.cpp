// Subjects: softmax, normalisation, dropout, losses, attention and the fused pairs, each with its twin.
#include <algorithm>

#include "autograd/ops.hpp"
#include "gradlab/op_subject.hpp"

namespace gradus::lab {
namespace {

constexpr double eps = 1e-5;
constexpr uint64_t dropout_seed = 77;
constexpr OpTraits curved = {.low = -1.5, .high = 1.5, .stream = 101};
constexpr OpTraits straight = {.smooth = false, .low = -1.5, .high = 1.5, .stream = 101};
constexpr OpTraits from_one = {.low = -1.5, .high = 1.5, .least_size = 1, .stream = 101};

/// The last class but one, none, the first, the last but one, none, ...
Tensor targets(const Tensor& logits) {
  std::vector<int64_t> classes;
  for (int64_t i = 0; i < logits.size(0); ++i) {
    classes.push_back(i % 3 == 0 ? std::max<int64_t>(logits.size(1) - 2, 0) : i % 3 == 1 ? -100 : 0);
  }
  return tensor(classes, Shape{logits.size(0)});
}

/// Dropout, and a mask for [2, A, S, T] that hides a key in each of the two rows, where there are enough.
AttentionOptions masked(int64_t keys) {
  std::vector<bool> bits;
  for (int64_t row = 0; row < 2; ++row) {
    for (int64_t key = 0; key < keys; ++key) bits.push_back(key != (row == 0 ? 2 : 3));
  }
  AttentionOptions options;
  options.mask = tensor(bits, Shape{2, 1, 1, keys});
  options.dropout = 0.25;
  options.seed = dropout_seed;
  return options;
}

/// [1, 1, T, D] -> [1, 1, 50 T, D]: many keys from few numbers that a check has to move.
Tensor fifty_times(const Tensor& x) {
  const int64_t T = x.size(2), D = x.size(3);
  return x.unsqueeze(2).expand({1, 1, 50, T, D}).reshape({1, 1, 50 * T, D});
}

Subject activated(const std::string& name, Activation kind, const OpTraits& traits, int64_t width = 4) {
  return op_subject(
      name, {{rows(3), size(width)}, {size(width)}},
      [kind](const Inputs& x) { return bias_activation(x[0], x[1], kind); }, traits);
}

}  // namespace

std::vector<Subject> fused_subjects() {
  const std::vector<Pattern> one = {{rows(3), size(5)}}, columns = {{size(3), rows(5)}},
                             norm = {{rows(3), size(5)}, {size(5)}, {size(5)}},
                             heads = {{2, 2, rows(3), 4}, {2, 2, size(4), 4}, {2, 2, size(4), 4}},
                             widths = {{2, 2, rows(4), size(4)}, {2, 2, 4, size(4)}, {2, 2, 4, size(4)}},
                             tiles = {{1, 2, 8, 9}, {1, 2, 9, 9}, {1, 2, 9, 9}},
                             blocks = {{1, 1, 25, 1}, {1, 1, 7, 1}, {1, 1, 7, 1}},
                             ending = {{rows(3), size(5)},
                                       {size(5)},
                                       {rows(3), size(5)},
                                       {size(5)},
                                       {size(5)}},
                             tables = {{6, size(3)}, {2, size(3)}, {4, size(3)}};
  const Tensor ids = tensor({5, 1, 1, 0, 3, 5}, Shape{2, 3}), types = tensor({0, 0, 1, 0, 1, 1}, Shape{2, 3});
  return {
      op_subject(
          "softmax", one, [](const Inputs& x) { return softmax(x[0]); }, curved),
      op_subject(
          "log_softmax", columns, [](const Inputs& x) { return log_softmax(x[0], 0); }, curved),
      op_subject(
          "layer_norm", norm, [](const Inputs& x) { return layer_norm(x[0], x[1], x[2], eps); }, from_one),
      op_subject(
          "layer_norm.plain", one, [](const Inputs& x) { return layer_norm(x[0], {}, {}, eps); }, from_one),
      op_subject(
          "dropout", {{rows(4), size(5)}}, [](const Inputs& x) { return dropout(x[0], 0.3, dropout_seed); },
          straight),
      op_subject(
          "cross_entropy", one,
          [](const Inputs& x) { return cross_entropy(x[0], targets(x[0]), {.label_smoothing = 0.1}); },
          from_one),
      op_subject(
          "cross_entropy.each", one,
          [](const Inputs& x) {
            return cross_entropy(x[0], targets(x[0]), {.reduction = LossReduction::none});
          },
          from_one),
      op_subject(
          "cross_entropy.weighted", one,
          [](const Inputs& x) {
            const Tensor weight = 0.5 + arange(x[0].size(1)).to(x[0].dtype());
            return cross_entropy(x[0], targets(x[0]), {.label_smoothing = 0.1, .weight = weight});
          },
          from_one),
      op_subject(
          "scaled_dot_product_attention", heads,
          [](const Inputs& x) {
            return scaled_dot_product_attention(x[0], x[1], x[2], masked(x[1].size(2)));
          },
          curved),
      op_subject(
          "scaled_dot_product_attention.causal", widths,
          [](const Inputs& x) {
            AttentionOptions options;
            options.causal = true;
            return scaled_dot_product_attention(x[0], x[1], x[2], options);
          },
          from_one),
      op_subject(
          "scaled_dot_product_attention.bias",
          {{2, 2, rows(3), 4}, {2, 2, size(4), 4}, {2, 2, size(4), 4}, {2, rows(3), size(4)}},
          [](const Inputs& x) {
            return scaled_dot_product_attention(x[0], x[1], x[2], {.mask = x[3], .scale = 0.7});
          },
          curved),
      // More rows than a tile has, and loops that leave a tail; more queries than the backward holds at once.
      op_subject(
          "scaled_dot_product_attention.tiles", tiles,
          [](const Inputs& x) {
            return scaled_dot_product_attention(x[0], x[1], x[2], {.dropout = 0.25, .seed = 5});
          },
          curved),
      op_subject(
          "scaled_dot_product_attention.blocks", blocks,
          [](const Inputs& x) {
            return scaled_dot_product_attention(x[0], fifty_times(x[1]), fifty_times(x[2]));
          },
          curved),
      op_subject(
          "attention_with_weights", heads,
          [](const Inputs& x) {
            return both(attention_with_weights(x[0], x[1], x[2], masked(x[1].size(2))));
          },
          curved),
      op_subject(
          "attention_from_scores", {{2, rows(3), size(4)}, {2, size(4), 2}},
          [](const Inputs& x) { return both(attention_from_scores(x[0], x[1], {.causal = true})); }, curved),
      activated("bias_activation", Activation::gelu, curved),
      activated("bias_activation.gelu_tanh", Activation::gelu_tanh, curved),
      activated("bias_activation.silu", Activation::silu, curved),
      activated("bias_activation.sigmoid", Activation::sigmoid, curved),
      activated("bias_activation.relu", Activation::relu, straight),
      activated("bias_activation.wide", Activation::silu, curved, 9),
      activated("bias_activation.identity", Activation::identity, straight),
      op_subject(
          "residual_layer_norm", ending,
          [](const Inputs& x) {
            return residual_layer_norm(x[0], x[1], x[2], x[3], x[4], eps, 0.3, dropout_seed);
          },
          from_one),
      op_subject(
          "embedding_sum", tables,
          [=](const Inputs& x) { return embedding_sum(x[0], x[1], x[2], ids, types); }, straight),
      op_subject(
          "composed::softmax", one, [](const Inputs& x) { return composed::softmax(x[0]); }, curved),
      op_subject(
          "composed::log_softmax", columns, [](const Inputs& x) { return composed::log_softmax(x[0], 0); },
          curved),
      op_subject(
          "composed::layer_norm", norm,
          [](const Inputs& x) { return composed::layer_norm(x[0], x[1], x[2], eps); }, from_one),
      op_subject(
          "composed::cross_entropy", one,
          [](const Inputs& x) {
            return composed::cross_entropy(x[0], targets(x[0]), {.label_smoothing = 0.1});
          },
          from_one),
      op_subject(
          "composed::attention", heads,
          [](const Inputs& x) { return both(composed::attention(x[0], x[1], x[2], masked(x[1].size(2)))); },
          curved),
      op_subject(
          "composed::bias_activation", {{rows(3), size(4)}, {size(4)}},
          [](const Inputs& x) { return composed::bias_activation(x[0], x[1], Activation::gelu); }, curved),
      op_subject(
          "composed::residual_layer_norm", ending,
          [](const Inputs& x) {
            return composed::residual_layer_norm(x[0], x[1], x[2], x[3], x[4], eps, 0.3, dropout_seed);
          },
          from_one),
      op_subject(
          "composed::embedding_sum", tables,
          [=](const Inputs& x) { return composed::embedding_sum(x[0], x[1], x[2], ids, types); }, straight),
  };
}

}  // namespace gradus::lab
