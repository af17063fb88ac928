// The exercises of chapter 9, solved.
#include "autograd/ops.hpp"
#include "tutorials/09_feed_forward_and_encoder/exercise.hpp"

namespace gradus::tutorials {

// Plain: 2 H I + I + H. Gated: 3 H I' + 2 I' + H. So I' <= (2 H + 1) I / (3 H + 2).
int64_t widest_gated(int64_t hidden, int64_t intermediate) {
  return (2 * hidden + 1) * intermediate / (3 * hidden + 2);
}

// Beyond |x| = 8 both are 0 or x to 1e-14. The gap is even in x, so half of the line is enough. Near its top
// the gap is flat: a grid step of 1e-4 misses at most about 1e-4^2.
double largest_gelu_gap() {
  const Tensor x = arange(80001, DType::f64) / 1e4;  // 0 ... 8
  return max(abs(gelu_tanh(x) - gelu(x))).item();
}

int64_t bert_parameters(const bert::Config& config) {
  const int64_t h = config.hidden_size, i = config.intermediate_size;
  const int64_t rows = config.vocab_size + config.max_position_embeddings + config.type_vocab_size;
  const int64_t embeddings = rows * h + 2 * h;
  const int64_t attention = 4 * (h * h + h), feed_forward = 2 * h * i + i + h, norms = 2 * 2 * h;
  const int64_t pooler = h * h + h;
  return embeddings + config.num_hidden_layers * (attention + feed_forward + norms) + pooler;
}

}  // namespace gradus::tutorials
