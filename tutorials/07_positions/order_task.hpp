/// @file
/// Chapter 7, second half: a task that only order can solve, and a small model that tries.
#pragma once

#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "nn/embedding.hpp"
#include "nn/linear.hpp"
#include "nn/optimizers/optimizer.hpp"
#include "positions.hpp"

namespace gradus::tutorials {

/// Sentences and their labels: ids i64 [B, S], labels i64 [B].
struct LabelledSentences {
  Tensor ids, labels;
};

inline constexpr int64_t first_word = 0, second_word = 1, order_words = 10;

/// Sentences of S words with the words 0 and 1 once each at two random places, and fillers 2 ... 9 around
/// them. The label is 1 where word 0 comes before word 1.
inline LabelledSentences order_sentences(int64_t count, int64_t length, Rng& rng) {
  std::vector<int64_t> ids, labels;
  for (int64_t sentence = 0; sentence < count; ++sentence) {
    const int64_t first = rng.between(0, length - 1);
    const int64_t second = (first + rng.between(1, length - 1)) % length;  // anywhere but at `first`
    for (int64_t place = 0; place < length; ++place) {
      const int64_t filler = rng.between(2, order_words - 1);
      ids.push_back(place == first ? first_word : place == second ? second_word : filler);
    }
    labels.push_back(first < second ? 1 : 0);
  }
  return {tensor(ids, Shape{count, length}), tensor(labels)};
}

/// Every sentence read backwards: the same words, the other answer.
inline LabelledSentences mirrored(const LabelledSentences& sentences) {
  const int64_t length = sentences.ids.size(1);
  std::vector<int64_t> backwards;
  for (int64_t place = length; place-- > 0;) backwards.push_back(place);
  return {index_select(sentences.ids, 1, tensor(backwards)), 1 - sentences.labels};
}

enum class Positions { none, sinusoidal, learned };

struct OrderOptions {
  Positions positions = Positions::none;
  int64_t hidden = 16;            ///< H
  int64_t places = 32;            ///< P, rows of a table of positions
  bool forget_positions = false;  ///< the bug of the museum: the line that adds them is missing
};

/// Word vectors, plus positions, through one attention head, then the mean over words and two logits.
class OrderModel : public nn::Module {
 public:
  OrderModel(const OrderOptions& wanted, Rng& rng)
      : options(wanted),
        words(
            child("words", nn::Embedding(order_words, wanted.hidden, rng, {.init = nn::init::normal(0.5)}))),
        query(child("query", nn::Linear(wanted.hidden, wanted.hidden, rng))),
        key(child("key", nn::Linear(wanted.hidden, wanted.hidden, rng))),
        value(child("value", nn::Linear(wanted.hidden, wanted.hidden, rng))),
        answer(child("answer", nn::Linear(wanted.hidden, 2, rng))) {
    if (wanted.positions == Positions::sinusoidal) {
      table = sinusoid_table(wanted.places, wanted.hidden).to(DType::f32);  // fixed: no parameter
    } else if (wanted.positions == Positions::learned) {
      table = parameter("positions", randn({wanted.places, wanted.hidden}, rng) * 0.1);
    }
  }

  /// ids [B, S] -> logits [B, 2]; the sentence stands at the places start ... start + S - 1.
  Tensor operator()(const Tensor& ids, int64_t start = 0) const {
    Tensor x = words(ids);  // [B, S, H]
    if (table.defined() && !options.forget_positions) {
      x = x + table.slice(0, start, start + ids.size(1)).to(x.dtype());  // + [S, H]
    }
    const double root = std::sqrt(static_cast<double>(options.hidden));
    const Tensor weights = softmax(matmul(query(x), key(x).transpose(1, 2)) / root);  // [B, S, S]
    return answer(mean(matmul(weights, value(x)), Axes{1}));                          // [B, H] -> [B, 2]
  }

  const OrderOptions options;
  const nn::Embedding words;
  const nn::Linear query, key, value, answer;
  Tensor table;  ///< [P, H]; not defined without positions
};

/// The share of sentences that the model answers rightly.
inline double accuracy(const OrderModel& model, const LabelledSentences& sentences, int64_t start = 0) {
  const NoGrad no_grad;
  const Tensor right = equal(argmax(model(sentences.ids, start), 1), sentences.labels);
  return mean(right.to(DType::f64)).item();
}

/// Trains on `steps` batches of fresh sentences. Returns the accuracy on `test` before the first, then after
/// `every`, 2 `every`, ... of them.
inline std::vector<double> train_order(const OrderModel& model, const LabelledSentences& test, int64_t steps,
                                       int64_t every, uint64_t seed) {
  nn::Adam optimizer(model, {.lr = 3e-3});
  Rng rng(seed);
  std::vector<double> course = {accuracy(model, test)};
  for (int64_t step = 1; step <= steps; ++step) {
    const LabelledSentences batch = order_sentences(32, test.ids.size(1), rng);
    optimizer.zero_grad();
    cross_entropy(model(batch.ids), batch.labels).backward();
    optimizer.step();
    if (step % every == 0) course.push_back(accuracy(model, test));
  }
  return course;
}

}  // namespace gradus::tutorials
