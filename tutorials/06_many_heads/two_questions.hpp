/// @file
/// Chapter 6: a task that needs two looks. Sentences of random words, one of them marked as the topic. Of
/// each word's output two questions are asked: which word are you, and which word is the topic?
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "nn/attention/multi_head.hpp"
#include "nn/embedding.hpp"
#include "nn/optimizers/optimizer.hpp"

namespace gradus::tutorials {

/// The words of both sentences of the chapter, and some more.
inline const std::vector<std::string> vocabulary = {
    "All", "is",  "well", "A",   "dog",  "ate",   "the",  "food",  "because", "it",   "was",   "hungry",
    "sun", "cat", "tree", "old", "fish", "green", "milk", "stone", "runs",    "many", "under", "bird"};

/// Words and topics of a batch. `topic` is 1 at the marked word of each sentence and 0 elsewhere.
struct Sentences {
  Tensor words, topic;  // i64 [B, S]
  Tensor topic_word;    // i64 [B, S]: the answer to the second question, the same for all words of a sentence
};

/// Different words in random order, and a topic at a random place.
inline Sentences random_sentences(int64_t B, int64_t S, Rng& rng) {
  std::vector<int64_t> words, topic, answers;
  std::vector<int64_t> ids(vocabulary.size());
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int64_t>(i);
  for (int64_t b = 0; b < B; ++b) {
    rng.shuffle(ids);
    const int64_t place = rng.between(0, S - 1);
    for (int64_t s = 0; s < S; ++s) {
      words.push_back(ids[static_cast<size_t>(s)]);
      topic.push_back(s == place);
      answers.push_back(ids[static_cast<size_t>(place)]);
    }
  }
  return {tensor(words, Shape{B, S}), tensor(topic, Shape{B, S}), tensor(answers, Shape{B, S})};
}

enum class Projection {
  kept,  ///< W_o is a parameter
  anew,  ///< bug: W_o is drawn at each forward
};

/// Embedding, one layer of attention, two linear readers. There is no way around the attention.
class TwoQuestions : public nn::Module {
 public:
  TwoQuestions(int64_t H, int64_t A, Rng& rng, Projection output = Projection::kept)
      : word(child("word", nn::Embedding(static_cast<int64_t>(vocabulary.size()), H, rng, scale(H)))),
        mark(child("mark", nn::Embedding(2, H, rng, scale(H)))),
        attention(child("attention", nn::MultiHeadAttention(H, A, rng, {.dropout = 0}))),
        who_am_i(child("who_am_i", nn::Linear(H, static_cast<int64_t>(vocabulary.size()), rng))),
        what_is_the_topic(
            child("what_is_the_topic", nn::Linear(H, static_cast<int64_t>(vocabulary.size()), rng))),
        output_(output) {}

  Tensor embedded(const Sentences& in) const { return word(in.words) + mark(in.topic); }  // [B, S, H]

  Tensor attended(const Sentences& in) const { return mixed(embedded(in)); }

  Tensor mixed(const Tensor& x) const {  // [B, S, H] -> [B, S, H]
    if (output_ == Projection::kept) return attention(x);
    const nn::Linear output(x.size(2), x.size(2), default_rng());  // a local variable: nobody trains it
    output.to(x.dtype());
    return output(attention.attend(x, x));
  }

  Tensor loss(const Sentences& in) const {
    const Tensor z = attended(in);
    return cross_entropy(who_am_i(z), in.words) + cross_entropy(what_is_the_topic(z), in.topic_word);
  }

  const nn::Embedding word, mark;
  const nn::MultiHeadAttention attention;
  const nn::Linear who_am_i, what_is_the_topic;

 private:
  static nn::EmbeddingOptions scale(int64_t H) {
    return {.init = nn::init::normal(1 / std::sqrt(static_cast<double>(H)))};
  }
  Projection output_;
};

/// The share of right answers to the two questions, asked of every word but the topic itself.
struct Answers {
  double self = 0, topic = 0, both = 0;
};

inline Answers answers_of(const TwoQuestions& net, uint64_t seed) {
  const NoGrad no_tape;
  Rng rng(seed);
  const Sentences in = random_sentences(500, 6, rng);
  const Tensor z = net.attended(in);
  const Tensor self = equal(argmax(net.who_am_i(z), -1), in.words);
  const Tensor topic = equal(argmax(net.what_is_the_topic(z), -1), in.topic_word);
  const Tensor counted = equal(in.topic, tensor<int64_t>({0}));
  const auto share = [&](const Tensor& right) {
    return sum(logical_and(right, counted).to(DType::f64)).item() / sum(counted.to(DType::f64)).item();
  };
  return {share(self), share(topic), share(logical_and(self, topic))};
}

/// Trains on fresh random sentences of 3 to 9 words.
inline void train(const TwoQuestions& net, int steps, uint64_t seed) {
  Rng rng(seed);
  nn::Adam optimizer(net, {.lr = 0.01});
  for (int step = 0; step < steps; ++step) {
    const Sentences in = random_sentences(32, rng.between(3, 9), rng);
    optimizer.zero_grad();
    net.loss(in).backward();
    optimizer.step();
  }
}

/// The names of the parameters that a backward does not reach.
inline std::vector<std::string> without_gradient(const TwoQuestions& net) {
  Rng rng(4);
  net.loss(random_sentences(2, 5, rng)).backward();
  std::vector<std::string> names;
  for (const auto& [name, parameter] : net.named_parameters()) {
    if (!parameter.grad().defined()) names.push_back(name);
  }
  return names;
}

}  // namespace gradus::tutorials
