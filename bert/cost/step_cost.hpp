/// @file
/// The ledger of a pretraining step: how many operations each part of a BERT makes and how many bytes it
/// moves, forward and backward. All of it follows from the sizes; nothing is run.
///
///     for (const bert::CostRow& row : bert::step_cost(config, {.batch = 32, .length = 128, .masked = 614}))
///       fmt::print("{} {} {}\n", row.layer, row.part, row.forward.flops + row.backward.flops);
#pragma once

#include <string>
#include <vector>

#include "bert/model/config.hpp"

namespace gradus::bert {

/// `count` products c[m, n] = a[m, k] b[k, n] in f32.
struct MatrixProduct {
  int64_t m = 0, n = 0, k = 0, count = 1;

  double flops() const;  ///< 2 m n k count: a multiplication and an addition for each
  double bytes() const;  ///< 4 (m k + k n + m n) count: both sides read and the result written, once
  bool operator==(const MatrixProduct&) const = default;
};

/// What a part does in one direction.
struct Work {
  double flops = 0;                     ///< additions, multiplications and comparisons, those of products too
  double bytes = 0;                     ///< read and written: every array once for each kernel that takes it
  int64_t calls = 0;                    ///< kernels that are called for it, one after another
  std::vector<MatrixProduct> products;  ///< of these are most of the operations

  double product_flops() const;
};

/// How a part is computed, on which it hangs how fast it can be.
enum class CostKind : uint8_t {
  product,  ///< a matrix product by BLIS
  tile,     ///< a product inside fused attention, whose numbers stay in the cache
  pass,     ///< a walk over memory
  norm,     ///< a walk that needs each row's mean and variance before it can go on
  inside    ///< work on numbers that fused attention has in the cache
};

/// One line of the ledger.
struct CostRow {
  std::string
      layer;  ///< "embeddings", "layer 1", ..., "MLM head", "NSP head", "loss", "gradients", "optimizer"
  std::string part;  ///< "query, key, value: products"
  CostKind kind = CostKind::pass;
  Work forward, backward;

  /// What can be measured of it: the part itself, or "attention", whose parts are one kernel.
  std::string measured_part() const;
};

/// The work of a step: full rows, none of them padded.
struct StepSize {
  int64_t batch = 32, length = 128;  ///< rows, and tokens of each
  int64_t masked = 0;                ///< tokens that the MLM head guesses
  /// The last layer goes to its end for every token, as step sizes are usually counted. As the model trains,
  /// it stops after attention for the tokens that no head reads.
  bool every_token = false;
};

/// The ledger of forward, backward, clipping and AdamW, in the order of the forward. What fused attention
/// computes a second time in its backward is a row of its own, "scores again".
/// @throws ValueError for a config that no model can have, more masked tokens than there are, rows longer
///         than the config's positions, and sizes of 0 or that no step can have.
std::vector<CostRow> step_cost(const Config& config, const StepSize& size);

/// The operations of a step as they are counted for every BERT, so that figures compare: its products without
/// those of the NSP head, forward and twice as much backward, the last layer to its end,
/// 6 B S L (12 H^2 + 2 S H) + 6 n (H V + H^2), with 12 H^2 standing for 4 H^2 + 2 I H (3 I H with gates).
double nominal_flops(const Config& config, const StepSize& size);

/// How many numbers the model learns, with both heads.
double parameter_count(const Config& config);

}  // namespace gradus::bert
