#include "nn/embedding.hpp"
#include "autograd/plural.hpp"

namespace gradus::nn {
namespace {

Tensor make_table(int64_t rows, int64_t hidden, Rng& rng, const EmbeddingOptions& options) {
  Tensor table = options.init(
      {checked_size("embedding", "rows", rows), checked_size("embedding", "hidden", hidden)}, rng);
  if (options.zero_row) {
    if (*options.zero_row < 0 || *options.zero_row >= rows) {
      fail<IndexError>("embedding: zero_row {} is outside a table of {} {}", *options.zero_row, rows,
                       plural(rows, "row"));
    }
    table.select(0, *options.zero_row).fill_(0);
  }
  return table;
}

}  // namespace

Embedding::Embedding(int64_t rows, int64_t hidden, Rng& rng, const EmbeddingOptions& options)
    : weight(parameter("weight", make_table(rows, hidden, rng, options))) {}

Tensor Embedding::operator()(const Tensor& ids) const {
  const ModuleScope scope = enter();
  return embedding(weight, ids);
}

}  // namespace gradus::nn
