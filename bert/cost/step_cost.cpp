#include "bert/cost/step_cost.hpp"

#include <algorithm>

#include "autograd/plural.hpp"

namespace gradus::bert {
namespace {

double as_double(int64_t whole) { return static_cast<double>(whole); }

/// What is done to each element of an array: operations, and how many arrays of its size are read or written.
struct Each {
  double flops = 0, arrays = 0;
};

// Operations an element, as the kernels make them (autograd/kernels): a hash or a shift counts as they do.
constexpr double exp_flops = 22, dropout_flops = 14;
constexpr Each nothing{}, fill{0, 1}, copy{0, 2}, add{1, 3}, add_bias{1, 2}, column_sum{1, 1};
constexpr Each layer_norm{8, 2}, layer_norm_backward{12, 3};
constexpr Each residual_norm{10, 4}, residual_norm_backward{13, 4};
constexpr Each dropout{dropout_flops, 2}, multiply{1, 3};
constexpr Each loss{exp_flops + 3, 1}, loss_backward{exp_flops + 4, 2};
constexpr Each tanh_forward{40, 2}, tanh_backward{3, 3};
constexpr Each sum_of_squares{2, 1}, adamw{16, 7};

double activation_flops(Activation kind) {
  switch (kind) {
    case Activation::gelu:
      return 62;
    case Activation::gelu_tanh:
      return 45;
    case Activation::silu:
      return 30;
    default:
      return 3;
  }
}

void take(Work& work, const MatrixProduct& product) {
  work.flops += product.flops();
  work.bytes += product.bytes();
  ++work.calls;
  work.products.push_back(product);
}

void take(Work& work, double elements, const Each& each, int64_t calls = 1) {
  work.flops += elements * each.flops;
  work.bytes += 4 * elements * each.arrays;
  if (each.arrays > 0) work.calls += calls;
}

class Ledger {
 public:
  Ledger(const Config& config, const StepSize& size)
      : c_(config),
        s_(size),
        H_(config.hidden_size),
        tokens_(size.batch * size.length),
        numbers_(as_double(tokens_ * H_)) {}

  std::vector<CostRow> rows() {
    embeddings();
    for (int64_t i = 0; i < c_.num_hidden_layers; ++i) layer(i);
    if (c_.variant.pre_norm) {
      layer_ = "last LayerNorm";
      const auto read = as_double(c_.num_hidden_layers > 0 ? read_rows() : tokens_);
      pass("LayerNorm", read * as_double(H_), layer_norm, layer_norm_backward);
    }
    if (c_.num_hidden_layers == 0) read_tokens(1);
    mlm_head();
    nsp_head();
    losses();
    optimizer();
    return std::move(rows_);
  }

 private:
  /// The tokens that a head reads: each row's first, and the masked ones.
  int64_t read_rows() const { return s_.every_token ? tokens_ : s_.batch + s_.masked; }
  bool drops() const { return c_.hidden_dropout_prob > 0; }

  CostRow& row(std::string part, CostKind kind) {
    rows_.push_back({layer_, std::move(part), kind, {}, {}});
    return rows_.back();
  }

  CostRow& pass(const std::string& part, double elements, const Each& forward, const Each& backward) {
    CostRow& line = row(part, part.ends_with("LayerNorm") ? CostKind::norm : CostKind::pass);
    take(line.forward, elements, forward);
    take(line.backward, elements, backward);
    return line;
  }

  /// `count` products x[rows, in] W^T; backward dx = dy W and dW = dy^T x.
  void products(std::string part, int64_t rows, int64_t in, int64_t out, int64_t count = 1) {
    CostRow& line = row(std::move(part), CostKind::product);
    for (int64_t i = 0; i < count; ++i) {
      take(line.forward, MatrixProduct{rows, out, in});
      take(line.backward, MatrixProduct{rows, in, out});
      take(line.backward, MatrixProduct{out, in, rows});
    }
  }

  /// Biases that a pass of their own adds.
  void biases(std::string part, double elements, int64_t count = 1) {
    CostRow& line = row(std::move(part), CostKind::pass);
    take(line.forward, as_double(count) * elements, add_bias, count);
    take(line.backward, as_double(count) * elements, column_sum, count);
  }

  void embeddings() {
    layer_ = "embeddings";
    const auto words = as_double(c_.vocab_size * H_), H = as_double(H_);
    CostRow& tables = pass("tables", numbers_, {2, 2}, nothing);
    tables.forward.bytes += as_double(tokens_) * 16 + 4 * H * as_double(s_.length + c_.type_vocab_size);
    // Backward fills a table with 0 and adds rows to it: those of words and segments by id, positions in
    // turn.
    take(tables.backward, words + H * as_double(c_.type_vocab_size + c_.max_position_embeddings), fill, 3);
    take(tables.backward, numbers_, {2, 4}, 2);
    take(tables.backward, numbers_, {1, 1});
    if (c_.tie_word_embeddings && s_.masked > 0) take(tables.backward, words, add);  // with the decoder's
    pass("LayerNorm", numbers_, layer_norm, layer_norm_backward);
    if (drops()) pass("dropout", numbers_, dropout, dropout);
  }

  /// The rows that a head reads, taken out `times` times; backward puts them among rows of 0.
  void read_tokens(int64_t times) {
    const double read = as_double(times * read_rows() * H_);
    CostRow& line = pass("rows that a head reads", read, copy, nothing);
    take(line.backward, as_double(times) * numbers_, fill, times);
    take(line.backward, read, {1, 3}, times);
  }

  /// The end of a sub-layer: its linear map's bias, dropout, the sum with its input, and the LayerNorm.
  void end_of_sublayer(const std::string& of, double elements) {
    if (c_.variant.pre_norm) {
      biases(of + ": bias", elements);
      if (drops()) pass(of + ": dropout", elements, dropout, dropout);
      pass(of + ": sum", elements, add, nothing);
      return;
    }
    Each forward = residual_norm, backward = residual_norm_backward;
    if (drops()) {
      forward.flops += dropout_flops;
      backward.flops += dropout_flops;
    } else {
      backward.arrays -= 1;  // what goes past the sub-layer and into it is one gradient
    }
    pass(of + ": bias, dropout, sum, LayerNorm", elements, forward, backward);
  }

  void layer(int64_t index) {
    layer_ = fmt::format("layer {}", index + 1);
    const bool cut = index + 1 == c_.num_hidden_layers && !s_.every_token;
    const int64_t rows = cut ? read_rows() : tokens_, I = c_.intermediate_size;
    const double kept = as_double(rows * H_), wide = as_double(rows * I);
    if (c_.variant.pre_norm) pass("attention: LayerNorm", numbers_, layer_norm, layer_norm_backward);
    products("query, key, value: products", tokens_, H_, H_, 3);
    biases("query, key, value: biases", numbers_, 3);
    attention();
    if (cut) read_tokens(2);
    products("output: product", rows, H_, H_);
    end_of_sublayer("output", kept);
    if (c_.variant.pre_norm) pass("feed-forward: LayerNorm", kept, layer_norm, layer_norm_backward);
    products("feed-forward 1: product", rows, H_, I, c_.variant.gated ? 2 : 1);
    pass("feed-forward: bias, " + c_.hidden_act, wide, {1 + activation_flops(c_.activation()), 3}, {2, 3});
    if (c_.variant.gated) {
      biases("feed-forward 1: bias", wide);
      CostRow& gate = pass("feed-forward: gate", wide, multiply, multiply);
      take(gate.backward, wide, multiply);
      take(gate.backward, kept, add);
    }
    products("feed-forward 2: product", rows, I, H_);
    end_of_sublayer("feed-forward 2", kept);
    // The input's gradient comes from query, key, value and past attention; that of the middle from two.
    CostRow& sums = pass("gradients added up", 0, nothing, nothing);
    take(sums.backward, 3 * numbers_, add, 3);
    take(sums.backward, kept, add);
  }

  void attention() {
    const int64_t S = s_.length, D = c_.head_size(), heads = s_.batch * c_.num_attention_heads;
    const double cells = as_double(heads * S * S);
    const bool with_dropout = c_.attention_probs_dropout_prob > 0;
    const MatrixProduct to_scores{S, S, D, heads}, from_scores{S, D, S, heads};
    const auto tile = [&](const std::string& part, const std::vector<MatrixProduct>& forward,
                          const std::vector<MatrixProduct>& backward) -> CostRow& {
      CostRow& line = row(part, CostKind::tile);
      for (const MatrixProduct& product : forward) take(line.forward, product);
      for (const MatrixProduct& product : backward) take(line.backward, product);
      for (Work* work : {&line.forward, &line.backward}) work->bytes = 0, work->calls = 0;
      return line;
    };
    // All of it is one kernel forward and one backward. It reads q, k and v and writes the context; backward
    // reads these and the context's gradient, and writes three gradients. Scores stay in the cache.
    CostRow& scores = tile("scores", {to_scores}, {from_scores, from_scores});
    take(scores.forward, numbers_, {0, 2});
    take(scores.backward, numbers_, {0, 4});
    CostRow& softmax = row(with_dropout ? "softmax, dropout" : "softmax", CostKind::inside);
    softmax.forward.flops = cells * (exp_flops + 4 + (with_dropout ? dropout_flops + 1 : 0));
    softmax.backward.flops = cells * (exp_flops + 7 + (with_dropout ? dropout_flops + 2 : 0));
    CostRow& context = tile("context", {from_scores}, {to_scores, from_scores});
    take(context.forward, numbers_, {0, 2}, 0);
    take(context.backward, numbers_, {0, 3}, 0);
    CostRow& again = tile("scores again", {}, {});
    again.backward.flops = to_scores.flops();
  }

  void mlm_head() {
    layer_ = "MLM head";
    const int64_t n = s_.masked, V = c_.vocab_size;
    if (n == 0) return;
    const double hidden = as_double(n * H_);
    products("transform: product", n, H_, H_);
    pass("transform: bias, " + c_.hidden_act, hidden, {1 + activation_flops(c_.activation()), 3}, {2, 3});
    pass("transform: LayerNorm", hidden, layer_norm, layer_norm_backward);
    products("decoder: product", n, H_, V);
    biases("decoder: bias", as_double(n * V));
  }

  void nsp_head() {
    layer_ = "NSP head";
    const double hidden = as_double(s_.batch * H_);
    products("pooler: product", s_.batch, H_, H_);
    biases("pooler: bias", hidden);
    pass("pooler: tanh", hidden, tanh_forward, tanh_backward);
    products("classes: product", s_.batch, H_, 2);
    biases("classes: bias", as_double(2 * s_.batch));
  }

  void losses() {
    layer_ = "loss";
    CostRow& line = pass("cross-entropy", as_double(2 * s_.batch), loss, loss_backward);
    if (s_.masked == 0) return;
    take(line.forward, as_double(s_.masked * c_.vocab_size), loss);
    take(line.backward, as_double(s_.masked * c_.vocab_size), loss_backward);
  }

  void optimizer() {
    layer_ = "gradients";
    const double all = parameter_count(c_), read = as_double(read_rows() * H_);
    pass("set to 0", all, nothing, fill);
    // Each parameter's is added to the zeros. The heads' rows are views of one array, whose gradient is put
    // together again.
    CostRow& kept = pass("added to the parameters'", 0, nothing, nothing);
    take(kept.backward, all, add, 14 + 16 * c_.num_hidden_layers);
    take(kept.backward, read, {1, 7}, 5);
    layer_ = "optimizer";
    pass("clip: norm of the gradients", all, nothing, sum_of_squares);
    pass("AdamW", all, nothing, adamw);
  }

  const Config& c_;
  const StepSize& s_;
  int64_t H_, tokens_;
  double numbers_;  ///< of a hidden state: B S H
  std::string layer_;
  std::vector<CostRow> rows_;
};

void check_size(const Config& config, const StepSize& size) {
  config.check();
  constexpr int64_t most = int64_t{1} << 20;
  for (const auto& [name, value] : {std::pair{"rows", size.batch}, {"tokens a row", size.length}}) {
    if (value < 1 || value > most)
      fail<ValueError>("the cost of a step: {} {}; from 1 to {} can be counted", value, name, most);
  }
  if (size.length > config.max_position_embeddings) {
    fail<ValueError>("the cost of a step: rows of {} tokens, and the model has {} {}", size.length,
                     config.max_position_embeddings, plural(config.max_position_embeddings, "position"));
  }
  if (size.masked < 0 || size.masked > size.batch * size.length) {
    fail<ValueError>("the cost of a step: {} masked tokens of {}", size.masked, size.batch * size.length);
  }
}

}  // namespace

double MatrixProduct::flops() const {
  return 2 * as_double(m) * as_double(n) * as_double(k) * as_double(count);
}

double MatrixProduct::bytes() const {
  const double a = as_double(m) * as_double(k), b = as_double(k) * as_double(n);
  return 4 * (a + b + as_double(m) * as_double(n)) * as_double(count);
}

double Work::product_flops() const {
  double sum = 0;
  for (const MatrixProduct& product : products) sum += product.flops();
  return sum;
}

std::string CostRow::measured_part() const {
  return kind == CostKind::tile || kind == CostKind::inside ? "attention" : part;
}

std::vector<CostRow> step_cost(const Config& config, const StepSize& size) {
  check_size(config, size);
  return Ledger(config, size).rows();
}

double nominal_flops(const Config& config, const StepSize& size) {
  const double H = as_double(config.hidden_size), I = as_double(config.intermediate_size);
  const double weights = 4 * H * H + (config.variant.gated ? 3 : 2) * I * H;
  return 6 * as_double(size.batch * size.length * config.num_hidden_layers) *
             (weights + 2 * as_double(size.length) * H) +
         6 * as_double(size.masked) * (H * as_double(config.vocab_size) + H * H);
}

double parameter_count(const Config& config) {
  const double H = as_double(config.hidden_size), I = as_double(config.intermediate_size);
  const double V = as_double(config.vocab_size), L = as_double(config.num_hidden_layers);
  const double tables = H * (V + as_double(config.max_position_embeddings + config.type_vocab_size)) + 2 * H;
  const double inner = config.variant.gated ? 2 * (I * H + I) : I * H + I;
  const double layer = 4 * (H * H + H) + inner + I * H + H + 4 * H;
  const double mlm = H * H + 3 * H + V + (config.tie_word_embeddings ? 0 : V * H);
  const double nsp = H * H + H + 2 * H + 2;
  return tables + L * layer + (config.variant.pre_norm ? 2 * H : 0) + mlm + nsp;
}

}  // namespace gradus::bert
