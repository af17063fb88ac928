/// @file
/// Embedding: a table with one row for each id.
#pragma once

#include <optional>

#include "nn/init.hpp"
#include "nn/module.hpp"

namespace gradus::nn {

struct EmbeddingOptions {
  Init init = init::normal(0.02);
  /// A row that begins at 0, such as that of [PAD]; it learns as the others do.
  std::optional<int64_t> zero_row = {};
};

/// The rows of `weight` that the ids name: i64 [...] -> [..., H].
/// @throws IndexError that names an id outside the table.
class Embedding : public Module {
 public:
  /// A table of `rows` rows of `hidden` numbers. @throws IndexError if `zero_row` is not one of them.
  Embedding(int64_t rows, int64_t hidden, Rng& rng, const EmbeddingOptions& options = {});

  Tensor operator()(const Tensor& ids) const;

  const Tensor weight;  ///< [rows, hidden]
};

}  // namespace gradus::nn
