// What the tests of the BERT model share: a very small config and batch, and the distance of two tensors.
#pragma once

#include "bert/model/heads.hpp"

namespace gradus::test {

/// V 20, H 12, L 2, A 3, I 16, P 9.
inline bert::Config small_config() {
  bert::Config config;
  config.vocab_size = 20;
  config.hidden_size = 12;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 3;
  config.intermediate_size = 16;
  config.max_position_embeddings = 9;
  config.initializer_range = 0.3;
  return config;
}

/// Three rows of up to six slots: padding, four masked positions, and a row without an NSP label.
inline bert::PretrainingBatch small_batch() {
  bert::PretrainingBatch batch;
  batch.rows = 3;
  batch.length = 6;
  batch.input_ids = {2, 4, 6, 3, 7, 3, 2, 8, 4, 3, 0, 0, 2, 9, 3, 4, 11, 3};
  batch.token_type_ids = {0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1};
  batch.attention_mask = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1};
  batch.lengths = {6, 4, 6};
  batch.masked_positions = {1, 4, 8, 15};
  batch.masked_labels = {5, 7, 12, 13};
  batch.next_sentence_labels = {0, bert::no_label, 1};
  return batch;
}

/// The largest |a - b|; 1e300 where one of them is NaN or the shapes differ.
inline double largest_difference(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) return 1e300;
  const std::vector<double> x = a.to(DType::f64).to_vector<double>(),
                            y = b.to(DType::f64).to_vector<double>();
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double difference = x[i] > y[i] ? x[i] - y[i] : y[i] - x[i];
    worst = difference <= 1e300 ? std::max(worst, difference) : 1e300;  // a NaN compares false
  }
  return worst;
}

}  // namespace gradus::test
