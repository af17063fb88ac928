// The clinic: what the patients have, and a measurement that proves it.
#include <algorithm>
#include <cmath>

#include "diagnoses.hpp"

namespace gradus::tutorials::clinic {
namespace {

double largest(const Tensor& x) { return max(abs(x.detach())).item(); }

/// The share of the asked places that `holds` for; it gets the place in the flat batch.
double share_of_asked(const Batch& batch, const std::function<bool(size_t)>& holds) {
  const std::vector<int64_t> labels = batch.labels.to_vector<int64_t>();
  double asked = 0, held = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == not_asked) continue;
    ++asked;
    held += holds(i);
  }
  return held / asked;
}

/// Rows that ask for nothing.
Batch asking_nothing(Batch batch) {
  batch.labels = full(batch.labels.shape(), not_asked, DType::i64);
  batch.pair_labels = full(batch.pair_labels.shape(), not_asked, DType::i64);
  return batch;
}

/// The names in a row of ids, before and after the first [SEP]: in these stories only one in each.
std::pair<int64_t, int64_t> names_of(const Row& row) {
  int64_t names[2] = {0, 0}, part = 0;
  for (const int64_t id : row) {
    part = std::min<int64_t>(1, part + (id == next_sentence::sep_id));
    if (next_sentence::is_name(id)) names[part] = id;
  }
  return {names[0], names[1]};
}

}  // namespace

// Asked twice, it says two things.
Diagnosis patient_1() {
  return {.fault = Fault::dropout_left_on,
          .measure =
              [](Patient& p) {
                const Batch batch = p.training_batch(0);
                return largest(p.look(batch).words - p.look(batch).words);
              },
          .limit = 1e-3};
}

// Where something is asked, the answer stands already: 10 % may.
Diagnosis patient_2() {
  return {.fault = Fault::answer_left_in,
          .measure =
              [](Patient& p) {
                const Batch batch = p.training_batch(0);
                const std::vector<int64_t> ids = batch.input_ids.to_vector<int64_t>();
                const std::vector<int64_t> labels = batch.labels.to_vector<int64_t>();
                return share_of_asked(batch, [&](size_t i) { return ids[i] == labels[i]; });
              },
          .limit = 0.5};
}

// Pairs that are called next (0) have the same name in A and B. The names that are hidden do not count.
Diagnosis patient_3() {
  return {.fault = Fault::pair_labels_swapped,
          .measure =
              [](Patient& p) {
                const Batch batch = p.training_batch(0);
                const std::vector<int64_t> labels = batch.pair_labels.to_vector<int64_t>();
                double other = 0, all = 0;
                for (size_t row = 0; row < labels.size(); ++row) {
                  const auto [a, b] =
                      names_of(batch.input_ids.select(0, static_cast<int64_t>(row)).to_vector<int64_t>());
                  if (labels[row] != 0 || a == 0 || b == 0) continue;
                  ++all;
                  other += a != b;
                }
                return other / all;
              },
          .limit = 0.5};
}

// Moving a word's vector moves what the head says of that word.
Diagnosis patient_4() {
  return {.fault = Fault::head_not_tied,
          .measure =
              [](Patient& p) {
                double largest_gap = 0;
                for (const auto& [name, weight] : p.parameters()) {
                  if (name.find("decoder") != std::string::npos) {
                    largest_gap = std::max(largest_gap, largest(weight - p.parameters()[0].second));
                  }
                }
                return largest_gap;
              },
          .limit = 0};
}

// Each query's weights are shares: they add up to 1.
Diagnosis patient_5() {
  return {.fault = Fault::attention_over_queries,
          .measure =
              [](Patient& p) {
                const Tensor weights = p.look(p.training_batch(0)).attention[0];
                return largest(sum(weights, Axes{-1}) - 1);
              },
          .limit = 1e-3};
}

// What is taken of [PAD].
Diagnosis patient_6() {
  return {.fault = Fault::padding_attended,
          .measure =
              [](Patient& p) {
                const Batch batch = p.training_batch(0);
                const Tensor padding =
                    equal(batch.attention_mask, 0).to(DType::f32).unsqueeze(1).unsqueeze(1);
                return largest(p.look(batch).attention[0] * padding);  // [B, A, S, S] * [B, 1, 1, S]
              },
          .limit = 1e-6};
}

// What it was trained with, spelled with its vocabulary, begins with "this is" a name, wherever nothing is
// hidden.
Diagnosis patient_7() {
  return {.fault = Fault::other_vocabulary,
          .measure =
              [](Patient& p) {
                const std::vector<int64_t> known = p.encode("this is");
                const Tensor ids = p.training_batch(0).input_ids;
                int64_t strange = 0;
                for (int64_t row = 0; row < ids.size(0); ++row) {
                  const Row pieces = ids.select(0, row).to_vector<int64_t>();
                  strange += pieces[1] != known[0] && pieces[2] != known[1];
                }
                return static_cast<double>(strange) / static_cast<double>(ids.size(0));
              },
          .limit = 0.5};
}

// Without a gradient only decay moves a weight. From the beginning, so that no moments push.
Diagnosis patient_8() {
  return {.fault = Fault::norms_decay,
          .measure =
              [](Patient& p) {
                p.begin_again();
                const Batch nothing = asking_nothing(p.training_batch(0));
                for (int i = 0; i < 5; ++i) p.train_on(nothing);
                double moved = 0;
                for (const auto& [name, weight] : p.parameters()) {
                  if (name.ends_with("LayerNorm.weight")) moved = std::max(moved, largest(weight - 1));
                }
                return moved;
              },
          .limit = 1e-5};
}

// [MASK] stands one place to the right of where something is asked, and not there.
Diagnosis patient_9() {
  return {.fault = Fault::labels_shifted,
          .measure =
              [](Patient& p) {
                const Batch batch = p.training_batch(0);
                const std::vector<int64_t> ids = batch.input_ids.to_vector<int64_t>();
                const auto hidden_at = [&](size_t i) {
                  return i < ids.size() && ids[i] == next_sentence::mask_id;
                };
                return share_of_asked(batch, [&](size_t i) { return hidden_at(i + 1); }) -
                       share_of_asked(batch, hidden_at);
              },
          .limit = 0.3};
}

// One row that asks for one word, another that asks for many: the mean over words is not the mean of two
// means.
Diagnosis patient_10() {
  return {.fault = Fault::mean_of_means,
          .measure =
              [](Patient& p) {
                Batch both = p.held_out(2);
                both.pair_labels = full({2}, not_asked, DType::i64);
                Row labels = both.input_ids.to_vector<int64_t>();
                const size_t length = labels.size() / 2;
                for (size_t i = 2; i < length; ++i) labels[i] = not_asked;
                both.labels = tensor(labels, both.input_ids.shape());
                const auto one = [&](int64_t row) {
                  Batch alone = both;
                  std::fill(labels.begin(), labels.end(), not_asked);
                  const Row ids = both.labels.select(0, row).to_vector<int64_t>();
                  std::copy(ids.begin(), ids.end(),
                            labels.begin() + static_cast<std::ptrdiff_t>(length) * row);
                  alone.labels = tensor(labels, both.input_ids.shape());
                  return alone;
                };
                const auto asked = [](const Batch& batch) {
                  return sum(not_equal(batch.labels, not_asked).to(DType::f64)).item();
                };
                const Batch first = one(0), second = one(1);
                const double a = asked(first), b = asked(second);
                const double rightly = (a * p.loss(first).item() + b * p.loss(second).item()) / (a + b);
                return std::abs(p.loss(both).item() / rightly - 1);
              },
          .limit = 1e-3};
}

// What pairs are judged by is tanh(W h + b), h of [CLS].
Diagnosis patient_11() {
  return {.fault = Fault::pooling_mixed,
          .measure =
              [](Patient& p) {
                const Outputs out = p.look(p.training_batch(0));
                Tensor weight, bias;
                for (const auto& [name, value] : p.parameters()) {
                  if (name == "pooler.dense.weight") weight = value.detach();
                  if (name == "pooler.dense.bias") bias = value.detach();
                }
                return largest(out.pooled - tanh(linear(out.hidden.select(1, 0), weight, bias)));
              },
          .limit = 1e-3};
}

// Adam's first step moves every weight by the rate.
Diagnosis patient_12() {
  return {.fault = Fault::no_warm_up,
          .measure =
              [](Patient& p) {
                p.begin_again();
                std::vector<Tensor> before;
                for (const auto& [name, weight] : p.parameters()) before.push_back(weight.detach().clone());
                p.train(1);
                double moved = 0;
                size_t i = 0;
                for (const auto& [name, weight] : p.parameters())
                  moved = std::max(moved, largest(weight - before[i++]));
                return moved;
              },
          .limit = 1e-3};
}

}  // namespace gradus::tutorials::clinic
